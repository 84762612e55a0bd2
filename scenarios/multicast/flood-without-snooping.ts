// Snooping off: what does a group cost those who did not ask for it?
//
//   alice (sends)   bob (joined)   carol, dave (not joined)
//        └──────────────┴───┬──────────┘
//                vmbr0: snooping off
//
// Multicast goes to every port, as broadcast does. The figures are the extra load of a port whose guest wants none of it.
import { frame, ms, plus, portOf, s, scenario } from '../../harness/scenario.ts';
import { groupOf, REPORTED } from '../topologies/groups.ts';
import { guestsOnABridge } from '../topologies/guests-on-a-bridge.ts';

/** UDP payload; with UDP, IPv4 and Ethernet headers a frame of 1042 bytes. */
const PAYLOAD_BYTES = 1000;
const FRAME_BITS = 8 * (14 + 20 + 8 + PAYLOAD_BYTES);

export default scenario({
  title: 'flood without snooping',
  cases: ['B2'],
  variants: {
    'no-snooping': { family: 4 as const, snooping: false, querier: false },
  },
  controls: {
    'snooping': { family: 4 as const, snooping: true, querier: true, breaks: ['carol: datagrams to', 'dave: datagrams to'] },
  },
  diagnosis: {},
  topology: ({ family, snooping }) => guestsOnABridge({ family, snooping }),
  captures: ({ vmbr0, carol, dave }) => [portOf(vmbr0, carol), portOf(vmbr0, dave)],

  async story({ vmbr0, alice, bob, carol, dave }, { variant, expect, capture, now, passes, bounds, figure }) {
    const group = groupOf(variant.family);
    if (variant.querier) vmbr0.sets({ mcast_querier: true });
    await passes(bounds.timer('query response interval', vmbr0.holds('mcast_query_response_interval')).max);
    bob.joins(group);
    await passes(REPORTED);
    const begun = now('the flow began');
    const flow = alice.sends(group, { every: ms(100), sizeBytes: PAYLOAD_BYTES, to: [bob] });
    await passes(s(30));
    flow.stop();
    await passes(plus(s(1), bounds.slack));
    const { datagrams, window } = flow.whole(begun, now('the flow ended'));

    const lengthS = window.max.ns / 1e9;
    for (const guest of [carol, dave]) {
      const port = capture(portOf(vmbr0, guest));
      await expect(port).sees(frame.udpTo(group), window, { atLeast: datagrams, atMost: datagrams });
      const seen = port.seen(frame.udpTo(group));
      figure(`${guest.name}FramesPerSecond`, Math.round(seen.length / lengthS));
      figure(`${guest.name}BitsPerSecond`, Math.round(seen.reduce((bits, f) => bits + 8 * (f.lengthBytes ?? 0), 0) / lengthS));
    }
    figure('sentBitsPerSecond', Math.round((datagrams * FRAME_BITS) / lengthS));
    await expect(flow).to(bob).continues(window);
  },
});
