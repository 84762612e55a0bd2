/**
 * Datagrams as an attacker, a broken sender or a cut cable makes them, and what must be true of each parser whatever
 * comes. The test runs some of them, bench/fuzz-ping.ts a million for each parser.
 */
import fc from 'fast-check';
import { getopt } from '../../../lib/ping/getopt.ts';
import { OmpingNode } from '../../../lib/ping/omping-node.ts';
import { ompingOptions } from '../../../lib/ping/omping-options.ts';
import { Responder } from '../../../lib/ping/responder.ts';
import { encodeReply, encodeRequest, readRfcMessage } from '../../../lib/ping/rfc-message.ts';
import { SsmPing } from '../../../lib/ping/ssm-client.ts';
import { encodeSsmRequest, readSsmReply, readSsmRequest, writeSsmReply } from '../../../lib/ping/ssm-message.ts';
import { mcfirstOptions, ssmOptions } from '../../../lib/ping/ssm-options.ts';
import { readTlvs } from '../../../lib/ping/tlv.ts';
import { fromHex } from '../../../lib/wire/bytes.ts';

const SEEDS = [
  '49000000010200010018ca4d00000a4d000289488a681415070da4e8adb1de099f23000a0007000120e82bd3ea',
  '53000000010200010018ca4d00000a4d000289488a681415070da4e8adb1de099f23000400060001e82bd3ea000b0010c94d00005eee6172d31ac570157a4bb3',
  '51000000010200010018ca4d00000a4d000289488a681415070da4e8adb1de099f230002000400000001000300086b0148c100098dac000400060001e82bd3ea000b0010c94d00005eee6172d31ac570157a4bb3',
  '41000000010200010018ca4d00000a4d000289488a681415070da4e8adb1de099f230002000400000001000300086b0148c100098dac000400060001e82bd3ea0009000140',
  '510001000400005d380002000400000001000300086b014af6000440f3000500000007000200c80004000501ef0102ea',
  '510001000400005d390002000400000001000300086b014af6000440f3000500000004001102ff150000000000000000000043211234',
].map(fromHex);

const kinds = fc.constantFrom(0x49, 0x53, 0x51, 0x41);
/** Option by option, with lengths that lie now and then. */
const options = fc.tuple(kinds, fc.array(fc.record({ type: fc.oneof(fc.nat(13), fc.nat(65_535)), value: fc.uint8Array({ maxLength: 30 }), lie: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(65_535) }) }), { maxLength: 8 }))
  .map(([kind, list]) => Uint8Array.from([kind, ...list.flatMap(({ type, value, lie }) => { const length = lie ?? value.length; return [type >> 8, type & 255, length >> 8, length & 255, ...value]; })]));
/** A captured message with some octets replaced, and cut or lengthened. */
const damaged = fc.tuple(fc.constantFrom(...SEEDS), fc.array(fc.tuple(fc.nat(90), fc.nat(255)), { maxLength: 4 }), fc.option(fc.nat(90)), fc.uint8Array({ maxLength: 8 }))
  .map(([seed, changes, cut, more]) => {
    const bytes = Uint8Array.from([...(cut === null ? seed : seed.subarray(0, cut)), ...(cut === null ? more : [])]);
    for (const [at, octet] of changes) if (at < bytes.length) bytes[at] = octet;
    return bytes;
  });
export const datagrams: fc.Arbitrary<Uint8Array> = fc.oneof({ weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) }, { weight: 2, arbitrary: options }, { weight: 2, arbitrary: damaged });

const must = (what: string, holds: boolean): void => { if (!holds) throw new Error(what); };
const reply = new Uint8Array(65_507);
const time = (): { seconds: number; microseconds: number } => ({ seconds: 1, microseconds: 2 });
const random = (n: number): Uint8Array => new Uint8Array(n).fill(3);

const responder = new Responder({ rateNs: 0, rfcRateNs: 0, random, most: 64 }, 65_507);
let turn = 0;
const outbox: { bytes: Uint8Array; to: string }[] = [];
const makeNode = (self: string, peer: string): OmpingNode => new OmpingNode({
  peers: [{ name: peer, address: peer }], localAddress: self, group: '232.43.211.234', transport: 'asm', port: 4321, intervalMs: 1000, count: Infinity, ttl: 64, rateMs: 0, serves: true, asksVersion: false,
  quiet: 0, averages: true, detectDuplicates: true, pid: 7, random,
}, { send: (bytes, to) => { outbox.push({ bytes, to }); }, line: () => undefined, time });
let left = makeNode('10.0.0.1', '10.0.0.2'), right = makeNode('10.0.0.2', '10.0.0.1');

const ping = new SsmPing({ program: 'ssmping', server: '10.0.0.1', local: '10.0.0.2', group: '232.43.211.234', pid: 0x5d38, asksVersion: true, intervalMs: 1000 });

