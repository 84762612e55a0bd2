// Several guests of one hypervisor are in a group. Do they stay in it?
//
//   alice (sends)   core (querier)
//             ╲      ╱
//                sw                 snoops: one entry for the port, or one for each guest behind it
//                 │ port "hv"
//            hv: br0                does not snoop: the guests hear each other's reports
//           ╱    │    ╲
//        bob    dave   erin         joined
//
//   core   ?───────────── 125 s ─────────────?──────────────────────────────?────
//   bob     ···R  answers first               ··(hears dave's report, keeps his own back)
//   dave    ··                                ··R                            ··
//   bob's entry, where each has one   ──────── 260 s after his own report ───────▶| deaf until he is first again
//
// In IGMPv2 and MLDv1 one answer is enough: who hears another's report for the group keeps his own back (RFC 2236 section
// 3). So somebody who keeps account of each guest loses those who are polite. OVN does so, and floods reports to the
// guests of a host (ovn-org/ovn 126); a Linux bridge does so on a port with mcast_to_unicast. Of three guests two are silent
// at each query, so whoever is first, one is silent twice running and out of the group. Without the option the bridge
// keeps account of the port, and one answer is enough indeed. Cures: IGMPv3 or MLDv2, which keep nothing back, or a
// hypervisor's bridge that snoops and hands reports to the querier alone.
import { between, bound, frame, ms, ns, plus, s, scenario, signalling, times, wheelStep, within, type Moment, type QuerierVersion } from '../../harness/scenario.ts';
import { groupOf, REPORTED } from '../topologies/groups.ts';
import { guestsBehindAHost } from '../topologies/guests-behind-a-host.ts';

interface Settings { version: QuerierVersion; entryEach: boolean; hvSnoops: boolean; claims: 'all-stay' | 'drop-out'; answers: 'of-one' | 'of-all'; breaks?: string }

const variants: Record<string, Settings> = {
  'entry-for-the-port': { version: 'IGMPv2', entryEach: false, hvSnoops: false, claims: 'all-stay', answers: 'of-one' },
  'entry-for-each': { version: 'IGMPv2', entryEach: true, hvSnoops: false, claims: 'drop-out', answers: 'of-one' },
  'entry-for-each-mldv1': { version: 'MLDv1', entryEach: true, hvSnoops: false, claims: 'drop-out', answers: 'of-one' },
  'cured-by-igmpv3': { version: 'IGMPv3', entryEach: true, hvSnoops: false, claims: 'all-stay', answers: 'of-all' },
  'cured-by-snooping-at-the-host': { version: 'IGMPv2', entryEach: true, hvSnoops: true, claims: 'all-stay', answers: 'of-all' },
};
const controls: Record<string, Settings> = {
  'entry-for-each-loses-some': { version: 'IGMPv2', entryEach: true, hvSnoops: false, claims: 'all-stay', answers: 'of-one', breaks: 'delivery continues' },
  'entry-for-the-port-loses-none': { version: 'IGMPv2', entryEach: false, hvSnoops: false, claims: 'drop-out', answers: 'of-one', breaks: 'delivery stops' },
  'igmpv3-keeps-nothing-back': { version: 'IGMPv3', entryEach: true, hvSnoops: false, claims: 'all-stay', answers: 'of-one', breaks: 'reports for' },
  'igmpv2-keeps-back': { version: 'IGMPv2', entryEach: false, hvSnoops: false, claims: 'all-stay', answers: 'of-all', breaks: 'reports for' },
};

const PORT = { node: 'sw', device: 'hv' };

export default scenario({
  title: 'several guests of one host',
  cases: ['ovn-org/ovn 126'],
  inDefaultSet: false,
  variants, controls,
  diagnosis: { 'entry-for-each': 'report-suppressed', 'entry-for-each-mldv1': 'report-suppressed', 'entry-for-each-loses-some': 'report-suppressed' },
  topology: (v) => guestsBehindAHost(v),
  captures: () => [signalling(PORT)],

  async story({ sw, alice, core, bob, dave, erin }, { variant, expect, capture, now, passes, until, bounds, figure, random }) {
    const group = groupOf(variant.version.startsWith('IGMP') ? 4 : 6);
    const guests = [bob, dave, erin];
    const port = capture(PORT);
    const membership = bounds.timer('membership interval', sw.holds('mcast_membership_interval'));
    const { queryInterval, responseInterval } = core.spec;
    // Long timers are rounded up to steps of the timer wheel: where in a step the story begins is the seed's choice.
    await passes(times(wheelStep(sw.holds('mcast_membership_interval'), bounds.hz), random()));
    const first = core.starts();
    await until(first, bounds.timer('query response interval', responseInterval).max);
    // One after another: who joins while another's report is on its way would keep even the first one back.
    for (const guest of guests) {
      guest.joins(group);
      await passes(ms(200));
    }
    await passes(REPORTED);
    const begun = now('the flow began');
    const flow = alice.sends(group, { every: s(1), to: guests });

    // Ten queries are asked and answered; in any two of them somebody is silent in both.
    const [from, queries] = [ns(queryInterval.ns * 1.25), 10];
    const end = { ns: first.ns + from.ns + (queries - 1) * queryInterval.ns + responseInterval.ns + 1e9, what: 'ten queries were answered' };
    await until(end);
    const reported = (guest: typeof bob): Moment[] => port.seen(frame.report(group, guest)).map(({ ns }) => ({ ns, what: `${guest.name}'s report` }));
    const answers = guests.flatMap(reported).filter((at) => at.ns >= first.ns + from.ns - queryInterval.ns);
    figure('answersPerQuery', answers.length / (queries + 1));
    const window = between({ ns: first.ns + from.ns, what: "core's third query" }, end);
    await expect(port).sees(frame.report(group), window, variant.answers === 'of-all' ? { atLeast: guests.length * queries } : { atLeast: queries, atMost: 2 * queries });

    if (variant.claims === 'all-stay') {
      for (const guest of guests) {
        const { lostDatagrams } = await expect(flow).to(guest).continues(between(begun, end));
        figure(`${guest.name}LostDatagrams`, lostDatagrams);
      }
      return;
    }
    // Each guest hears for 260 s after its own report, and then not until its next.
    const back = bound(ns(0), plus(ns(2e9 / bounds.hz), bounds.slack), 'a tick to cross two bridges');
    const watch = s(5);
    const silences = guests.flatMap((guest) => {
      const at = reported(guest);
      return at.map((last, i) => ({ guest, last, next: at[i + 1], silentNs: (at[i + 1]?.ns ?? end.ns) - last.ns }));
    });
    const longest = silences.reduce((a, b) => (b.silentNs > a.silentNs ? b : a));
    const decisive = silences.filter((one) => one === longest || one.silentNs > plus(membership.max, s(1), watch).ns);
    for (const { guest, last, next } of decisive) {
      await expect(flow).to(guest).stops(within(last, membership), { watch });
      if (next) await expect(flow).to(guest).resumes(within(next, back), { watch });
    }
    for (const guest of guests) figure(`${guest.name}LostDatagrams`, flow.sentNs.filter((_, seq) => flow.at(guest.name).receivedNs[seq] === undefined).length);
    figure('dropOuts', decisive.length);
    figure('longestSilenceS', longest.silentNs / 1e9);
  },
});
