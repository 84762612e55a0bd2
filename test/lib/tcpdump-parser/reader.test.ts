// Readers: both formats, both byte orders, every block that carries packets; cut and corrupt captures; chunks of any size.
import t from 'tap';
import {
  CaptureReader,
  decodePacket,
  LINK_TYPE,
  parseCapture,
  writePcap,
  writePcapng,
  type Packet,
} from '../../../lib/tcpdump-parser/index.ts';
import { igmpQuery } from '../../../lib/wire/index.ts';
import { concat } from '../../../lib/wire/bytes.ts';
import { generator, mutate } from '../wire/generator.ts';
import { handMade, section } from './hand-made.ts';

const bytes = Uint8Array.of(1, 2, 3, 4, 5);
const END = Uint8Array.of(0, 0, 0, 0);
const order = (littleEndian: boolean): string => (littleEndian ? 'little-endian' : 'big-endian');

for (const littleEndian of [true, false]) {
  const h = handMade(littleEndian);

  for (const [magic, fraction, timestampNs] of [
    [0xa1b2c3d4, 123456, 1_700_000_000_123_456_000n],
    [0xa1b23c4d, 123456789, 1_700_000_000_123_456_789n],
  ] as const) {
    t.test(`pcap, ${order(littleEndian)}, magic ${magic.toString(16)}`, (t) => {
      // 0xf4000071: frame check sequences are told in the upper bits.
      const file = concat(h.u32(magic), h.u16(2), h.u16(4), h.u32(0), h.u32(0), h.u32(65535), h.u32(0xf4000071),
        h.u32(1_700_000_000), h.u32(fraction), h.u32(5), h.u32(1500), bytes); // prettier-ignore
      const capture = parseCapture(file);
      t.match(capture, {
        format: 'pcap',
        interfaces: [{ linkType: 113, snapLength: 65535 }],
        end: { clean: true, offset: file.length },
      });
      t.same(capture.packets, [
        { timestampNs, interfaceId: 0, linkType: 113, capturedLength: 5, originalLength: 1500, bytes, comments: [] },
      ]);
      t.end();
    });
  }

  t.test(`pcapng, ${order(littleEndian)}: interfaces, blocks and options`, (t) => {
    const minusHour = h.ticks(BigInt.asUintN(64, -3600n));
    // if_tsoffset is one 64-bit number in the section's order, not two halves.
    const offset = littleEndian ? concat(minusHour.subarray(4), minusHour.subarray(0, 4)) : minusHour;
    const file = concat(
      section(h, h.option(1, 'first'), h.option(4, 'by hand'), h.option(1, 'second'), END),
      h.block(
        1,
        h.u16(1),
        h.u16(0),
        h.u32(0),
        h.option(2, 'vmbr0'),
        h.option(3, 'a bridge'),
        h.option(9, Uint8Array.of(9)),
        END,
      ),
      h.block(
        1,
        h.u16(101),
        h.u16(0),
        h.u32(3),
        h.option(1, 'slow'),
        h.option(9, Uint8Array.of(0x80 | 10)),
        h.option(14, offset),
        END,
      ),
      h.block(1, h.u16(276), h.u16(0), h.u32(0)), // no options: microseconds
      h.block(5, new Uint8Array(20)), // statistics: skipped
      h.block(6, h.u32(0), h.ticks(1_700_000_000_123_456_789n), h.u32(5), h.u32(60), bytes, new Uint8Array(3),
        h.option(1, 'the last report'), h.option(2, h.u32(2)), h.option(1, 'seen twice'), END), // prettier-ignore
      h.block(6, h.u32(1), h.ticks(1_700_003_600n * 1024n + 512n), h.u32(3), h.u32(5), bytes.subarray(0, 3)),
      h.block(2, h.u16(2), h.u16(7), h.ticks(1_700_000_000_123_456n), h.u32(5), h.u32(5), bytes),
      h.block(3, h.u32(5), bytes),
      section(h),
      h.block(1, h.u16(1), h.u16(0), h.u32(3), h.option(2, 'tap0'), END),
      h.block(3, h.u32(5), bytes.subarray(0, 3)),
    );
    const capture = parseCapture(file);
    t.same(capture.end, { clean: true, offset: file.length });
    t.same(capture.comments, ['first', 'second']);
    t.match(capture.interfaces, [
      { name: 'vmbr0', description: 'a bridge', linkType: 1, ticksPerSecond: 1_000_000_000n },
      { linkType: 101, comments: ['slow'], ticksPerSecond: 1024n, offsetSeconds: -3600n },
      { linkType: 276, ticksPerSecond: 1_000_000n, offsetSeconds: 0n },
      { name: 'tap0' },
    ]);
    const base = { capturedLength: 5, originalLength: 5, bytes, comments: [] };
    const cut = { ...base, capturedLength: 3, bytes: bytes.subarray(0, 3) };
    t.same(capture.packets, [
      {
        ...base,
        timestampNs: 1_700_000_000_123_456_789n,
        interfaceId: 0,
        linkType: 1,
        originalLength: 60,
        comments: ['the last report', 'seen twice'],
        direction: 'outbound',
      },
      { ...cut, timestampNs: 1_700_000_000_500_000_000n, interfaceId: 1, linkType: 101 },
      { ...base, timestampNs: 1_700_000_000_123_456_000n, interfaceId: 2, linkType: 276 },
      { ...base, timestampNs: 0n, untimed: true, interfaceId: 0, linkType: 1 },
      { ...cut, timestampNs: 0n, untimed: true, interfaceId: 3, linkType: 1 },
    ]);
    t.end();
  });
}

