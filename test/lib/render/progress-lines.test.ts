import t from 'tap';
import { palette } from '../../../lib/render/ansi.ts';
import { advance, emptyState, finishedLine, liveRegion } from '../../../lib/render/progress-lines.ts';
import { width } from '../../../lib/render/text.ts';
import { hostile, result } from './samples.ts';

const paint = palette(false);
const start = (state: ReturnType<typeof emptyState>, key: string, nowMs: number, scenario = 'multicast/membership-expiry') =>
  advance(state, { type: 'started', key, scenario, variant: 'healthy', kernel: 'qemu:6.1' }, nowMs);

t.test('step, protocol time, wall time and ratio', (t) => {
  const state = emptyState();
  advance(state, { type: 'run-started', runId: 'r', total: 3, jobs: 2, dir: 'd' }, 1000);
  start(state, 'a', 2000);
  advance(state, { type: 'progress', key: 'a', step: 'core falls silent', protocolS: 255, wallS: 5 }, 7000);
  const lines = liveRegion(state, { nowMs: 8500, columns: 80, rows: 24, paint });
  t.match(lines[0], /^▸ multicast\/membership-expiry healthy on qemu:6\.1 +255 s in 6\.5 s ×51$/);
  t.equal(lines[1], '    core falls silent');
  t.equal(lines[2], '0 of 3 done · 1 running · 2 left · 7 s');
  advance(state, { type: 'finished', key: 'a', result: result({ verdict: 'broken' }) }, 9000);
  t.same(liveRegion(state, { nowMs: 9000, columns: 80, rows: 24, paint }), ['1 of 3 done · 0 running · 2 left · 1 NOT as expected · 8 s']);
  t.end();
});

t.test('stays small and within the width', (t) => {
  const state = emptyState();
  for (let index = 0; index < 40; index += 1) start(state, String(index), 0, hostile.name.repeat(5));
  advance(state, { type: 'progress', key: '0', step: hostile.log.repeat(3), protocolS: 1, wallS: 1 }, 0);
  for (const columns of [40, 80, 140]) {
    const lines = liveRegion(state, { nowMs: 0, columns, rows: 24, paint });
    t.ok(lines.length <= 12, 'at most half the terminal');
    t.ok(lines.every((line) => width(line) < columns), `${columns}: a full line would wrap and spoil the count`);
    t.match(lines.at(-2), 'and 35 more');
  }
  t.end();
});

t.test('a finished line is cut to the terminal, not to a pipe', (t) => {
  const state = { ...emptyState(), total: 12, done: 3 };
  const line = finishedLine(result({ variant: 'x'.repeat(100) }), state, paint, 80);
  t.equal(width(line), 80);
  t.match(line, /^\[ 3\/12\] ✓ held .*… \(935\.2 s in 12\.3 s, ×76\)$/);
  t.match(finishedLine(result({ variant: 'x'.repeat(100) }), state, paint, Infinity), 'x'.repeat(100));
  t.match(finishedLine(result({ verdict: 'skipped', reason: 'no KVM' }), state, paint, 80), /– skipped .*: no KVM, on/);
  t.end();
});
