// When does a bridge that is the querier ask, how often, and what does it ask at a leave?
//
//   bob (joins, leaves)   carol (joins nothing)
//        └──────────┬───────────┘
//                 vmbr0            snoops; its querier is switched on
//
//   carol's port   ?──31.25 s──?────────125 s────────?────────125 s────────?     gives 10 s to answer
//   bob's port     …                       leave|?    IGMPv2, MLDv1: once
//                                               |?  1 s  ?   IGMPv3, MLDv2: last member count times; each gives 1 s
//
// RFC 3376 sections 8.2 to 8.9 with the kernel's defaults, which are not asked of the kernel: a bridge that starts asks
// mcast_startup_query_count (2) times a quarter of an interval apart, and then at its interval, for good. Nobody loses
// anything at once when it asks more often, or gives more time; what suffers is every host on a large network, and who
// counts on 260 s.
import { after, frame, ns, plus, portOf, s, scenario, signalling, since, topology, within, type Duration, type Moment } from '../../harness/scenario.ts';
import { groupOf } from '../topologies/groups.ts';
import { familyOf, type Version } from '../topologies/two-behind-a-port.ts';

const STARTUP = s(31.25), INTERVAL = s(125), RESPONSE = s(10), LAST_MEMBER = s(1);
/** From one to the next: two of the start, and two rounds. */
const ROUNDS = [STARTUP, INTERVAL, INTERVAL];

interface Settings { version: Version; atALeave: 1 | 2; options?: Record<string, number | Duration> }
const variant = (version: Version, options?: Settings['options']): Settings => ({ version, atALeave: version === 'IGMPv2' || version === 'MLDv1' ? 1 : 2, ...(options ? { options } : {}) });

export default scenario({
  title: "rounds of the bridge's own querier",
  cases: ['A3', 'A6'],
  inDefaultSet: false,
  notScaled: 'a query for a group gives 1 s to answer, in tenths of a second: divided by more than 10 it is an IGMPv1 query',
  variants: { 'igmpv2': variant('IGMPv2'), 'igmpv3': variant('IGMPv3'), 'mldv1': variant('MLDv1'), 'mldv2': variant('MLDv2') },
  controls: {
    'starts-for-ever': { ...variant('IGMPv2', { mcast_startup_query_count: 100 }), breaks: /no IGMPv2 general queries/ },
    'asks-at-its-leisure': { ...variant('MLDv1', { mcast_query_interval: s(150) }), breaks: 'vmbr0:carol: MLDv1 general queries' },
    'asks-four-times': { ...variant('IGMPv3', { mcast_last_member_count: 4 }), breaks: 'queries for 239.192.5.5' },
  },
  diagnosis: {},
  topology: ({ version, options }) => topology((t) => {
    const number = Number(version.at(-1));
    const vmbr0 = t.bridge('vmbr0', { snooping: true, querier: false, options: { ...(familyOf(version) === 4 ? { mcast_igmp_version: number } : { mcast_mld_version: number }), ...options } });
    return { vmbr0, bob: t.guest('bob', { on: vmbr0 }), carol: t.guest('carol', { on: vmbr0 }) };
  }, { ipv6: familyOf(version) === 6 }),
  captures: ({ vmbr0, bob, carol }) => [bob, carol].map((guest) => signalling(portOf(vmbr0, guest))),

  async story({ vmbr0, bob, carol }, { variant: v, expect, capture, passes, until, bounds, random, figure }) {
    const group = groupOf(familyOf(v.version));
    await passes(s(5 + 20 * random()));
    const on = vmbr0.sets({ mcast_querier: true });
    const port = capture(portOf(vmbr0, carol));
    const query = frame.generalQuery(v.version);
    const ticks = (n: number): Duration => plus(ns((n * 1e9) / bounds.hz), bounds.slack);
    let last: Moment = { ...(await port.sees(query, s(2), on)), what: 'the first query' };
    await expect(port).sees(query, within(on, ns(0), ticks(3), 'at once: a timer of no length'), { atLeast: 1, atMost: 1 });
    for (const [round, length] of ROUNDS.entries()) {
      const timer = bounds.timer(length === STARTUP ? 'startup query interval' : 'query interval', length);
      await until(last, plus(timer.max, s(1)));
      const silent: Duration = ns(timer.min.ns - 2e6);
      await expect(port).seesNo(query, since(after(last, ns(1e6), last.what), silent));
      await expect(port).sees(query, within(last, ns(timer.min.ns), plus(timer.max, ticks(2)), ...timer.reasons), { atLeast: 1, atMost: 1 });
      const next = port.first(query, after(last, silent));
      if (next === undefined) return;
      figure(`round${round + 1}S`, (next.ns - last.ns) / 1e9);
      last = { ...next, what: round === 0 ? 'the second query' : 'the query after it' };
    }
    const asked = frame.and(query, frame.givesToAnswer(RESPONSE));
    await expect(port).sees(asked, since(on, s(300)), { atLeast: 4, atMost: 4 });

    // Away from the answers to the last query and from the next one.
    await until(last, s(30));
    const member = bob.joins(group);
    await passes(s(30));
    const bobs = capture(portOf(vmbr0, bob));
    const left = { ...(await bobs.sees(frame.leave(group, bob), s(1), member.leaves())), what: "bob's leave" };
    await passes(s(5));
    const again = bobs.last(frame.leave(group, bob)) ?? left;
    const interval = bounds.timer('last member query interval', LAST_MEMBER);
    // IGMPv3 and MLDv2 say it twice, and the bridge asks at each word; the round after the first is the last one of both,
    // unless it is over when the second comes: that has a round of its own then, if the membership lasts as long.
    const twice = v.atALeave === 2 ? 1 : 0;
    const over = twice === 1 && again.ns - left.ns > interval.min.ns - ticks(2).ns;
    const question = frame.and(frame.groupQuery(group, v.version), frame.givesToAnswer(LAST_MEMBER));
    await expect(bobs).sees(question, since(left, s(5)), { atLeast: v.atALeave + twice, atMost: v.atALeave + twice + (over ? 1 : 0) });
    await expect(bobs).sees(frame.groupQuery(group), within(left, ns(0), ticks(2), 'the first at once'), { atLeast: 1 });
    if (v.atALeave === 2) await expect(bobs).sees(question, within(left, ns(interval.min.ns), plus(interval.max, ticks(3)), ...interval.reasons), { atLeast: 1 });
  },
});
