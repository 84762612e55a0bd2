import t from 'tap';
import { bound, later, shifted, timerBound, wheelStep } from '../../lib/timer-wheel.ts';
import { inMilliseconds, ms, s } from '../../lib/units.ts';

/** First timer of each level and its granularity in ms: the comment tables of kernel/time/timer.c (level starts are 63 << 3n ticks). */
const TABLES: Readonly<Record<number, readonly (readonly [fromMs: number, stepMs: number])[]>> = {
  1000: [[0, 1], [63, 8], [504, 64], [4_032, 512], [32_256, 4_096], [258_048, 32_768], [2_064_384, 262_144], [16_515_072, 2_097_152]],
  300: [[0, 1_000 / 300], [210, 8_000 / 300], [1_680, 64_000 / 300], [13_440, 512_000 / 300], [107_520, 4_096_000 / 300], [860_160, 32_768_000 / 300]],
  250: [[0, 4], [252, 32], [2_016, 256], [16_128, 2_048], [129_024, 16_384], [1_032_192, 131_072], [8_257_536, 1_048_576]],
  100: [[0, 10], [630, 80], [5_040, 640], [40_320, 5_120], [322_560, 40_960], [2_580_480, 327_680], [20_643_840, 2_621_440], [165_150_720, 20_971_520]],
};

/** Within a nanosecond: durations are whole ones. */
const near = (expected: number, actual: number): boolean => Math.abs(actual - expected) < 2e-6;

for (const [hz, table] of Object.entries(TABLES))
  t.test(`HZ=${hz}: the kernel's table, at the edge of each level`, async (t) => {
    const step = (timerMs: number): number => inMilliseconds(wheelStep(ms(timerMs), Number(hz)));
    table.forEach(([from, granularity], level) => {
      t.ok(near(granularity, step(from)), `level ${level} begins at ${from} ms`);
      const next = table[level + 1]?.[0];
      if (next !== undefined) t.ok(near(granularity, step(next - 1_500 / Number(hz))), `level ${level} ends before ${next} ms`);
    });
  });

t.test('the highest level ends the table', async (t) => {
  t.equal(inMilliseconds(wheelStep(s(1e5), 1000)), 8 ** 7);
  t.equal(wheelStep(s(1e8), 100).ns, wheelStep(s(1e7), 100).ns, 'HZ=100 has eight levels');
  t.equal(wheelStep(s(5e6), 1000).ns, 8 ** 8 * 1e6, 'HZ=1000 has nine');
  for (const bad of [0, -1, NaN]) t.throws(() => wheelStep(s(1), bad), RangeError);
});

t.test('bounds: never early, one step and one tick late, with the reasons', async (t) => {
  const membership = timerBound('membership interval', s(260), 250);
  t.same(membership.min, s(260));
  t.same(membership.max, s(276.388));
  t.match(membership.reasons.join('; '), /membership interval: 260 s.*HZ=250.*16\.384 s late/);
  // KERNEL-FACTS: seen at 261.0 to 275.7 s at HZ=250.
  for (const seen of [261.0, 261.2, 274.7, 275.7]) t.ok(s(seen).ns >= membership.min.ns && s(seen).ns <= membership.max.ns, `${seen} s`);
  t.same(later(membership, s(10), 'query response'), { min: s(260), max: s(286.388), reasons: [...membership.reasons, 'query response: + 10 s'] });
  t.same(shifted(membership, s(1), 'armed later').min, s(261));
  t.same(bound(s(1), s(2), 'why'), { min: s(1), max: s(2), reasons: ['why'] });
});
