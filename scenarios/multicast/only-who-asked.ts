// Snooping on, with a querier: who gets the group? Counted on the wire at each port, not at the sockets.
//
//   alice (sends)   bob, dave (joined)   carol (not joined)
//        └────────────────┴──────┬────────────┘
//                 vmbr0: snooping on, own querier on
//
// A member's port carries every frame of the group, a non-member's none. Carol answers pings meanwhile, so her port is
// alive and the capture on it sees what passes.
import { frame, plus, portOf, s, scenario } from '../../harness/scenario.ts';
import { groupOf, REPORTED } from '../topologies/groups.ts';
import { guestsOnABridge } from '../topologies/guests-on-a-bridge.ts';

const settings = (snooping: boolean, querier: boolean) => ({ family: 4 as const, snooping, querier });

export default scenario({
  title: 'only who asked',
  cases: ['B1'],
  variants: {
    'snooping': settings(true, true),
  },
  controls: {
    'no-snooping': { ...settings(false, false), breaks: 'carol: no datagrams to' },
    'no-querier': { ...settings(true, false), breaks: 'carol: no datagrams to' },
  },
  diagnosis: {},
  topology: ({ family, snooping }) => guestsOnABridge({ family, snooping }),
  captures: ({ vmbr0, bob, carol, dave }) => [bob, carol, dave].map((guest) => portOf(vmbr0, guest)),

  async story({ vmbr0, alice, bob, carol, dave }, { variant, expect, capture, now, passes, bounds, figure }) {
    const group = groupOf(variant.family);
    if (variant.querier) vmbr0.sets({ mcast_querier: true });
    // The bridge's own querier counts one response interval after it began to ask. Whoever joins later reports for
    // itself; earlier reports are flooded, and an IGMPv2 host that hears another's keeps its own back.
    await passes(bounds.timer('query response interval', vmbr0.holds('mcast_query_response_interval')).max);
    for (const guest of [bob, dave]) guest.joins(group);
    await passes(REPORTED);

    const begun = now('the flow began');
    const flow = alice.sends(group, { every: s(1), to: [bob, dave] });
    alice.pings(carol.address(), { every: s(10) });
    await passes(s(120));
    flow.stop();
    await passes(plus(s(1), bounds.slack));
    const { datagrams, window } = flow.whole(begun, now('the flow ended'));

    for (const guest of [bob, dave]) {
      await expect(capture(portOf(vmbr0, guest))).sees(frame.udpTo(group), window, { atLeast: datagrams, atMost: datagrams });
      figure(`${guest.name}Percent`, (100 * flow.at(guest.name).receivedNs.filter((at) => at !== undefined).length) / datagrams);
    }
    await expect(capture(portOf(vmbr0, carol))).seesNo(frame.udpTo(group), window);
    await expect(capture(portOf(vmbr0, carol))).sees(frame.echoTo(carol.address()), window, { atLeast: 10 });
    figure('carolFrames', capture(portOf(vmbr0, carol)).seen(frame.udpTo(group)).length);
  },
});
