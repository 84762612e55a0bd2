// The same group in several VLANs, snooped in each by itself. Which of them passes whose port, and until when?
//
//   alice (sends in all)   bob (joins in some)   carol        tagged in every VLAN
//          └──────────────────────┼──────────────┘
//                                br0                          mcast_vlan_snooping; a querier in every VLAN
//
//   VLAN   10: bob joins, and leaves    bob until 2 s after the leave, carol never
//          11: nobody joins             neither
//          20: not snooped              both, whoever joined
//          21: membership 20 s          bob until 20 s after his last report
//          22: last member 3 × 2 s      bob until 6 s after the leave
//          23: bob's port a router's    what nobody asked for: bob; carol, whose port is said to be none, never
import { frame, later, type Moment, ms, plus, portOf, s, scenario, since, times, within } from '../../harness/scenario.ts';
import { groupOf } from '../topologies/groups.ts';
import { vlanHosts } from '../topologies/vlan-hosts.ts';

const VLANS = [10, 11, 20, 21, 22, 23] as const;
type Vlan = (typeof VLANS)[number];
const EVERY = ms(500);
const MEMBERSHIP = s(20), LAST_MEMBER = { count: 3, interval: s(2) };

interface Settings { family: 4 | 6; perVlan: boolean; snoops20: boolean; router: boolean }
const settings = (family: 4 | 6, over: Partial<Settings> = {}): Settings => ({ family, perVlan: true, snoops20: false, router: true, ...over });

export default scenario({
  title: 'members in VLANs',
  cases: ['B1', 'B2'],
  inDefaultSet: false,
  variants: { igmp: settings(4), mld: settings(6) },
  controls: {
    // What is said to a VLAN then means nothing: the bridge as a whole has no querier, and floods.
    'snooped-as-a-whole': { ...settings(4, { perVlan: false }), breaks: ['br0:carol: nothing arrives', 'VLAN 20 stays absent'] },
    'vlan-20-snooped': { ...settings(6, { snoops20: true }), breaks: ['br0:carol: delivery continues', 'VLAN 20 stays absent'] },
    'no-router-port': { ...settings(4, { router: false }), breaks: 'br0:bob: delivery continues' },
  },
  diagnosis: {},
  topology: ({ perVlan }) => vlanHosts({ vids: VLANS, perVlan }),
  // What passes neither port is counted on its way in.
  captures: ({ br0, alice, bob, carol }) => [portOf(br0, bob), portOf(br0, carol), { ...portOf(br0, alice), only: 'vlan and udp' }],
  notScaled: 'a last member query time of 2 s with two datagrams a second in it',

  async story(lab, { variant: v, expect, capture, now, passes, until, bounds, random }) {
    const { br0, bob, carol } = lab;
    const [toBob, toCarol] = [capture(portOf(br0, bob)), capture(portOf(br0, carol))];
    const group = groupOf(v.family);
    br0.setsVlan(20, { mcast_snooping: v.snoops20 });
    br0.setsVlan(21, { mcast_membership_interval: MEMBERSHIP });
    br0.setsVlan(22, { mcast_last_member_count: LAST_MEMBER.count, mcast_last_member_interval: LAST_MEMBER.interval });
    br0.setsPortVlan(bob, 23, { mcast_router: v.router ? 'permanent' : 'learned' });
    br0.setsPortVlan(carol, 23, { mcast_router: 'disabled' });
    for (const vid of VLANS) br0.setsVlan(vid, { mcast_querier: true });
    // Past the second query of the start, a quarter of the interval after the first, and what it is answered.
    await passes(plus(bounds.timer('startup query interval', s(31.25)).max, bounds.timer('query response interval', s(10)).max, times(EVERY, random())));

    const members = new Map(([10, 20, 21, 22] as const).map((vid) => [vid, lab[`bob${vid}`].joins(group)]));
    await passes(s(1));
    const begun = now('the flows began');
    const flows = new Map(VLANS.map((vid) => [vid, expect(lab[`alice${vid}`].sends(group, { every: EVERY, to: [] }))]));
    const flow = (vid: Vlan) => flows.get(vid) ?? (() => { throw new Error(`nothing is sent in VLAN ${vid}`); })();

    // A first report is said again within 10 s (IGMPv2, MLDv1).
    await until(begun, s(15));
    const inVlan = (vid: Vlan) => frame.and(frame.report(group, bob), frame.inVlan(vid));
    const lastReport: Moment = { ...(toBob.last(inVlan(21)) ?? begun), what: "bob's last report in VLAN 21" };
    const leaves = async (vid: 10 | 20 | 22): Promise<Moment> => {
      const told = now(`bob was told to leave in VLAN ${vid}`);
      members.get(vid)?.leaves();
      return { ...(await toBob.sees(frame.and(frame.leave(group, bob), frame.inVlan(vid)), s(2), told)), what: `bob's leave in VLAN ${vid}` };
    };
    const left = await leaves(10), left22 = await leaves(22);
    await leaves(20);
    const end = s(60);
    const read = (timer: ReturnType<typeof bounds.timer>) => later(timer, plus(ms(5), bounds.slack), "the story's process reads the notification");
    const [two, six, twenty] = [
      bounds.timer('last member query time: 2 times 1 s', s(2)), bounds.timer('last member query time: 3 times 2 s', times(LAST_MEMBER.interval, LAST_MEMBER.count)), bounds.timer('membership interval', MEMBERSHIP),
    ];
    const entry = (vid: Vlan) => expect(br0.mdbEntry(group, bob, { vlan: vid }));
    await Promise.all([
      flow(10).at(toBob).stops(within(left, two)),
      entry(10).becomes('absent', within(left, read(two))),
      flow(10).at(toCarol).neverArrives(since(begun, end)),
      ...[toBob, toCarol].map((port) => flow(11).at(port).neverArrives(since(begun, end))),
      // No entry, and yet to everybody.
      ...[toBob, toCarol].map((port) => flow(20).at(port).continues(since(begun, end))),
      flow(21).at(toBob).stops(within(lastReport, twenty)),
      entry(21).becomes('absent', within(lastReport, read(twenty))),
      flow(22).at(toBob).stops(within(left22, six)),
      entry(22).becomes('absent', within(left22, read(six))),
      flow(23).at(toBob).continues(since(begun, end)),
      flow(23).at(toCarol).neverArrives(since(begun, end)),
      // Joined in 20 like everywhere, and not in the table.
      expect(br0.mdbEntry(group, bob, { vlan: 20 })).stays('absent', since(begun, end)),
    ]);
  },
});
