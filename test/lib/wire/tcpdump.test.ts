// Our encoders against a program that others wrote: what does tcpdump say of each frame, and does it accept the checksums?
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import t from 'tap';
import { decodeFrame } from '../../../lib/wire/index.ts';
import { writePcap } from '../../../lib/tcpdump-parser/index.ts';
import { samples } from './samples.ts';

const TCPDUMP = '/usr/bin/tcpdump';
const missing = existsSync(TCPDUMP) ? false : `${TCPDUMP} is not installed`;

/** One piece of text a packet. The time stamp, which is the packet's number in seconds, parts them. */
function tcpdump(frames: readonly Uint8Array[]): string[] {
  const input = writePcap(frames.map((bytes, index) => ({ timestampNs: BigInt(index + 1) * 1_000_000_000n, bytes })));
  const run = spawnSync(TCPDUMP, ['-r', '-', '-n', '-e', '-vv', '-tt'], { input, encoding: 'utf8', timeout: 20_000 });
  if (run.status !== 0) throw new Error(`tcpdump: ${run.stderr}`);
  return run.stdout.split(/^(?=\d+\.\d{6,9} )/m);
}

t.test('tcpdump reads each frame as what it is', { skip: missing }, (t) => {
  const said = tcpdump(samples.map(({ frame }) => frame));
  t.equal(said.length, samples.length, 'one text a packet');
  for (const [index, { name, tcpdump: expected }] of samples.entries()) {
    const text = said[index] ?? '';
    t.match(text, expected, name);
    t.notMatch(text, /bad.{0,8}cksum|wrong.{0,8}cksum|bad udp|invalid|truncated|\[\|/i, `${name}: accepted`);
  }
  t.end();
});

t.test('the comparison can fail: tcpdump and decodeFrame both reject a damaged checksum', { skip: missing }, (t) => {
  const named = [
    'IGMPv3 report',
    'MLDv2 report',
    'UDP over IPv4',
    'UDP over IPv6',
    'ICMP echo',
    'neighbor solicitation',
  ];
  for (const { name, frame } of samples.filter((sample) => named.includes(sample.name))) {
    const { ipv4, udp } = decodeFrame(frame);
    // The checksum field of the innermost header.
    const at = udp
      ? ipv4
        ? 14 + 20 + 6
        : 14 + 40 + 6
      : name.startsWith('IGMP')
        ? 14 + 24 + 2
        : ipv4
          ? 14 + 20 + 2
          : name.startsWith('MLD')
            ? 14 + 48 + 2
            : 14 + 40 + 2;
    const damaged = Uint8Array.from(frame);
    damaged[at] = (damaged[at] ?? 0) ^ 0x55;
    t.match(tcpdump([damaged])[0] ?? '', /bad.{0,8}cksum|wrong.{0,8}cksum|bad icmp6/i, `${name}: tcpdump`);
    t.match(decodeFrame(damaged).problems, [/checksum/], `${name}: decodeFrame`);
  }
  t.end();
});
