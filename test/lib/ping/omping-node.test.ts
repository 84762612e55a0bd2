// omping's state machines against recorded exchanges and the rules that the original was seen to follow.
import t from 'tap';
import { OmpingNode, type OmpingNodeOptions } from '../../../lib/ping/omping-node.ts';
import { encodeRequest, encodeServerResponse, readRfcMessage } from '../../../lib/ping/rfc-message.ts';
import { fromHex, toHex } from '../../../lib/wire/bytes.ts';

const A = '10.77.0.1', B = '10.77.0.2', GROUP = '232.43.211.234';
interface Sent { hex: string; address: string; port: number }

function node(local: string, peers: readonly string[], more: Partial<OmpingNodeOptions> = {}): { node: OmpingNode; sent: Sent[]; lines: string[]; at: { us: number } } {
  const sent: Sent[] = [], lines: string[] = [], at = { us: 0 };
  let dice = 0;
  return {
    sent, lines, at,
    node: new OmpingNode({
      peers: peers.map((address) => ({ name: address, address })), localAddress: local, group: GROUP, transport: 'asm', port: 4321, intervalMs: 1000, count: Infinity, ttl: 64, rateMs: 1000,
      serves: true, asksVersion: false, quiet: 0, averages: false, detectDuplicates: true, pid: 0x4dca, random: (n) => new Uint8Array(n).fill(++dice), ...more,
    }, { send: (bytes, address, port) => sent.push({ hex: toHex(bytes), address, port }), line: (text) => lines.push(text), time: () => ({ seconds: 1_000_000, microseconds: at.us }) }),
  };
}
type Made = ReturnType<typeof node>;
const come = (to: Made, hex: string, from: string, { cast = 'unicast', ms = 0, us = 0, ttl = 64, port = 4321 }: { cast?: 'unicast' | 'multicast'; ms?: number; us?: number; ttl?: number; port?: number } = {}): boolean =>
  to.node.receive(cast, { bytes: fromHex(hex), source: from, sourcePort: port, ttl, seconds: 1_000_000, nanoseconds: us * 1000 }, ms);
const taken = (from: Made): Sent => { const [sent] = from.sent.splice(0, 1); if (!sent) throw new Error('nothing was sent'); return sent; };
const type = ({ hex }: Sent): string => String.fromCharCode(Number.parseInt(hex.slice(0, 2), 16));

void t.test('a run of three, as the original printed it', async (t) => {
  const a = node(A, [B], { averages: true, count: 3 }), b = node(B, [A]);
  a.node.tick(0);
  t.same([type(a.sent[0] as Sent), a.sent[0]?.hex.length], ['I', 90]);
  a.sent.length = 0;
  a.node.tick(500);
  t.equal(a.sent.length, 0, 'an init a second');
  a.node.tick(1000);
  come(b, taken(a).hex, A);
  const accept = taken(b);
  t.same([type(accept), accept.hex.length / 2, accept.address, accept.port], ['S', 64, A, 4321]);
  come(a, accept.hex, B);
  const times = [[19, 406], [128, 194], [130, 190]];
  for (const [turn, [unicast = 0, multicast = 0]] of times.entries()) {
    if (turn > 0) a.node.tick(1000 + turn * 1000);
    const query = taken(a);
    t.same([type(query), query.hex.length / 2], ['Q', 84]);
    come(b, query.hex, A, { ms: turn * 1000 });
    const [one, two] = [taken(b), taken(b)];
    t.same([one.address, two.address, one.hex === two.hex], [A, GROUP, true], 'unicast first, both alike');
    come(a, one.hex, B, { us: unicast });
    come(a, two.hex, B, { us: multicast, cast: 'multicast' });
  }
  a.node.tick(4000);
  t.ok(a.node.stopped);
  t.same([...a.lines, ...a.node.statistics()], `10.77.0.2 : waiting for response msg
10.77.0.2 : waiting for response msg
10.77.0.2 : joined (S,G) = (*, 232.43.211.234), pinging
10.77.0.2 :   unicast, seq=1, size=69 bytes, dist=0, time=0.019ms (0.019 avg, 0% loss)
10.77.0.2 : multicast, seq=1, size=69 bytes, dist=0, time=0.406ms (0.406 avg, 0% loss)
10.77.0.2 :   unicast, seq=2, size=69 bytes, dist=0, time=0.128ms (0.073 avg, 0% loss)
10.77.0.2 : multicast, seq=2, size=69 bytes, dist=0, time=0.194ms (0.300 avg, 0% loss)
10.77.0.2 :   unicast, seq=3, size=69 bytes, dist=0, time=0.130ms (0.092 avg, 0% loss)
10.77.0.2 : multicast, seq=3, size=69 bytes, dist=0, time=0.190ms (0.263 avg, 0% loss)
10.77.0.2 : given amount of query messages was sent

10.77.0.2 :   unicast, xmt/rcv/%loss = 3/3/0%, min/avg/max/std-dev = 0.019/0.092/0.130/0.064
10.77.0.2 : multicast, xmt/rcv/%loss = 3/3/0%, min/avg/max/std-dev = 0.190/0.263/0.406/0.124`.split('\n'));
});

