/** The grid on the page: kernels side by side, and rows that differ marked. */
import { type Grid, gridOf, type GridCell, type GridRow } from '../matrix/grid.ts';
import type { KernelRecord, ResultRecord } from '../record.ts';
import { figureText } from './figures.ts';
import { differsSign, gridSummary, imageLegend } from './grid.ts';
import { type Markup, markup } from './markup.ts';
import { oneLine } from './text.ts';

const words = { verdict: 'the verdicts differ', figure: 'the deciding figure differs by more than 1 %', no: '' } as const;

export function gridSection({ results, kernels }: { readonly results: readonly ResultRecord[]; readonly kernels: readonly KernelRecord[] }, id: (result: ResultRecord) => string): Markup {
  const grid: Grid = gridOf(results);
  const link = (row: GridRow, cell: GridCell): string => {
    const found = results.find(({ scenario, variant, control, kernel }) => scenario === row.scenario && variant === row.variant && control === row.control && kernel === cell.kernel);
    return found ? id(found) : '';
  };
  const legend = imageLegend(kernels);
  return markup`<h2>Kernels side by side</h2>
<p>${gridSummary(grid)}.</p>
<div class="scroll"><table class="grid">
<thead><tr><th></th><th>scenario and variant</th>${grid.kernels.map((kernel) => markup`<th>${oneLine(kernel)}</th>`)}</tr></thead>
<tbody>
${grid.rows.map((row) => markup`<tr class="differs-${row.differs}"><td class="sign" title="${words[row.differs]}">${differsSign[row.differs]}</td><td class="name">${oneLine(row.scenario)} <strong>${oneLine(row.variant)}</strong>${row.control && markup` <span class="badge control">control</span>`}</td>${row.cells.map((cell) => markup`<td>${cell ? cellMarkup(row, cell, link(row, cell)) : markup`<span class="faint">not run</span>`}</td>`)}</tr>
`)}</tbody>
</table></div>${legend.length > 0 && markup`
<pre class="legend">${legend.join('\n')}</pre>`}`;
}

function cellMarkup({ figure }: GridRow, cell: GridCell, id: string): Markup {
  const tone = cell.verdict === 'skipped' ? 'skipped' : cell.asExpected ? 'as-expected' : cell.verdict === 'errored' ? 'errored' : 'unexpected';
  const sign = tone === 'as-expected' ? '✓' : tone === 'skipped' ? '–' : '✗';
  return markup`<a class="badge ${tone}" href="#${id}">${sign} ${cell.verdict}</a>${figure !== undefined && cell.value !== undefined && markup` <span class="value">${figureText(figure, cell.value)}</span>`}`;
}
