// The first ten seconds of a querier: who keeps his report back is deaf.
//
//   alice (sends)   bob, dave, erin, frank (joined long ago)      core (querier, IGMPv2)
//        └──────────────────┴─────────┬────────────────────────────┘
//                          vmbr0: snooping on; its own querier, or core, or both begin to ask
//
//   queries   ?────────────────────── 31 s ──────────────?
//   vmbr0     floods, reports too |10 s: by its MDB
//   dave       ··R                                        ··R        heard first: never deaf
//   bob        ··(hears dave's, keeps his own back) |deaf ···R|      until he answers a later query
//
// Nobody asked for long, so the members' entries have run out and the bridge floods. Then somebody begins to ask: the cure
// of A3 and A5, hours later. For one response interval the bridge does not count the querier and floods what comes, reports
// included; in IGMPv2 and MLDv1 who hears another's report keeps his own back (RFC 2236 section 3, igmp_heard_report). So of
// all members one has an entry when the bridge stops to flood. The others are deaf until they answer the next query: by
// then reports go to the querier alone and nobody hears them. In IGMPv3 and MLDv2 nobody keeps anything back; of hosts that
// speak IGMPv2 whatever they are asked in (force_igmp_version), all but one do, among themselves.
//
// A querier that asks less often than it is believed in does this at each of its queries.
import { after, bound, frame, later, ns, plus, portOf, s, scenario, shifted, signalling, since, times, wheelStep, within, type Duration, type ExpectedKind, type QuerierVersion } from '../../harness/scenario.ts';
import { groupOf } from '../topologies/groups.ts';
import { politeMembers } from '../topologies/polite-members.ts';
import { whoAnswered } from '../topologies/who-answered.ts';

interface Settings {
  version: QuerierVersion;
  asks: 'own' | 'core' | 'both';
  oldHosts?: true;
  queryInterval?: Duration;
  /** Who of the members keeps reports back. */
  polite: 'all' | 'old-hosts' | 'nobody';
  /** Claimed of bob alone, whoever answers first. */
  hoped?: true;
  upToTheSeed?: string;
  diagnosis?: readonly ExpectedKind[];
  breaks?: string | string[];
}

/** Where the flood ends just as what was reported before would have, it is either. */
const KEPT_BACK: readonly ExpectedKind[] = ['report-suppressed', 'membership-expired?'];

const variants: Record<string, Settings> = {
  'own-igmpv2': { version: 'IGMPv2', asks: 'own', polite: 'all', diagnosis: KEPT_BACK },
  'core-igmpv2': { version: 'IGMPv2', asks: 'core', polite: 'all', diagnosis: KEPT_BACK },
  'own-and-core-igmpv2': { version: 'IGMPv2', asks: 'both', polite: 'all', diagnosis: KEPT_BACK },
  'own-mldv1': { version: 'MLDv1', asks: 'own', polite: 'all', diagnosis: KEPT_BACK },
  'core-igmpv2-every-300-s': { version: 'IGMPv2', asks: 'core', queryInterval: s(300), polite: 'all', diagnosis: KEPT_BACK },
  'own-igmpv3': { version: 'IGMPv3', asks: 'own', polite: 'nobody' },
  'core-mldv2': { version: 'MLDv2', asks: 'core', polite: 'nobody' },
  'igmpv2-hosts-beside-igmpv3': { version: 'IGMPv3', asks: 'core', oldHosts: true, polite: 'old-hosts', diagnosis: KEPT_BACK },
  // For a sweep: how likely it is that one certain member goes on hearing.
  'bob-is-spared': { version: 'IGMPv2', asks: 'core', polite: 'all', hoped: true, upToTheSeed: 'who of the members answers first is chance', diagnosis: ['report-suppressed?', 'membership-expired?'] },
};
const controls: Record<string, Settings> = {
  'igmpv2-is-polite': { version: 'IGMPv2', asks: 'own', polite: 'nobody', diagnosis: KEPT_BACK, breaks: ['reports for', 'delivery continues'] },
  'igmpv3-is-not': { version: 'IGMPv3', asks: 'own', polite: 'all', breaks: ['no reports for', 'delivery stops'] },
  'old-hosts-are-polite': { version: 'IGMPv3', asks: 'core', oldHosts: true, polite: 'nobody', diagnosis: KEPT_BACK, breaks: ['reports for', 'delivery continues'] },
};