/** A client that has joined, and the session that it got. */
function joined(more: Partial<OmpingNodeOptions> = {}): { a: Made; b: Made } {
  const a = node(A, [B], more), b = node(B, [A], { ...more, rateMs: 0 });
  a.node.tick(0);
  come(b, taken(a).hex, A);
  come(a, taken(b).hex, B);
  return { a, b };
}
const answers = (b: Made, query: Sent, ms = 0): Sent[] => { come(b, query.hex, A, { ms }); return b.sent.splice(0); };

void t.test('duplicates, late multicast, hops', async (t) => {
  const { a, b } = joined();
  const [first] = answers(b, taken(a));
  if (!first) return;
  come(a, first.hex, B, { us: 100, ttl: 62 });
  come(a, first.hex, B, { us: 100, ttl: 62 });
  a.node.tick(1000);
  const [, second] = answers(b, taken(a));
  come(a, second?.hex ?? '', B, { cast: 'multicast', us: 200, ttl: -1 });
  t.same(a.lines.slice(-3), ['10.77.0.2 :   unicast, seq=1, size=69 bytes, dist=2, time=0.100ms', '10.77.0.2 :   unicast, seq=1 (dup), size=69 bytes, dist=2, time=0.100ms', '10.77.0.2 : multicast, seq=2, size=69 bytes, time=0.200ms']);
  t.same(a.node.statistics(), ['', '10.77.0.2 :   unicast, xmt/rcv/%loss = 2/1+1/50%, min/avg/max/std-dev = 0.100/0.100/0.100/0.000', '10.77.0.2 : multicast, xmt/rcv/%loss = 2/1/50% (seq>=2 0%), min/avg/max/std-dev = 0.200/0.200/0.200/0.000']);
  const off = joined({ detectDuplicates: false });
  const [one] = answers(off.b, taken(off.a));
  come(off.a, one?.hex ?? '', B);
  come(off.a, one?.hex ?? '', B);
  t.equal(off.a.node.hosts[0]?.client.unicast.received, 2, '-D counts them');
});

void t.test('a peer that leaves, and one that comes back', async (t) => {
  const { a, b } = joined();
  const query = taken(a);
  b.node.finish();
  come(b, query.hex, A);
  const stop = taken(b);
  t.equal(stop.hex.length / 2, 42);
  come(a, stop.hex, B, { ms: 1000 });
  t.equal(a.node.hosts[0]?.client.transmitted, 0, 'the query that nobody knew does not count');
  a.node.tick(2000);
  const init = taken(a);
  t.equal(type(init), 'I');
  t.not(init.hex.slice(20, 68), query.hex.slice(20, 68), 'with a new client ID');
  come(b, init.hex, A);
  const no = taken(b);
  t.equal(no.hex.length / 2, 34);
  come(a, no.hex, B);
  t.same(a.lines.slice(-2), ['10.77.0.2 : waiting for response msg', '10.77.0.2 : server told us to stop']);
  t.ok(a.node.stopped);
  a.node.tick(9000);
  t.equal(a.sent.length, 0);

  const again = joined();
  taken(again.a);
  for (let turn = 1; turn <= 2; turn++) { again.a.node.tick(turn * 1000); }
  const [, last] = again.a.sent.splice(0);
  const restarted = node(B, [A]);
  come(restarted, (last as Sent).hex, A);
  come(again.a, taken(restarted).hex, B);
  again.a.node.tick(3000);
  come(restarted, taken(again.a).hex, A);
  come(again.a, taken(restarted).hex, B);
  t.equal(readRfcMessage(fromHex(taken(again.a).hex))?.sequence, 4, 'numbers go on');
});

