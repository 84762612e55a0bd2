// What is encoded decodes to the same, for generated values of every protocol.
import t from 'tap';
import { formatIpv4, formatIpv6, formatMac, GROUP_RECORD_TYPES, type GroupRecord } from '../../../lib/wire/index.ts';
import { decodeArp, encodeArp } from '../../../lib/wire/arp.ts';
import { decodeEthernet, encodeEthernet } from '../../../lib/wire/ethernet.ts';
import { decodeFloatCode } from '../../../lib/wire/group-records.ts';
import { decodeIcmp, encodeIcmp, type Icmp } from '../../../lib/wire/icmp.ts';
import {
  decodeIcmpv6,
  encodeIcmpv6,
  icmpv6ChecksumProblem,
  type Icmpv6,
  type NdOption,
} from '../../../lib/wire/icmpv6.ts';
import { decodeIgmp, encodeIgmp, type Igmp } from '../../../lib/wire/igmp.ts';
import { decodeIpv4, encodeIpv4 } from '../../../lib/wire/ipv4.ts';
import { decodeIpv6, encodeIpv6, type Ipv6Extension } from '../../../lib/wire/ipv6.ts';
import { decodeLacp, encodeLacp, lacpState } from '../../../lib/wire/lacp.ts';
import { decodeCooked, encodeCooked, type CookedHeader } from '../../../lib/wire/link-type.ts';
import { decodeMld, encodeMld, type Mld } from '../../../lib/wire/mld.ts';
import { decodeStp, encodeStp, type Bpdu } from '../../../lib/wire/stp.ts';
import { decodeUdp, encodeUdp } from '../../../lib/wire/udp.ts';
import { generator, type Generator } from './generator.ts';

const ROUNDS = 300;

/** Compares `ROUNDS` values, each seeded by its number, so that a failure names the seed. */
function roundTrip<T>(
  name: string,
  make: (g: Generator) => T,
  there: (value: T) => Uint8Array,
  back: (bytes: Uint8Array, problems: string[]) => T,
): void {
  t.test(name, (t) => {
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const value = make(generator(seed));
      const problems: string[] = [];
      const returned = back(there(value), problems);
      if (problems.length > 0 || !t.same(returned, value, `seed ${seed}`)) {
        t.fail(`seed ${seed}`, { problems });
        break;
      }
    }
    t.end();
  });
}

const mac = (g: Generator): string => formatMac(g.bytes(6));
const ip4 = (g: Generator): string => formatIpv4(g.bytes(4));
const ip6 = (g: Generator): string => formatIpv6(g.bytes(16));
const data = (g: Generator): Uint8Array => g.bytes(g.below(40));
const u16 = (g: Generator): number => g.below(0x10000);
const u32 = (g: Generator): number => g.below(2 ** 32);
const records = (g: Generator, address: (g: Generator) => string): GroupRecord[] =>
  g.list(4, () => ({ type: g.pick(GROUP_RECORD_TYPES), group: address(g), sources: g.list(3, () => address(g)) }));
const v4 = { src: '192.0.2.1', dst: '239.1.2.3' };
const v6 = { src: 'fe80::1', dst: 'ff15::1' };

roundTrip(
  'Ethernet',
  (g) => {
    const payload = g.bytes(50);
    const vlans = g.list(3, () => ({
      tpid: g.pick([0x8100, 0x88a8, 0x9100]),
      id: g.below(4096),
      pcp: g.below(8),
      dei: g.flag(),
    }));
    const llc = g.pick([
      { dsap: 0x42, ssap: 0x42, control: 3 },
      { dsap: 0xf0, ssap: 0xf1, control: 0x0102 },
      { dsap: 0xaa, ssap: 0xaa, control: 3, snap: { oui: g.below(2 ** 24), protocol: u16(g) } },
    ]);
    const llcLength = (llc.control > 255 ? 4 : 3) + ('snap' in llc ? 5 : 0);
    const type = g.flag() ? { etherType: 0x0600 } : { etherType: llcLength + payload.length, llc };
    return { header: { dst: mac(g), src: mac(g), vlans, ...type }, payload };
  },
  ({ header, payload }) => encodeEthernet(header, payload),
  decodeEthernet,
);

roundTrip(
  'ARP and RARP',
  (g) => ({ operation: 1 + g.below(4), senderMac: mac(g), senderIp: ip4(g), targetMac: mac(g), targetIp: ip4(g) }),
  encodeArp,
  decodeArp,
);

roundTrip(
  'IPv4',
  (g) => ({
    header: {
      tos: g.below(256),
      identification: u16(g),
      dontFragment: g.flag(),
      moreFragments: g.flag(),
      fragmentOffset: g.below(0x2000) * 8,
      ttl: g.below(256),
      protocol: g.below(256),
      src: ip4(g),
      dst: ip4(g),
      options: g.list(4, () => ({ type: 2 + g.below(254), data: g.bytes(g.below(8)) })),
    },
    payload: data(g),
    whole: true,
  }),
  ({ header, payload }) => encodeIpv4(header, payload),
  decodeIpv4,
);

