// A path that carries shorter multicast than unicast, and says nothing of it. What is the largest datagram that arrives?
//
//   alice (sends)   carol (joined)         bob (joined)
//        └─────┬──────┘                      │
//             sw1 ══════════════════════════ sw2       MTU 4092, multicast at most 2044 bytes: more vanishes
//
// IPoIB in connected mode has an MTU of up to 65520 bytes, and sends multicast as datagrams of at most 2044 (an
// InfiniBand MTU of 2048 less 4 bytes of its header; other notes have 2043). Nobody tells the sender. Here a classifier
// at both ends of the cable drops multicast with a longer IP packet; no IPoIB is run (docs/switches.md).
//
// The limit is found by bisection, and held against both sides: datagrams of the size found arrive, those one byte
// longer do not, while carol, before the narrow cable, hears both and bob gets both as unicast.
import { frame, HEADERS_BYTES, ms, plus, s, scenario, since, cardOf, LARGEST_PAYLOAD } from '../../harness/scenario.ts';
import { groupOf, REPORTED } from '../topologies/groups.ts';
import { narrowPath } from '../topologies/narrow-path.ts';

interface Settings {
  family: 4 | 6;
  senderMtuBytes: number;
  pathMtuBytes: number;
  multicastLimitBytes?: number;
  /** Search up to here only: what is longer than one packet is another matter. Default: as far as UDP goes. */
  upTo?: number;
  /** Payload bytes that shall come out. */
  claims: number | 'none';
  /** Payloads beyond that which arrive all the same, cut into fragments that are shorter than the limit. */
  arrivesBeyond?: number;
}
const variant = (settings: Settings): Settings => settings;
const jumbo = { senderMtuBytes: 4092, pathMtuBytes: 4092 };
const ordinary = { senderMtuBytes: 1500, pathMtuBytes: 4092 };

