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
import { after, between, frame, min, plus, portOf, s, scenario, since } from '../../harness/scenario.ts';
import { groupOf } from '../topologies/groups.ts';
import { querierOutside } from '../topologies/querier-outside.ts';

export default scenario({
  title: 'flood without a querier',
  cases: ['A2', 'A6'],
  variants: {
    'healthy-ipv4': { family: 4 as const, otherQuerier: s(255) },
    'healthy-ipv6': { family: 6 as const, otherQuerier: s(255) },
  },
  controls: {
    // What a kernel without b00589a does: it goes on consulting the MDB.
    'bridge-that-believes': { family: 4 as const, otherQuerier: min(60) },
  },
  topology: (v) => querierOutside(v),
  // On the wire: carol's own kernel drops a group she has not joined, so her socket would prove nothing.
  captures: ({ vmbr0, carol }) => [portOf(vmbr0, carol)],

  async story({ vmbr0, alice, bob, carol, dave, erin, core }, { variant, expect, capture, now, passes, until, bounds, figure }) {
    const group = groupOf(variant.family);
    await until(core.starts(), bounds.timer('query response interval', core.spec.responseInterval).max);
    for (const guest of [bob, dave, erin]) guest.joins(group);
    const begun = now('the flow began');
    const flow = alice.sends(group, { every: s(1), to: [bob, dave, erin] });
    await passes(s(60));
    const silent = core.fallsSilent();

    for (const guest of [bob, dave, erin]) {
      const { lostDatagrams } = await expect(flow).to(guest).continues(since(silent, s(900)));
      figure(`${guest.name}LostDatagrams`, lostDatagrams);
    }
    // The port of one who has not joined shows what keeps the others supplied: nothing until the querier is given up,
    // everything from then on.
    const lastQuery = core.lastQuery ?? silent;
    const givenUp = bounds.timer('other-querier-present interval', vmbr0.holds('mcast_querier_interval'));
    const port = capture(portOf(vmbr0, carol));
    await expect(port).seesNo(frame.udpTo(group), between(begun, after(lastQuery, givenUp.min), ...givenUp.reasons));
    const { datagrams, window } = flow.whole(after(lastQuery, givenUp.max), after(lastQuery, plus(givenUp.max, s(600))));
    await expect(port).sees(frame.udpTo(group), window, { atLeast: datagrams, atMost: datagrams });
    const first = port.first(frame.udpTo(group));
    figure('floodedAfterS', first && (first.ns - lastQuery.ns) / 1e9);
  },
});
