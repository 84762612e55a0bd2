// The active link of a bond fails when the membership of a guest behind it has a few seconds left, and the querier has
// been away for minutes. What ends the outage, and when?
//
//     sender, querier ── core              believes: the group is behind sw1
//                       ╱    ╲
//                    sw1      sw2
//                     ╳        │
//                eth0 └─ bond0 ┘ eth1      hv: active-backup, miimon 100 ms, downdelay 200 ms
//                          │
//                         br0 ── vm        joined
//
//   querier   ?──?─────────────── away ─────────────┐
//   core          |──── believes in it for 255 s ───┼──────▶| floods
//   vm             R─────── member for 260 s ───────┼────────────▶|
//   link                                          cut|
//
//   asked after the failover                         | ?··R hears again, 10 s after the query at most
//   asked in the gap                                 |? nobody hears it ─── 31 s ───? ··R
//   nobody asks                                      | deaf ─▶| the querier is given up: flood
//   … and it is believed in for an hour              | deaf ──────────▶| the membership ends, and nothing changes
//
// With the cut the membership is worth nothing: it points at a dead path. So its end does not end the outage, nor does it
// make it longer. What ends it is the next query that the guest hears (over the new path: a query that comes while the
// bond still makes up its mind is dropped by the idle slave, and not repeated), or that the querier is given up. On a
// kernel that goes on by its MDB there is no second end.
import { after, between, bound, type Bound, type Duration, frame, min, minus, type Moment, ms, ns, plus, s, scenario, since, times, within } from '../../harness/scenario.ts';
import { groupsBehindABond } from '../topologies/groups-behind-a-bond.ts';
import { MIIMON, NOT_SCALED, told } from '../topologies/two-access-switches.ts';

const EVERY = ms(500);
const GROUP = '239.192.7.7';
/** Rounds of miimon that the bond waits; a query sent in the middle of the first falls into the gap for certain. */
const ROUNDS = 2;
const DOWNDELAY = times(MIIMON, ROUNDS);

type Query = 'after-the-failover' | 'in-the-gap' | 'never';
interface Settings { query: Query; otherQuerier?: Duration; ends: 'first-query' | 'second-query' | 'given-up' | 'never' }
const settings = (query: Query, ends: Settings['ends'], otherQuerier?: Duration): Settings => ({ query, ends, ...(otherQuerier ? { otherQuerier } : {}) });