export default scenario({
  title: 'report suppression at the first query',
  cases: ['A3', 'A5', 'A6'],
  inDefaultSet: false,
  variants, controls,
  topology: (v) => politeMembers(v),
  captures: ({ vmbr0, bob, dave, erin, frank }) => [bob, dave, erin, frank].map((guest) => signalling(portOf(vmbr0, guest))),

  async story({ vmbr0, alice, bob, dave, erin, frank, core }, { variant, expect, capture, now, until, bounds, figure, random }) {
    const { version } = variant;
    const group = groupOf(version.startsWith('IGMP') ? 4 : 6);
    const guests = [bob, dave, erin, frank];
    const tick = ns(1e9 / bounds.hz);
    const response = bounds.timer('query response interval', vmbr0.holds('mcast_query_response_interval'));
    const membership = bounds.timer('membership interval', vmbr0.holds('mcast_membership_interval'));
    const believed = later(bounds.timer('other-querier-present interval', vmbr0.holds('mcast_querier_interval')), plus(times(tick, 2), bounds.slack), 'a tick for the query');
    const port = (guest: typeof bob) => capture(portOf(vmbr0, guest));

    for (const guest of guests) guest.joins(group);
    // What they reported by themselves, ten seconds long, has run out. Long timers are rounded up to steps of the timer
    // wheel: where in a step the querier begins is the seed's choice.
    await until(now('the guests joined'), plus(s(20), membership.max, times(wheelStep(s(255), bounds.hz), random())));
    const flow = alice.sends(group, { every: s(0.5), to: guests });
    await until(now('the flow began'), s(5));
    const begun = now('the first query');
    if (variant.asks !== 'core') vmbr0.sets({ mcast_querier: true });
    if (variant.asks !== 'own') core.starts();
    // The second query, a quarter of the interval later, is answered by all; the third finds the querier given up.
    const asked = variant.queryInterval ? after(begun, times(core.spec.queryInterval, 1.25), "core's third query") : begun;
    const answering = later({ ...response, min: ns(0) }, plus(times(tick, 4), bounds.slack), 'the query leaves within a tick, an answer up to 3 ticks after its time');
    await until(asked, plus(answering.max, s(1)));

    if (variant.hoped) {
      const { outageS = 0 } = await expect(flow).to(bob).continues(since(asked, s(120)));
      figure('bobDeafS', outageS);
      return;
    }
    const keepBack = variant.polite === 'all' ? guests : variant.polite === 'old-hosts' ? [bob, dave] : [];
    const answers = keepBack.length > 0 ? whoAnswered(keepBack, group, asked, plus(tick, bounds.slack), port) : undefined;
    const keptBack = answers?.keptBack ?? [];
    figure('keptBackGuests', keptBack.length);
    for (const guest of guests.filter((g) => !keptBack.includes(g))) {
      await expect(port(guest)).sees(frame.report(group, guest), within(asked, answering), { atLeast: 1 });
      await expect(flow).to(guest).continues(since(asked, s(120)));
      figure(`${guest.name}DeafS`, 0);
    }
    const stopsFlooding = later(response, plus(times(tick, 2), bounds.slack), 'a tick for the query');
    const reached = bound(ns(0), plus(times(tick, 2), bounds.slack), 'at once');
    for (const guest of keptBack) {
      // It heard the first report, and said nothing.
      await expect(port(guest)).sees(frame.report(group, answers?.first), within(asked, answering), { atLeast: 1 });
      await expect(port(guest)).seesNo(frame.report(group, guest), within(asked, answering));
      const { stoppedAfterS } = await expect(flow).to(guest).stops(within(asked, stopsFlooding));
      // Back with its next report; or, where it is given up first, with the next flood.
      const dead = after(asked, plus(stopsFlooding.max, s(1)));
      const back = variant.queryInterval ? within(dead, shifted(believed, ns(asked.ns - dead.ns), 'counted from there')) : within(await port(guest).sees(frame.report(group, guest), s(50), after(asked, answering.max)), reached);
      const { resumedAfterS } = await expect(flow).to(guest).resumes(back);
      const backAfterS = resumedAfterS === undefined ? undefined : (back.anchor.ns - asked.ns) / 1e9 + resumedAfterS;
      figure(`${guest.name}DeafS`, backAfterS === undefined || stoppedAfterS === undefined ? undefined : backAfterS - stoppedAfterS);
    }
  },
});
