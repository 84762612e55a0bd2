// Two members of a group behind one port. One leaves; does the other go on hearing?
//
//   alice (sends)   core (asks, where the bridge does not)
//               ╲      ╱
//                vmbr0                snoops
//                  │ port "hub"
//                 hub                 a switch that does not snoop
//                ╱   ╲
//   bob (leaves)     dave (stays)
//
//   bob     leave|
//   vmbr0        |?(group)                        one entry for the port, given 2 s more
//   dave           ··R·  within 1 s               → another 260 s
//   dave, unasked  hears for 2 s |deaf ────────────── next general query |··R·
//
// The bridge has one entry for the port, so a leave is a question: is anybody left? The elected querier asks it, and who
// is left answers within a second. Where core is elected and asks no such question, a bridge that speaks IGMPv2 ignores
// the leave. One that speaks IGMPv3 or MLDv2 shortens the membership all the same, relies on core, and cuts dave off after
// 2 s. (Fast leave, the other way to leave the question out, is fast-leave.ts.)
import { bound, frame, later, ns, plus, s, scenario, since, times, within } from '../../harness/scenario.ts';
import { groupOf, REPORTED } from '../topologies/groups.ts';
import { familyOf, twoBehindAPort, type Version } from '../topologies/two-behind-a-port.ts';

interface Settings {
  version: Version;
  querier: 'own' | 'core-that-asks' | 'core-that-does-not';
  claims: 'asked' | 'leave-ignored' | 'cut-off';
}

const PORT = { node: 'vmbr0', device: 'hub' };
const settings = (version: Version, querier: Settings['querier'], claims: Settings['claims']): Settings => ({ version, querier, claims });

export default scenario({
  title: 'one leaver of two behind a port',
  cases: ['troglobit/mrouted 42'],
  inDefaultSet: false,
  notScaled: 'a query for a group gives 1 s to answer, in tenths of a second: divided by more than 10 it is an IGMPv1 query',
  variants: {
    'igmpv2': settings('IGMPv2', 'own', 'asked'),
    'igmpv3': settings('IGMPv3', 'own', 'asked'),
    'mldv1': settings('MLDv1', 'own', 'asked'),
    'mldv2': settings('MLDv2', 'own', 'asked'),
    'router-that-asks-igmpv3': settings('IGMPv3', 'core-that-asks', 'asked'),
    'router-that-does-not-igmpv2': settings('IGMPv2', 'core-that-does-not', 'leave-ignored'),
    'router-that-does-not-igmpv3': { ...settings('IGMPv3', 'core-that-does-not', 'cut-off'), diagnosis: 'fast-leave' },
    'router-that-does-not-mldv2': { ...settings('MLDv2', 'core-that-does-not', 'cut-off'), diagnosis: 'fast-leave' },
  },
  controls: {
    'nobody-asks': { ...settings('IGMPv3', 'core-that-does-not', 'asked'), diagnosis: 'fast-leave', breaks: ['IGMPv3 queries for', 'delivery continues'] },
    'igmpv3-does-not-ignore-it': { ...settings('IGMPv3', 'core-that-does-not', 'leave-ignored'), diagnosis: 'fast-leave', breaks: ['stays present', 'delivery continues'] },
    'asked-is-not-cut-off': { ...settings('IGMPv3', 'own', 'cut-off'), breaks: ['becomes absent', 'delivery stops'] },
  },
  topology: ({ version }) => twoBehindAPort({ version, fastLeave: false }),
  captures: () => [PORT],

  async story({ vmbr0, alice, bob, dave, core }, { variant, expect, capture, now, passes, until, bounds, figure, random }) {
    const group = groupOf(familyOf(variant.version));
    const port = capture(PORT);
    const entry = vmbr0.mdbEntry(group, { name: 'hub' });
    const ticks = (n: number) => plus(ns((n * 1e9) / bounds.hz), bounds.slack);
    const interval = vmbr0.holds('mcast_last_member_interval');
    const lastMember = bounds.timer('last member query time: last member interval, last member count times', times(interval, 2));

    const first = variant.querier === 'own' ? vmbr0.sets({ mcast_querier: true }) : core.starts();
    // Between the answers to the second query and the third, which is a whole interval away.
    await until(first, s(45 + 10 * random()));
    const daves = dave.joins(group);
    // Past dave's second unsolicited report: in IGMPv2 and MLDv1 who reported last leaves aloud.
    await passes(s(12));
    const bobs = bob.joins(group);
    await passes(s(12));
    const begun = now('the flow began');
    const flow = alice.sends(group, { every: s(0.25), to: [dave] });
    await passes(REPORTED);
    const leave = { ...(await port.sees(frame.leave(group, bob), s(1), bobs.leaves())), what: "bob's leave" };
    if (variant.querier === 'core-that-asks') await core.asksWhoIsLeft(group);
    await passes(s(4));

    if (variant.claims === 'cut-off') {
      await expect(entry).becomes('absent', within(leave, lastMember));
      const { stoppedAfterS } = await expect(flow).to(dave).stops(within(leave, lastMember));
      figure('deafAfterS', stoppedAfterS);
      // Unasked, dave says nothing until everybody is asked.
      const general = { ...(await port.sees(frame.generalQuery(variant.version), s(150), leave)), what: 'the next general query' };
      await expect(port).seesNo(frame.report(group, dave), { ...since(leave, ns(general.ns - leave.ns - 1)), until: general.what });
      const response = bounds.timer('query response interval', vmbr0.holds('mcast_query_response_interval'));
      const { resumedAfterS } = await expect(flow).to(dave).resumes(within(general, later({ ...response, min: ns(0) }, ticks(4), 'an answer leaves up to 3 ticks after its time')));
      figure('deafS', resumedAfterS === undefined || stoppedAfterS === undefined ? undefined : (general.ns - leave.ns) / 1e9 + resumedAfterS - stoppedAfterS);
      return;
    }
    const query = frame.groupQuery(group, variant.version);
    if (variant.claims === 'asked') {
      const asked = { ...(port.first(query, leave) ?? leave), what: 'the question' };
      await expect(port).sees(query, within(leave, ns(0), ticks(2), 'a tick for the query'), { atLeast: 1 });
      await expect(port).sees(frame.report(group, dave, variant.version), within(asked, bound(ns(0), plus(interval, ticks(4)), `asked to answer within ${interval.ns / 1e9} s; answers leave up to 3 ticks after their time`)));
      const answer = port.first(frame.report(group, dave), asked);
      figure('answeredAfterS', answer && (answer.ns - asked.ns) / 1e9);
    } else await expect(port).seesNo(frame.groupQuery(group), since(leave, s(10)));
    await expect(entry).stays('present', since(leave, s(60)));
    // Past the expiry of the membership that dave's join made.
    const { lostDatagrams } = await expect(flow).to(dave).continues(since(begun, s(300)));
    figure('lostDatagrams', lostDatagrams);
    if (variant.claims !== 'asked') return;
    // Nobody is left: the entry goes when nobody has answered for as long.
    const last = { ...(await port.sees(frame.leave(group, dave), s(1), daves.leaves())), what: "dave's leave" };
    if (variant.querier === 'core-that-asks') await core.asksWhoIsLeft(group);
    await expect(entry).becomes('absent', within(last, later(lastMember, ticks(2), 'a tick for the query')));
  },
});
