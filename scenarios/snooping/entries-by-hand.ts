// Entries that somebody wrote into the MDB. What do they let pass, for how long, and what do they keep away?
//
//   alice (sends from 1 and 2)   bob        carol
//                └────────────────┼───────────┘
//                vmbr0: IGMPv3 and MLDv2, own querier on; nobody joins anything
//
//   on bob's port    (any, A) permanent      until it is deleted, 300 s later
//                    (1, B)   permanent      only what comes from 1
//                    (any, C) temporary      for the membership interval
//   a group MAC      permanent               frames of no IP, to bob alone; without the entry to everybody
//   the bridge       A, or the MAC           up to the host, and to no port
//
// A permanent entry has no timer and asks for no reports (MDB_PG_FLAGS_PERMANENT). A group MAC counts for what is not IP,
// and is permanent or nothing; for an IP group the bridge's own entry is temporary or nothing (br_mdb_add_group).
//
// A trap: whoever deletes a group MAC from a port also deletes the bridge's own, without a word. The bridge takes the MAC
// for an entry of one source, and those are emptied when the last port that asked is gone (br_multicast_sg_del_exclude_ports).
import { after, between, bound, frame, ns, plus, portOf, s, scenario, since, times, within } from '../../harness/scenario.ts';
import { groupOf, manySources, type Source, sourceOf } from '../topologies/many-sources.ts';

const EVERY = s(1), MAC_EVERY = s(1);
/** Longer than any membership. */
const STAYS = s(300);
/** A group address of nobody's, and an EtherType for experiments (IEEE 802). */
const GROUP_MAC = '01:00:01:c0:ff:ee', EXPERIMENT = 0x88b5;

interface Settings { family: 4 | 6; entry: 'ports' | 'mac' | 'bridge'; adds: boolean; sources: boolean; deletes: 'bridge-first' | 'port-first'; claims: 'one-left' | 'both-gone' }
const settings = (family: 4 | 6, entry: Settings['entry'], over: Partial<Settings> = {}): Settings => ({ family, entry, adds: true, sources: true, deletes: 'bridge-first', claims: 'one-left', ...over });

/** An Ethernet frame that holds nothing. */
function bareFrame(dst: string, src: string, etherType: number): Uint8Array {
  const octets = (mac: string): number[] => mac.split(':').map((octet) => Number.parseInt(octet, 16));
  const bytes = new Uint8Array(60);
  bytes.set([...octets(dst), ...octets(src), etherType >> 8, etherType & 0xff]);
  return bytes;
}

