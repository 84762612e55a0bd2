// What everyone measured towards everyone, as rows and as a table.
import t from 'tap';
import { matrixLines, matrixRows } from '../../../lib/ping/matrix.ts';
import { OmpingNode } from '../../../lib/ping/omping-node.ts';

/** Two that reach each other in memory; multicast is lost from the third query on. */
function exchange(queries: number): OmpingNode {
  const make = (self: string, peer: string, of: () => OmpingNode): OmpingNode => new OmpingNode({
    peers: [{ name: `host-${peer}`, address: `10.0.0.${peer}` }], localAddress: `10.0.0.${self}`, group: '232.43.211.234', transport: 'asm', port: 4321, intervalMs: 1000, count: Infinity, ttl: 64, rateMs: 0,
    serves: true, asksVersion: false, quiet: 2, averages: false, detectDuplicates: true, pid: 7, random: (n) => new Uint8Array(n).fill(Number(self)),
  }, {
    send: (bytes, to) => {
      const multicast = to.startsWith('232');
      if (!multicast || nowMs < 3000) of().receive(multicast ? 'multicast' : 'unicast', { bytes: bytes.slice(), source: `10.0.0.${self}`, sourcePort: 4321, ttl: 62, seconds: 1, nanoseconds: 5e6 }, nowMs);
    },
    line: () => undefined, time: () => ({ seconds: 1, microseconds: 4000 }),
  });
  let nowMs = 0;
  const left: OmpingNode = make('1', '2', () => right), right: OmpingNode = make('2', '1', () => left);
  for (let n = 0; n < queries; n++, nowMs += 1000) left.tick(nowMs);
  return left;
}

void t.test('rows and lines', async (t) => {
  const node = exchange(4), [host] = node.hosts;
  if (!host) throw new Error('no host');
  const rows = matrixRows('host-1', host);
  const common = { from: 'host-1', to: 'host-2', sent: 4, duplicates: 0, avgMs: 1, maxMs: 1, hops: 2 };
  t.same(rows, [
    { ...common, cast: 'unicast', received: 4, lossPercent: 0, lastAnsweredAfterS: 3 },
    { ...common, cast: 'multicast', received: 3, lossPercent: 25, lastAnsweredAfterS: 2 },
  ]);
  t.same(matrixLines(rows), [
    'from    to      unicast  loss  avg ms  max ms  hops  multicast  loss  avg ms  max ms  hops',
    'host-1  host-2      4/4   0 %   1.000   1.000     2        3/4  25 %   1.000   1.000     2',
  ]);
});

void t.test('who never answered has no times and no distance', async (t) => {
  const [host] = new OmpingNode({
    peers: [{ name: 'b', address: '10.0.0.2' }], localAddress: '10.0.0.1', group: '232.43.211.234', transport: 'asm', port: 4321, intervalMs: 1000, count: Infinity, ttl: 64, rateMs: 0, serves: true, asksVersion: false,
    quiet: 2, averages: false, detectDuplicates: true, pid: 7, random: (n) => new Uint8Array(n),
  }, { send: () => undefined, line: () => undefined, time: () => ({ seconds: 0, microseconds: 0 }) }).hosts;
  if (!host) throw new Error('no host');
  t.same(matrixRows('a', host)[1], { from: 'a', to: 'b', cast: 'multicast', sent: 0, received: 0, duplicates: 0, lossPercent: 0 });
  t.same(matrixLines(matrixRows('a', host))[1]?.split(/\s{2,}/), ['a', 'b', '0/0', '0 %', '-', '-', '-', '0/0', '0 %', '-', '-', '-']);
});
