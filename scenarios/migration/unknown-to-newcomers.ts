// A guest migrates, is announced, and whoever knows it loses nothing. When does a newcomer find it by IPv6?
//
//   friend (knows vm)   newcomer (does not)   core (querier, MLDv2)
//              ╲               │               ╱
//                              sw                       MDB: vm's solicited-node group is behind hv1
//                            ╱    ╲
//                     hv1: br0     hv2: br0             MDB of hv2: empty
//                        │           │
//                       vm   ───▶  (vm)
//
//   core      ?──────────────── 125 s ──────────────▶?
//   vm           moves|                                ··R···· up to 10 s
//   newcomer           NS NS NS … to hv1, where nobody is |found
//
// The announcement moves the FDB's entries and none of the MDB's: what D9 says of a group is true of the group that
// neighbour solicitations go to. The switch sends them to the host that the guest has left. It ends as there: with
// the answer to the next general query, or at once if a querier asks at once; with snooping off it does not begin.
import { after, between, frame, later, ns, plus, s, scenario, since } from '../../harness/scenario.ts';
import { announced } from '../topologies/moving-guest.ts';
import { movingNeighbour } from '../topologies/moving-neighbour.ts';

interface Settings { snooping: boolean; coreAsks: boolean; claims: 'lost-until-asked' | 'found'; breaks?: string | string[] }

const EVERY = s(1);
/** Pings wait for an answer for this long: three solicitations, a second apart (mcast_solicit, retrans_time). */
const ASKING = s(3);

const variants: Record<string, Settings> = {
  'until-the-next-query': { snooping: true, coreAsks: false, claims: 'lost-until-asked' },
  'until-core-asks': { snooping: true, coreAsks: true, claims: 'lost-until-asked' },
  'without-snooping': { snooping: false, coreAsks: false, claims: 'found' },
};
const controls: Record<string, Settings> = {
  'snooping-loses-it': { snooping: true, coreAsks: true, claims: 'found', breaks: 'delivery continues' },
  'without-snooping-nothing-is-lost': { snooping: false, coreAsks: true, claims: 'lost-until-asked', breaks: ['hv2:eth0: no multicast', 'outage'] },
};

export default scenario({
  title: 'a moved guest is unknown to newcomers',
  cases: ['D9', 'lxc/incus-os 1213'],
  inDefaultSet: false,
  variants, controls,
  diagnosis: { 'until-the-next-query': 'group-left-behind', 'until-core-asks': 'group-left-behind', 'snooping-loses-it': 'group-left-behind' },
  topology: (v) => movingNeighbour(v),
  captures: () => ['hv1', 'hv2'].map((node) => ({ node, device: 'eth0', only: 'icmp6' })),

  async story({ friend, newcomer, core, vm }, { variant, expect, capture, now, passes, until, bounds, figure, random }) {
    const address = vm.address(6);
    const response = bounds.timer('query response interval', core.spec.responseInterval);
    await until(core.starts(), response.max);
    const known = friend.pings(address, { every: EVERY });
    // Past the second query and the answers to it: none is on its way.
    await passes(s(40 + 20 * random()));
    const left = now('the guest left hv1');
    const there = await vm.migrates(1, { announce: 'rarp' });
    const standstill = ns(there.ns - left.ns);

    const came = now('the newcomer came');
    const ping = newcomer.pings(address, { every: EVERY });
    await passes(s(20));
    const last = core.lastQuery ?? came;
    const asked = variant.coreAsks ? core.asks() : { ns: last.ns + core.spec.queryInterval.ns, what: 'the next general query' };
    const [atHv1, atHv2] = ['hv1', 'hv2'].map((node) => capture({ node, device: 'eth0' })) as [ReturnType<typeof capture>, ReturnType<typeof capture>];
    const asks = frame.neighbourSolicitation(address, 'multicast', newcomer);
    // Answers leave within 3 ticks of their time, and pass two bridges; the newcomer asks once a second.
    const found = later({ ...response, min: ns(0) }, plus(EVERY, ns(6e9 / bounds.hz), bounds.slack), 'an answer leaves up to 3 ticks after its time, the newcomer asks once a second');
    await until(asked, plus(found.max, s(1)));

    if (variant.claims === 'found') await expect(ping).continues(since(came, s(20)));
    else {
      const trying = between(came, { ns: asked.ns - 1e6 - bounds.slack.ns, what: asked.what });
      await expect(atHv1).sees(asks, trying, { atLeast: 10 });
      await expect(atHv2).seesNo(asks, trying);
      const lost = Math.floor((asked.ns - came.ns - ASKING.ns - 2 * bounds.slack.ns) / EVERY.ns) - 1;
      const { lostDatagrams, outageS } = await expect(ping).outage(since(came, plus(ns(asked.ns - came.ns), found.max, s(5))), {
        lostAtLeast: lost, atMost: plus(ns(asked.ns - came.ns), found.max), reasons: [`${lost} pings at least are sent before the query; those of the last ${ASKING.ns / 1e9} s wait for an answer to the question`, ...found.reasons],
      });
      figure('lostPings', lostDatagrams);
      figure('newcomerOutageS', outageS);
      await expect(ping).continues(since(after(asked, plus(found.max, EVERY)), s(10)));
    }
    // Who knows it loses what is lost while the guest stands still.
    const learned = announced(bounds);
    const most = Math.floor((standstill.ns + learned.max.ns) / EVERY.ns) + 1;
    await expect(known).outage(since(left, plus(standstill, s(20))), { atMost: plus(standstill, learned.max, EVERY), lostAtMost: most, reasons: learned.reasons });
    await expect(known).continues(between(after(there, plus(learned.max, EVERY)), now('the end')));
  },
});
