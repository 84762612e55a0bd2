// The workaround, too late: delivery is dead already when `multicast_querier` is set. How long until it is back?
//
//   alice (sends)   bob, dave (joined)   carol (not joined)      core (querier, then silent)
//        └────────────────┴──────┬────────────┴────────────────────┘
//              vmbr0: snooping on; own querier off, then on; guests' ports take no unregistered flood
//
//   core   ?──?──── silence
//   vmbr0     |──── believes in core for 255 s ────▶| nobody to ask, nobody in the MDB      on|? 10 s ▶| by MDB
//   bob    ──────── hears ──────────────────────────|deaf ─────────────────────────────────────────────|hears
//
// With mcast_flood off there is nothing to fall back on when the querier is given up, so the outage is real on a
// healthy kernel. Switched on, the bridge asks at once and counts its querier as present one response interval later;
// members answer within the same interval. Both must be over before the first datagram arrives.
import { after, between, frame, later, ns, portOf, s, scenario, signalling, times, wheelStep, within, type VariantCommon } from '../../harness/scenario.ts';
import { groupOf, REPORTED } from '../topologies/groups.ts';
import { querierOutside } from '../topologies/querier-outside.ts';

interface Settings extends VariantCommon { family: 4 | 6; flood: boolean; cure: boolean }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'own querier switched on after the outage',
  cases: ['A3', 'A6'],
  variants: {
    'cured-ipv4': variant({ family: 4, flood: false, cure: true, diagnosis: 'strict-no-querier' }),
    'cured-ipv6': variant({ family: 6, flood: false, cure: true, diagnosis: 'strict-no-querier' }),
  },
  controls: {
    'no-cure': { ...variant({ family: 4, flood: false, cure: false, diagnosis: 'strict-no-querier' }), breaks: ['delivery resumes', 'reports for'] },
    // Nothing to cure: the bridge floods.
    'ports-that-take-the-flood': { ...variant({ family: 6, flood: true, cure: true, diagnosis: 'report-suppressed?' }), breaks: ['delivery stops', 'carol: no datagrams to'] },
  },
  topology: (v) => querierOutside(v),
  captures: ({ vmbr0, bob, carol, dave }) => [signalling(portOf(vmbr0, bob)), signalling(portOf(vmbr0, dave)), portOf(vmbr0, carol)],

  async story({ vmbr0, alice, bob, carol, dave, core }, { variant, expect, now, passes, until, bounds, figure, capture, random }) {
    const group = groupOf(variant.family);
    const response = bounds.timer('query response interval', vmbr0.holds('mcast_query_response_interval'));
    // Long timers are rounded up to steps of the timer wheel: where in a step the story begins is the seed's choice.
    await passes(times(wheelStep(vmbr0.holds('mcast_querier_interval'), bounds.hz), random()));
    const query = core.starts();
    await until(query, response.max);
    core.fallsSilent();
    // Late enough that the querier is given up before the memberships are.
    await until(query, s(60));
    for (const guest of [bob, dave]) guest.joins(group);
    const joined = now('the guests joined');
    await passes(REPORTED);
    const begun = now('the flow began');
    const flow = alice.sends(group, { every: s(1), to: [bob, dave] });
    const givenUp = bounds.timer('other-querier-present interval', vmbr0.holds('mcast_querier_interval'));
    for (const guest of [bob, dave]) await expect(flow).to(guest).stops(within(query, givenUp));

    // The memberships too are gone by then: what comes back comes from new reports.
    await until(after(joined, REPORTED), bounds.timer('membership interval', vmbr0.holds('mcast_membership_interval')).max);
    await expect(capture(portOf(vmbr0, bob))).seesNo(frame.generalQuery(), between(query, now('the outage')));
    const on = variant.cure ? vmbr0.sets({ mcast_querier: true }) : now('nobody switched the querier on');
    const back = later(response, ns(4e9 / bounds.hz), 'the query leaves within a tick, an answer up to 3 ticks after its time');
    for (const guest of [bob, dave]) {
      const { resumedAfterS } = await expect(flow).to(guest).resumes(within(on, back), { watch: s(300) });
      figure(`${guest.name}BackAfterS`, resumedAfterS);
      // Asked at once, answered within the response interval.
      const asked = later({ ...response, min: ns(0) }, ns(4e9 / bounds.hz), 'as above');
      await expect(capture(portOf(vmbr0, guest))).sees(frame.report(group, guest), within(on, asked));
    }
    await expect(capture(portOf(vmbr0, carol))).seesNo(frame.udpTo(group), between(begun, now('the end')));
  },
});
