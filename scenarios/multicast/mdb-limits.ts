// A bridge holds so many groups, and a port may be in so many. What becomes of the one too many, and of the others?
//
//   alice (sends)   bob (joins one group after another)   carol (joins none)   dave (joined to one)
//        └──────────────────────────┴───────┬─────────────────┴─────────────────────┘
//                               vmbr0: its own querier asks
//
//   mcast_hash_max (bridge)   bob  1 2 … 8 │9                carol's port: nothing │ everything, of every group
//   mcast_max_groups (port)   bob  1 2 3 │4                 bob's port: 1 2 3, not 4; carol's port: nothing
//   both                      bob  1 2 3 │4 5 … 9           carol's port: nothing │ everything
//
// Believed: groups beyond a limit are not learned, and that is all. True for the port. The bridge's limit switches snooping
// off for all groups, and it stays off (br_multicast_new_group); neither a log line nor a notification says so. One guest
// that joins many groups does it. A limit on its port does not help: each group that the port is refused has taken its
// place in the bridge's table before, and keeps it when the guest leaves, until somebody else joins it and leaves.
import { after, between, frame, type Moment, ms, ns, plus, portOf, s, scenario, times } from '../../harness/scenario.ts';
import { REPORTED } from '../topologies/groups.ts';
import { LAST_MEMBER, limitedGroups } from '../topologies/limited-groups.ts';

const EVERY = ms(500);
const BRIDGE = 8, PORT = 3;
/** The n-th group; the first is dave's as well. */
const group = (n: number): string => `239.192.7.${n}`;

interface Settings {
  hashMax?: number;
  portMax?: number;
  /** So many groups bob joins, the last one alone. */
  joins: number;
  claims: 'spared' | 'floods' | 'refused';
  /** What is done about it, and whether it is claimed to help. */
  cure?: 'on-again' | 'raised-and-on-again';
  helps?: boolean;
  /** bob leaves them all, and then dave joins four others: with his first that makes five. */
  leaves?: true;
}
const settings = (s: Settings): Settings => s;
const tooMany = { hashMax: BRIDGE, joins: BRIDGE + 1, claims: 'floods' } as const;

