// The querier falls silent, and the bridge goes on consulting its MDB. When do the joined guests go deaf?
//
//   alice (sends)   bob, dave, erin (joined)   carol (not joined)      core (querier, then silent)
//        └───────────────┴─────────┬────────────────┴────────────────────┘
//                   vmbr0: snooping on, own querier off
//
//   core   ?─?────── … silence
//   bob    ──R───────────────────────── 260 s ──────────────────────▶|deaf      |joins again ──── 260 s ────▶|deaf
//
// The fault of RHEL 5.9 and 6.5: nobody asks, so nobody reports, so memberships expire, and the bridge forwards by a
// table that runs empty. Kernels since b00589a flood when no querier is left; here the bridge is told to believe in
// the lost one for an hour (mcast_querier_interval), which keeps it on its MDB and is the fault on any kernel.
import { between, bound, frame, min, ns, plus, portOf, s, scenario, signalling, times, wheelStep, within, type VariantCommon, type Duration } from '../../harness/scenario.ts';
import { groupOf } from '../topologies/groups.ts';
import { MEMBERSHIP_INTERVAL, OTHER_QUERIER_PRESENT, querierOutside } from '../topologies/querier-outside.ts';

interface Settings extends VariantCommon { family: 4 | 6; otherQuerier: Duration; silent: boolean }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'membership expiry',
  cases: ['A1', 'A6', 'A7'],
  variants: {
    'legacy-ipv4': variant({ family: 4, otherQuerier: min(60), silent: true, diagnosis: 'membership-expired' }),
    'legacy-ipv6': variant({ family: 6, otherQuerier: min(60), silent: true, diagnosis: 'membership-expired' }),
  },
  controls: {
    // As the kernel ships: it floods before the first membership expires.
    'bridge-that-floods': { ...variant({ family: 4, otherQuerier: OTHER_QUERIER_PRESENT, silent: true }), breaks: ['delivery stops', 'carol: no datagrams to'] },
    'querier-that-goes-on': { ...variant({ family: 6, otherQuerier: min(60), silent: false }), breaks: 'delivery stops' },
  },
  topology: (v) => querierOutside(v),
  // Reports as they come in, before the bridge has read them, are what memberships count from. Carol's port is counted
  // on the wire: her own kernel drops a group she has not joined, so her socket proves nothing.
  captures: ({ vmbr0, bob, carol, dave, erin }) => [...[bob, dave, erin].map((guest) => signalling(portOf(vmbr0, guest))), portOf(vmbr0, carol)],

  async story({ vmbr0, alice, bob, carol, dave, erin, core }, { variant, expect, capture, now, passes, until, bounds, figure, random }) {
    const group = groupOf(variant.family);
    const interval = MEMBERSHIP_INTERVAL;
    const membership = bounds.timer('membership interval', interval);

    // Long timers are rounded up to steps of the timer wheel: where in a step the story begins is the seed's choice.
    await passes(times(wheelStep(interval, bounds.hz), random()));
    // The bridge counts a querier as present one response interval after its first query, and then only members hear.
    await until(core.starts(), bounds.timer('query response interval', core.spec.responseInterval).max);
    const [bobsMembership] = [bob, dave, erin].map((guest) => guest.joins(group));
    const begun = now('the flow began');
    const flow = alice.sends(group, { every: s(1), to: [bob, dave, erin] });
    await passes(s(60));
    const silent = variant.silent ? core.fallsSilent() : now('core would have fallen silent');
    // Answers to its last query may still come.
    await until(silent, bounds.timer('query response interval', core.spec.responseInterval).max);

    figure('membershipIntervalS', interval.ns / 1e9);
    for (const guest of [bob, dave, erin]) {
      const deaf = await expect(flow).to(guest).stops(within(vmbr0.lastReport(group, guest), membership));
      figure(`${guest.name}DeafAfterS`, deaf['stoppedAfterS']);
      figure(`${guest.name}DeafBeyondIntervalS`, deaf['stoppedAfterS'] && deaf['stoppedAfterS'] - interval.ns / 1e9);
    }

    // A guest that joins again reports, and hears for another membership interval; the others stay deaf.
    bobsMembership?.leaves();
    await passes(s(2));
    const again = now('bob joined again');
    bob.joins(group);
    const unasked = bound(ns(0), plus(ns(3e9 / bounds.hz), bounds.slack), `a first report leaves within 3 ticks of the join at HZ=${bounds.hz}`);
    await expect(flow).to(bob).resumes(within(again, unasked), { watch: s(60) });
    const lastReport = vmbr0.lastReport(group, bob);
    await expect(flow).to(dave).neverArrives(within(again, ns(0), s(60)));
    const deafAgain = await expect(flow).to(bob).stops(within(lastReport, membership));
    figure('bobDeafAgainAfterS', deafAgain['stoppedAfterS']);
    figure('bobDeafAgainBeyondIntervalS', deafAgain['stoppedAfterS'] && deafAgain['stoppedAfterS'] - interval.ns / 1e9);

    // The bridge went by its MDB all along: nothing of the flow was ever put on the port of one who had not joined.
    flow.stop();
    await expect(capture(portOf(vmbr0, carol))).seesNo(frame.udpTo(group), between(begun, now('the flow ended')));
  },
});
