// tcpdump's text back into frames: the two dumps of case D10, and whatever tcpdump itself prints of every kind of frame.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { decodePacket, parseTcpdumpText, writePcap, type TextPacket } from '../../../lib/tcpdump-parser/index.ts';
import { toHex } from '../../../lib/wire/index.ts';
import { generator } from '../wire/generator.ts';
import { samples } from '../wire/samples.ts';

const d10 = readFileSync(new URL('../../fixtures/D10-tcpdump-text.txt', import.meta.url), 'utf8');

t.test('the dumps of case D10', (t) => {
  const { packets, unread, dating } = parseTcpdumpText(d10);
  const [odd, proper] = packets as [TextPacket, TextPacket];
  t.equal(packets.length, 2);
  t.same(unread, []);
  t.equal(dating, 'time-of-day');
  t.equal(odd.timestampNs, ((11n * 60n + 22n) * 60n + 49n) * 1_000_000_000n + 601_381_000n);
  t.match(odd, { from: 'hex', linkHeader: 'hex', capturedLength: 60, originalLength: 60, disagreements: [] });
  t.match(decodePacket(odd), {
    eth: { src: '52:54:00:fa:14:0d', dst: 'ff:ff:ff:ff:ff:ff', etherType: 0x0835 },
    arp: undefined,
    problems: [/0x0835 belongs to no protocol: the payload is a RARP announcement of 52:54:00:fa:14:0d/],
  });
  // The second dump lacks the Ethernet header: the line has it.
  t.match(proper, { from: 'hex', linkHeader: 'line', capturedLength: 60, originalLength: 60, disagreements: [] });
  t.match(decodePacket(proper), {
    eth: { src: '00:16:3e:27:0f:ef', dst: 'ff:ff:ff:ff:ff:ff', etherType: 0x8035 },
    arp: {
      operation: 3,
      senderMac: '00:16:3e:27:0f:ef',
      targetMac: '00:16:3e:27:0f:ef',
      senderIp: '0.0.0.0',
      targetIp: '0.0.0.0',
    },
    problems: [],
  });
  t.end();
});

/** The ways in which a listing comes into a bug report. */
const pasted: Record<string, (text: string) => string> = {
  'quoted by mail': (text) => text.replace(/^/gm, '> '),
  'quoted twice': (text) => text.replace(/^/gm, '> > '),
  'indented by four': (text) => text.replace(/^/gm, '    '),
  'stripped of indentation': (text) => text.replace(/^[ \t]+/gm, ''),
  'in HTML': (text) => text.replaceAll('>', '&gt;').replaceAll('<', '&lt;'),
  'with carriage returns': (text) => text.replaceAll('\n', '\r\n'),
  'with blank lines between': (text) => text.replaceAll('\n', '\n\n'),
  'with hard blanks': (text) => text.replaceAll('\t', '\u00a0\u00a0\u00a0\u00a0'),
  'between words of people': (text) =>
    `Hello,\nthis is what we saw:\n\n$ tcpdump -e -n -X\ntcpdump: listening on eth0\n${text}\n\n2 packets captured\nRegards\n`,
};

for (const [how, change] of Object.entries(pasted)) {
  t.test(`case D10 ${how}`, (t) => {
    const plain = parseTcpdumpText(d10).packets.map(({ bytes }) => toHex(bytes));
    t.same(
      parseTcpdumpText(change(d10)).packets.map(({ bytes }) => toHex(bytes)),
      plain,
    );
    t.end();
  });
}

t.test('case D10 wrapped at any width by mail', (t) => {
  const plain = parseTcpdumpText(d10).packets.map(({ bytes }) => toHex(bytes));
  for (let width = 30; width < 80; width += 7) {
    const wrapped = d10
      .split('\n')
      .map((line) => line.replace(new RegExp(`(.{1,${width}})(?: +|$)`, 'g'), '$1\n').trimEnd())
      .join('\n');
    t.same(
      parseTcpdumpText(wrapped).packets.map(({ bytes }) => toHex(bytes)),
      plain,
      `at ${width} columns`,
    );
  }
  t.end();
});

