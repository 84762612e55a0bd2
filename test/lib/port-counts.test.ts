// Claims on counters: each port as said, the odd one named, and no proof from a counter that never moved.
import t from 'tap';
import { since } from '../../lib/claims.ts';
import { countedAtEach, type PortCount } from '../../lib/port-counts.ts';
import { s } from '../../lib/units.ts';

const window = since({ ns: 5e9, what: 'the count began' }, s(10));
const port = (name: string, frames: number, earlierFrames = 2): PortCount => ({ port: name, frames, bytes: 100 * frames, earlierFrames });
const on = (ports: PortCount[], bounds: { atLeast?: number; atMost?: number }) => countedAtEach('vmbr0', ports, window, bounds);

t.test('each port has to be as said', (t) => {
  const held = on([port('g1', 50), port('g2', 50)], { atLeast: 50, atMost: 50 });
  t.match(held, { verdict: 'held', expected: 'exactly 50 frames out of each of 2 ports of vmbr0, from the count began on, for 10 s', observed: '50 each' });
  t.same(held.figures, { ports: 2, leastFrames: 50, mostFrames: 50, bytesPerPort: 5000, framesPerSecondPerPort: 5, bitsPerSecondPerPort: 4000 });
  const few = on([port('g1', 50), port('g2', 49)], { atLeast: 50, atMost: 50 });
  t.match(few, { verdict: 'broken', observed: '49 (g2) to 50 (g1), 99 in all', decisiveNs: 15e9 });
  t.equal(on([port('g1', 50), port('g2', 51)], { atLeast: 50, atMost: 50 }).verdict, 'broken');
  t.equal(on([port('g1', 50), port('g2', 51)], { atLeast: 50 }).verdict, 'held');
  t.match(on([port('g1', 3)], { atLeast: 1, atMost: 3 }), { verdict: 'held', expected: /at least 1 frame, at most 3 frames out of each of 1 port/ });
  t.end();
});

t.test('none at all', (t) => {
  t.match(on([port('g1', 0), port('g2', 0)], { atMost: 0 }), { verdict: 'held', expected: /^no frame out of each of 2 ports/, observed: '0 each' });
  t.match(on([port('g1', 0), port('g2', 1)], { atMost: 0 }), { verdict: 'broken', observed: '0 (g1) to 1 (g2), 1 in all' });
  t.match(on([port('g1', 0), port('g2', 0, 0)], { atMost: 0 }), { verdict: 'errored', observed: /but g2 had counted no frame before either: the silence proves nothing/ });
  t.equal(on([port('g1', 1), port('g2', 0, 0)], { atMost: 0 }).verdict, 'broken', 'a frame too many is one, whatever the other counts');
  t.equal(on([port('g1', 0, 0)], { atLeast: 1 }).verdict, 'broken', 'what ought to be there and is not');
  t.end();
});

t.test('nothing to judge', (t) => {
  t.match(on([], { atMost: 0 }), { verdict: 'errored', observed: 'no port was counted' });
  t.throws(() => on([port('g1', 0)], {}), /give atLeast or atMost/);
  t.end();
});