export default scenario({
  title: 'failover in the last seconds of a membership',
  cases: ['C9', 'A1', 'A2'],
  inDefaultSet: false,
  variants: {
    'asked-after-the-failover': settings('after-the-failover', 'first-query'),
    'asked-in-the-gap': settings('in-the-gap', 'second-query'),
    'nobody-asks': settings('never', 'given-up'),
    'nobody-asks-and-believed-in': settings('never', 'never', min(60)),
  },
  controls: {
    'asked-in-the-gap-said-to-be-heard': { ...settings('in-the-gap', 'first-query'), breaks: 'outage' },
    'nobody-asks-said-to-last': { ...settings('never', 'never'), breaks: 'outage' },
    'believed-in-said-to-be-given-up': { ...settings('never', 'given-up', min(60)), breaks: 'outage' },
  },
  diagnosis: {
    'asked-after-the-failover': 'group-left-behind', 'asked-in-the-gap': 'group-left-behind', 'nobody-asks': 'group-left-behind', 'nobody-asks-and-believed-in': 'group-left-behind',
    'asked-in-the-gap-said-to-be-heard': 'group-left-behind', 'nobody-asks-said-to-last': 'group-left-behind', 'believed-in-said-to-be-given-up': 'group-left-behind',
  },
  topology: (v) => groupsBehindABond({ resendIgmp: 1, downdelay: DOWNDELAY, ...(v.otherQuerier ? { otherQuerier: v.otherQuerier } : {}) }),
  captures: () => [{ node: 'core', device: 'sw1', only: 'igmp' }, { node: 'sw2', device: 'hv', only: 'igmp' }],
  notScaled: NOT_SCALED,

  async story({ core, bond0, first, vm, sender, querier }, { variant: v, expect, capture, passes, until, bounds, figure, random }) {
    const [old, fresh] = [capture({ node: 'core', device: 'sw1' }), capture({ node: 'sw2', device: 'hv' })];
    const response = bounds.timer('query response interval', querier.spec.responseInterval);
    const begun = querier.starts();
    await until(begun, response.max);
    vm.joins(GROUP);
    const flow = sender.sends(GROUP, { every: EVERY, to: [vm] });
    // Past the second query and the answer to it.
    await until(begun, s(45));
    querier.fallsSilent();
    const lastQuery: Moment = { ...(querier.lastQuery ?? begun), what: 'the last query' };
    const lastReport: Moment = { ...(old.last(frame.report(GROUP, vm)) ?? begun), what: "vm's last report" };
    const membership = bounds.timer('membership interval', core.holds('mcast_membership_interval'));
    const believed = bounds.timer('other-querier-present interval', s(255));
    // 10 to 20 s before the querier is given up at the earliest, and before anything of the membership has ended.
    await until(lastQuery, s(235 + 10 * random()));

    const cut = first.fails('b');
    const rounds = bounds.timer('miimon', MIIMON);
    const found = bound(DOWNDELAY, plus(times(rounds.max, ROUNDS + 1), ns(2e9 / bounds.hz)), ...rounds.reasons, `downdelay: ${ROUNDS} further rounds`, 'the carrier can go at any moment of a round');
    figure('membershipLeftS', (lastReport.ns + membership.min.ns - cut.ns) / 1e9);
    let asked: Moment = cut;
    if (v.query !== 'never') {
      await passes(v.query === 'in-the-gap' ? times(MIIMON, 0.5) : s(1));
      asked = { ...querier.starts(), what: 'the querier was back' };
    }
    await expect(bond0.activeSlave).becomes('eth1', within(cut, told(found, bounds)));

    const quarter = times(querier.spec.queryInterval, 0.25);
    const answered = (from: Moment, why: string): Bound => {
      const waited = ns(from.ns - cut.ns);
      // The querier's own timer counts whole milliseconds.
      return bound(waited, plus(waited, response.max, ns(4e9 / bounds.hz), ms(5)), why, 'the answer, at any moment of the response interval', ...response.reasons);
    };
    const givenUp = bound(ns(lastQuery.ns + believed.min.ns - cut.ns), plus(ns(lastQuery.ns + believed.max.ns - cut.ns), EVERY), 'core and sw2 flood once they have given the querier up', ...believed.reasons);
    const ends = v.ends === 'first-query' ? answered(asked, 'the query after the failover')
      : v.ends === 'second-query' ? answered(after(asked, quarter), 'the second query of a querier that starts, a quarter of its interval after the first')
      : givenUp;
    if (v.ends === 'never') {
      const watched = plus(ns(lastReport.ns + membership.max.ns - cut.ns), s(300));
      await expect(flow).to(vm).outage(since(cut, watched), { lostAtLeast: Math.floor(watched.ns / EVERY.ns) - 1, recovers: false, reasons: ['neither timer ends it: the bridges go by their tables'] });
    } else {
      const { outageS, lostDatagrams } = await expect(flow).to(vm).outage(since(cut, plus(ends.max, s(30))), { atLeast: ends.min, atMost: ends.max, reasons: ends.reasons });
      figure('outageS', outageS);
      figure('lostDatagrams', lostDatagrams);
    }
    if (v.query === 'in-the-gap') {
      // The query was on the idle slave's wire, and the guest did not hear it.
      const second = after(asked, minus(quarter, s(1)));
      await expect(fresh).sees(frame.generalQuery(), between(cut, second), { atLeast: 1, atMost: 1 });
      await expect(fresh).seesNo(frame.report(GROUP, vm), between(cut, second));
    }
    // The old membership ends as it would have, whatever has become of the guest.
    await expect(core.mdbEntry(GROUP, { name: 'sw1' })).becomes('absent', within(lastReport, told(membership, bounds)));
  },
});
