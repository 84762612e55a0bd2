// decodeFrame on what captures hold: cut, damaged, offloaded, cooked, tagged.
import t from 'tap';
import {
  decodeFrame,
  describeFrame,
  gratuitousArp,
  igmpQuery,
  igmpV3Report,
  ipv6Frame,
  LINK_TYPE,
  udpFrame,
  vlanTag,
  type Ipv6Extension,
} from '../../../lib/wire/index.ts';
import { pseudoHeaderSum } from '../../../lib/wire/address.ts';
import { concat, fromHex } from '../../../lib/wire/bytes.ts';
import { decodeIgmp } from '../../../lib/wire/igmp.ts';
import { encodeCooked } from '../../../lib/wire/link-type.ts';
import { decodeMld } from '../../../lib/wire/mld.ts';
import { encodeUdp } from '../../../lib/wire/udp.ts';
import { generator, mutate } from './generator.ts';
import { samples } from './samples.ts';

const srcMac = '52:54:00:00:00:01';
const datagram = udpFrame({
  srcMac,
  source: '192.0.2.1',
  destination: '239.1.2.3',
  srcPort: 5000,
  dstPort: 4321,
  payload: new Uint8Array(32),
});

t.test('every sample is sound, and described by more than its EtherType', (t) => {
  for (const { name, frame } of samples) {
    const decoded = decodeFrame(frame);
    t.same(decoded.problems, [], name);
    t.notMatch(describeFrame(decoded), /EtherType|protocol \d+, (?!.*fragment)/, describeFrame(decoded));
  }
  t.end();
});

t.test('a frame cut at any byte says so, and keeps the layers before the cut', (t) => {
  const wrong: string[] = [];
  for (const { name, frame } of samples) {
    for (let length = 0; length < frame.length; length++) {
      const cut = decodeFrame(frame.subarray(0, length), { originalLength: frame.length });
      if (!cut.problems.some((problem) => problem.startsWith(`${length} of ${frame.length} bytes were captured`)))
        wrong.push(`${name} at ${length}`);
      if (length >= 14 && cut.eth?.src !== srcMac && !name.startsWith('tagged'))
        wrong.push(`${name} at ${length}: no Ethernet header`);
      if (cut.problems.some((problem) => problem.includes('checksum')))
        wrong.push(`${name} at ${length}: checksum of a cut frame`);
    }
  }
  t.same(wrong, []);
  const report = igmpV3Report({
    source: '192.0.2.1',
    srcMac,
    records: [1, 2, 3].map((n) => ({ type: 'allow' as const, group: `239.0.0.${n}`, sources: [] })),
  });
  const cut = decodeFrame(report.subarray(0, report.length - 6), { originalLength: report.length });
  t.match(cut.igmp, { records: [{ group: '239.0.0.1' }, { group: '239.0.0.2' }] }, 'records before the cut');
  t.match(cut.problems, [/captured/, /payload bytes/, /3 group records announced, the packet ends in number 3/]);
  t.end();
});

t.test('checksums: wrong is a problem, offloaded and absent are not', (t) => {
  const withSum = (sum: number): Uint8Array =>
    concat(datagram.subarray(0, 40), Uint8Array.of(sum >> 8, sum & 0xff), datagram.subarray(42));
  t.equal(decodeFrame(datagram).udp?.checksum, 'right');
  const wrong = decodeFrame(withSum(0x1234));
  t.equal(wrong.udp?.checksum, 'wrong');
  t.match(wrong.problems, [/^UDP: checksum 0x1234 is wrong, 0x[0-9a-f]{4} is right$/]);
  const offloaded = decodeFrame(withSum(pseudoHeaderSum('192.0.2.1', '239.1.2.3', 17, 40)));
  t.match(offloaded, { udp: { checksum: 'offloaded' }, problems: [] });
  t.match(decodeFrame(withSum(0)), { udp: { checksum: 'absent' }, problems: [] });

  const v6 = udpFrame({
    srcMac,
    source: 'fe80::1',
    destination: 'ff15::3',
    srcPort: 1,
    dstPort: 2,
    payload: new Uint8Array(4),
  });
  const bare = concat(v6.subarray(0, 60), new Uint8Array(2), v6.subarray(62));
  t.match(decodeFrame(bare).problems, [/no checksum/], 'IPv6 asks for one');

  const header = Uint8Array.from(datagram);
  header[22] = 9; // TTL, not summed again
  t.match(decodeFrame(header).problems, [/^IPv4 header: checksum/]);
  t.end();
});

