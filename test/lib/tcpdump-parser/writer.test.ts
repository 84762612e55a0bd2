// Writers: what they write is read back the same, by us and by tcpdump.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import t from 'tap';
import { parseCapture, writePcap, writePcapng } from '../../../lib/tcpdump-parser/index.ts';
import { rarpAnnouncement } from '../../../lib/wire/index.ts';
import { generator } from '../wire/generator.ts';

const TCPDUMP = '/usr/bin/tcpdump';
const missing = existsSync(TCPDUMP) ? false : `${TCPDUMP} is not installed`;

t.test('pcapng keeps nanoseconds, interface names, comments and directions', (t) => {
  const g = generator(3);
  const packets = Array.from({ length: 200 }, () => {
    const bytes = g.bytes(g.below(50));
    return {
      timestampNs: BigInt(g.below(2 ** 31)) * 1_000_000_000n + BigInt(g.below(1_000_000_000)),
      interfaceId: g.below(2),
      bytes,
      originalLength: bytes.length + g.below(3),
      comments: g.list(2, () => g.pick(['', 'x', 'the last report', 'größer ≥ 4 Bytes'])),
      ...(g.flag() && { direction: g.pick(['inbound', 'outbound'] as const) }),
    };
  });
  const interfaces = [
    { name: 'vmbr0', comments: ['snooping on'] },
    { name: 'tap-bob', description: 'bob', linkType: 101, snapLength: 96 },
  ];
  const capture = parseCapture(
    writePcapng(packets, interfaces, { comments: ['membership expiry', 'seed 7'], application: 'wirewarp' }),
  );
  t.ok(capture.end.clean);
  t.same(capture.comments, ['membership expiry', 'seed 7']);
  t.match(capture.interfaces, interfaces);
  t.same(
    capture.packets,
    packets.map((packet) => ({
      ...packet,
      capturedLength: packet.bytes.length,
      linkType: packet.interfaceId === 1 ? 101 : 1,
    })),
  );
  t.end();
});

t.test('pcap: nanoseconds, or microseconds for old readers', (t) => {
  const packet = { timestampNs: 1_700_000_000_123_456_789n, bytes: Uint8Array.of(1, 2, 3), originalLength: 60 };
  t.match(parseCapture(writePcap([packet])).packets, [packet]);
  t.match(parseCapture(writePcap([packet], { resolution: 'us', linkType: 113 })).packets, [
    { ...packet, timestampNs: 1_700_000_000_123_456_000n, linkType: 113 },
  ]);
  t.throws(() => writePcap([{ ...packet, timestampNs: -1n }]), RangeError);
  t.end();
});

t.test('tcpdump reads what we write', { skip: missing }, (t) => {
  const packet = {
    timestampNs: 1_700_000_000_123_456_789n,
    bytes: rarpAnnouncement({ mac: '52:54:00:fa:14:0d' }),
    comments: ['c'],
  };
  const writes = {
    pcap: writePcap([packet]),
    'pcap us': writePcap([packet], { resolution: 'us' }),
    pcapng: writePcapng([packet], [{ name: 'vmbr0' }], { comments: ['s'] }),
  };
  for (const [name, input] of Object.entries(writes)) {
    const run = spawnSync(TCPDUMP, ['-r', '-', '-n', '-e', '-tt', '--nano'], {
      input,
      encoding: 'utf8',
      timeout: 20_000,
    });
    t.equal(run.status, 0, run.stderr);
    const fraction = name === 'pcap us' ? '123456000' : '123456789';
    t.match(
      run.stdout,
      `1700000000.${fraction} 52:54:00:fa:14:0d > ff:ff:ff:ff:ff:ff, ethertype Reverse ARP (0x8035), length 60:`,
      name,
    );
  }
  t.end();
});

t.test('we read what tcpdump writes', { skip: missing }, (t) => {
  const packet = { timestampNs: 1_700_000_000_123_456_789n, bytes: rarpAnnouncement({ mac: '52:54:00:fa:14:0d' }) };
  const input = writePcapng([packet, packet]);
  const run = spawnSync(TCPDUMP, ['-r', '-', '-w', '-', '--nano'], { input, timeout: 20_000 });
  t.equal(run.status, 0, String(run.stderr));
  const capture = parseCapture(run.stdout);
  t.match(capture, { format: 'pcap', end: { clean: true } });
  t.match(capture.packets, [packet, packet]);
  t.end();
});
