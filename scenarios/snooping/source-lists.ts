// A host says from which sources it hears a group. Which of them pass its port, and for how long?
//
//   alice (sends from nine addresses)   bob (reports, by hand)   carol
//                 └──────────────┬────────┴─────────────────────────┘
//              vmbr0: snooping on, own querier on, IGMPv3 or MLDv2
//
//   first report    INCLUDE {1,2,3}                or, by IS_IN {1,2,3} and IS_EX {1,2,20,21}, EXCLUDE {1,2 | 20,21}
//   40 s later      a change, another for each group: ALLOW, IS_IN, TO_IN, IS_EX, TO_EX, BLOCK
//
// A bridge that speaks IGMPv3 or MLDv2 keeps a filter mode for each group and port, and a timer for each source (the
// tables of RFC 3376 6.4 and RFC 3810 7.4). INCLUDE passes the sources whose timer runs. EXCLUDE passes everything but
// the sources that are listed without a running timer. What a report takes back it does not take back at once: who else
// is behind the port is asked, and a source without an answer goes after the last member query time. Nobody says
// anything afterwards, so each timer runs out after the membership interval, the one of the report that last set it.
import { after, type Bound, type Duration, later, type Moment, ms, plus, portOf, s, scenario, since, times, within } from '../../harness/scenario.ts';
import { groupOf, manySources, type Source, sourceOf } from '../topologies/many-sources.ts';

/** How long a source passes bob's port, from the change on. */
type Fate =
  /** Until the timer that the first report set. */
  | 'first'
  /** Until the timer that the change set. */
  | 'change'
  /** Until the last member query time after the change. */
  | 'asked'
  /** Not listed, or listed as blocked. */
  | 'never';

type Change = 'allow' | 'is-include' | 'to-include' | 'is-exclude' | 'to-exclude' | 'block';
interface Transition {
  readonly change: Change;
  readonly sources: readonly Source[];
  /** The filter mode after it. */
  readonly mode: 'include' | 'exclude';
  readonly fates: Partial<Record<Source, Fate>>;
  /** Listed and kept from the port: their entries are there, blocked. */
  readonly blocked?: readonly Source[];
}

const FROM_INCLUDE: readonly Transition[] = [
  { change: 'allow', sources: [10, 11], mode: 'include', fates: { 1: 'first', 10: 'change', 100: 'never' } },
  { change: 'is-include', sources: [10, 11], mode: 'include', fates: { 1: 'first', 10: 'change', 100: 'never' } },
  // Who is taken back is asked for first.
  { change: 'to-include', sources: [10, 11], mode: 'include', fates: { 1: 'asked', 10: 'change', 100: 'never' } },
  // 3 is listed no more, so nobody objects to it: as 100 until the group's timer runs out. 1 is still listed, and blocked
  // once its timer has run out.
  { change: 'is-exclude', sources: [1, 2, 20, 21], mode: 'exclude', fates: { 1: 'first', 3: 'change', 20: 'never', 100: 'change' }, blocked: [20, 21] },
  { change: 'to-exclude', sources: [1, 20, 30], mode: 'exclude', fates: { 1: 'asked', 2: 'change', 20: 'never', 100: 'change' }, blocked: [20, 30] },
  { change: 'block', sources: [1, 20, 30], mode: 'include', fates: { 1: 'asked', 2: 'first', 20: 'never', 100: 'never' } },
];

const FROM_EXCLUDE: readonly Transition[] = [
  // The group's timer runs out first: INCLUDE of those that still have a running one.
  { change: 'allow', sources: [20, 30], mode: 'exclude', fates: { 1: 'first', 20: 'change', 21: 'never', 30: 'change', 100: 'first' }, blocked: [21] },
  { change: 'is-include', sources: [20, 30], mode: 'exclude', fates: { 1: 'first', 20: 'change', 21: 'never', 30: 'change', 100: 'first' }, blocked: [21] },
  // The whole group is asked for, too.
  { change: 'to-include', sources: [20, 30], mode: 'exclude', fates: { 1: 'asked', 20: 'change', 21: 'never', 30: 'change', 100: 'asked' }, blocked: [21] },
  { change: 'is-exclude', sources: [20, 30], mode: 'exclude', fates: { 1: 'change', 20: 'never', 21: 'change', 30: 'change', 100: 'change' }, blocked: [20] },
  { change: 'to-exclude', sources: [1, 20, 30], mode: 'exclude', fates: { 1: 'asked', 2: 'change', 20: 'never', 21: 'change', 30: 'asked', 100: 'change' }, blocked: [20] },
  { change: 'block', sources: [1, 20, 30], mode: 'exclude', fates: { 1: 'asked', 2: 'first', 20: 'never', 21: 'never', 30: 'asked', 100: 'first' }, blocked: [20, 21] },
];

/** Longer than a timer of 260 s may be late, so that its ends tell which report set it. */
const BETWEEN = s(40);
/** For what lasts as long as a membership, and for what ends in seconds. */
const SLOW = s(5), FAST = ms(100);

interface Settings { family: 4 | 6; from: 'include' | 'exclude'; knowsSources: boolean; tells: boolean }
const settings = (family: 4 | 6, from: Settings['from'], over: Partial<Settings> = {}): Settings => ({ family, from, knowsSources: true, tells: true, ...over });

