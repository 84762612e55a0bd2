// The workaround while the bridge still believes in a querier that is gone. When does its own querier step in, and is
// anything lost?
//
//   alice (sends)   bob, dave, erin (joined)   carol (not joined)      core (querier, then silent)
//        └───────────────┴─────────┬────────────────┴────────────────────┘
//            vmbr0: snooping on; own querier off, then on while core is still believed in
//
//   core   ?──?───── silence
//   vmbr0     |──on──── believes in core for 255 s, asks nothing ──▶|?─────────── asks from now on
//   bob         R─────── member for 260 s ────────────────────────────▶|  R (up to 10 s after the query)
//
// The RFC's timers do not quite meet: 255 s after the last query the bridge asks, hosts take up to 10 s to answer, and
// members of the last round expire from 260 s on. The timer wheel moves both expiries to a common tick as often as not;
// then members are gone the moment the bridge asks, and there is no flood, for a querier is present. So a joined guest
// can lose what is sent within one response interval, and no more.
import { between, frame, later, min, ns, portOf, s, scenario, signalling, since, times, wheelStep, type Duration, type VariantCommon } from '../../harness/scenario.ts';
import { groupOf } from '../topologies/groups.ts';
import { OTHER_QUERIER_PRESENT, querierOutside } from '../topologies/querier-outside.ts';

interface Settings extends VariantCommon { family: 4 | 6; otherQuerier: Duration }

const variants: Record<string, Settings> = {
  'cured-ipv4': { family: 4, otherQuerier: OTHER_QUERIER_PRESENT, diagnosis: 'membership-expired?' },
  'cured-ipv6': { family: 6, otherQuerier: OTHER_QUERIER_PRESENT, diagnosis: 'membership-expired?' },
};
const controls: Record<string, Settings & VariantCommon> = {
  // Believed in for an hour: the workaround does nothing at all, and the outage stays.
  'believes-for-an-hour': { family: 4, otherQuerier: min(60), diagnosis: 'membership-expired', breaks: ['general queries', 'outage'] },
};

export default scenario({
  title: 'own querier takes over',
  cases: ['A3', 'A6'],
  variants, controls,
  topology: (v) => querierOutside(v),
  captures: ({ vmbr0, bob }) => [signalling(portOf(vmbr0, bob))],

  async story({ vmbr0, alice, bob, dave, erin, core }, { variant, expect, capture, now, passes, until, bounds, figure, random }) {
    const group = groupOf(variant.family);
    const response = bounds.timer('query response interval', vmbr0.holds('mcast_query_response_interval'));
    // Long timers are rounded up to steps of the timer wheel: where in a step the story begins is the seed's choice.
    await passes(times(wheelStep(vmbr0.holds('mcast_membership_interval'), bounds.hz), random()));
    await until(core.starts(), response.max);
    for (const guest of [bob, dave, erin]) guest.joins(group);
    const flow = alice.sends(group, { every: s(1), to: [bob, dave, erin] });
    await passes(s(60));
    const silent = core.fallsSilent();
    await passes(s(30));
    const on = vmbr0.sets({ mcast_querier: true });

    const lastQuery = core.lastQuery ?? silent;
    const believed = bounds.timer('other-querier-present interval', OTHER_QUERIER_PRESENT);
    const port = capture(portOf(vmbr0, bob));
    // Each family has a querier of its own; the bridge asks in these versions unless told otherwise.
    const own = frame.generalQuery(variant.family === 4 ? 'IGMPv2' : 'MLDv1');
    await until(lastQuery, believed.min);
    await expect(port).seesNo(own, between(on, now('core is given up')));
    await expect(port).sees(own, { anchor: lastQuery, ...later(believed, ns(2e9 / bounds.hz), 'and a tick for the query') });

    const gap = later({ ...response, min: ns(0) }, ns(4e9 / bounds.hz), 'the query leaves within a tick, an answer up to 3 ticks after its time');
    for (const guest of [bob, dave, erin]) {
      const { outageS, lostDatagrams } = await expect(flow).to(guest).outage(since(silent, s(900)), { atMost: gap.max, lostAtMost: Math.ceil(gap.max.ns / 1e9), reasons: gap.reasons });
      figure(`${guest.name}OutageS`, outageS);
      figure(`${guest.name}LostDatagrams`, lostDatagrams);
    }
  },
});
