// The querier falls silent for good, on a healthy kernel. Does a joined guest lose a datagram?
//
//   alice (sends)   bob, dave, erin (joined)   carol (not joined)      core (querier, then silent)
//        └───────────────┴─────────┬────────────────┴────────────────────┘
//                   vmbr0: snooping on, own querier off
//
//   core   ?──?────── … silence                                             for 900 s
//   vmbr0     |────── believes in core for 255 s ──────▶| floods ───────────────────▶
//   bob         R──── member for 260 s ───────────────────▶|
//
// Upstream b00589a: with no querier left the bridge floods. It gives the querier up (255 s after its last query) before
// it can give up a member who answered that query (260 s after the answer): no gap in between.
import { after, between, frame, min, plus, portOf, s, scenario, since, times, wheelStep, type VariantCommon, type Duration } from '../../harness/scenario.ts';
import { groupOf } from '../topologies/groups.ts';
import { OTHER_QUERIER_PRESENT, querierOutside } from '../topologies/querier-outside.ts';

interface Settings extends VariantCommon { family: 4 | 6; otherQuerier: Duration }
const variant = (settings: Settings): Settings => settings;

export default scenario({
  title: 'flood without a querier',
  cases: ['A2', 'A6'],
  variants: {
    'healthy-ipv4': variant({ family: 4, otherQuerier: OTHER_QUERIER_PRESENT }),
    'healthy-ipv6': variant({ family: 6, otherQuerier: OTHER_QUERIER_PRESENT }),
  },
  controls: {
    // What a kernel without b00589a does: it goes on consulting the MDB.
    'bridge-that-believes': { ...variant({ family: 4, otherQuerier: min(60), diagnosis: 'membership-expired' }), breaks: ['carol: datagrams to', 'delivery continues'] },
  },
  topology: (v) => querierOutside(v),
  // On the wire: carol's own kernel drops a group she has not joined, so her socket would prove nothing.
  captures: ({ vmbr0, carol }) => [portOf(vmbr0, carol)],

  async story({ vmbr0, alice, bob, carol, dave, erin, core }, { variant, expect, capture, now, passes, until, bounds, figure, random }) {
    const group = groupOf(variant.family);
    // Long timers are rounded up to steps of the timer wheel: where in a step the story begins is the seed's choice.
    await passes(times(wheelStep(OTHER_QUERIER_PRESENT, bounds.hz), random()));
    await until(core.starts(), bounds.timer('query response interval', core.spec.responseInterval).max);
    for (const guest of [bob, dave, erin]) guest.joins(group);
    const begun = now('the flow began');
    const flow = alice.sends(group, { every: s(1), to: [bob, dave, erin] });
    await passes(s(60));
    const silent = core.fallsSilent();

    // The port of one who has not joined shows what keeps the others supplied: nothing until the querier is given up,
    // everything from then on.
    const lastQuery = core.lastQuery ?? silent;
    const givenUp = bounds.timer('other-querier-present interval', OTHER_QUERIER_PRESENT);
    const port = capture(portOf(vmbr0, carol));
    await expect(port).seesNo(frame.udpTo(group), between(begun, after(lastQuery, givenUp.min), ...givenUp.reasons));
    const watched = plus(givenUp.max, s(60));
    await until(lastQuery, plus(watched, s(1)));
    const { datagrams, window } = flow.whole(after(lastQuery, givenUp.max), after(lastQuery, watched));
    await expect(port).sees(frame.udpTo(group), window, { atLeast: datagrams, atMost: datagrams });
    const first = port.first(frame.udpTo(group));
    figure('floodedAfterS', first && (first.ns - lastQuery.ns) / 1e9);
    // Seen enough there: a captured frame costs as much as a sent one.
    await port.stop();

    for (const guest of [bob, dave, erin]) {
      const { lostDatagrams } = await expect(flow).to(guest).continues(since(silent, s(900)));
      figure(`${guest.name}LostDatagrams`, lostDatagrams);
    }
  },
});
