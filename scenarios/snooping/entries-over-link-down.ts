// A port goes down and comes back. Which of its MDB entries are still there, and can they be changed meanwhile?
//
//   alice (sends A and B)   bob (joins B)
//              └─────── vmbr0 ───┘ his port takes no flood: what it carries, the MDB lets pass
//
//   bob's port   up | down   write A | up       A, and B? | down      A stays | down   delete A | up     nothing
//
// What was learned goes with the carrier, for who knows who is there when it is back; bob must report again. A permanent
// entry is somebody's will: it can be written and deleted while the port is down, and is there when it comes up.
import { after, between, bound, later, ms, ns, s, scenario, since, topology, within } from '../../harness/scenario.ts';
import { groupOf } from '../topologies/groups.ts';

const EVERY = ms(500), UP = s(30);
const PORT = { node: 'vmbr0', device: 'bob' };

interface Settings { family: 4 | 6; state: 'permanent' | 'temporary' }

export default scenario({
  title: 'MDB entries over a link that is down',
  cases: ['B1'],
  inDefaultSet: false,
  variants: { ipv4: { family: 4 as const, state: 'permanent' as const }, ipv6: { family: 6 as const, state: 'permanent' as const } } satisfies Record<string, Settings>,
  controls: {
    // Written before the port goes down, since a port that is down takes no other.
    temporary: { family: 4 as const, state: 'temporary' as const, breaks: 'stays present' },
  } satisfies Record<string, Settings & { breaks: string }>,
  diagnosis: {},
  topology: ({ family }: Settings) => topology((t) => {
    const vmbr0 = t.bridge('vmbr0', { snooping: true, querier: false });
    const bob = t.host('bob');
    const link = t.link(vmbr0, bob, { a: { port: { mcast_flood: false } }, b: { name: 'eth0', addresses: t.nextAddresses(family === 6) } });
    return { vmbr0, alice: t.guest('alice', { on: vmbr0 }), bob, link };
  }, { ipv6: family === 6 }),
  captures: () => [PORT, { node: 'vmbr0', device: 'alice', only: 'udp' }],
  notScaled: 'a second of linkwatch in which the port comes up, and two datagrams in it',

  async story({ vmbr0, alice, bob, link }, { variant: v, expect, capture, passes, until, bounds }) {
    const port = capture(PORT);
    const A = groupOf(v.family), B = v.family === 4 ? '239.192.5.6' : 'ff15::5:6';
    const entry = { group: A, port: { name: PORT.device }, state: v.state };
    vmbr0.sets({ mcast_querier: true });
    await passes(bounds.timer('query response interval', vmbr0.holds('mcast_query_response_interval')).max);
    bob.joins(B);
    const sent = (group: string) => expect(alice.sends(group, { every: EVERY, to: [] })).at(port);
    const [a, b] = [sent(A), sent(B)];
    await passes(s(5));
    const read = later(bound(ns(0), ms(5), 'with the request'), bounds.slack, "the story's process reads the notification");
    const answered = later(bounds.timer('query response interval', vmbr0.holds('mcast_query_response_interval')), ns(4e9 / bounds.hz), 'an answer leaves up to 3 ticks after its time');
    const [entryA, entryB] = [vmbr0.mdbEntry(A, entry.port), vmbr0.mdbEntry(B, entry.port)];

    if (v.state === 'temporary') vmbr0.mdbAdds(entry);
    const first = link.fails('a');
    await passes(s(2));
    if (v.state === 'permanent') vmbr0.mdbAdds(entry);
    await passes(s(2));
    const back = await link.returns('a');
    await until(back, UP);
    const second = link.fails('a');
    await passes(s(2));
    await Promise.all([
      expect(entryB).becomes('absent', within(first, read)),
      a.neverArrives(between(after(first, ms(50)), back)),
      // With the carrier, the port forwards: datagrams a moment apart.
      a.continues(between(after(back, ms(100)), second)),
      expect(entryA).stays('present', since(after(back, ms(50)), s(UP.ns / 1e9 + 1))),
      // The bridge asks as soon as the port is up, and bob answers.
      b.resumes(within(back, { ...answered, min: ns(0) }), { watch: s(5) }),
    ]);
    vmbr0.mdbDeletes(entry);
    await passes(s(2));
    const empty = await link.returns('a');
    await a.neverArrives(since(empty, s(20)));
  },
});
