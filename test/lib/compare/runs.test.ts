import t from 'tap';
import type { EventComparison } from '../../../lib/compare/events.ts';
import { compareRuns, type RunComparison } from '../../../lib/compare/runs.ts';
import type { ResultRecord } from '../../../lib/record.ts';
import { figureChangeText, renderComparison } from '../../../lib/render/comparison.ts';
import { claim, qemu, result, run, running } from '../render/samples.ts';

const identicalEvents: EventComparison = { identical: true, events: { before: 85, after: 85 } };
const otherEvents: EventComparison = {
  identical: false, events: { before: 85, after: 85 },
  first: { subject: 'br0 STP', before: { atS: 1, event: 4, text: 'off' }, after: { atS: 1.5, event: 4, text: 'off' } },
  datagram: { subject: 'alice → bob', before: { atS: 9, event: 7, text: 'datagram 12: delivered' }, after: { atS: 9, event: 7, text: 'datagram 12: lost' } },
};

const compare = (before: ResultRecord[], after: ResultRecord[], events?: EventComparison): RunComparison => compareRuns(run(before), run(after), () => events);
const text = (comparison: RunComparison): string => renderComparison(comparison, { columns: 100, colour: false });
const broken = (over: Partial<ResultRecord> = {}): ResultRecord =>
  result({ verdict: 'broken', claims: [claim({ verdict: 'broken', observed: 'gap of 17 s', figures: { outageS: 17, lostDatagrams: 170 } })], ...over });
const held = (over: Partial<ResultRecord> = {}): ResultRecord => result({ claims: [claim({ figures: { outageS: 0.2, lostDatagrams: 2 } })], ...over });

t.test('identical runs say so', (t) => {
  const comparison = compare([held()], [held()], identicalEvents);
  t.match(comparison, { identical: true, counts: { same: 1, regression: 0 }, notes: [] });
  t.match(text(comparison), /identical: the same verdicts, figures and events \(85\)/);
  t.match(text(compare([held()], [held()])), /of 1 the events were not the same or not kept/);
  t.end();
});

t.test('another number of CPUs is told', (t) => {
  const { kernels, ...rest } = run([held()]);
  const on = (cpus?: number) => ({ ...rest, kernels: kernels.map(({ cpus: _, ...kernel }) => ({ ...kernel, ...(cpus === undefined ? {} : { cpus }) })) });
  t.match(compareRuns(on(1), on(2), () => undefined).notes, [/had 1 CPU before and 2 CPUs after/]);
  t.same(compareRuns(on(), on(2), () => undefined).notes, [], 'an old record does not say');
  t.end();
});

t.test('a regression, with its claim, figures and the replay line', (t) => {
  const comparison = compare([held()], [broken()], otherEvents);
  t.match(comparison, {
    identical: false, counts: { regression: 1 },
    results: [{ change: 'regression', exact: true, claims: [{ change: 'worse' }], figures: [{ name: 'outageS', before: 0.2, after: 17, factor: 85 }, { name: 'lostDatagrams', factor: 85 }] }],
  });
  const told = text(comparison);
  for (const part of ['✗ REGRESSION  multicast/membership-expiry, healthy: held → broken', 'outage 0.2 s → 17 s (×85)', 'first event that differs: br0 STP', 'datagram 12: lost', 'replay    wirewarp run', '1 REGRESSION'])
    t.ok(told.includes(part), part);
  t.end();
});

t.test('the other way round it is a fix, which is no regression', (t) => {
  const comparison = compare([broken()], [held()], otherEvents);
  t.match(comparison, { counts: { fix: 1, regression: 0 }, results: [{ change: 'fix', claims: [{ change: 'better' }] }] });
  t.match(text(comparison), /✓ FIXED[\s\S]*outage 17 s → 0.2 s \(÷85\)[\s\S]*no regression · 1 fixed/);
  t.end();
});

t.test('which change of verdict is which', (t) => {
  const change = (before: Partial<ResultRecord>, after: Partial<ResultRecord>): string | undefined => compare([result(before)], [result(after)]).results[0]?.change;
  t.equal(change({}, { verdict: 'crashed', reason: 'oops' }), 'regression');
  t.equal(change({}, { verdict: 'errored', reason: 'no qemu' }), 'undecided', 'our own failure accuses nobody');
  t.equal(change({}, { verdict: 'skipped', reason: 'no bonding' }), 'undecided');
  t.equal(change({ verdict: 'skipped', reason: 'no bonding' }, {}), 'changed');
  t.equal(change({ verdict: 'skipped', reason: 'no bonding' }, { verdict: 'broken' }), 'regression');
  t.equal(change({ verdict: 'broken' }, { verdict: 'crashed', reason: 'oops' }), 'regression');
  t.equal(change({ verdict: 'errored', reason: 'no qemu' }, {}), 'fix');
  const control = { control: true, expected: 'broken' } as const;
  t.equal(change({ ...control, verdict: 'broken' }, { ...control, verdict: 'held' }), 'regression', 'a control that holds tells nothing any more');
  t.equal(change({ ...control, verdict: 'held' }, { ...control, verdict: 'broken' }), 'fix');
  t.end();
});