t.test('a UDP checksum that sums to zero goes out as ffff', (t) => {
  // One payload of the 65536 makes it zero; without the rule the field would say "absent".
  const states = new Set<string | undefined>();
  const absent: number[] = [];
  for (let word = 0; word < 65536; word++) {
    const frame = udpFrame({
      srcMac,
      source: '192.0.2.1',
      destination: '239.1.2.3',
      srcPort: 1,
      dstPort: 2,
      payload: Uint8Array.of(word >> 8, word & 0xff),
    });
    if (frame[40] === 0xff && frame[41] === 0xff) states.add(decodeFrame(frame).udp?.checksum);
    if (frame[40] === 0 && frame[41] === 0) absent.push(word);
  }
  t.same([...states], ['right']);
  t.same(absent, []);
  t.end();
});

t.test('VLAN tags, outermost first', (t) => {
  const vlans = [vlanTag(100, { tpid: 0x88a8, pcp: 3 }), vlanTag(7, { dei: true })];
  const frame = decodeFrame(gratuitousArp({ mac: srcMac, ip: '192.0.2.1', vlans }));
  t.same(frame.eth?.vlans, vlans);
  t.equal(frame.arp?.senderIp, '192.0.2.1');
  t.match(describeFrame(frame), /vlan 100 vlan 7 {2}gratuitous ARP request: 192\.0\.2\.1 is at/);
  t.end();
});

t.test('other link types', (t) => {
  const packet = igmpQuery({ version: 2, source: '192.0.2.1', srcMac }).subarray(14);
  const said = /IGMPv2 query 192\.0\.2\.1: general/;
  for (const version of [1, 2] as const) {
    const header = {
      version,
      direction: 'from-us',
      hardware: 1,
      src: srcMac,
      etherType: 0x0800,
      ...(version === 2 && { interfaceIndex: 5 }),
    } as const;
    const linkType = version === 1 ? LINK_TYPE.linuxSll : LINK_TYPE.linuxSll2;
    const frame = decodeFrame(encodeCooked(header, packet), { linkType });
    t.same(frame.cooked, header);
    t.match(describeFrame(frame), said);
  }
  for (const linkType of [LINK_TYPE.rawIp, LINK_TYPE.ipv4, 12])
    t.match(describeFrame(decodeFrame(packet, { linkType })), said);
  t.match(decodeFrame(packet, { linkType: 9999 }), {
    link: 'unknown',
    payload: packet,
    problems: ['link type 9999 is not known'],
  });
  t.match(decodeFrame(Uint8Array.of(0x50), { linkType: LINK_TYPE.rawIp }).problems, ['raw IP of version 5']);
  t.end();
});

t.test('what IGMP and MLD receivers must ignore is named', (t) => {
  const odd = Uint8Array.from(
    igmpV3Report({ source: '192.0.2.1', srcMac, records: [{ type: 'block', group: '239.1.1.1', sources: [] }] }),
  );
  odd[14 + 24 + 8] = 9;
  t.match(decodeFrame(odd), { igmp: { records: [] } });
  t.match(decodeFrame(odd).problems, [/checksum/, 'group record of unknown type 9 for 239.1.1.1']);
  t.end();
});

t.test('802.3: a length beyond the frame, and SNAP', (t) => {
  const head = '0180c2000000 525400000001';
  t.match(decodeFrame(fromHex(`${head} 0100 424203 0000`)).problems, [/^802\.3: length 256/, /^BPDU/]);
  const snap = decodeFrame(
    fromHex(`${head} 0024 aaaa03 000000 0806 0001080006040001 525400000001 c0000201 000000000000 c0000201`),
  );
  t.match(snap, { eth: { llc: { snap: { oui: 0, protocol: 0x0806 } } }, arp: { targetIp: '192.0.2.1' }, problems: [] });
  t.end();
});

