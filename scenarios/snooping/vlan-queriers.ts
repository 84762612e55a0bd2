// Each VLAN has a querier of its own, with timers of its own. What does a port in all of them carry?
//
//   alice   bob   carol        tagged in every VLAN
//     └──────┼──────┘
//           br0                mcast_vlan_snooping; the bridge's own querier is on as well
//
//   VLAN   10: as they come            ?────── 31.25 s ──────?────── 125 s ──────?
//          11: no querier
//          12: IGMPv3 and MLDv2        ?
//          13: startup 3 times, 1 s    ?─?─?
//          14: none at startup, 2 s    ?──?──?──?──?──
//          15: 2 s to answer           ?
//          16: carol asks once         ?───────── carol ──── 20 s ────?
//   then   vlan_filtering off          ? untagged, and nothing tagged any more
//
// Snooping per VLAN switches the bridge's own off, with its querier; and filtering off switches it on again
// (br_multicast_toggle_vlan_snooping).
import { after, bound, frame, later, ms, type Moment, ns, plus, portOf, type QuerierVersion, s, scenario, since, times, within } from '../../harness/scenario.ts';
import { vlanHosts } from '../topologies/vlan-hosts.ts';

const VLANS = [10, 11, 12, 13, 14, 15, 16] as const;
type Vlan = (typeof VLANS)[number];
const OTHER_QUERIER = s(20), CAROL_ASKS = s(60), WATCHED = s(170);

interface Settings { family: 4 | 6; perVlan: boolean; carolAsks: boolean }
const settings = (family: 4 | 6, over: Partial<Settings> = {}): Settings => ({ family, perVlan: true, carolAsks: true, ...over });

export default scenario({
  title: 'queriers of VLANs',
  cases: ['A5', 'B1'],
  inDefaultSet: false,
  variants: { igmp: settings(4), mld: settings(6) },
  controls: {
    // One querier for the whole bridge: its queries are in no VLAN's tag.
    'one-for-the-bridge': { ...settings(4, { perVlan: false }), breaks: ['frames tagged VLAN 10', 'no IGMPv2 general queries that are untagged'] },
    // Then VLAN 16 asks on by its own timers.
    'nobody-else-asks': { ...settings(6, { carolAsks: false }), breaks: 'frames tagged VLAN 16 that are frames from br0' },
  },
  diagnosis: {},
  topology: ({ perVlan }) => vlanHosts({ vids: VLANS, perVlan }),
  captures: ({ br0, bob }, { family }) => [{ ...portOf(br0, bob), only: family === 4 ? 'igmp or (vlan and igmp)' : 'ip6 or (vlan and ip6)' }],
  notScaled: 'a startup query interval of 1 s, the least that the kernel takes',

  async story({ br0, bob, carol16 }, { variant: v, expect, capture, now, passes, until, bounds, random }) {
    const port = capture(portOf(br0, bob));
    const [version, newer] = (v.family === 4 ? ['IGMPv2', 'IGMPv3'] : ['MLDv1', 'MLDv2']) as [QuerierVersion, QuerierVersion];
    const query = (vid: Vlan, of: QuerierVersion = version) => frame.and(frame.generalQuery(of), frame.inVlan(vid));
    const atOnce = bound(ns(0), plus(ns(4e9 / bounds.hz), bounds.slack), `a timer of no length fires within 4 ticks at HZ=${bounds.hz}`);
    const once = { atLeast: 1, atMost: 1 };
    const quiet = (from: Moment, timer: { min: { ns: number } }) => since(after(from, atOnce.max, `the query after ${from.what}`), ns(timer.min.ns - atOnce.max.ns));

    await passes(times(s(2), random()));
    br0.setsVlan(12, { mcast_igmp_version: 3, mcast_mld_version: 2 });
    br0.setsVlan(13, { mcast_startup_query_interval: s(1), mcast_startup_query_count: 3 });
    br0.setsVlan(14, { mcast_startup_query_count: 0, mcast_query_interval: s(2) });
    br0.setsVlan(15, { mcast_query_response_interval: s(2) });
    br0.setsVlan(16, { mcast_querier_interval: OTHER_QUERIER });
    const begun = br0.sets({ mcast_querier: true });
    for (const vid of VLANS) if (vid !== 11) br0.setsVlan(vid, { mcast_querier: true });

    const startup = bounds.timer('startup query interval', s(31.25)), second = bounds.timer('startup query interval', s(1)), interval = bounds.timer('query interval', s(2));
    const claims = [
      // 10: at once, again, and then in the query interval.
      expect(port).sees(query(10), within(begun, atOnce), once),
      expect(port).seesNo(query(10), quiet(begun, startup)),
      expect(port).sees(query(10), within(begun, startup), once),
      expect(port).sees(query(10), since(begun, WATCHED), { atLeast: 3, atMost: 3 }),
      expect(port).seesNo(query(11), since(begun, WATCHED)),
      expect(port).sees(query(12, newer), within(begun, atOnce), once),
      expect(port).seesNo(query(12), since(begun, WATCHED)),
      expect(port).sees(query(13), within(begun, atOnce), once),
      expect(port).sees(query(13), within(begun, ns(0), plus(times(second.max, 2), atOnce.max)), { atLeast: 3, atMost: 3 }),
      expect(port).sees(query(13), since(begun, s(100)), { atLeast: 3, atMost: 3 }),
      // 20 s hold ten intervals of 2 s; a timer may be late by its step each time.
      expect(port).sees(query(14), since(begun, s(20)), { atLeast: Math.floor(20e9 / interval.max.ns), atMost: 11 }),
      expect(port).sees(frame.and(query(15), frame.givesToAnswer(s(2))), within(begun, atOnce), once),
      expect(port).seesNo(frame.and(query(10), frame.givesToAnswer(s(2))), since(begun, WATCHED)),
    ];

    await until(begun, CAROL_ASKS);
    const asked = v.carolAsks ? carol16.queries(version) : now('carol would have asked');
    const given = bounds.timer('other querier present', OTHER_QUERIER);
    // The bridge's own queries come from its MAC.
    const ours = frame.and(query(16), frame.from(br0.mac, 'br0'));
    claims.push(
      expect(port).seesNo(ours, since(asked, given.min)),
      expect(port).sees(ours, within(asked, later(given, atOnce.max, 'and the query after it')), once),
    );
    await Promise.all(claims);

    const untagged = frame.and(frame.generalQuery(version), frame.untagged());
    const filtered = now('VLANs were filtered until here');
    const off = br0.sets({ vlan_filtering: false });
    await Promise.all([
      expect(port).seesNo(untagged, within({ ns: begun.ns, what: 'the begin' }, ns(0), ns(filtered.ns - begun.ns))),
      expect(port).sees(untagged, within(off, atOnce), once),
      ...VLANS.map((vid) => expect(port).seesNo(frame.and(frame.generalQuery(), frame.inVlan(vid)), since(after(off, ms(50)), s(60)))),
    ]);
  },
});