t.test('a section may change the byte order', (t) => {
  const little = handMade(true);
  const big = handMade(false);
  const body = (h: typeof little): Uint8Array =>
    concat(section(h), h.block(1, h.u16(1), h.u16(0), h.u32(0)), h.block(3, h.u32(5), bytes));
  const capture = parseCapture(concat(body(little), body(big), body(little)));
  t.ok(capture.end.clean);
  t.same(
    capture.packets.map((packet) => packet.interfaceId),
    [0, 1, 2],
  );
  t.end();
});

const packets = [1, 2, 3].map((n) => ({
  timestampNs: BigInt(n) * 1_500_000_001n,
  bytes: igmpQuery({ version: 3, source: '192.0.2.1', srcMac: `52:54:00:00:00:0${n}` }),
}));
const files = {
  pcap: writePcap(packets),
  pcapng: writePcapng(
    packets.map((packet) => ({ ...packet, comments: ['x'] })),
    [{ name: 'vmbr0' }],
    { comments: ['y'] },
  ),
};

for (const [format, file] of Object.entries(files)) {
  t.test(`${format}: any chunks give the same packets`, (t) => {
    const whole = parseCapture(file);
    t.equal(whole.packets.length, 3);
    t.match(decodePacket(whole.packets[0] as Packet).igmp, { type: 'query', version: 3 });
    for (const size of [1, 2, 3, 7, 16, 61, 1000]) {
      const reader = new CaptureReader();
      const got: Packet[] = [];
      // One buffer for all chunks, as fs.read does: packets must not be views of it.
      const chunk = new Uint8Array(size);
      for (let at = 0; at < file.length; at += size) {
        const part = file.subarray(at, at + size);
        chunk.set(part);
        got.push(...reader.push(chunk.subarray(0, part.length)));
        chunk.fill(0xee);
      }
      t.same(got, whole.packets, `chunks of ${size}`);
      t.same(reader.end(), { clean: true, offset: file.length });
    }
    t.end();
  });

  t.test(`${format}: cut anywhere, the end says where`, (t) => {
    const starts = new Set<number>();
    const wrong: string[] = [];
    for (let length = 0; length <= file.length; length++) {
      const { end, packets: got } = parseCapture(file.subarray(0, length));
      if (end.clean) starts.add(length);
      else if (end.offset > length || !/^it ends in .*: \d+ of \d+ bytes are there$/.test(end.reason))
        wrong.push(`at ${length}: ${end.reason}`);
      if (length === file.length - 1) {
        t.equal(got.length, 2, 'the packets before the cut');
        t.match(end, { clean: false, reason: format === 'pcap' ? /a record: / : /a block of type 6/ });
      }
    }
    t.same(wrong, []);
    // Clean are only: after the header, after each packet (pcapng: after section, interface, each packet).
    t.equal(starts.size, format === 'pcap' ? 4 : 5);
    t.end();
  });
}

