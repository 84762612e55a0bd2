// The limit that is found is the limit that there is, with no question too many.
import t from 'tap';
import { largestThat } from '../../lib/bisection.ts';
import { packetBytes, type SizeLimit, sizeLimitIs } from '../../lib/size-limit.ts';

const below = (limit: number) => async (value: number): Promise<boolean> => Promise.resolve(value <= limit);

t.test('every limit of a range', async (t) => {
  for (let limit = 11; limit <= 41; limit++) {
    const { largest, next, tries } = await largestThat(below(limit), { min: 12, max: 40 });
    t.equal(largest, limit < 12 ? undefined : Math.min(limit, 40), `limit ${limit}`);
    t.equal(next, limit < 12 ? 12 : limit >= 40 ? undefined : limit + 1);
    t.ok(tries.length <= 2 + Math.ceil(Math.log2(28)), `${tries.length} questions`);
    t.equal(new Set(tries.map((x) => x.value)).size, tries.length, 'none twice');
  }
});

t.test('all of UDP takes 18 questions', async (t) => {
  const { largest, tries } = await largestThat(below(2016), { min: 12, max: 65_507 });
  t.equal(largest, 2016);
  t.ok(tries.length <= 18, String(tries.length));
});

t.test('a range of one, and none', async (t) => {
  t.same(await largestThat(below(5), { min: 5, max: 5 }), { largest: 5, next: undefined, tries: [{ value: 5, works: true }] });
  t.same(await largestThat(below(4), { min: 5, max: 5 }), { largest: undefined, next: 5, tries: [{ value: 5, works: false }] });
  for (const range of [{ min: 6, max: 5 }, { min: 0.5, max: 5 }, { min: 0, max: NaN }]) await t.rejects(largestThat(below(5), range), /no range of whole numbers/);
});

t.test('a hole below a largest that works is not a limit: it is told by its ends', async (t) => {
  const { largest, next } = await largestThat(async (value) => Promise.resolve(value < 1451 || value > 1452), { min: 12, max: 65_527 });
  t.equal(largest, 65_527);
  t.equal(next, undefined);
});

t.test('the claim knows the size, both sides of it, and that nothing arrived at all', async (t) => {
  const limit = async (bytes: number, family: 4 | 6 = 4): Promise<SizeLimit> => ({ what: 'alice → bob', family, found: await largestThat(below(bytes), { min: 12, max: 4000 }), from: { ns: 0, what: 'a' }, to: { ns: 1, what: 'b' } });
  t.match(sizeLimitIs(await limit(2016), 2016), { verdict: 'held', figures: { largestPayloadBytes: 2016, largestPacketBytes: 2044 } });
  t.match(sizeLimitIs(await limit(1996, 6), 1996), { verdict: 'held', figures: { largestPacketBytes: 2044 } });
  for (const other of [2015, 2017, 9999]) t.equal(sizeLimitIs(await limit(other), 2016).verdict, 'broken', String(other));
  t.equal(sizeLimitIs(await limit(4000), 4000).verdict, 'broken', 'all that was tried arrived: no limit was seen');
  t.equal(sizeLimitIs(await limit(4000), 'none').verdict, 'held');
  t.equal(sizeLimitIs(await limit(3999), 'none').verdict, 'broken');
  t.match(sizeLimitIs(await limit(2), 2016), { verdict: 'errored', observed: /not even 12 bytes/ });
  t.equal(packetBytes(100, 6), 148);
});
