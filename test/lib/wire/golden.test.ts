// Frames laid out by hand from the RFCs' drawings; their checksums come from a separate program, not from lib/wire.
import t from 'tap';
import {
  decodeFrame,
  describeFrame,
  fromHex,
  hasRouterAlertV4,
  hasRouterAlertV6,
  igmpLeave,
  igmpQuery,
  igmpV3Report,
  mldQuery,
  mldV2Report,
  rarpAnnouncement,
  toHex,
  udpFrame,
} from '../../../lib/wire/index.ts';
import { decodeFloatCode, encodeFloatCode } from '../../../lib/wire/group-records.ts';

const srcMac = '52:54:00:00:00:01';
const source = '192.0.2.1';
/** Destination MAC, and the source's. */
const to = (mac: string): string => `${mac} 525400000001`;
const v6 = (length: string): string => `86dd 60000000 ${length} 00 01 fe80000000000000505400fffe000001`;
const HOP_BY_HOP = '3a 00 0502 0000 0100';

const goldens = [
  {
    name: 'IGMPv1 general query (RFC 1112 appendix I)',
    hex: `${to('01005e000001')} 0800 4500001c 00000000 0102 17de c0000201 e0000001 11 00 eeff 00000000 ${'00'.repeat(18)}`,
    built: igmpQuery({ version: 1, source, srcMac }),
    decoded: { igmp: { type: 'query', version: 1, group: '0.0.0.0' }, ipv4: { ttl: 1, options: [] } },
    said: 'IGMPv1 query 192.0.2.1: general',
  },
  {
    name: 'IGMPv2 query of a group, 1 s (RFC 2236 section 2)',
    hex: `${to('01005e7f0102')} 0800 46000020 00000000 0102 71d5 c0000201 efff0102 94040000 11 0a fdf3 efff0102 ${'00'.repeat(14)}`,
    built: igmpQuery({ version: 2, source, srcMac, group: '239.255.1.2', maxResponse: 1000 }),
    decoded: { igmp: { type: 'query', version: 2, group: '239.255.1.2', maxResponseMs: 1000 } },
    said: 'IGMPv2 query 192.0.2.1: 239.255.1.2, answer within 1 s',
  },
  {
    name: 'IGMPv3 query of sources, S flag, floating codes (RFC 3376 section 4.1)',
    hex: `${to('01005e010203')} 0800 46c0002c 00000000 0102 7806 c0000201 e8010203 94040000
      11 8f 0c86 e8010203 0b 9c 0002 c0000209 c633640a 0000`,
    built: igmpQuery({
      version: 3,
      source,
      srcMac,
      group: '232.1.2.3',
      sources: ['192.0.2.9', '198.51.100.10'],
      maxResponse: 24_800,
      qrv: 3,
      queryInterval: 448_000,
      suppressRouterSide: true,
    }),
    decoded: {
      igmp: {
        type: 'query',
        version: 3,
        group: '232.1.2.3',
        maxResponseMs: 24_800,
        suppressRouterSide: true,
        qrv: 3,
        queryIntervalMs: 448_000,
        sources: ['192.0.2.9', '198.51.100.10'],
      },
      ipv4: { ttl: 1, tos: 0xc0, dst: '232.1.2.3' },
    },
    said: 'IGMPv3 query 192.0.2.1: 232.1.2.3, answer within 24.8 s, sources {192.0.2.9, 198.51.100.10}, interval 448 s, robustness 3, suppress router side',
  },
  {
    name: 'IGMPv3 report of two records (RFC 3376 section 4.2)',
    hex: `${to('01005e000016')} 0800 46c00034 00000000 0102 81eb c0000202 e0000016 94040000
      22 00 39e9 0000 0002 04 00 0000 ef010203 03 00 0001 e8010203 c0000209`,
    built: igmpV3Report({
      source: '192.0.2.2',
      srcMac,
      records: [
        { type: 'to-exclude', group: '239.1.2.3', sources: [] },
        { type: 'to-include', group: '232.1.2.3', sources: ['192.0.2.9'] },
      ],
    }),
    decoded: { igmp: { type: 'report', version: 3 } },
    said: 'IGMPv3 report 192.0.2.2: 239.1.2.3 to exclude {}; 232.1.2.3 to include {192.0.2.9}',
  },
  {
    name: 'IGMPv2 leave',
    hex: `${to('01005e000002')} 0800 46000020 00000000 0102 82d3 c0000202 e0000002 94040000 17 00 f7fa ef010203 ${'00'.repeat(14)}`,
    built: igmpLeave({ source: '192.0.2.2', srcMac, group: '239.1.2.3' }),
    decoded: { igmp: { type: 'leave', version: 2, group: '239.1.2.3' } },
    said: 'IGMPv2 leave 192.0.2.2: 239.1.2.3',
  },
  {
    name: 'MLDv1 general query (RFC 2710 section 3)',
    hex: `${to('333300000001')} ${v6('0020')} ff020000000000000000000000000001 ${HOP_BY_HOP} 82 00 09c3 2710 0000 ${'00'.repeat(16)}`,
    built: mldQuery({ version: 1, srcMac }),
    decoded: { mld: { type: 'query', version: 1, group: '::', maxResponseMs: 10_000 }, ipv6: { hopLimit: 1 } },
    said: 'MLDv1 query fe80::5054:ff:fe00:1: general, answer within 10 s',
  },
  {
    name: 'MLDv2 general query, 80 s as a floating code (RFC 3810 section 5.1)',
    hex: `${to('333300000001')} ${v6('0024')} ff020000000000000000000000000001 ${HOP_BY_HOP} 82 00 9ac9 9388 0000 ${'00'.repeat(16)} 02 7d 0000`,
    built: mldQuery({ version: 2, srcMac, maxResponse: 80_000 }),
    decoded: {
      mld: { type: 'query', version: 2, maxResponseMs: 80_000, qrv: 2, queryIntervalMs: 125_000, sources: [] },
    },
    said: 'MLDv2 query fe80::5054:ff:fe00:1: general, answer within 80 s, interval 125 s, robustness 2',
  },
  {
    name: 'MLDv2 report (RFC 3810 section 5.2)',
    hex: `${to('333300000016')} ${v6('0024')} ff020000000000000000000000000016 ${HOP_BY_HOP} 8f 00 0e6f 0000 0001
      04 00 0000 ff150000000000000000000000001234`,
    built: mldV2Report({ srcMac, records: [{ type: 'to-exclude', group: 'ff15::1234', sources: [] }] }),
    decoded: {
      mld: { type: 'report', version: 2, records: [{ type: 'to-exclude', group: 'ff15::1234', sources: [] }] },
    },
    said: 'MLDv2 report fe80::5054:ff:fe00:1: ff15::1234 to exclude {}',
  },
  {
    name: 'UDP datagram (RFC 768)',
    hex: `${to('01005e010203')} 0800 45000021 00000000 0111 06c6 c0000202 ef010203 1388 10e1 000d e491 68656c6c6f ${'00'.repeat(13)}`,
    built: udpFrame({
      srcMac,
      source: '192.0.2.2',
      destination: '239.1.2.3',
      srcPort: 5000,
      dstPort: 4321,
      payload: fromHex('68656c6c6f'),
    }),
    decoded: { udp: { srcPort: 5000, dstPort: 4321, length: 13, checksum: 'right' }, payload: fromHex('68656c6c6f') },
    said: 'UDP 192.0.2.2:5000 > 239.1.2.3:4321, 5 bytes',
  },
];

