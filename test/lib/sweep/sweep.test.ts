import t from 'tap';
import type { ResultRecord } from '../../../lib/record.ts';
import { renderHtml } from '../../../lib/render/html.ts';
import { renderJunit } from '../../../lib/render/junit.ts';
import { parseRunRecord } from '../../../lib/render/run-schema.ts';
import { binName, histogram, renderSweep } from '../../../lib/render/sweep.ts';
import { renderTap } from '../../../lib/render/tap.ts';
import { distributionOf, quantile } from '../../../lib/sweep/distribution.ts';
import { parseSeeds, seedsText } from '../../../lib/sweep/seeds.ts';
import { sparing, sweepOf } from '../../../lib/sweep/sweep.ts';
import { claim, result, run } from '../render/samples.ts';

t.test('seeds are read from ranges and lists', (t) => {
  t.same(parseSeeds('1..4'), { seeds: [1, 2, 3, 4] });
  t.same(parseSeeds('7'), { seeds: [7] });
  t.same(parseSeeds('1-3,9, 2 .. 4'), { seeds: [1, 2, 3, 9, 4] }, 'each once');
  t.match(parseSeeds('5..1'), { fault: /backwards: write 1\.\.5/ });
  t.match(parseSeeds('1..'), { fault: /neither a seed nor a range/ });
  t.match(parseSeeds(''), { fault: /neither/ });
  t.match(parseSeeds('-3'), { fault: /neither/ });
  t.match(parseSeeds('1..1e9'), { fault: /neither/ });
  t.match(parseSeeds('1..1000001'), { fault: /more than 1000000/ });
  t.match(parseSeeds('0..1000000000000'), { fault: /more than/ }, 'and not by counting them');
  t.match(parseSeeds('99999999999999999999'), { fault: /at most/ });
  t.equal(seedsText([9, 1, 2, 3, 11]), '1..3, 9, 11');
  t.end();
});

const of = (...values: number[]) => distributionOf(values.map((value) => ({ value, asExpected: true })));

t.test('quantiles', (t) => {
  t.equal(distributionOf([]), undefined);
  t.match(of(3), { count: 1, min: 3, p05: 3, median: 3, max: 3, mean: 3, bins: [{ from: 3, to: 3, count: 1, unexpected: 0 }] });
  t.match(of(4, 1, 3, 2), { min: 1, p25: 1.75, median: 2.5, p75: 3.25, max: 4, mean: 2.5 });
  t.equal(quantile([10, 20], 0.05), 10.5);
  t.end();
});

t.test('bins have readable bounds, and every value falls into one', (t) => {
  const values = Array.from({ length: 1000 }, (_, i) => 260 + (i * 7919 % 1000) / 61);
  const bins = of(...values)?.bins ?? [];
  t.equal(bins.reduce((sum, { count }) => sum + count, 0), 1000);
  t.same([bins[0]?.from, bins.at(-1)?.to], [260, 278]);
  for (const { from, to, count } of bins) t.equal(values.filter((value) => value >= from && (value < to || (value === to && to === bins.at(-1)?.to))).length, count, `${from} to ${to}`);
  t.same(of(0.1, 0.2, 0.30000000000000004, 0.5)?.bins.map(({ from }) => from), [0.1, 0.2, 0.3, 0.4], 'steps of 0.1 are not 0.30000000000000004');
  t.same(of(-5, 5)?.bins.map(({ from, to, count }) => [from, to, count]), [[-5, 0, 1], [0, 5, 1]]);
  t.ok((of(1, 1e6)?.bins.length ?? 99) <= 13);
  t.end();
});

const outage = (seed: number, outageS: number, over: Partial<ResultRecord> = {}): ResultRecord =>
  result({ seed, claims: [claim({ figures: { lostDatagrams: outageS * 10, outageS } })], figures: { deafS: outageS * 2 }, replay: `wirewarp run x --seed ${seed}`, ...over });
const fails = (seed: number, outageS: number): ResultRecord => outage(seed, outageS, { verdict: 'broken' });