export default scenario({
  title: 'a size limit for multicast',
  cases: ['B8'],
  inDefaultSet: false,
  variants: {
    'ipv4': variant({ family: 4, ...jumbo, multicastLimitBytes: 2044, claims: 2044 - HEADERS_BYTES[4] }),
    'ipv4-2043': variant({ family: 4, ...jumbo, multicastLimitBytes: 2043, claims: 2043 - HEADERS_BYTES[4] }),
    'ipv6': variant({ family: 6, ...jumbo, multicastLimitBytes: 2044, claims: 2044 - HEADERS_BYTES[6] }),
    'connected-mode': variant({ family: 4, senderMtuBytes: 65_520, pathMtuBytes: 65_520, multicastLimitBytes: 2044, claims: 2044 - HEADERS_BYTES[4] }),
    // The sender's MTU is below the limit: its fragments pass, and so does every datagram that they make.
    'fragments-pass': variant({ family: 4, ...ordinary, multicastLimitBytes: 2044, claims: 'none' }),
    'fragments-pass-ipv6': variant({ family: 6, ...ordinary, multicastLimitBytes: 2044, claims: 'none' }),
    // Above it: the first fragment is as long as the MTU, and a datagram that lacks one is lost.
    'fragments-lost': variant({ family: 4, ...ordinary, multicastLimitBytes: 1400, claims: 1400 - HEADERS_BYTES[4] }),
    'fragments-lost-ipv6': variant({ family: 6, ...ordinary, multicastLimitBytes: 1400, claims: 1400 - HEADERS_BYTES[6] }),
    // IPv6's fragments carry multiples of 8 bytes after 48 of headers: 1496 at an MTU of 1500. So 1499 and 1500 are lost,
    // and what is longer arrives.
    'ipv6-hole': variant({ family: 6, ...ordinary, multicastLimitBytes: 1498, upTo: 1500 - HEADERS_BYTES[6], claims: 1498 - HEADERS_BYTES[6], arrivesBeyond: 1501 - HEADERS_BYTES[6] }),
    'no-limit': variant({ family: 4, ...jumbo, claims: 'none' }),
  },
  controls: {
    'no-limit-said-to-be-one': { ...variant({ family: 4, ...jumbo, claims: 2044 - HEADERS_BYTES[4] }), breaks: ['the largest datagram', 'nothing arrives'] },
    'one-byte-less': { ...variant({ family: 4, ...jumbo, multicastLimitBytes: 2043, claims: 2044 - HEADERS_BYTES[4] }), breaks: ['the largest datagram', 'delivery continues'] },
    'one-byte-more': { ...variant({ family: 6, ...jumbo, multicastLimitBytes: 2045, claims: 2044 - HEADERS_BYTES[6] }), breaks: ['the largest datagram', 'nothing arrives'] },
    'fragments-said-to-be-lost': { ...variant({ family: 4, ...ordinary, multicastLimitBytes: 1500 + 20, claims: 1500 - HEADERS_BYTES[4] }), breaks: ['the largest datagram', 'nothing arrives'] },
    'fragments-said-to-pass': { ...variant({ family: 4, ...ordinary, multicastLimitBytes: 1400, claims: 'none' }), breaks: ['the largest datagram', 'delivery continues'] },
  },
  diagnosis: {
    ipv4: 'size-limit', 'ipv4-2043': 'size-limit', ipv6: 'size-limit', 'connected-mode': 'size-limit', 'fragments-lost': 'size-limit',
    'fragments-lost-ipv6': 'size-limit', 'ipv6-hole': 'size-limit', 'one-byte-less': 'size-limit', 'fragments-said-to-pass': 'size-limit',
  },
  topology: (v) => narrowPath(v),
  captures: ({ alice }) => [{ ...cardOf(alice), only: 'icmp or icmp6 or (udp and less 1400)' }],

  async story({ alice, bob, carol }, { variant: v, expect, capture, passes, bounds, figure }) {
    const group = groupOf(v.family);
    for (const host of [bob, carol]) host.joins(group);
    await passes(REPORTED);
    const wait = plus(s(1), bounds.slack);
    const found = await alice.findsLimit(group, { to: [bob], wait, ...(v.upTo === undefined ? {} : { max: v.upTo }) });
    const { largestPayloadBytes, largestPacketBytes, tries } = await expect(found).is(v.claims);
    figure('largestPayloadBytes', largestPayloadBytes);
    figure('largestPacketBytes', largestPacketBytes);
    figure('tries', tries);

    const every = ms(500), length = s(10);
    const check = async (sizeBytes: number, arrives: boolean): Promise<void> => {
      const flow = alice.sends(group, { every, sizeBytes, to: [bob, carol] });
      const window = since({ ns: flow.sentNs[0] ?? 0, what: `the first datagram of ${sizeBytes} bytes` }, length);
      if (arrives) await expect(flow).to(bob).continues(window);
      else await expect(flow).to(bob).neverArrives(window);
      await expect(flow).to(carol).continues(window);
      flow.stop();
    };
    if (v.claims === 'none') {
      // Of one packet as long as the MTU, of two, and of as many as there can be.
      for (const size of [v.senderMtuBytes - HEADERS_BYTES[v.family], 2 * v.senderMtuBytes, LARGEST_PAYLOAD[v.family]]) await check(size, true);
      return;
    }
    await check(v.claims, true);
    await check(v.claims + 1, false);
    if (v.arrivesBeyond !== undefined) await check(v.arrivesBeyond, true);
    const unicast = alice.sends(bob.address(v.family), { every, sizeBytes: v.claims + 1, to: [bob] });
    await expect(unicast).to(bob).continues(since({ ns: unicast.sentNs[0] ?? 0, what: 'the first as unicast' }, length));
    // Silently: nobody tells alice.
    await expect(capture(cardOf(alice))).seesNo(frame.tooBig(), since(found.from, plus(length, length)));
  },
});