roundTrip(
  'IPv6 and its extension headers',
  (g) => {
    const options = () => g.list(3, () => ({ type: 2 + g.below(254), data: g.bytes(g.below(12)) }));
    const makers: (() => Ipv6Extension)[] = [
      () => ({ type: 'hop-by-hop', options: options() }),
      () => ({ type: 'destination', options: options() }),
      () => ({
        type: 'routing',
        routingType: g.below(256),
        segmentsLeft: g.below(256),
        data: g.bytes(4 + 8 * g.below(4)),
      }),
      () => ({ type: 'authentication', data: g.bytes(10 + 4 * g.below(4)) }),
      () => ({ type: 'fragment', offset: 0, more: g.flag(), identification: u32(g) }),
    ];
    return {
      header: {
        trafficClass: g.below(256),
        flowLabel: g.below(2 ** 20),
        hopLimit: g.below(256),
        src: ip6(g),
        dst: ip6(g),
        extensions: g.list(3, () => g.pick(makers)()),
        protocol: g.pick([6, 17, 58, 59, 255]),
      },
      payload: data(g),
      whole: true,
    };
  },
  ({ header, payload }) => encodeIpv6(header, payload),
  decodeIpv6,
);

for (const endpoints of [v4, v6]) {
  roundTrip(
    `UDP ${endpoints.src}`,
    (g) => {
      const payload = data(g);
      return {
        header: { srcPort: u16(g), dstPort: u16(g), length: 8 + payload.length, checksum: 'right' as const },
        payload,
      };
    },
    ({ header, payload }) => encodeUdp(header, payload, endpoints),
    (bytes, problems) => decodeUdp(bytes, endpoints, true, problems) as never,
  );
}

roundTrip<Icmp>(
  'ICMP',
  (g) =>
    g.pick<() => Icmp>([
      () => ({ type: g.pick(['echo-request', 'echo-reply'] as const), id: u16(g), sequence: u16(g), data: data(g) }),
      () => ({ type: g.pick(['unreachable', 'time-exceeded'] as const), code: g.below(16), about: data(g) }),
      () => ({ type: 'redirect', code: g.below(4), gateway: ip4(g), about: data(g) }),
      () => ({ type: 'other', icmpType: 13 + g.below(200), code: g.below(256), body: data(g) }),
    ])(),
  encodeIcmp,
  (bytes, problems) => decodeIcmp(bytes, true, problems),
);

const ndOption = (g: Generator): NdOption =>
  g.pick<() => NdOption>([
    () => ({ type: g.pick(['source-link-layer', 'target-link-layer'] as const), mac: mac(g) }),
    () => ({ type: 'mtu', mtu: u32(g) }),
    () => ({
      type: 'prefix',
      prefix: ip6(g),
      length: g.below(129),
      onLink: g.flag(),
      autonomous: g.flag(),
      validS: u32(g),
      preferredS: u32(g),
    }),
    () => ({ type: 'other', code: 20 + g.below(200), data: g.bytes(6 + 8 * g.below(3)) }),
  ])();

roundTrip<Icmpv6>(
  'ICMPv6 and neighbour discovery',
  (g) => {
    const options = g.list(3, () => ndOption(g));
    return g.pick<() => Icmpv6>([
      () => ({ type: g.pick(['echo-request', 'echo-reply'] as const), id: u16(g), sequence: u16(g), data: data(g) }),
      () => ({ type: 'router-solicitation', options }),
      () => ({
        type: 'router-advertisement',
        hopLimit: g.below(256),
        managed: g.flag(),
        otherConfiguration: g.flag(),
        lifetimeS: u16(g),
        reachableMs: u32(g),
        retransmitMs: u32(g),
        options,
      }),
      () => ({ type: 'neighbor-solicitation', target: ip6(g), options }),
      () => ({
        type: 'neighbor-advertisement',
        target: ip6(g),
        router: g.flag(),
        solicited: g.flag(),
        override: g.flag(),
        options,
      }),
      () => ({ type: 'other', icmpType: 1 + g.below(4), code: g.below(8), body: data(g) }),
    ])();
  },
  (message) => encodeIcmpv6(message, v6),
  (bytes, problems) => {
    const wrong = icmpv6ChecksumProblem(bytes, v6);
    if (wrong !== undefined) problems.push(wrong);
    return decodeIcmpv6(bytes, problems);
  },
);

roundTrip<Igmp>(
  'IGMP',
  (g) =>
    g.pick<() => Igmp>([
      () => ({ type: 'query', version: 1, group: ip4(g) }),
      () => ({ type: 'query', version: 2, group: ip4(g), maxResponseMs: 100 * (1 + g.below(255)) }),
      () => ({
        type: 'query',
        version: 3,
        group: ip4(g),
        maxResponseMs: 100 * decodeFloatCode(g.below(256), 8),
        suppressRouterSide: g.flag(),
        qrv: g.below(8),
        queryIntervalMs: 1000 * decodeFloatCode(g.below(256), 8),
        sources: g.list(5, () => ip4(g)),
      }),
      () => ({ type: 'report', version: g.pick([1, 2] as const), group: ip4(g) }),
      () => ({ type: 'leave', version: 2, group: ip4(g) }),
      () => ({ type: 'report', version: 3, records: records(g, ip4) }),
    ])(),
  encodeIgmp,
  (bytes, problems) => decodeIgmp(bytes, true, problems),
);

