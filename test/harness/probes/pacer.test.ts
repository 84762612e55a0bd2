// Turns come by an absolute schedule; the first alone comes within start().
import t from 'tap';
import { setTimeout as sleep } from 'node:timers/promises';
import { Clock } from '../../../harness/lab/clock.ts';
import { Pacer } from '../../../harness/probes/pacer.ts';
import { ms } from '../../../lib/units.ts';

const clock = (): Clock => new Clock(1, 60e9, () => new Error('the deadline'));

void t.test('a first turn that takes longer than the interval is the only one before start() returns; the missed ones follow', async (t) => {
  const c = clock();
  const turns: number[] = [];
  const pacer = new Pacer(c, ms(5), (n) => {
    turns.push(n);
    const end = c.ns + (n === 0 ? 30e6 : 0);
    while (c.ns < end);
  }).start();
  t.same(turns, [0]);
  await sleep(20);
  pacer.stop();
  t.ok(turns.length >= 6, `${turns.length} turns in 50 ms`);
  t.same(turns, turns.map((_, n) => n));
});

void t.test('stopped in its own turn it does not go on', async (t) => {
  const turns: number[] = [];
  const pacer: Pacer = new Pacer(clock(), ms(1), (n) => { turns.push(n); if (n === 2) pacer.stop(); }).start();
  await sleep(20);
  t.same(turns, [0, 1, 2]);
});