t.test('how many held, what was measured, and the smallest seed that fails', (t) => {
  const sweep = sweepOf([outage(1, 0.2), fails(5, 17), outage(2, 0.3), fails(3, 9), result({ seed: 4, verdict: 'errored', reason: 'no memory', claims: [], figures: {} })], { seeds: [1, 2, 3, 4, 5] });
  t.match(sweep.stories, [{
    seeds: 5, asExpected: 2, verdicts: { held: 2, broken: 2, errored: 1 }, figure: 'outageS', figures: ['deafS', 'lostDatagrams', 'outageS'],
    distribution: { count: 4, min: 0.2, max: 17 }, unexpectedSeeds: [3, 4, 5], smallestUnexpected: { seed: 3, verdict: 'broken', replay: 'wirewarp run x --seed 3' },
  }]);
  t.match(sweepOf([outage(1, 0.2)], { seeds: [1], figure: 'deafS' }).stories, [{ figure: 'deafS', distribution: { min: 0.4 } }], 'the story\'s own');
  t.equal(sweepOf([outage(1, 0.2)], { seeds: [1], figure: 'noS' }).stories[0]?.distribution, undefined);
  t.match(sweepOf([result({ seed: 9, verdict: 'errored', reason: 'x' })], { seeds: [9] }).stories, [{ smallestUnexpected: { seed: 9, verdict: 'errored' } }]);
  t.equal(sweepOf([outage(1, 1), outage(1, 1, { variant: 'other' }), outage(1, 1, { kernel: 'k2' })], { seeds: [1] }).stories.length, 3, 'a story a variant and kernel');
  t.end();
});

t.test('a control that breaks is as expected, one that holds fails', (t) => {
  const control = { control: true, expected: 'broken' } as const;
  t.match(sweepOf([outage(1, 9, { ...control, verdict: 'broken' }), outage(2, 0, { ...control, verdict: 'held' })], { seeds: [1, 2] }).stories, [{ asExpected: 1, unexpectedSeeds: [2] }]);
  t.end();
});

t.test('files are kept of seeds that fail, and of the smallest that held', (t) => {
  const spare = sparing();
  const [one, two, three, five] = [outage(1, 0), outage(2, 0), outage(3, 0), fails(5, 9)];
  t.same(spare(two), []);
  t.same(spare(three), [three]);
  t.same(spare(one), [two], 'found late');
  t.same(spare(five), []);
  t.same(spare(outage(4, 0, { variant: 'other' })), [], 'each story has its own');
  const skip = result({ verdict: 'skipped', reason: 'no bonding' });
  t.same(spare(skip), [skip]);
  t.end();
});

const record = (results: ResultRecord[], over = {}) => ({ ...run(results, over), sweep: sweepOf(results, { seeds: [1, 2, 3, 4] }) });

t.test('the terminal has the distribution and the replay line', (t) => {
  const text = renderSweep(record([outage(1, 0.2), outage(2, 0.3), fails(3, 17)], { interrupted: true }), { columns: 100, colour: false });
  for (const part of ['2 of 3 seeds as expected: 2 held, 1 broken', 'outage, s:', 'median 0.3', '1, 1 not as expected', 'smallest seed that fails: 3 (broken)', 'replay    wirewarp run x --seed 3', 'Interrupted: these are 3 of 4 seeds'])
    t.ok(text.includes(part), part);
  t.notMatch(renderSweep(record([outage(1, 0.2)]), { columns: 80, colour: false }), /fails|replay/);
  t.end();
});

t.test('the ends of a bin are told apart', (t) => {
  const name = (from: number, to: number): string => binName({ from, to, count: 1, unexpected: 0 });
  t.equal(name(0.2005, 0.201), '0.2005 – 0.201');
  t.equal(name(260, 262), '260 – 262');
  t.equal(name(-0.5, 0), '-0.5 – 0');
  t.equal(name(3, 3), '3');
  t.end();
});

t.test('one seed of a thousand is seen, and no line is too wide', (t) => {
  const lines = histogram([{ from: 0, to: 1, count: 999, unexpected: 0 }, { from: 1, to: 2, count: 1, unexpected: 1 }, { from: 2, to: 3, count: 0, unexpected: 0 }], 60);
  t.match(lines[1], /░ 1, 1 not as expected$/);
  t.match(lines[2], /^2 – 3 {2}0$/);
  for (const line of lines) t.ok(line.length <= 60, line);
  t.end();
});

t.test('reports tell seeds apart, and the page shows only what was kept', (t) => {
  const kept = outage(1, 0.2);
  const swept = record([kept, { ...outage(2, 0.3), files: [] }, fails(3, 17)]);
  t.same(parseRunRecord(JSON.parse(JSON.stringify(swept))), swept, 'the schema knows it');
  t.match(renderTap(swept), /healthy on \S+, seed 3/);
  t.match(renderJunit(swept), /name="healthy on \S+, seed 2"/);
  const page = renderHtml(swept);
  t.match(page, /<svg class="histogram"[\s\S]*smallest seed that fails is <strong>3<\/strong>/);
  t.match(page, /healthy, seed 3<\/h3>/);
  t.notMatch(page, /healthy, seed 2<\/h3>/);
  t.match(page, /1 more result, of other seeds/);
  t.notMatch(renderTap(run([kept])), /, seed/, 'a run without a sweep keeps its names');
  t.end();
});