t.test('a dump that was edited is noticed', (t) => {
  const edited = d10.replace('ffff 5254 00fa 140d 0835', 'ffff 5255 00fa 140d 8035');
  const [packet] = parseTcpdumpText(edited).packets as [TextPacket];
  t.match(packet.disagreements, [
    /line 2: the hex column and the ASCII column differ/,
    /source MAC: the line says 52:54:00:fa:14:0d, the bytes say 52:55:00:fa:14:0d/,
    /EtherType: the line says 0x0835, the bytes say 0x8035/,
  ]);
  const [gap] = parseTcpdumpText(d10.replace(/^.*0x0010.*\n/m, '')).packets as [TextPacket];
  t.match(gap.disagreements, [/the row at 0x0020 comes after 16 bytes/]);
  t.equal(decodePacket(gap).eth?.etherType, 0x0835, 'what is there stays where it was');
  t.end();
});

t.test('what belongs to no packet is told', (t) => {
  t.match(parseTcpdumpText('').packets, []);
  t.match(parseTcpdumpText('nothing here\nat all').unread, [{ line: 1, why: 'it belongs to no packet' }, { line: 2 }]);
  t.match(parseTcpdumpText('12:00:00.000000 something odd').unread, [
    { line: 1, why: /neither the line nor a hex dump/ },
  ]);
  t.end();
});

t.test('time stamps', (t) => {
  const times = (lines: string[], options = {}): [string, bigint[]] => {
    const { packets, dating } = parseTcpdumpText(
      lines.map((stamp) => `${stamp} ARP, Request who-has 192.0.2.1 tell 192.0.2.2, length 28`).join('\n'),
      options,
    );
    return [dating, packets.map(({ timestampNs }) => timestampNs)];
  };
  t.same(times([' 00:00:00.000000', ' 00:00:00.000004', ' 00:00:00.406295']), ['elapsed', [0n, 4000n, 406_295_000n]]);
  t.same(times([' 00:00:00.000000', ' 00:00:00.000004', ' 00:00:00.000003']), ['delta', [0n, 4000n, 7000n]]);
  t.same(times([' 00:00:00.000000', ' 00:00:00.000004'], { dating: 'delta' }), ['delta', [0n, 4000n]]);
  t.same(times(['23:59:59.900000', '00:00:00.100000']), ['time-of-day', [86_399_900_000_000n, 86_400_100_000_000n]]);
  t.same(times(['1767225661.272208', '1767225661.272212123']), [
    'epoch',
    [1_767_225_661_272_208_000n, 1_767_225_661_272_212_123n],
  ]);
  t.same(times(['2026-01-01 00:01:01.5']), ['date', [1_767_225_661_500_000_000n]]);
  t.equal(parseTcpdumpText('ARP, Request who-has 192.0.2.1 tell 192.0.2.2, length 28').packets[0]?.untimed, true);
  t.end();
});

t.test('old forms', (t) => {
  const one = (line: string): ReturnType<typeof decodePacket> =>
    decodePacket(parseTcpdumpText(line).packets[0] as TextPacket);
  t.match(one('10:00:00.000000 0:16:3e:27:f:ef ff:ff:ff:ff:ff:ff 0806 60: arp who-has 192.0.2.1 tell 192.0.2.2'), {
    eth: { src: '00:16:3e:27:0f:ef' },
    arp: { operation: 1, senderMac: '00:16:3e:27:0f:ef', senderIp: '192.0.2.2', targetIp: '192.0.2.1' },
  });
  t.match(one('10:00:00.000000 rarp who-is 00:16:3e:27:0f:ef tell 00:16:3e:27:0f:ef'), {
    arp: { operation: 3, senderMac: '00:16:3e:27:0f:ef' },
  });
  t.match(one('10:00:00.000000 eth0  In  IP 192.0.2.1.5405 > 239.192.5.5.5405: UDP, length 64'), {
    udp: { dstPort: 5405 },
  });
  t.match(one('10:00:00.000000 IP 192.0.2.1.netsupport > 239.192.5.5.netsupport: UDP, length 64'), {
    udp: { srcPort: 5405, dstPort: 5405 },
  });
  t.end();
});