roundTrip<Mld>(
  'MLD',
  (g) =>
    g.pick<() => Mld>([
      () => ({ type: 'query', version: 1, group: ip6(g), maxResponseMs: u16(g) }),
      () => ({
        type: 'query',
        version: 2,
        group: ip6(g),
        maxResponseMs: decodeFloatCode(u16(g), 16),
        suppressRouterSide: g.flag(),
        qrv: g.below(8),
        queryIntervalMs: 1000 * decodeFloatCode(g.below(256), 8),
        sources: g.list(5, () => ip6(g)),
      }),
      () => ({ type: 'report', version: 1, group: ip6(g) }),
      () => ({ type: 'done', version: 1, group: ip6(g) }),
      () => ({ type: 'report', version: 2, records: records(g, ip6) }),
    ])(),
  (message) => encodeMld(message, v6),
  (bytes, problems) => {
    const wrong = icmpv6ChecksumProblem(bytes, v6);
    if (wrong !== undefined) problems.push(wrong);
    return decodeMld(bytes, problems);
  },
);

roundTrip(
  'LACP',
  (g) => {
    const party = () => ({
      systemPriority: u16(g),
      system: mac(g),
      key: u16(g),
      portPriority: u16(g),
      port: u16(g),
      state: lacpState(g.below(256)),
    });
    return { version: 1, actor: party(), partner: party(), collectorMaxDelay: u16(g) };
  },
  encodeLacp,
  decodeLacp,
);

roundTrip<Bpdu>(
  'STP',
  (g) => {
    const bridge = () => ({ priority: u16(g), mac: mac(g) });
    const time = () => (u16(g) * 1000) / 256;
    const tree = {
      topologyChange: g.flag(),
      topologyChangeAcknowledged: g.flag(),
      root: bridge(),
      rootPathCost: u32(g),
      bridge: bridge(),
      port: u16(g),
      messageAgeMs: time(),
      maxAgeMs: time(),
      helloMs: time(),
      forwardDelayMs: time(),
    };
    const role = g.pick(['unknown', 'alternate-or-backup', 'root', 'designated'] as const);
    return g.pick<Bpdu>([
      { type: 'topology-change' },
      { type: 'configuration', ...tree },
      {
        type: 'rapid',
        version: 2,
        proposal: g.flag(),
        role,
        learning: g.flag(),
        forwarding: g.flag(),
        agreement: g.flag(),
        ...tree,
      },
    ]);
  },
  encodeStp,
  decodeStp,
);

roundTrip<{ header: CookedHeader; payload: Uint8Array }>(
  'Linux cooked headers',
  (g) => {
    const version = g.pick([1, 2] as const);
    const direction = g.pick(['to-us', 'broadcast', 'multicast', 'to-others', 'from-us'] as const);
    const header = { version, direction, hardware: u16(g), etherType: u16(g), ...(g.flag() && { src: mac(g) }) };
    return { header: version === 2 ? { ...header, interfaceIndex: u32(g) } : header, payload: data(g) };
  },
  // The version is told by the link type of the capture; one byte in front carries it through this trip.
  ({ header, payload }) => Uint8Array.of(header.version, ...encodeCooked(header, payload)),
  (bytes) => decodeCooked(bytes.subarray(1), bytes[0] === 1 ? 1 : 2),
);

t.test('values that do not fit their field are refused, not wrapped', (t) => {
  t.throws(() => encodeUdp({ srcPort: 65536, dstPort: 1 }, new Uint8Array(0), v4), RangeError);
  t.throws(() => encodeIpv4({ ...v4, protocol: 17, fragmentOffset: 7 }, new Uint8Array(0)), RangeError);
  t.throws(() => encodeIpv4({ ...v4, protocol: 17 }, new Uint8Array(65536)), RangeError);
  t.throws(() => encodeIgmp({ type: 'query', version: 2, group: '0.0.0.0', maxResponseMs: 50 }), RangeError);
  t.throws(() => encodeIgmp({ type: 'query', version: 2, group: '0.0.0.0', maxResponseMs: 25_600 }), RangeError);
  t.throws(() => encodeMld({ type: 'query', version: 1, group: '::', maxResponseMs: 70_000 }, v6), RangeError);
  t.throws(
    () =>
      encodeEthernet(
        {
          dst: '00:00:00:00:00:01',
          src: '00:00:00:00:00:02',
          vlans: [{ tpid: 0x8100, id: 4096, pcp: 0, dei: false }],
          etherType: 0x800,
        },
        new Uint8Array(0),
      ),
    RangeError,
  );
  t.end();
});