/** What must hold of any datagram, by parser. */
export const parsers: Record<string, (bytes: Uint8Array) => void> = {
  'options of both dialects': (bytes) => {
    const tlvs = readTlvs(bytes);
    must('options lie within the message, one behind the other', !tlvs || tlvs.reduce((at, { from, length }) => (from === at + 4 ? from + length : NaN), 1) === Math.max(1, bytes.length));
  },
  'dialect 1, request': (bytes) => {
    const ask = readSsmRequest(bytes);
    if (ask === undefined || ask === 'dialect 2') return;
    const length = writeSsmReply(reply, bytes, bytes.length, ask);
    must('no longer than request, version and wish', length <= Math.max(bytes.length + 32, ask.sizeBytes));
    must('an answer is answered by nobody', readSsmRequest(reply, length) === undefined);
  },
  'dialect 1, reply': (bytes) => { readSsmReply(bytes); },
  'dialect 2, message': (bytes) => {
    const message = readRfcMessage(bytes);
    if (!message) return;
    must('an answer adds no more than TTL and time', encodeReply(bytes, message, 64).bytes.length <= bytes.length + 5 + 12);
  },
  'server of both dialects': (bytes) => {
    turn++;
    const answer = responder.receive(bytes, bytes.length, turn % 2 ? 'inet' : 'inet6', () => (turn % 2 ? `10.1.${(turn >> 8) & 255}.${turn & 255}` : `fd77::${(turn & 0xffff).toString(16)}`), turn * 1e6);
    must('memory is bounded', responder.remembered <= 128);
    if (!answer) return;
    must('only requests and inits are answered', bytes[0] === 0x51 || bytes[0] === 0x49);
    const bound = Math.max(bytes.length + 32, 65_507 * Number(answer.dialect === 1));
    if (answer.dialect === 1) { must('bounded', answer.length <= bound); return; }
    const out = answer.answer.kind === 'reply' ? answer.answer.reply.bytes : answer.answer.bytes;
    // Version, group, session, server information: 5, 22, 20 and 32 bytes, on top of what is echoed.
    must('no amplification beyond the protocol’s', out.length <= bytes.length + 79);
    must('no answer to an answer', responder.receive(out, out.length, 'inet', () => '10.9.9.9', turn * 1e6) === undefined);
  },
  'two ompings': (bytes) => {
    // Now and then afresh, and joined; whatever comes then, they fall silent after a few messages.
    if (turn++ % 1000 === 0) { left = makeNode('10.0.0.1', '10.0.0.2'); right = makeNode('10.0.0.2', '10.0.0.1'); }
    if (turn % 50 === 0) { left.tick(turn * 1000); right.tick(turn * 1000); }
    const datagram = (b: Uint8Array, source: string) => ({ bytes: b, source, sourcePort: 4321, ttl: 64, seconds: 1, nanoseconds: 0 });
    left.receive(turn % 3 ? 'unicast' : 'multicast', datagram(bytes, turn % 2 ? '10.0.0.2' : '10.0.0.9'), turn * 1000);
    for (let steps = 0; outbox.length > 0; steps++) {
      must('an exchange ends', steps < 40);
      const { bytes: out, to } = outbox.shift() as { bytes: Uint8Array; to: string };
      if (to !== '10.0.0.9') (to === '10.0.0.1' ? left : right).receive(to.startsWith('232') ? 'multicast' : 'unicast', datagram(out, to === '10.0.0.1' ? '10.0.0.2' : '10.0.0.1'), turn * 1000);
    }
    must('still of sound mind', left.statistics().length >= 2);
  },
  'ssmping': (bytes) => {
    if (ping.transmitted < 3) ping.request(0, time);
    for (const line of ping.received(turn++ % 2 ? 'unicast' : 'multicast', { bytes, length: bytes.length, source: '10.0.0.1', ttl: turn & 255, seconds: 1, nanoseconds: 0 }, 0)) {
      // eslint-disable-next-line no-control-regex
      must('no control characters', !/[\x00-\x1f\x7f-\x9f]/.test(line));
    }
    must('nothing beyond what was asked', ping.course.multicast.last <= 3);
  },
};

const word = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('-c', '-i', '-M', '-w', '-t', '--', '-', '--json', '--fail-loss', '--size', '-vvq', '-46', '1', '-1', '1e9', 'asm', '0x10', '__proto__', '--__proto__', '239.1.2.3'));
export const commandLines = fc.array(word, { maxLength: 8 });
export function readCommandLine(words: readonly string[]): void {
  for (const made of [ompingOptions(words), ssmOptions('ssmping', words), ssmOptions('asmping', words), mcfirstOptions(words)]) {
    if ('refused' in made) must('a reason or the usage', made.usage || made.refused.length > 0);
    else if ('ttl' in made && made.version === 0) must('in range', made.ttl >= 1 && made.ttl <= 255 && made.intervalMs >= 0 && made.count >= 1);
  }
  must('every word is taken once', getopt(words, { short: '', long: {} }).operands.length <= words.length);
}

/** A request of dialect 1 and one of dialect 2, for floods. */
export const floodRequest = encodeSsmRequest({ pid: 1, sequence: 1, seconds: 1, microseconds: 1, group: '232.43.211.234', sizeBytes: 100 });
export const floodQuery = encodeRequest({ clientId: random(24), sequence: 1, time, group: '232.43.211.234', sessionId: random(16) });
