/** The grid for a terminal. Colour only helps: a row that differs has a sign of its own at the left. */
import type { Grid, GridCell, GridRow } from '../matrix/grid.ts';
import { palette, type Palette } from './ansi.ts';
import { figureText } from './figures.ts';
import { oneLine, padEnd, plural, shorten, width } from './text.ts';

export interface GridOptions {
  columns: number;
  colour: boolean;
}

export const differsSign = { verdict: '≠', figure: '~', no: ' ' } as const;
const gap = 2;
/** "✗ CRASHED" must be whole. */
const leastCell = 9;

export function renderGrid(grid: Grid, { columns, colour }: GridOptions): string {
  const paint = palette(colour);
  const names = grid.rows.map((row) => oneLine(`${row.scenario} ${row.variant}${row.control ? ' (ctl)' : ''}`));
  const texts = grid.rows.map((row) => row.cells.map((cell) => cellText(row, cell)));
  const [nameColumns, ...cells] = widths(grid, names, texts, Math.max(60, columns));
  const head = padEnd('', 2 + (nameColumns ?? 0)) + grid.kernels.map((kernel, i) => ' '.repeat(gap) + padEnd(tail(oneLine(kernel), cells[i] ?? 0), cells[i] ?? 0)).join('');
  const lines = grid.rows.map((row, r) => {
    const tint = row.differs === 'verdict' ? paint.bad : row.differs === 'figure' ? paint.caution : paint.faint;
    const name = padEnd(tail(names[r] ?? '', nameColumns ?? 0), nameColumns ?? 0);
    const line = row.cells.map((cell, i) => ' '.repeat(gap) + cellPaint(row, cell, paint)(padEnd(cut(texts[r]?.[i] ?? '', cells[i] ?? 0), cells[i] ?? 0))).join('');
    return `${tint(differsSign[row.differs])} ${row.differs === 'no' ? name : paint.strong(name)}${line}`.trimEnd();
  });
  return [paint.faint(head.trimEnd()), ...lines, '', gridSummary(grid), ''].join('\n');
}

/** Which image is which, where two are of one release: "-2" alone tells nobody. */
export function imageLegend(kernels: readonly { readonly id: string; readonly place: string; readonly release: string; readonly image?: string }[]): string[] {
  const twins = kernels.filter(({ place, release }, i) => kernels.some((other, j) => j !== i && other.place === place && other.release === release));
  const longest = Math.max(0, ...twins.map(({ id }) => width(oneLine(id))));
  return twins.flatMap(({ id, image }) => (image === undefined ? [] : [`${padEnd(oneLine(id), longest)}  ${oneLine(image)}`]));
}

/** "2 of 14 rows differ: ≠ 1 in the verdict, ~ 1 in the deciding figure". */
export function gridSummary({ rows, kernels }: Grid): string {
  const of = (differs: GridRow['differs']): number => rows.filter((row) => row.differs === differs).length;
  const parts = [...(of('verdict') > 0 ? [`≠ ${of('verdict')} in the verdict`] : []), ...(of('figure') > 0 ? [`~ ${of('figure')} in the deciding figure, by more than 1 %`] : [])];
  return parts.length === 0 ? `${plural(rows.length, 'row')}, ${plural(kernels.length, 'kernel')}: no difference` : `${rows.length - of('no')} of ${plural(rows.length, 'row')} differ: ${parts.join(', ')}`;
}

export function cellText({ figure }: GridRow, cell: GridCell | null): string {
  if (!cell) return 'not run';
  if (cell.verdict === 'skipped') return '– skipped';
  const verdict = cell.asExpected ? `✓ ${cell.verdict}` : `✗ ${cell.verdict.toUpperCase()}`;
  return figure === undefined || cell.value === undefined ? verdict : `${verdict} ${figureText(figure, cell.value)}`;
}

function cellPaint({ differs }: GridRow, cell: GridCell | null, paint: Palette): (text: string) => string {
  if (!cell || cell.verdict === 'skipped') return paint.faint;
  if (!cell.asExpected) return paint.bad;
  // Where all agree, green everywhere would hide the one that does not.
  return differs === 'no' ? (text) => text : paint.good;
}

/** Half a figure is worth less than none. */
const cut = (text: string, columns: number): string =>
  width(text) > columns && columns < 16 ? shorten(text.split(' ').slice(0, 2).join(' '), columns) : shorten(text, columns);

/** Of a path its end tells more than its beginning. */
function tail(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  const reversed = (word: string): string => [...word].reverse().join('');
  return reversed(shorten(reversed(text), columns));
}

/** Natural widths; where those do not fit, the cells give way to what a verdict takes, then the names. */
function widths(grid: Grid, names: readonly string[], texts: readonly (readonly string[])[], columns: number): number[] {
  const name = Math.max(8, ...names.map(width));
  const natural = grid.kernels.map((kernel, i) => Math.max(leastCell, width(oneLine(kernel)), ...texts.map((row) => width(row[i] ?? ''))));
  const room = columns - 2 - gap * natural.length;
  const wanted = natural.reduce((sum, one) => sum + one, name);
  if (wanted <= room) return [name, ...natural];
  const nameColumns = Math.max(12, Math.min(name, Math.floor(room * 0.45)));
  const each = Math.max(leastCell, Math.floor((room - nameColumns) / Math.max(1, natural.length)));
  return [nameColumns, ...natural.map((one) => Math.min(one, each))];
}
