import t from 'tap';
import { formatDuration, formatInstant, inMilliseconds, inSeconds, isDuration, min, minus, ms, ns, plus, s, times, us } from '../../lib/units.ts';

t.test('units agree with each other, in whole nanoseconds', async (t) => {
  t.same(s(1), ms(1_000));
  t.same(ms(1), us(1_000));
  t.same(us(1), ns(1_000));
  t.same(min(2), s(120));
  t.equal(s(31.25).ns, 31_250_000_000);
  t.ok(Number.isInteger(s(0.1 + 0.2).ns), 'no fraction of a nanosecond');
  t.equal(inSeconds(plus(s(1), ms(500), us(1))), 1.500001);
  t.equal(inMilliseconds(minus(s(1), ms(1))), 999);
  t.same(times(s(10), 1 / 3), ns(3_333_333_333));
});

t.test('what is no length of time is refused', async (t) => {
  for (const bad of [NaN, Infinity]) t.throws(() => s(bad), RangeError);
  t.ok(isDuration(s(1)));
  for (const other of [1, '1 s', null, undefined, { ns: 1, what: 'a moment' }, { ns: '1' }, []]) t.notOk(isDuration(other), JSON.stringify(other));
});

t.test('text in the largest unit that fits', async (t) => {
  const cases: [{ ns: number }, string][] = [
    [s(260), '260 s'], [s(16.384), '16.384 s'], [s(31.25), '31.25 s'], [ms(1.5), '1.5 ms'], [us(20), '20 us'], [ns(7), '7 ns'], [s(0), '0 s'], [s(-1), '-1 s'], [s(1.23456), '1.235 s'],
  ];
  for (const [duration, text] of cases) t.equal(formatDuration(duration), text);
  t.equal(formatInstant(261.2042e9), '+261.204 s');
  t.equal(formatInstant(-5e8), '-0.500 s');
});