export default scenario({
  title: 'MDB entries by hand',
  cases: ['B1'],
  inDefaultSet: false,
  variants: {
    'on-a-port-ipv4': settings(4, 'ports'),
    'on-a-port-ipv6': settings(6, 'ports'),
    'group-mac': settings(4, 'mac'),
    'group-mac-port-deleted-first': settings(4, 'mac', { deletes: 'port-first', claims: 'both-gone' }),
    'the-bridge-ipv4': settings(4, 'bridge'),
    'the-bridge-ipv6': settings(6, 'bridge'),
  },
  controls: {
    'nothing-added': { ...settings(4, 'ports', { adds: false }), breaks: 'delivery resumes' },
    // (1, B) then passes what comes from 2 as well.
    'igmpv2-bridge': { ...settings(4, 'ports', { sources: false }), breaks: /239\.192\.\S+ at vmbr0:bob: nothing arrives/ },
    'no-group-mac': { ...settings(4, 'mac', { adds: false }), breaks: 'vmbr0:carol: no frames to' },
    'bridge-said-to-keep-its-own': { ...settings(4, 'mac', { deletes: 'port-first' }), breaks: ['vmbr0:carol: no frames to', 'vmbr0:bob: no frames to'] },
    'not-for-the-bridge': { ...settings(6, 'bridge', { adds: false }), breaks: 'delivery resumes' },
  },
  // Nobody joins, so nobody misses anything.
  diagnosis: {},
  topology: ({ family, sources }) => manySources({ family, knowsSources: sources }),
  // What passes nowhere is counted on its way in.
  captures: ({ vmbr0, alice, bob, carol }) => [portOf(vmbr0, bob), portOf(vmbr0, carol), { node: vmbr0.node, device: vmbr0.name }, { ...portOf(vmbr0, alice), only: 'udp' }],

  async story({ vmbr0, alice, bob, carol }, { variant: v, expect, capture, now, passes, until, bounds, random }) {
    const [toBob, toCarol, up] = [capture(portOf(vmbr0, bob)), capture(portOf(vmbr0, carol)), capture({ node: 'vmbr0', device: 'vmbr0' })];
    const [A, B, C] = [groupOf(v.family, 1), groupOf(v.family, 2), groupOf(v.family, 3)] as const;
    const atOnce = bound(ns(0), plus(ns(2e9 / bounds.hz), bounds.slack), 'what is written counts with the next datagram');
    vmbr0.sets({ mcast_querier: true });
    await passes(plus(bounds.timer('query response interval', vmbr0.holds('mcast_query_response_interval')).max, times(EVERY, random())));

    if (v.entry === 'mac') {
      const frames = frame.and(frame.to(GROUP_MAC), frame.from(alice.mac, 'alice'));
      const sends = async (count: number): Promise<{ begun: ReturnType<typeof now>; ended: ReturnType<typeof now> }> => {
        // An entry whose last port was deleted is there for a tick more, and frames then go to nobody (mp->timer in br_multicast_del_pg).
        await passes(atOnce.max);
        const begun = now(`${count} frames began`);
        for (let i = 0; i < count; i++) {
          alice.sendsFrame(bareFrame(GROUP_MAC, alice.mac, EXPERIMENT));
          await until(begun, times(MAC_EVERY, i + 1));
        }
        return { begun, ended: now(`${count} frames ended`) };
      };
      const exactly = (count: number) => ({ atLeast: count, atMost: count });
      const flooded = [toBob, toCarol];
      const before = await sends(10);
      if (v.adds) vmbr0.mdbAdds({ group: GROUP_MAC, port: bob });
      const ofBob = await sends(20);
      if (v.adds) vmbr0.mdbAdds({ group: GROUP_MAC });
      const ofBoth = await sends(10);
      if (v.adds) vmbr0.mdbDeletes({ group: GROUP_MAC, ...(v.deletes === 'bridge-first' ? {} : { port: bob }) });
      const ofOne = await sends(10);
      if (v.adds && v.deletes === 'bridge-first') vmbr0.mdbDeletes({ group: GROUP_MAC, port: bob });
      const afterwards = await sends(10);
      for (const { begun, ended } of [before, afterwards, ...(v.claims === 'both-gone' ? [ofOne] : [])]) for (const port of flooded) await expect(port).sees(frames, between(begun, ended), exactly(10));
      await expect(toBob).sees(frames, between(ofBob.begun, ofBoth.ended), exactly(30));
      await expect(toCarol).seesNo(frames, between(ofBob.begun, ofBoth.ended));
      await expect(up).seesNo(frames, between(ofBob.begun, ofBob.ended));
      await expect(up).sees(frames, between(ofBoth.begun, ofBoth.ended), exactly(10));
      if (v.claims === 'one-left') {
        await expect(toCarol).seesNo(frames, between(ofOne.begun, ofOne.ended));
        await expect(v.deletes === 'bridge-first' ? toBob : up).sees(frames, between(ofOne.begun, ofOne.ended), exactly(10));
        await expect(v.deletes === 'bridge-first' ? up : toBob).seesNo(frames, between(ofOne.begun, ofOne.ended));
      }
      return;
    }

    const sent = (group: string, source: Source) => expect(alice.sends(group, { every: EVERY, from: sourceOf(v.family, source), to: [] }));
    if (v.entry === 'bridge') {
      const flow = sent(A, 1);
      await passes(s(20));
      const added = v.adds ? vmbr0.mdbAdds({ group: A, state: 'temporary' }) : now('nothing was added');
      await until(added, s(30));
      const deleted = v.adds ? vmbr0.mdbDeletes({ group: A, state: 'temporary' }) : now('nothing was deleted');
      await Promise.all([
        flow.at(up).resumes(within(added, atOnce)), flow.at(up).continues(between(after(added, atOnce.max), deleted)), flow.at(up).neverArrives(since(after(deleted, atOnce.max), s(20))),
        ...[toBob, toCarol].map((port) => flow.at(port).neverArrives(since(added, s(50)))),
      ]);
      return;
    }

    const flows = { a: sent(A, 1), b1: sent(B, 1), b2: sent(B, 2), c: sent(C, 1) };
    await passes(s(20));
    const added = now('the entries were added');
    if (v.adds) {
      vmbr0.mdbAdds({ group: A, port: bob });
      vmbr0.mdbAdds({ group: B, port: bob, ...(v.sources ? { source: sourceOf(v.family, 1) } : {}) });
      vmbr0.mdbAdds({ group: C, port: bob, state: 'temporary' });
    }
    await until(added, STAYS);
    const deleted = v.adds ? vmbr0.mdbDeletes({ group: A, port: bob }) : now('nothing was deleted');
    const end = after(deleted, s(20), 'the end');
    const membership = bounds.timer('membership interval', vmbr0.holds('mcast_membership_interval'));
    await Promise.all([
      flows.a.at(toBob).resumes(within(added, atOnce)),
      flows.a.at(toBob).continues(between(after(added, atOnce.max), deleted)),
      flows.a.at(toBob).neverArrives(between(after(deleted, atOnce.max), end)),
      flows.b1.at(toBob).continues(between(after(added, atOnce.max), end)),
      flows.b2.at(toBob).neverArrives(between(added, end)),
      flows.c.at(toBob).stops(within(added, membership)),
      ...Object.values(flows).map((flow) => flow.at(toCarol).neverArrives(between(added, end))),
    ]);
  },
});