void t.test('who serves whom, and who is told to stop', async (t) => {
  const b = node(B, [A]);
  const init = '490000000102000100184a5000000a4d000151a46919fa54838390571d9576359fce000a0007000120e82bd3ea';
  come(b, init, '10.77.0.9');
  t.same(taken(b), { hex: '530000000102000100184a5000000a4d000151a46919fa54838390571d9576359fce', address: '10.77.0.9', port: 4321 }, 'a stranger');
  come(b, '490000000102000100184a5000000a4d000151a46919fa54838390571d9576359fce000a0007000120ef010203', A);
  t.match(taken(b).hex, /^5300000001020001.*000a0007000120e82bd3ea$/, 'another group: ours is named');
  come(b, '49000000010200010004aabbccdd', A);
  t.equal(readRfcMessage(fromHex(taken(b).hex))?.prefixes.length, 1, 'no wish at all: the same');
  for (const wish of ['000a0003000100', '000a0004000108e8']) {
    const made = node(B, [A]);
    come(made, `490000000102${wish}`, A);
    t.ok(readRfcMessage(fromHex(taken(made).hex))?.sessionId, 'wildcards and short prefixes cover it');
  }
  come(b, init, A);
  t.equal(taken(b).hex.length / 2, 64);
  come(b, init, A, { ms: 500 });
  t.equal(b.sent.length, 0, 'once a second');
  const wrong = encodeRequest({ clientId: Uint8Array.of(1), sequence: 1, time: () => ({ seconds: 0, microseconds: 0 }), group: GROUP, sessionId: new Uint8Array(16) });
  come(b, toHex(wrong), A);
  t.equal(type(taken(b)), 'S', 'a session that is not ours');
  come(b, '5100000001030002000400000001', A);
  t.equal(taken(b).hex, '5300000001020002000400000001', 'another version is told ours');
  for (const hex of [`53${init.slice(2)}`, `41${init.slice(2)}`, '530000000103', '410000000103', '42', '53', '', '490000000102000100']) come(b, hex, A);
  t.equal(b.sent.length, 0, 'no answer to answers, and none to what cannot be read');
  come(b, init, A, { cast: 'multicast', ms: 9000 });
  t.equal(b.sent.length, 0, 'none to what came to the group');
});

void t.test('a client believes its own host only, and only what it asked', async (t) => {
  const { a, b } = joined();
  const [answer] = answers(b, taken(a));
  if (!answer) return;
  come(a, answer.hex, '10.77.0.9');
  come(a, answer.hex.replace('0002000400000001', '0002000400000009'), B);
  come(a, answer.hex.replace('0002000400000001', '0002000400000000'), B);
  come(a, toHex(encodeServerResponse({ clientId: new Uint8Array(24) })), B);
  t.same([a.node.hosts[0]?.client.unicast.received, a.node.hosts[0]?.client.state], [0, 'query']);
  come(a, answer.hex, B);
  t.equal(a.node.hosts[0]?.client.unicast.received, 1);
});

void t.test('another group of the peer shows as a stop, and as what it is in the diagnosis', async (t) => {
  const a = node(A, [B]), b = node(B, [A], { group: '239.1.2.3' });
  a.node.tick(0);
  come(b, taken(a).hex, A);
  come(a, taken(b).hex, B);
  t.equal(a.lines.at(-1), '10.77.0.2 : server told us to stop');
  t.match(a.node.diagnosis(a.node.hosts[0] as never), { finding: 'other-group', text: /239\.1\.2\.3/ });
});

void t.test('asking for versions', async (t) => {
  const a = node(A, [B], { asksVersion: true }), b = node(B, [A]);
  a.node.tick(0);
  const init = taken(a);
  t.equal(init.hex.length / 2, 51);
  come(b, init.hex, A);
  const response = taken(b);
  t.equal(response.hex.length / 2, 80);
  come(a, response.hex, B);
  t.equal(a.lines.at(-1), '10.77.0.2 : remote version received');
  t.same(a.node.statistics(), ['', '10.77.0.2 : omping 0.0.5']);
  t.same(node(A, [B], { asksVersion: true }).node.statistics(), ['', '10.77.0.2 : response message not received', '']);
  b.node.tick(0);
  come(a, taken(b).hex, B);
  t.equal(taken(a).hex.length / 2, 34, 'others are told to stop meanwhile');
  const odd = node(A, [B], { asksVersion: true });
  odd.node.tick(0);
  come(odd, toHex(encodeServerResponse({ clientId: fromHex(taken(odd).hex.slice(20, 68)), info: 'a\\b\x1b\xe9' })), B);
  t.equal(odd.node.statistics()[1], '10.77.0.2 : a\\\\b\\x1B\\xC3\\xA9');
});

void t.test('names line up, quietness, a size that was wished', async (t) => {
  const a = node(A, [B, '10.77.0.133'], { paddingBytes: 1000, quiet: 1 });
  a.node.tick(0);
  t.same(a.lines, ['10.77.0.2   : waiting for response msg', '10.77.0.133 : waiting for response msg']);
  t.same(a.node.statistics(), ['', '10.77.0.2   : response message never received', '10.77.0.133 : response message never received']);
  const b = node(B, [A]);
  come(b, taken(a).hex, A);
  come(a, taken(b).hex, B);
  a.sent.splice(0, 1);
  come(b, taken(a).hex, A);
  const answer = taken(b);
  t.equal(answer.hex.length / 2, 69 + 4 + 1000);
  come(a, answer.hex, B);
  t.notOk(a.lines.some((line) => line.includes('unicast')), '-q prints no replies');
  const silent = node(A, [B], { quiet: 2 });
  silent.node.tick(0);
  t.same(silent.lines, []);
});