export default scenario({
  title: 'source lists',
  cases: ['B1'],
  inDefaultSet: false,
  variants: {
    'igmpv3-from-include': settings(4, 'include'),
    'igmpv3-from-exclude': settings(4, 'exclude'),
    'mldv2-from-include': settings(6, 'include'),
    'mldv2-from-exclude': settings(6, 'exclude'),
  },
  controls: {
    // Members only, from whatever source.
    'igmpv2-bridge': { ...settings(4, 'include', { knowsSources: false }), breaks: ['filter mode', 'nothing arrives'] },
    'mldv1-bridge': { ...settings(6, 'exclude', { knowsSources: false }), breaks: ['filter mode', 'nothing arrives'] },
    // The first report stands.
    'no-change-reported': { ...settings(4, 'include', { tells: false }), breaks: ['filter mode stays exclude', 'delivery stops'] },
  },
  diagnosis: {},
  topology: (v) => manySources(v),
  // What alice sends from 20 and 21 and 100 is counted on its way in, too: where it does not pass bob's port, that proves that it was there.
  captures: ({ vmbr0, alice, bob }, { family }) => [{ ...portOf(vmbr0, alice), only: `udp and (${([20, 21, 100] as const).map((source) => `src host ${sourceOf(family, source)}`).join(' or ')})` }, portOf(vmbr0, bob)],
  notScaled: 'a last member query time of 2 s with ten datagrams a second in it',

  async story({ vmbr0, alice, bob }, { variant: v, expect, capture, now, passes, until, bounds, figure, random }) {
    const port = capture(portOf(vmbr0, bob));
    const transitions = v.from === 'include' ? FROM_INCLUDE : FROM_EXCLUDE;
    const group = (index: number): string => groupOf(v.family, index + 1);
    const named = (sources: readonly Source[]): string[] => sources.map((source) => sourceOf(v.family, source));
    vmbr0.sets({ mcast_querier: true });
    await passes(plus(bounds.timer('query response interval', vmbr0.holds('mcast_query_response_interval')).max, times(s(16), random())));

    const first = { ...bob.reports(transitions.flatMap((_, index) => [
      { type: 'is-include' as const, group: group(index), sources: named([1, 2, 3]) },
      ...(v.from === 'exclude' ? [{ type: 'is-exclude' as const, group: group(index), sources: named([1, 2, 20, 21]) }] : []),
    ])), what: 'the first report' };
    const flowsOf = (ends: (fate: Fate) => boolean, every: Duration) => transitions.flatMap(({ fates }, index) => Object.entries(fates).filter(([, fate]) => ends(fate)).map(([source, fate]) => ({
      fate, flow: alice.sends(group(index), { every, from: sourceOf(v.family, Number(source) as Source), to: [] }),
    })));
    const slow = flowsOf((fate) => fate !== 'asked', SLOW);
    await until(first, BETWEEN);
    const fast = flowsOf((fate) => fate === 'asked', FAST);
    await passes(s(1));
    const flows = [...slow, ...fast];
    const told = now('the change');
    const changed = v.tells ? { ...bob.reports(transitions.map(({ change, sources }, index) => ({ type: change, group: group(index), sources: named(sources) }))), what: 'the change' } : told;

    const membership = bounds.timer('membership interval', vmbr0.holds('mcast_membership_interval'));
    const asked = bounds.timer('last member query time: last member interval, last member count times', times(vmbr0.holds('mcast_last_member_interval'), 2));
    const read = (bound: Bound): Bound => later(bound, plus(ms(5), bounds.slack), "the story's process reads the notification");
    const settled: Moment = after(changed, ms(50), 'the change was taken in');

    const claims = transitions.flatMap(({ mode, blocked = [] }, index) => [
      expect(vmbr0.filterMode(group(index), bob)).stays(mode, since(settled, s(1))),
      ...blocked.map((source) => expect(vmbr0.mdbEntry(group(index), bob, { source: sourceOf(v.family, source) })).stays('blocked', since(settled, s(1)))),
    ]);
    const end = plus(membership.max, s(10));
    for (const { fate, flow } of flows) {
      const passed = expect(flow).at(port);
      switch (fate) {
        case 'never': claims.push(passed.neverArrives(since(changed, end))); break;
        case 'asked': claims.push(passed.stops(within(changed, asked))); break;
        case 'first': claims.push(passed.stops(within(first, membership))); break;
        case 'change': claims.push(passed.stops(within(changed, membership))); break;
      }
    }
    // In INCLUDE a source that nobody answered for is gone, in EXCLUDE it is one of the blocked.
    transitions.forEach(({ mode, fates }, index) => {
      for (const [source, fate] of Object.entries(fates))
        if (fate === 'asked' && source !== '100') claims.push(expect(vmbr0.mdbEntry(group(index), bob, { source: sourceOf(v.family, Number(source) as Source) })).becomes(mode === 'exclude' && transitions[index]?.change !== 'to-include' ? 'blocked' : 'absent', within(changed, read(asked))));
    });
    await until(changed, s(20));
    for (const { flow } of fast) flow.stop();
    await Promise.all(claims);
    for (const { flow } of flows) flow.stop();
    figure('flows', flows.length);
  },
});
