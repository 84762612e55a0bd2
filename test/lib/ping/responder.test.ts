// One port, two dialects: who is answered, where to, and who is not.
import t from 'tap';
import { encodeInit, encodeRequest, readRfcMessage } from '../../../lib/ping/rfc-message.ts';
import { type Answer, Responder } from '../../../lib/ping/responder.ts';
import { encodeSsmRequest } from '../../../lib/ping/ssm-message.ts';
import { formatIp } from '../../../lib/wire/address.ts';
import { fromHex, toHex } from '../../../lib/wire/bytes.ts';

const FROM = '10.77.0.2', CLIENT = new Uint8Array(24).fill(7);
const made = (rateNs = 0, rfcRateNs = 0): Responder => new Responder({ rateNs, rfcRateNs, random: (n) => new Uint8Array(n).fill(5), most: 100 }, 65_507);
const ask = (r: Responder, bytes: Uint8Array, from = FROM, nowNs = 0): Answer | undefined => r.receive(bytes, bytes.length, from.includes(':') ? 'inet6' : 'inet', () => from, nowNs);
const old = (group: string, more: { asksVersion?: boolean; sizeBytes?: number } = {}): Uint8Array => encodeSsmRequest({ pid: 1, sequence: 1, seconds: 1, microseconds: 1, group, ...more });
const request = (group: string, sessionId: Uint8Array): Uint8Array => encodeRequest({ clientId: CLIENT, sequence: 1, time: () => ({ seconds: 1, microseconds: 1 }), group, sessionId });

function groupOf(answer: Answer | undefined): string {
  if (answer?.dialect !== 1) return 'no answer of dialect 1';
  return answer.group ? formatIp(answer.group) : `none, ${answer.wrongGroup ?? ''} is wrong`;
}

void t.test('dialect 1: to the sender, and to groups of the protocol', async (t) => {
  const r = made();
  t.equal(groupOf(ask(r, old('239.1.2.234'))), '239.1.2.234');
  t.equal(groupOf(ask(r, old('239.1.2.3'))), 'none, 239.1.2.3 is wrong');
  t.equal(groupOf(ask(r, old('192.0.2.234'))), 'none, 192.0.2.234 is wrong', 'nobody is hit with what he never asked');
  t.equal(groupOf(ask(r, old('ff15::4321:1234'), 'fd77::2')), 'ff15::4321:1234');
  t.equal(groupOf(ask(r, old('ff15::1'), 'fd77::2')), 'none, ff15::1 is wrong');
  t.equal(groupOf(ask(r, old('239.1.2.234'), 'fd77::2')), 'none, 239.1.2.234 is wrong', 'nor in the other family');
  t.equal(groupOf(ask(r, fromHex('51'))), '232.43.211.234');
  t.equal(groupOf(ask(r, fromHex('51'), 'fd77::2')), 'ff3e::4321:1234');
  t.equal(groupOf(ask(r, fromHex('51000400060001e82bd3ea'))), '232.43.211.234', 'what cannot be read as a group is none');
  for (const hex of ['', '41', '53', '42', '410004000501e82bd3ea']) t.equal(ask(r, fromHex(hex)), undefined, `nothing to ${hex}`);
});

void t.test('dialect 1: replies no longer than wished, and than a datagram', async (t) => {
  const r = made(), length = (answer: Answer | undefined): number => (answer?.dialect === 1 ? answer.length : -1);
  t.equal(length(ask(r, old('239.1.2.234'))), 38);
  t.equal(length(ask(r, old('239.1.2.234', { sizeBytes: 20 }))), 44);
  t.equal(length(ask(r, old('239.1.2.234', { sizeBytes: 47 }))), 44, 'no room for padding');
  t.equal(length(ask(r, old('239.1.2.234', { sizeBytes: 48 }))), 48);
  t.equal(length(ask(r, old('239.1.2.234', { sizeBytes: 65_535 }))), 65_507);
  const long = new Uint8Array(65_507).fill(1);
  long[0] = 0x51;
  t.equal(length(ask(r, long)), 65_507);
});

void t.test('dialect 2 on the same port: omping and RFC 6450', async (t) => {
  const r = made();
  const init = ask(r, encodeInit({ clientId: CLIENT, group: '232.43.211.234', asks: [6] }));
  if (init?.dialect !== 2 || init.answer.kind !== 'response') throw new Error('no response');
  const accept = readRfcMessage(init.answer.bytes);
  t.match(accept, { type: 0x53, group: '232.43.211.234' });
  t.equal(Buffer.from(accept?.serverInfo ?? []).toString(), '0.9.1 (wirewarp) [asm][size]');
  const reply = ask(r, request('232.43.211.234', accept?.sessionId ?? new Uint8Array()));
  if (reply?.dialect !== 2 || reply.answer.kind !== 'reply') throw new Error('no reply');
  t.equal(reply.answer.group, '232.43.211.234');
  t.equal(reply.answer.reply.bytes.length, 69);
  const withoutSession = fromHex(toHex(request('239.1.2.234', new Uint8Array(16))).slice(0, -40));
  t.match(ask(r, withoutSession), { answer: { kind: 'reply', group: '239.1.2.234' } }, 'without an init, as RFC 6450 allows');
  t.match(ask(r, request('232.43.211.234', new Uint8Array(16).fill(9))), { answer: { kind: 'response', accepted: false } }, 'a session that is not ours');
  t.match(ask(r, fromHex(toHex(request('192.0.2.234', new Uint8Array(16))).slice(0, -40))), { answer: { kind: 'response' } }, 'a group that is none');
});

void t.test('dialect 2: the first wish that fits', async (t) => {
  const chosen = (prefix: string, from = FROM): string | undefined => {
    const answer = ask(made(), fromHex(`490000000102000100 01 07 ${prefix}`), from);
    if (answer?.dialect !== 2 || answer.answer.kind !== 'response') return undefined;
    const message = readRfcMessage(answer.answer.bytes);
    return message?.group ?? (message?.prefixes.length === 1 ? 'hint' : 'stop');
  };
  t.equal(chosen('000a0003000100'), '232.43.211.234', 'any');
  t.equal(chosen('000a0003000200', 'fd77::2'), 'ff3e::4321:1234');
  t.equal(chosen('000a000400 01 08 ef'), '239.0.0.234', '239/8');
  t.equal(chosen('000a000700 01 20 ef010203'), 'hint', 'exactly a group that we do not serve');
  t.equal(chosen('000a000700 01 20 ef0102ea'), '239.1.2.234');
  t.equal(chosen('000a000700 01 20 ef010203 000a0003000100'), '232.43.211.234', 'the second wish');
  t.equal(chosen('000a0004000108c0'), 'hint', 'no multicast');
  t.equal(chosen(''), 'hint');
});

void t.test('memory and answers are bounded under a flood of senders', async (t) => {
  const r = made(1e9, 1e9);
  let answered = 0;
  for (let n = 0; n < 50_000; n++) {
    const from = `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
    if (ask(r, n % 2 ? old('239.1.2.234') : encodeInit({ clientId: CLIENT, group: '232.43.211.234' }), from, n)) answered++;
  }
  t.equal(answered, 50_000);
  t.ok(r.remembered <= 200, `${r.remembered} of 50000 senders are remembered`);
  const flood = made(1e9);
  t.equal(Array.from({ length: 1000 }, () => ask(flood, old('239.1.2.234'))).filter(Boolean).length, 6, 'one sender gets a burst');
  t.equal(Array.from({ length: 1000 }, () => ask(made(), old('239.1.2.234'))).filter(Boolean).length, 1000, 'without a limit all, as the original');
});
