// A querier outside the bridge falls silent. What do the joined guests still hear, and until when?
//
//   alice (sends)   bob, dave (joined)   carol (not joined)      core (querier)
//        └───────────────┴──────┬──────────────┴────────────────────┘
//                          vmbr0: snooping on, own querier off
//
// legacy: the bridge goes on believing in the lost querier, so it goes on consulting its MDB, and memberships that
// nobody refreshes expire: the RHEL 6.5 fault. healthy: it floods again once the other-querier-present interval is
// over (upstream b00589a), which is before the first membership expires.
import { later, min, plus, portOf, s, scenario, since, within } from '../../harness/scenario.ts';
import { groupOf, querierOutside } from '../topologies/querier-outside.ts';

const MEMBERSHIP = s(260);

export default scenario({
  title: 'membership expiry',
  cases: ['A1', 'A2', 'A6', 'A7'],
  variants: {
    'legacy-ipv4': { family: 4 as const, otherQuerier: min(60), outcome: 'deaf' },
    'legacy-ipv6': { family: 6 as const, otherQuerier: min(60), outcome: 'deaf' },
    'healthy-ipv4': { family: 4 as const, otherQuerier: s(255), outcome: 'delivered' },
    'healthy-ipv6': { family: 6 as const, otherQuerier: s(255), outcome: 'delivered' },
  },
  controls: {
    'healthy-that-believes': { family: 4 as const, otherQuerier: min(60), outcome: 'delivered' },
    'legacy-that-floods': { family: 4 as const, otherQuerier: s(255), outcome: 'deaf' },
  },
  topology: (v) => querierOutside(v),
  captures: ({ vmbr0, bob, dave, core }) => [portOf(vmbr0, bob), portOf(vmbr0, dave), portOf(vmbr0, core)],

  async story({ vmbr0, alice, bob, carol, dave, core }, { variant, expect, passes, until, bounds, figure }) {
    const group = groupOf(variant.family);
    core.starts();
    // The bridge counts a querier as present one response interval after its first query.
    await passes(s(11));
    bob.joins(group);
    dave.joins(group);
    const flow = alice.sends(group, { every: s(1), to: [bob, carol, dave] });
    await passes(s(60));
    const silent = core.fallsSilent();
    // The answers to the last query are in after its response interval.
    await until(silent, s(11));

    if (variant.outcome === 'deaf') {
      for (const guest of [bob, dave]) {
        const report = vmbr0.lastReport(group, guest);
        const expiry = later(bounds.timer('membership interval', MEMBERSHIP), bounds.slack, 'the harness looks late');
        await expect(flow).to(guest).stops(within(report, expiry));
        const { changes } = vmbr0.mdbEntry(group, guest);
        const gone = changes.findLast((c) => c.value === 'absent');
        if (gone) figure(`${guest.name}ExpiredAfterS`, (gone.ns - report.ns) / 1e9);
      }
      // Joining again brings it back, for another membership interval.
      const again = bob.joins(group.replace(/5$/, '6'));
      again.leaves();
    } else {
      for (const guest of [bob, dave]) await expect(flow).to(guest).continues(since(silent, s(900)));
    }
    await expect(flow).to(carol).neverArrives(since(silent, plus(s(100))));
  },
});