export default scenario({
  title: 'limits of the MDB',
  cases: ['B1', 'B2'],
  inDefaultSet: false,
  variants: {
    'bridge-full': settings({ hashMax: BRIDGE, joins: BRIDGE, claims: 'spared' }),
    'bridge-one-too-many': settings(tooMany),
    'bridge-switched-on-again': settings({ ...tooMany, cure: 'on-again', helps: false }),
    'bridge-raised-and-switched-on-again': settings({ ...tooMany, cure: 'raised-and-on-again', helps: true }),
    'port-full': settings({ portMax: PORT, joins: PORT, claims: 'spared' }),
    'port-one-too-many': settings({ portMax: PORT, joins: PORT + 1, claims: 'refused' }),
    'port-limited-and-bridge-filled': settings({ ...tooMany, portMax: PORT }),
    'port-limited-and-long-gone': settings({ hashMax: BRIDGE, portMax: PORT, joins: BRIDGE, claims: 'floods', leaves: true }),
    'port-unlimited-and-long-gone': settings({ hashMax: BRIDGE, joins: BRIDGE, claims: 'spared', leaves: true }),
  },
  controls: {
    'one-too-many-said-to-be-spared': { ...settings({ ...tooMany, claims: 'spared' }), breaks: 'carol: no datagrams' },
    'switched-on-again-said-to-help': { ...settings({ ...tooMany, cure: 'on-again', helps: true }), breaks: /carol: no datagrams.* a minute later/ },
    'unlimited-said-to-flood': { ...settings({ joins: BRIDGE + 1, claims: 'floods' }), breaks: 'carol: datagrams' },
    'unlimited-said-to-be-refused': { ...settings({ joins: PORT + 1, claims: 'refused' }), breaks: 'bob: no datagrams' },
    'unlimited-and-long-gone-said-to-flood': { ...settings({ hashMax: BRIDGE, joins: BRIDGE, claims: 'floods', leaves: true }), breaks: 'carol: datagrams' },
  },
  // While it floods nobody misses anything; what it does not forward shows when it snoops again, until its member answers.
  diagnosis: {
    // Whose answer comes first takes the room: a group that is heard, or another.
    'bridge-switched-on-again': 'group-limit?', 'bridge-raised-and-switched-on-again': 'group-limit?', 'switched-on-again-said-to-help': 'group-limit?',
    'port-one-too-many': 'group-limit',
  },
  topology: (v) => limitedGroups(v),
  captures: ({ vmbr0, bob, carol }) => [portOf(vmbr0, bob), portOf(vmbr0, carol)],

  async story({ vmbr0, alice, bob, carol, dave }, { variant: v, expect, capture, now, passes, until, bounds, figure }) {
    const [bobs, carols] = [capture(portOf(vmbr0, bob)), capture(portOf(vmbr0, carol))];
    const response = bounds.timer('query response interval', vmbr0.holds('mcast_query_response_interval'));
    const begun = vmbr0.sets({ mcast_querier: true });
    // Past the second query and its answers.
    await until(begun, s(45));
    dave.joins(group(1));
    const memberships = Array.from({ length: v.joins - 1 }, (_, n) => bob.joins(group(n + 1)));
    await passes(REPORTED);
    const flow = alice.sends(group(1), { every: EVERY, to: [bob, dave] });
    const last = alice.sends(group(v.joins), { every: EVERY, to: [bob] });
    const flowing = now('the flows began');
    alice.pings(carol.address(), { every: s(5) });
    await passes(s(20));
    let decisive = now('bob joined the last group');
    memberships.push(bob.joins(group(v.joins)));
    await passes(REPORTED);
    if (v.leaves) {
      for (const membership of memberships) membership.leaves();
      // The bridge asks who is left, and takes what nobody answers for out of its table.
      await passes(plus(bounds.timer('last member query time', times(LAST_MEMBER, 2)).max, s(10)));
      figure('groupsInTheMdb', new Set(vmbr0.mdb().map((e) => e.group)).size);
      decisive = now('dave joined four more');
      for (let n = 1; n <= BRIDGE / 2; n++) dave.joins(group(BRIDGE + n));
      await passes(REPORTED);
    }
    const settled = now('it was reported');
    await passes(s(30));
    const end: Moment = now('30 s later');
    await passes(plus(s(1), bounds.slack));

    /** What carol's port carries: of each flow all, or nothing. */
    const carries = async (what: 'everything' | 'nothing', from: Moment, to: Moment): Promise<void> => {
      for (const each of [flow, last]) {
        const { datagrams, window } = each.whole(from, to);
        if (what === 'nothing') await expect(carols).seesNo(frame.udpTo(each.destination), window);
        else await expect(carols).sees(frame.udpTo(each.destination), window, { atLeast: datagrams, atMost: datagrams });
      }
    };
    await carries('nothing', flowing, decisive);
    await carries(v.claims === 'floods' ? 'everything' : 'nothing', settled, end);
    if (!v.leaves) {
      await expect(bobs).seesNo(frame.udpTo(last.destination), between(flowing, decisive));
      if (v.claims === 'refused') await expect(bobs).seesNo(frame.udpTo(last.destination), between(decisive, end));
      else await expect(last).to(bob).continues(between(settled, end));
    }
    // Whoever was within the limits loses nothing, whatever happens.
    await expect(flow).to(dave).continues(between(flowing, end));
    if (v.claims === 'refused') await expect(flow).to(bob).continues(between(flowing, end));

    if (v.cure) {
      if (v.cure === 'raised-and-on-again') vmbr0.sets({ mcast_hash_max: 4096 });
      const on = vmbr0.sets({ mcast_snooping: true });
      // It asks at once, and what answers is learned, or is one too many again.
      const answered = after(on, plus(response.max, ns(4e9 / bounds.hz)));
      await until(answered, s(60));
      const watched = now('a minute later');
      await passes(plus(s(1), bounds.slack));
      await carries(v.helps ? 'nothing' : 'everything', answered, watched);
      await expect(flow).to(dave).continues(between(on, watched));
    }
  },
});