for (const { name, hex, built, decoded, said } of goldens) {
  t.test(name, (t) => {
    t.equal(toHex(built), toHex(fromHex(hex)), 'built');
    const frame = decodeFrame(fromHex(hex));
    t.match(frame, { link: 'ethernet', eth: { src: srcMac, vlans: [] }, ...decoded }, 'decoded');
    t.same(frame.problems, [], 'no problems');
    t.equal(describeFrame(frame), `${srcMac} > ${frame.eth?.dst ?? ''}  ${said}`);
    if (frame.igmp && !name.includes('v1')) t.ok(frame.ipv4 && hasRouterAlertV4(frame.ipv4), 'router alert');
    if (frame.mld) t.ok(frame.ipv6 && hasRouterAlertV6(frame.ipv6), 'router alert');
    t.end();
  });
}

t.test('codes that are small floating-point numbers', (t) => {
  // RFC 3376 4.1.1: |1|exp|mant|, value (mant | 0x10) << (exp + 3). RFC 3810 5.1.3: 12 bits of mantissa.
  for (const [code, value, width] of [
    [0, 0, 8],
    [127, 127, 8],
    [0x80, 128, 8],
    [0x81, 136, 8],
    [0x90, 256, 8],
    [0xff, 31744, 8],
    [32767, 32767, 16],
    [0x8000, 32768, 16],
    [0x8001, 32776, 16],
    [0xffff, 8387584, 16],
  ] as const) {
    t.equal(decodeFloatCode(code, width), value, `decode ${code}`);
    t.equal(encodeFloatCode(value, width), code, `encode ${value}`);
  }
  t.equal(encodeFloatCode(135, 8), 0x80, 'rounded down');
  for (const width of [8, 16] as const) {
    const codes = Array.from({ length: 2 ** width }, (_, code) => code);
    t.same(
      codes.filter((code) => encodeFloatCode(decodeFloatCode(code, width), width) !== code),
      [],
      `all of ${width} bits`,
    );
  }
  t.throws(() => encodeFloatCode(32768, 8), RangeError);
  t.throws(() => encodeFloatCode(-1, 8), RangeError);
  t.end();
});