t.test('no bytes make it throw', (t) => {
  const g = generator(20240611);
  const linkTypes = [...Object.values(LINK_TYPE), 12, 147];
  const started = process.hrtime.bigint();
  let clean = 0;
  let silent = 0;
  for (let i = 0; i < 60_000; i++) {
    const bytes = i % 4 === 0 ? g.bytes(g.below(120)) : mutate(g, g.pick(samples).frame);
    const linkType = i % 4 === 1 ? g.pick(linkTypes) : LINK_TYPE.ethernet;
    const frame = decodeFrame(bytes, g.flag() ? { linkType } : { linkType, originalLength: g.below(2000) });
    if (describeFrame(frame) === '') silent++;
    if (frame.problems.length === 0) clean++;
  }
  t.equal(silent, 0, 'something is said of each');
  t.ok(clean > 600, `some stay sound, so the decoders were reached (${clean})`);
  t.ok(process.hrtime.bigint() - started < 60_000_000_000n, 'no hang');
  t.end();
});

t.test('only the reply form of a gratuitous ARP names a target MAC', (t) => {
  const target = (form: 'request' | 'reply'): unknown =>
    decodeFrame(gratuitousArp({ mac: srcMac, ip: '192.0.2.1', form })).arp?.targetMac;
  t.equal(target('request'), '00:00:00:00:00:00');
  t.equal(target('reply'), srcMac, 'RFC 5944 4.6');
  t.end();
});

t.test('auxiliary data of a group record is stepped over', (t) => {
  const report = fromHex('22 00 0000 0000 0002 02 01 0000 ef010101 deadbeef 04 00 0000 ef010102');
  const problems: string[] = [];
  t.match(decodeIgmp(report, false, problems), {
    records: [
      { type: 'is-exclude', group: '239.1.1.1' },
      { type: 'to-exclude', group: '239.1.1.2' },
    ],
  });
  t.same(problems, []);
  t.end();
});

t.test('queries between the lengths of two versions are of none', (t) => {
  const igmp: string[] = [];
  t.match(decodeIgmp(fromHex('11 0a 0000 00000000 0000'), false, igmp), {
    type: 'query',
    version: 2,
    maxResponseMs: 1000,
  });
  t.same(igmp, ['IGMP query of 10 bytes is of no version: hosts ignore it']);
  const mld: string[] = [];
  t.match(decodeMld(fromHex(`82 00 0000 03e8 0000 ${'00'.repeat(16)} 0000`), mld), {
    type: 'query',
    version: 1,
    maxResponseMs: 1000,
  });
  t.same(mld, ['MLD query of 26 bytes is of no version: hosts ignore it']);
  t.end();
});

t.test('IPv6 fragments: the first has a header, a later one none, and one alone is whole', (t) => {
  const addresses = { src: 'fe80::1', dst: 'ff15::1' };
  const packet = encodeUdp({ srcPort: 1, dstPort: 2 }, new Uint8Array(16), addresses);
  const decode = (offset: number, more: boolean, payload: Uint8Array, protocol = 17) => {
    const extensions: Ipv6Extension[] = [{ type: 'fragment', offset, more, identification: 7 }];
    return decodeFrame(ipv6Frame({ srcMac }, { ...addresses, protocol, extensions }, payload));
  };
  t.match(decode(0, true, packet.subarray(0, 16)), { udp: { length: 24, checksum: 'unverified' }, problems: [] });
  t.match(decode(0, false, packet), { udp: { checksum: 'right' }, problems: [] }, 'RFC 6946 atomic fragment');
  // 60: the fragmented part begins with destination options, which are in the first fragment only.
  const later = decode(16, false, new Uint8Array(8).fill(0xff), 60);
  t.match(later, { ipv6: { protocol: 60, extensions: [{ type: 'fragment' }] }, problems: [] });
  t.same(later.payload, new Uint8Array(8).fill(0xff));
  t.match(describeFrame(later), /fragment at 16/);
  t.end();
});