const TCPDUMP = '/usr/bin/tcpdump';
const missing = existsSync(TCPDUMP) ? false : `${TCPDUMP} is not installed`;
const frames = samples.map(({ frame }) => frame);

function listing(flags: string): string {
  const input = writePcap(frames.map((bytes, index) => ({ timestampNs: BigInt(index + 1) * 1_000_000_000n, bytes })));
  const run = spawnSync(TCPDUMP, ['-r', '-', ...flags.split(' ')], { input, encoding: 'utf8', timeout: 20_000 });
  if (run.status !== 0) throw new Error(`tcpdump: ${run.stderr}`);
  return run.stdout;
}

for (const dump of ['-xx', '-XX', '-e -x', '-e -X']) {
  for (const rest of [
    '-n',
    '-n -v',
    '-n -vv',
    '-n -vvv',
    '-n -t -vvv',
    '-n -tt',
    '-n -ttt -v',
    '-n -tttt',
    '-n -ttttt -vv',
  ]) {
    t.test(`tcpdump ${dump} ${rest}: every frame byte for byte`, { skip: missing }, (t) => {
      const { packets } = parseTcpdumpText(listing(`${dump} ${rest}`));
      t.equal(packets.length, frames.length);
      packets.forEach((packet, i) => {
        const name = samples[i]?.name ?? '';
        t.equal(packet.from, 'hex', name);
        t.equal(toHex(packet.bytes), toHex(frames[i] as Uint8Array), name);
        t.same(packet.disagreements, [], `${name}: line and dump agree`);
      });
      t.end();
    });
  }
}

for (const flags of ['-n -e', '-n -e -v', '-n -e -vv', '-n -e -vvv', '-n -e -t', '-e']) {
  t.test(`tcpdump ${flags}: from the words alone`, { skip: missing }, (t) => {
    const { packets } = parseTcpdumpText(listing(flags));
    t.equal(packets.length, frames.length);
    packets.forEach((packet, i) => {
      const name = samples[i]?.name ?? '';
      const [is, was] = [
        decodePacket(packet),
        decodePacket({ ...packet, bytes: frames[i] as Uint8Array, linkType: 1 }),
      ];
      t.same(is.eth?.vlans, was.eth?.vlans, `${name}: tags`);
      t.same([is.eth?.src, is.eth?.dst], [was.eth?.src, was.eth?.dst], `${name}: addresses`);
      t.same(
        [is.ipv4?.src, is.ipv4?.dst, is.ipv6?.src, is.ipv6?.dst],
        [was.ipv4?.src, was.ipv4?.dst, was.ipv6?.src, was.ipv6?.dst],
        name,
      );
      if (packet.from === 'hex' || packet.lacking.length > 0) return;
      for (const layer of ['arp', 'igmp', 'mld', 'lacp', 'stp'] as const)
        t.same(is[layer], was[layer], `${name}: ${layer}`);
    });
    t.end();
  });
}

t.test('the comparison can fail: another frame’s dump', { skip: missing }, (t) => {
  const [first = '', second = ''] = listing('-e -XX -n -t').split(/\n(?=\S)/);
  const swapped = `${first.split('\n')[0] ?? ''}\n${second.split('\n').slice(1).join('\n')}\n`;
  t.ok((parseTcpdumpText(swapped).packets[0]?.disagreements.length ?? 0) > 0);
  t.end();
});

t.test('damaged listings give what is there, and never throw', { skip: missing }, (t) => {
  const random = generator(4321);
  const listings = ['-e -n -vvv', '-n -X -v', '-e -XX'].map(listing);
  for (let round = 0; round < 300; round++) {
    const text = [...(listings[round % listings.length] as string)];
    for (let i = 0; i < 40; i++) {
      const at = random.below(text.length);
      const what = random.below(3);
      text.splice(
        at,
        what === 0 ? 0 : 1 + random.below(what === 1 ? 1 : 60),
        ...(what === 2 ? [] : [String.fromCharCode(random.below(128))]),
      );
    }
    const { packets } = parseTcpdumpText(text.join(''));
    for (const packet of packets) decodePacket(packet);
    if (packets.length === 0) t.fail('forty edits do not hide every packet');
  }
  t.end();
});
