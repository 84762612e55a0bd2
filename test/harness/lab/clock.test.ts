// The story's clock and the time stamps of packets are one time.
import t from 'tap';
import { Clock } from '../../../harness/lab/clock.ts';
import { CLOCK, clockNs } from '../../../harness/system/native/libc.ts';

t.test('an instant of the real-time clock lies between two of the story', async (t) => {
  for (const scale of [1, 25]) {
    const clock = new Clock(scale, 1e15, () => new Error('never'));
    let [before, at, after] = [0, 0, Infinity];
    // The closest of many: a scheduler may come between any two readings.
    for (let i = 0; i < 200; i++) {
      const [b, r, a] = [clock.ns, clock.fromRealtime(clockNs(CLOCK.REALTIME)), clock.ns];
      if (a - b < after - before) [before, at, after] = [b, r, a];
    }
    const allowed = 5000 * scale;
    t.ok(at >= before - allowed && at <= after + allowed, `scale ${scale}: ${before} ≤ ${at} ≤ ${after}`);
    t.ok(Math.abs(clock.realtimeDriftNs()) < 1e6, 'and it stays so');
  }
});
