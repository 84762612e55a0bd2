import t from 'tap';
import { gridOf } from '../../../lib/matrix/grid.ts';
import type { ResultRecord } from '../../../lib/record.ts';
import { imageLegend, renderGrid } from '../../../lib/render/grid.ts';
import { renderHtml } from '../../../lib/render/html.ts';
import { claim, qemu, result, run, running } from '../render/samples.ts';

const on = (kernel: string, outageS: number | undefined, over: Partial<ResultRecord> = {}): ResultRecord =>
  result({ kernel, claims: [claim({ figures: outageS === undefined ? {} : { outageS } })], figures: {}, ...over });
const differs = (...results: ResultRecord[]): string | undefined => gridOf(results).rows[0]?.differs;

t.test('which rows differ', (t) => {
  t.equal(differs(on('a', 0.2), on('b', 0.2)), 'no');
  t.equal(differs(on('a', 0.2), on('b', 0.2019)), 'no', 'a hundredth is another kernel\'s instructions');
  t.equal(differs(on('a', 0.2), on('b', 0.21)), 'figure');
  t.equal(differs(on('a', 0), on('b', 0.000001)), 'figure', 'nothing at all is another thing than a little');
  t.equal(differs(on('a', 0.2), on('b', undefined)), 'figure');
  t.equal(differs(on('a', 0.2), on('b', 0.2, { verdict: 'broken' })), 'verdict');
  t.equal(differs(on('a', 0.2), on('b', 0.2, { verdict: 'errored', reason: 'no memory' })), 'verdict');
  t.equal(differs(on('a', 0.2), on('b', undefined, { verdict: 'skipped', reason: 'no bonding' })), 'no', 'a skip says nothing');
  t.equal(differs(on('a', 0.2)), 'no');
  t.end();
});

const results = [
  on('old', 0.2), on('old', 0.2, { variant: 'legacy' }), on('old', 3, { scenario: 'bonding/failback', variant: 'fast' }),
  on('new', 0.2), on('new', 17, { variant: 'legacy', verdict: 'broken' }), on('new', 3.5, { scenario: 'bonding/failback', variant: 'fast' }),
];

t.test('a row a variant, a column a kernel, in the order of the run', (t) => {
  const { kernels, rows } = gridOf(results);
  t.same(kernels, ['old', 'new']);
  t.match(rows.map(({ variant, differs, figure, cells }) => [variant, differs, figure, cells.map((cell) => cell?.value)]), [
    ['healthy', 'no', 'outageS', [0.2, 0.2]], ['legacy', 'verdict', 'outageS', [0.2, 17]], ['fast', 'figure', 'outageS', [3, 3.5]],
  ]);
  t.same(gridOf(results.slice(0, 4)).rows[1]?.cells[1], null, 'an interrupted run');
  t.equal(gridOf([...results, on('old', 1, { control: true, expected: 'broken', verdict: 'broken' })]).rows.length, 4, 'a control of a variant\'s name');
  t.end();
});

t.test('what differs stands out', (t) => {
  const lines = renderGrid(gridOf(results), { columns: 100, colour: false }).split('\n');
  t.match(lines[1], /^ {2}multicast\/membership-expiry healthy {2}✓ held 0\.2 s outage +✓ held 0\.2 s outage$/);
  t.match(lines[2], /^≠ multicast\/membership-expiry legacy {3}✓ held 0\.2 s outage +✗ BROKEN 17 s outage$/);
  t.match(lines[3], /^~ /);
  t.match(lines[5], /^2 of 3 rows differ: ≠ 1 in the verdict, ~ 1 in the deciding figure/);
  t.match(renderGrid(gridOf(results.slice(0, 1)), { columns: 80, colour: false }), /1 row, 1 kernel: no difference/);
  t.end();
});

t.test('it fits, and verdicts stay whole', (t) => {
  const many = ['6.1', '6.6', '6.12', '6.18'].flatMap((release) => [on(`qemu:${release}.0-cloud-amd64`, 0.2, { scenario: 'migration/announcements-through-a-bond-that-fails-over', verdict: release === '6.6' ? 'crashed' : 'held', reason: 'oops' })]);
  const lines = renderGrid(gridOf(many), { columns: 80, colour: false }).split('\n');
  for (const line of lines.slice(0, 2)) t.ok([...line].length <= 80, `${[...line].length}: ${line}`);
  t.match(lines[1], /✗ CRASHED/);
  t.end();
});

t.test('the page has the grid where there are several kernels', (t) => {
  const page = renderHtml(run(results, { kernels: [qemu, running] }));
  t.match(page, /Kernels side by side[\s\S]*<tr class="differs-verdict"><td class="sign" title="the verdicts differ">≠/);
  t.match(page, /<a class="badge unexpected" href="#result-4">✗ broken<\/a> <span class="value">17 s outage/);
  t.notMatch(page, /class="legend"/, 'their names tell them apart');
  const twin = { ...qemu, id: running.id, image: '/b/vmlinuz' };
  t.match(renderHtml(run(results, { kernels: [qemu, twin] })), /<pre class="legend">[^<]*\/b\/vmlinuz<\/pre>/, 'of one release: which image is which');
  t.notMatch(renderHtml(run(results.slice(0, 3))), /side by side/);
  t.end();
});

t.test('kernels of one release are told apart by their images', (t) => {
  const kernel = (id: string, release: string, image?: string) => ({ id, place: 'uml', release, ...(image === undefined ? {} : { image }) });
  t.same(imageLegend([kernel('uml:6.1', '6.1', '/a/linux'), kernel('uml:6.1-2', '6.1', '/b/linux'), kernel('uml:6.2', '6.2', '/c/linux')]), ['uml:6.1    /a/linux', 'uml:6.1-2  /b/linux']);
  t.same(imageLegend([kernel('uml:6.1', '6.1', '/a/linux'), kernel('running:6.1', '6.2')]), []);
  t.end();
});