t.test('what makes no sense ends the reading, with its place', (t) => {
  const h = handMade(true);
  const start = concat(section(h), h.block(1, h.u16(1), h.u16(0), h.u32(0)));
  const reason = (file: Uint8Array): { offset: number; reason: string } => {
    const { end } = parseCapture(file);
    return { offset: end.offset, reason: end.clean ? 'clean' : end.reason };
  };
  t.match(reason(new TextEncoder().encode('11:22:49.601381 52:54')), { offset: 0, reason: /neither pcap nor pcapng/ });
  t.match(reason(new Uint8Array(0)), { offset: 0, reason: 'it ends in the capture header: 0 of 4 bytes are there' });
  t.match(reason(concat(start, h.u32(6), h.u32(13), new Uint8Array(40))), {
    offset: start.length,
    reason: 'a block of type 6 claims 13 bytes',
  });
  t.match(reason(concat(start, h.u32(6), h.u32(0xfffffff0), new Uint8Array(40))), {
    reason: /claims 4294967280 bytes/,
  });
  t.match(reason(concat(start, h.block(6, h.u32(9), new Uint8Array(16)))), {
    offset: start.length,
    reason: /interface 9, which the section did not describe/,
  });
  t.match(reason(concat(start, h.block(6, h.u32(0), h.ticks(0n), h.u32(99), h.u32(99), bytes))), {
    reason: 'block of type 6: 28 bytes are there, 119 needed',
  });
  const trailer = h.block(3, h.u32(5), bytes);
  trailer[trailer.length - 4] = 0x40;
  t.match(reason(concat(start, trailer)), { reason: /begins with length 24, ends with 64/ });
  t.match(reason(concat(start, h.u32(0x0bad), h.u32(1000), new Uint8Array(40))), {
    reason: 'a skipped block lacks 952 bytes',
  });
  t.match(reason(concat(h.u32(0xa1b2c3d4), h.u16(9), h.u16(0), new Uint8Array(16))), { reason: /version 9\.0/ });
  const record = concat(writePcap([]), h.u32(0), h.u32(0), h.u32(0x7fffffff), h.u32(60), new Uint8Array(60));
  t.match(reason(record), { offset: 24, reason: 'a record claims 2147483647 bytes' });

  const reader = new CaptureReader();
  reader.push(Uint8Array.of(9, 9, 9, 9));
  t.same(reader.push(files.pcap), [], 'nothing after a fault');
  t.end();
});

t.test('a long stream takes the memory of one chunk', (t) => {
  const record = writePcap([{ timestampNs: 0n, bytes: new Uint8Array(1000) }]).subarray(24);
  const chunk = concat(...Array.from({ length: 64 }, () => record));
  const reader = new CaptureReader();
  reader.push(writePcap([]));
  let count = 0;
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 2000; i++) {
    // Off by a third of a record, so that each chunk ends in the middle of one.
    count += reader.push(chunk.subarray(0, 333)).length + reader.push(chunk.subarray(333)).length;
  }
  const grown = process.memoryUsage().arrayBuffers - before;
  t.comment(`${grown} bytes`);
  t.equal(count, 128_000, '130 MB of capture');
  t.ok(grown < 64 * 1024 * 1024, `${grown} bytes held after it`);
  t.ok(reader.end().clean);
  t.end();
});

t.test('no bytes make it throw or hang', (t) => {
  const g = generator(7);
  const started = process.hrtime.bigint();
  let clean = 0;
  const different: number[] = [];
  for (let i = 0; i < 20_000; i++) {
    const file = mutate(g, i % 10 === 0 ? g.bytes(g.below(200)) : g.pick(Object.values(files)));
    const reader = new CaptureReader();
    for (let at = 0; at < file.length;) {
      const size = 1 + g.below(100);
      for (const packet of reader.push(file.subarray(at, at + size))) {
        if (packet.capturedLength !== packet.bytes.length)
          throw new Error(`round ${i}: ${packet.capturedLength} bytes`);
        decodePacket(packet);
      }
      at += size;
    }
    const { end, packets: got } = parseCapture(file);
    if (end.clean && got.length > 0) clean++;
    if (JSON.stringify(reader.end()) !== JSON.stringify(end)) different.push(i);
  }
  t.same(different, [], 'chunks and the whole end alike');
  t.ok(clean > 200 && clean < 19_000, `${clean} of 20000 end cleanly`);
  t.ok(process.hrtime.bigint() - started < 60_000_000_000n, 'no hang');
  t.end();
});

t.test('link types of a packet reach decodeFrame', (t) => {
  const packet = igmpQuery({ version: 1, source: '192.0.2.1', srcMac: '52:54:00:00:00:01' }).subarray(14);
  const [first] = parseCapture(
    writePcap([{ timestampNs: 0n, bytes: packet, originalLength: 99 }], { linkType: LINK_TYPE.rawIp }),
  ).packets;
  t.match(decodePacket(first as Packet), {
    link: 'ip',
    igmp: { version: 1 },
    problems: ['46 of 99 bytes were captured'],
  });
  t.end();
});
