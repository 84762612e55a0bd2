// Digits as the originals print them, from runs of theirs.
import t from 'tap';
import { Duplicates, ompingSlots } from '../../../lib/ping/duplicates.ts';
import { BURST, RateLimit, Remembered } from '../../../lib/ping/rate-limit.ts';
import { ompingLoss, OmpingStatistics, ssmLoss, SsmStatistics } from '../../../lib/ping/statistics.ts';

const ssm = (...us: number[]): string => {
  const s = new SsmStatistics();
  us.forEach((n, at) => { s.add(at + 1, n); });
  const { min, avg, max, deviation } = s.figures;
  return [min, avg, max, deviation].map((n) => (n / 1000).toFixed(3)).join('/');
};
const omping = (...ms: number[]): string => {
  const s = new OmpingStatistics();
  ms.forEach((n, at) => { s.add(at + 1, n * 1e6); });
  const { min, avg, max, deviation } = s.figures;
  return [min, avg, max, deviation].map((n) => (n / 1e6).toFixed(3)).join('/');
};

void t.test('ssmping: whole microseconds', async (t) => {
  t.equal(ssm(168, 186, 190, 204, 210), '0.168/0.191/0.210/0.021');
  t.equal(ssm(235, 271, 272, 290, 287), '0.235/0.271/0.290/0.019');
  t.equal(ssm(502, 202), '0.202/0.352/0.502/0.150');
  t.equal(ssm(526, 212), '0.212/0.369/0.526/0.157');
  t.equal(ssm(295, 2621, 272), '0.272/1.062/2.621/1.102');
  t.equal(ssm(368, 197, 186, 254), '0.186/0.251/0.368/0.073');
  t.equal(ssm(233, 260, 4140, 189, 224, 204, 214, 201, 215, 193), '0.189/0.607/4.140/1.177');
  t.equal(ssm(226), '0.226/0.226/0.226/0.000');
  t.same([ssmLoss(5, 4), ssmLoss(4, 3), ssmLoss(3, 2), ssmLoss(3, 3), ssmLoss(2, 4), ssmLoss(0, 0)], [20, 25, 33, 0, 0, 0]);
});

void t.test('omping: doubles, the deviation of a sample', async (t) => {
  t.equal(omping(0.019, 0.128, 0.130), '0.019/0.092/0.130/0.064');
  t.equal(omping(0.406, 0.194, 0.190), '0.190/0.263/0.406/0.124');
  t.equal(omping(0.4), '0.400/0.400/0.400/0.000');
  t.equal(omping(), '0.000/0.000/0.000/0.000');
  t.same([ompingLoss(5, 4), ompingLoss(4, 4), ompingLoss(4, 3), ompingLoss(3, 0), ompingLoss(3, 4), ompingLoss(30, 8), ompingLoss(0, 0)], [19, 0, 25, 100, 0, 73, 0]);
  t.equal(omping(5000, 6000), '5000.000/5500.000/6000.000/707.107', 'above what 32 bits of nanoseconds hold');
});

void t.test('a burst of twenty gets six answers', async (t) => {
  const limit = new RateLimit(1e9);
  const answered = (at: number, count: number): number => Array.from({ length: count }, () => limit.allows(at)).filter(Boolean).length;
  t.equal(answered(0, 20), BURST + 1);
  t.equal(answered(1e9, 20), 1, 'and one more each interval');
  t.equal(answered(100e9, 20), BURST + 1);
  const thirty = new RateLimit(1e9);
  t.equal(Array.from({ length: 30 }, (_, n) => thirty.allows(n * 1e8)).filter(Boolean).length, 8, 'thirty at 0.1 s: the 73 % that users see');
  const none = new RateLimit(0);
  t.ok(Array.from({ length: 100 }, () => none.allows(0)).every(Boolean));
});

void t.test('duplicates are known until their slot is used again', async (t) => {
  const seen = new Duplicates(100);
  t.same([1, 1, 2, 101, 101, 1].map((n) => seen.isRepeat(n)), [false, true, false, false, true, false]);
  t.same([0, 1000, 100, 10].map(ompingSlots), [0, 1024, 1201, 12_001]);
  const off = new Duplicates(0);
  t.notOk(off.isRepeat(1) || off.isRepeat(1));
});

void t.test('who was not heard for longest is forgotten first', async (t) => {
  const memory = new Remembered<number>(3);
  for (const [key, value] of [['a', 1], ['b', 2], ['c', 3]] as const) memory.set(key, value);
  memory.get('a');
  memory.set('d', 4);
  t.same([memory.get('a'), memory.get('b'), memory.size], [1, undefined, 3]);
  for (let n = 0; n < 10_000; n++) memory.set(String(n), n);
  t.equal(memory.size, 3);
});