t.test('broken before and now: a claim that was right then is a regression', (t) => {
  const two = (second: 'held' | 'broken'): ResultRecord => broken({ claims: [claim({ claim: 'one', verdict: 'broken' }), claim({ claim: 'two', verdict: second })] });
  t.match(compare([two('held')], [two('broken')]).results[0], { change: 'regression', claims: [{ claim: 'two', change: 'worse' }] });
  t.match(compare([two('broken')], [two('held')]).results[0], { change: 'changed', claims: [{ claim: 'two', change: 'better' }] });
  t.end();
});

t.test('claims of the same words are compared in their order', (t) => {
  const twice = (second: number): ResultRecord => result({ claims: [claim({ figures: { outageS: 1 } }), claim({ figures: { outageS: second } })] });
  t.same(compare([twice(1)], [twice(3)]).results[0]?.figures.map(({ before, after }) => [before, after]), [[1, 3]]);
  t.end();
});

t.test('a figure that moved is told, and is no regression', (t) => {
  const comparison = compare([result({ figures: { floodBitsPerS: 0, deafS: 260, tinyS: 100 } })], [result({ figures: { floodBitsPerS: 9, deafS: 520, tinyS: 100.5, newS: 1 } })]);
  t.match(comparison, { counts: { changed: 1, regression: 0 } });
  const told = text(comparison);
  t.match(told, /flood 0 bits\/s → 9 bits\/s\n/, 'no factor from zero');
  t.match(told, /deaf 260 s → 520 s \(×2\)/);
  t.match(told, /new none → 1 s/);
  t.match(told, /and 1 figure changed by no more than 1 %/);
  t.equal(figureChangeText({ name: 'latencyMs', before: -1, after: 2, factor: -2 }), 'latency -1 ms → 2 ms (×-2)');
  t.end();
});

t.test('another kernel: compared, and exactness is not claimed', (t) => {
  const other = { ...qemu, id: 'qemu:6.12', release: '6.12' };
  const comparison = compareRuns(run([held()]), run([held({ kernel: 'qemu:6.12' })], { kernels: [other] }), () => otherEvents);
  t.match(comparison.results[0], { exact: false, change: 'same' });
  t.match(comparison.notes, [/the kernels differ/]);
  const elsewhere = { ...otherEvents, substance: { subject: 'br0 STP', after: { atS: 1, event: 4, text: 'off' } } };
  t.equal(compareRuns(run([held()]), run([held({ kernel: 'qemu:6.12' })]), () => elsewhere).results[0]?.change, 'changed', 'something else happened there');
  const rebuilt = compareRuns(run([held()]), run([held()], { kernels: [{ ...qemu, version: '#2 SMP' }] }), () => otherEvents);
  t.equal(rebuilt.results[0]?.exact, false, 'the same release, built anew');
  t.equal(compare([held()], [held()], otherEvents).results[0]?.change, 'changed', 'on the same kernel other events are a change');
  t.end();
});

t.test('seeds, times, versions and interruptions are named', (t) => {
  const before = run([held(), held({ variant: 'slow', time: 'real', kernel: running.id })]);
  const after = run([held({ seed: 2 }), held({ variant: 'slow', time: 'scaled=25', kernel: running.id })], { wirewarp: '0.2.0', interrupted: true });
  const { notes, results } = compareRuns(before, after, () => undefined);
  t.match(notes, [/the seeds differ \(1; 2, 1\)/, /protocol time differs/, /versions of wirewarp differ/, /the run after was interrupted/]);
  t.same(results.map(({ exact }) => exact), [false, false]);
  t.end();
});

t.test('what is in one run only is named', (t) => {
  const comparison = compare([held(), held({ variant: 'gone' })], [held(), held({ variant: 'new' })], identicalEvents);
  t.match(comparison, { identical: false, counts: { same: 1 }, onlyBefore: [{ variant: 'gone' }], onlyAfter: [{ variant: 'new' }] });
  t.match(text(comparison), /only before {2}multicast\/membership-expiry#gone/);
  t.end();
});

t.test('of several kernels or seeds none is guessed', (t) => {
  const on = (kernel: string, seed = 1): ResultRecord => held({ kernel, seed });
  t.match(compare([on('a')], [on('b')]).results, [{ kernel: { before: 'a', after: 'b' } }]);
  t.match(compare([on('a'), on('b')], [on('b'), on('c')]), { results: [{ kernel: { before: 'b', after: 'b' } }], onlyBefore: [{ kernel: 'a' }], onlyAfter: [{ kernel: 'c' }] });
  t.match(compare([on('a', 1), on('a', 2)], [on('b', 2)]), { results: [{ seed: { before: 2, after: 2 } }], onlyBefore: [{ seed: 1 }] });
  t.equal(compare([on('a', 1), on('a', 2)], [on('a', 3)]).results.length, 0);
  t.equal(compare([held({ control: true, expected: 'broken' })], [held()]).results.length, 0, 'a control and a variant of one name');
  t.end();
});