t.test('announcements of a moved guest, as reporters pasted them from tcpdump', (t) => {
  // The first dump shows the whole frame, the second only what follows the Ethernet header.
  const mistyped = fromHex(`
    ffff ffff ffff 5254 00fa 140d 0835 0001
    0800 0604 0003 5254 00fa 140d 0000 0000
    5254 00fa 140d 0000 0000 0000 0000 0000
    0000 0000 0000 0000 0000 0000`);
  const right = fromHex(`
    ffff ffff ffff 0016 3e27 0fef 8035
    0001 0800 0604 0003 0016 3e27 0fef 0000
    0000 0016 3e27 0fef 0000 0000 0000 0000
    0000 0000 0000 0000 0000 0000 0000`);

  const good = decodeFrame(right);
  t.match(good, {
    eth: { etherType: 0x8035 },
    arp: { operation: 3, senderMac: '00:16:3e:27:0f:ef', targetMac: '00:16:3e:27:0f:ef' },
  });
  t.same(good.problems, []);
  t.equal(describeFrame(good), '00:16:3e:27:0f:ef > ff:ff:ff:ff:ff:ff  RARP announcement of 00:16:3e:27:0f:ef');

  const odd = decodeFrame(mistyped);
  t.equal(odd.eth?.etherType, 0x0835);
  t.equal(odd.arp, undefined, '0x0835 is no RARP');
  t.match(odd.problems, [/0x0835.*RARP announcement of 52:54:00:fa:14:0d, which 0x8035/]);
  t.match(describeFrame(odd), /EtherType 0x0835/);

  t.equal(toHex(rarpAnnouncement({ mac: '00:16:3e:27:0f:ef' })), toHex(right), 'we announce as QEMU does');
  t.equal(
    toHex(rarpAnnouncement({ mac: '52:54:00:fa:14:0d', etherType: 0x0835 })),
    toHex(mistyped),
    'and as it once did',
  );
  t.end();
});
