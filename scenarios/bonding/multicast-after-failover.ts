// The active link of a bond fails under members of groups. The switches' snooping tables still point at the old port.
//
//     sender, querier ── core              believes: both groups are behind sw1
//                       ╱    ╲
//                    sw1      sw2
//                     ╳        │
//                eth0 └─ bond0 ┘ eth1      hv: active-backup, miimon 100 ms
//                          │
//                         br0 ── vm        br0 (the host) is in one group, vm in another
//
// resend_igmp: bonding has the host's own memberships reported again after a failover, and the bridge passes that on, so
// the host's group is back with the detection. A guest's kernel knows nothing of a failover. Its group is lost until the
// next general query is answered: 125 s and 10 s at most. Where nobody queries, the switches flood, and nothing is lost
// but what fell into the detection.
import { bound, frame, type Moment, ms, ns, plus, s, scenario, since, times, within, type VariantCommon } from '../../harness/scenario.ts';
import { REPORTED } from '../topologies/groups.ts';
import { groupsBehindABond } from '../topologies/groups-behind-a-bond.ts';
import { detection, NOT_SCALED, told } from '../topologies/two-access-switches.ts';

const EVERY = ms(200);
const HOSTS = '239.192.5.5', GUESTS = '239.192.7.7';

interface Settings extends VariantCommon { querier: boolean; resendIgmp: 0 | 1; claims: { host: 'at-once' | 'next-query'; guest: 'at-once' | 'next-query' } }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'multicast after a failover',
  cases: ['C9'],
  inDefaultSet: false,
  variants: {
    'queried': variant({ querier: true, resendIgmp: 1, claims: { host: 'at-once', guest: 'next-query' }, diagnosis: 'group-left-behind' }),
    'nobody-queries': variant({ querier: false, resendIgmp: 1, claims: { host: 'at-once', guest: 'at-once' } }),
  },
  controls: {
    'resend-said-to-cover-guests': { ...variant({ querier: true, resendIgmp: 1, claims: { host: 'at-once', guest: 'at-once' }, diagnosis: 'group-left-behind' }), breaks: ['vm hears', 'reports for'] },
    'no-resend-said-to-cover-the-host': { ...variant({ querier: true, resendIgmp: 0, claims: { host: 'at-once', guest: 'next-query' }, diagnosis: 'group-left-behind' }), breaks: ['hv hears', 'reports for'] },
  },
  topology: (v) => groupsBehindABond(v),
  captures: ({ sw2 }) => [{ node: sw2.node, device: 'hv', only: 'igmp' }],
  notScaled: NOT_SCALED,

  async story({ sw2, br0, bond0, first, vm, sender, querier }, { variant: v, expect, passes, until, bounds, capture, now, random, figure }) {
    const response = bounds.timer('query response interval', querier.spec.responseInterval);
    const begin: Moment = v.querier ? querier.starts() : now('the begin');
    // Joined once the bridges count the querier as present, so that each has them in its table.
    await until(begin, response.max);
    br0.joins(HOSTS);
    vm.joins(GUESTS);
    await passes(REPORTED);
    const toHost = sender.sends(HOSTS, { every: EVERY, to: [br0] });
    const toGuest = sender.sends(GUESTS, { every: EVERY, to: [vm] });
    // The second query comes a quarter of the interval after the first, the third a whole one later. Cut in between.
    const quarter = times(querier.spec.queryInterval, 0.25);
    const next: Moment = { ns: begin.ns + quarter.ns + querier.spec.queryInterval.ns, what: 'the next query' };
    await until(begin, plus(quarter, response.max, s(5 + 60 * random())));
    const cut = first.fails('b');
    const found = detection(bounds);
    await expect(bond0.activeSlave).becomes('eth1', within(cut, told(found, bounds)));

    const tick = ns(2e9 / bounds.hz);
    const atOnce = bound(ns(0), plus(found.max, tick), ...found.reasons, v.querier ? 'bonding has memberships reported again, one tick after the switch of slaves (bond_resend_igmp_join_requests_delayed)' : 'nobody queries, so the switches flood');
    const asked = ns(next.ns - cut.ns);
    // The querier's own timer counts whole milliseconds.
    const answered = bound(asked, plus(asked, response.max, ms(5)), 'the next general query', 'its answer, at any moment of the response interval', ...response.reasons);
    const wire = capture({ node: sw2.node, device: 'hv' });
    for (const [who, flow, group] of [[br0, toHost, HOSTS], [vm, toGuest, GUESTS]] as const) {
      const claimed = who === br0 ? v.claims.host : v.claims.guest;
      const back = claimed === 'at-once' ? atOnce : answered;
      await expect(flow).to(who).outage(since(cut, plus(answered.max, s(5))), { ...(claimed === 'at-once' ? {} : { atLeast: back.min }), atMost: back.max, reasons: back.reasons });
      // The frame that makes the difference. On the wire a report carries the MAC of who joined.
      if (v.querier) await expect(wire).sees(frame.report(group, { name: who === br0 ? 'hv' : 'vm', mac: who.mac }), within(cut, plus(back.min), back.max, ...back.reasons), { atLeast: 1, atMost: 1 });
      const { sentNs } = flow, { receivedNs } = flow.at(who.name);
      figure(`${who === br0 ? 'host' : 'guest'}LostDatagrams`, sentNs.filter((at, seq) => at > cut.ns && at < cut.ns + answered.max.ns && receivedNs[seq] === undefined).length);
    }
  },
});
