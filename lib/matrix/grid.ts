/** Scenarios down, kernels across: where they agree there is nothing to see, so each row knows whether its cells differ. */
import { isTelling } from '../compare/figures.ts';
import type { ResultRecord, Verdict } from '../record.ts';
import { decidingFigure, figureOf } from '../render/deciding.ts';
import { usual } from '../sweep/sweep.ts';

export interface GridCell {
  kernel: string;
  verdict: Verdict;
  asExpected: boolean;
  /** Of the row's figure; absent where it was not measured. */
  value?: number;
  replay: string;
}

export interface GridRow {
  scenario: string;
  variant: string;
  control: boolean;
  /** The deciding figure of most cells. */
  figure?: string;
  /** verdict: they came out differently. figure: they came out alike, and the figure is more than a hundredth apart. Skipped cells say nothing. */
  differs: 'verdict' | 'figure' | 'no';
  /** In the order of the kernels; null where an interrupted run has none. */
  cells: (GridCell | null)[];
}

export interface Grid {
  kernels: string[];
  rows: GridRow[];
}

export function gridOf(results: readonly ResultRecord[]): Grid {
  const kernels = [...new Set(results.map(({ kernel }) => kernel))];
  const rows = new Map<string, ResultRecord[]>();
  for (const result of results) {
    const key = JSON.stringify([result.scenario, result.variant, result.control]);
    const row = rows.get(key);
    if (row) row.push(result);
    else rows.set(key, [result]);
  }
  return { kernels, rows: [...rows.values()].map((row) => rowOf(row, kernels)) };
}

function rowOf(results: readonly ResultRecord[], kernels: readonly string[]): GridRow {
  const [{ scenario, variant, control }] = results as [ResultRecord];
  const figure = usual(results.map(decidingFigure));
  const cells = kernels.map((kernel): GridCell | null => {
    const result = results.find((one) => one.kernel === kernel);
    if (!result) return null;
    const value = figure === undefined ? undefined : figureOf(result, figure);
    return { kernel, verdict: result.verdict, asExpected: result.asExpected, ...(value === undefined ? {} : { value }), replay: result.replay };
  });
  return { scenario, variant, control, ...(figure === undefined ? {} : { figure }), differs: difference(cells), cells };
}

function difference(cells: readonly (GridCell | null)[]): GridRow['differs'] {
  const decided = cells.filter((cell) => cell !== null && cell.verdict !== 'skipped') as GridCell[];
  if (new Set(decided.map(({ verdict, asExpected }) => `${verdict} ${asExpected}`)).size > 1) return 'verdict';
  const values = decided.map(({ value }) => value);
  const numbers = values.filter((value) => value !== undefined);
  if (numbers.length === 0) return 'no';
  return numbers.length < values.length || isTelling(Math.min(...numbers), Math.max(...numbers)) ? 'figure' : 'no';
}
