/**
 * The verdicts as a terminal table: fits 80 columns and uses more if there are more. Colour only helps; without it
 * the mark at the left and the capitals of an unexpected verdict say the same.
 */
import { isInherent } from '../diagnosis/kinds.ts';
import type { FindingRecord, ResultRecord, RunRecord } from '../record.ts';
import { palette, type Palette, type Paint } from './ansi.ts';
import { protocolTime, wallTime } from './figures.ts';
import { claimAsExpected, controlsText, count, decidingFigures, explanation, groupBy, standing } from './standing.ts';
import { oneLine, padEnd, padStart, plural, shorten, width, wrap } from './text.ts';

export interface TableOptions {
  /** Terminal columns; at least 60 are used. */
  columns: number;
  colour: boolean;
}

/** Table, then what was not as expected in full, then the counts. */
export function renderTable(run: RunRecord, options: TableOptions): string {
  const columns = Math.max(60, options.columns);
  const paint = palette(options.colour);
  const kernels = [...groupBy(run.results, 'kernel')];
  const table = kernels.map(([kernel, results]) => ({ kernel, rows: results.map((result) => row(result, columns)) }));
  const widths = fit(table.flatMap(({ rows }) => rows.map(({ cells }) => cells)), columns);
  const lines = table.flatMap(({ kernel, rows }) => [
    // One kernel is said in the footer; only a matrix needs headings.
    ...(kernels.length > 1 ? [paint.strong(shorten(oneLine(kernel), columns))] : []),
    ...rows.map((one) => rowLine(one, widths, paint)),
    '',
  ]);
  if (kernels.length > 0) lines.unshift(paint.faint(pad(heads, widths).join(' ').trimEnd()));
  return [...lines, ...explained(run.results, columns, paint), ...troubles(run.results, columns, paint), ...footer(run, columns, paint)].join('\n') + '\n';
}

/** Only what was not as expected, each with its reason and the command to repeat it; empty when all is well. */
export function renderTroubles(run: RunRecord, options: TableOptions): string {
  return troubles(run.results, Math.max(60, options.columns), palette(options.colour)).map((line) => `${line}\n`).join('');
}

/** ✓ as expected, ✗ not, – skipped; with the paint that goes with it. */
export function mark(result: ResultRecord, paint: Palette): { sign: string; paint: Paint } {
  const where = standing(result);
  if (where === 'skipped') return { sign: '–', paint: paint.caution };
  return where === 'as-expected' ? { sign: '✓', paint: paint.good } : { sign: '✗', paint: paint.bad };
}

/** Unexpected verdicts in capitals; a control says so, because its "broken" is good news. */
export function verdictText(result: ResultRecord): string {
  const verdict = standing(result) === 'unexpected' ? result.verdict.toUpperCase() : result.verdict;
  return result.control ? `${verdict} (control)` : verdict;
}

interface Row {
  result: ResultRecord;
  cells: string[];
}

const heads = ['', 'scenario', 'variant', 'verdict', 'deciding figure', 'protocol', 'wall'];
const [scenarioColumn, variantColumn, verdictColumn, figureColumn] = [1, 2, 3, 4];
const rightAligned = new Set([5, 6]);

function row(result: ResultRecord, columns: number): Row {
  const skipped = standing(result) === 'skipped';
  const verdict = verdictText(result);
  return {
    result,
    cells: [
      mark(result, palette(false)).sign, oneLine(result.scenario), oneLine(result.variant),
      columns < 100 ? verdict.replace('(control)', 'ctl') : verdict,
      decidingFigures(result, columns >= 120 ? 2 : 1),
      skipped ? '' : protocolTime(result.protocolS), skipped ? '' : wallTime(result.wallS),
    ],
  };
}

function pad(cells: string[], widths: number[]): string[] {
  return cells.map((cell, index) => {
    const columns = widths[index] ?? 0;
    return rightAligned.has(index) ? padStart(cell, columns) : padEnd(cut(cell, columns, index), columns);
  });
}

function rowLine({ result, cells }: Row, widths: number[], paint: Palette): string {
  const { paint: tint } = mark(result, paint);
  const rest = standing(result) === 'skipped' ? paint.faint : (text: string) => text;
  const tinted = pad(cells, widths).map((cell, index) => (index === 0 || index === verdictColumn ? tint(cell) : rest(cell)));
  return tinted.join(' ').trimEnd();
}

/** Of a path its end tells more than its beginning. */
function cut(cell: string, columns: number, index: number): string {
  if (index !== scenarioColumn || width(cell) <= columns) return shorten(cell, columns);
  const reversed = (text: string) => [...text].reverse().join('');
  return reversed(shorten(reversed(cell), columns));
}

/** Natural widths; where those do not fit, the figure gives way first, then the scenario, then the variant. */
function fit(cells: string[][], columns: number): number[] {
  const widths = heads.map((head, index) => Math.max(width(head), ...cells.map((row) => width(row[index] ?? ''))));
  widths[0] = 1;
  let excess = widths.reduce((sum, one) => sum + one, widths.length - 1) - columns;
  const floors: [number, number][] = [[figureColumn, 16], [scenarioColumn, 18], [variantColumn, 8], [figureColumn, 6], [scenarioColumn, 8]];
  for (const [column, floor] of floors) {
    const give = Math.min(Math.max(0, excess), Math.max(0, (widths[column] ?? 0) - floor));
    widths[column] = (widths[column] ?? 0) - give;
    excess -= give;
  }
  return widths;
}

function troubles(results: ResultRecord[], columns: number, paint: Palette): string[] {
  return results.filter((result) => standing(result) === 'unexpected').flatMap((result) => {
    const { sign, paint: tint } = mark(result, paint);
    const bad = result.claims.filter((claim) => !claimAsExpected(result, claim));
    const control = result.verdict === 'held';
    return [
      `${tint(`${sign} ${verdictText(result)}`)} ${paint.strong(oneLine(`${result.scenario}, ${result.variant}`))}`,
      ...(control || bad.length === 0 ? labelled('', explanation(result), columns) : []),
      ...(bad.length > 0 && !control && result.reason !== undefined ? labelled('', result.reason, columns) : []),
      ...(control ? [] : bad.flatMap((claim) => [
        ...labelled('', claim.claim, columns),
        ...labelled('expected', claim.expected, columns),
        ...labelled('observed', claim.observed, columns),
      ])),
      `  kernel    ${oneLine(result.kernel)}`,
      ...findingLines(result.findings, columns),
      // Not wrapped: it must survive being copied.
      `  replay    ${oneLine(result.replay)}`,
      '',
    ];
  });
}

/** Of so many results people read what was lost and why; the report has it of all. */
const MOST_EXPLAINED = 6;
const MOST_FINDINGS = 3;

/** Why those that came out as expected lost what they lost, one line or two each. */
function explained(results: readonly ResultRecord[], columns: number, paint: Palette): string[] {
  const lost = results.filter((result) => standing(result) === 'as-expected' && tellingFindings(result.findings).length > 0);
  if (lost.length === 0 || lost.length > MOST_EXPLAINED) return lost.length === 0 ? [] : [...labelled('why', `${lost.length} of these results lost something; the report says of each what happened.`, columns), ''];
  return lost.flatMap((result) => [
    paint.strong(oneLine(`${result.scenario}, ${result.variant}`)),
    ...tellingFindings(result.findings).slice(0, MOST_FINDINGS).flatMap((finding) => labelled(finding.sure, `${finding.title} (${finding.where})`, columns)),
    '',
  ]);
}

/** What a healthy network loses while it works goes without saying where something else is to be said. */
const tellingFindings = (findings: readonly FindingRecord[]): FindingRecord[] => findings.filter((finding) => !isInherent(finding.kind));

/** Each with its sentences and the first of its cures. */
function findingLines(findings: readonly FindingRecord[], columns: number): string[] {
  return findings.slice(0, MOST_FINDINGS).flatMap((finding) => [
    ...labelled('why', `${finding.title} (${finding.where}; ${finding.sure}). ${finding.what}`, columns),
    ...finding.cures.slice(0, 1).map((cure) => `  cure      ${cure.where}: ${oneLine(cure.lines.join('; '))}${finding.cures.length > 1 ? ` (and ${finding.cures.length - 1} more in the report)` : ''}`),
  ]);
}

/** "  expected  text", continued under the text. */
function labelled(label: string, text: string, columns: number): string[] {
  const first = label === '' ? '  ' : `  ${padEnd(label, 8)}  `;
  return wrap(text, columns - first.length).map((line, index) => (index === 0 ? first : ' '.repeat(first.length)) + line);
}

function footer(run: RunRecord, columns: number, paint: Palette): string[] {
  const counts = count(run.results);
  const parts = [
    plural(counts.total, 'result'),
    counts.unexpected > 0 ? paint.bad(`${counts.unexpected} NOT as expected`) : '',
    counts.asExpected > 0 ? paint.good(`${counts.asExpected} as expected`) : '',
    counts.skipped > 0 ? paint.caution(`${counts.skipped} skipped`) : '',
  ].filter((part) => part !== '');
  const verdicts = Object.entries(counts.verdicts).filter(([, number]) => number > 0).map(([verdict, number]) => `${number} ${verdict}`);
  const controls = counts.controlsBroken > 0 ? ` (${controlsText(counts)})` : '';
  const kernels = new Set(run.results.map((result) => result.kernel));
  const where = kernels.size === 1 ? ` on ${oneLine([...kernels][0] ?? '')}` : kernels.size > 1 ? ` on ${plural(kernels.size, 'kernel')}` : '';
  const skips = new Set(run.results.filter((result) => result.verdict === 'skipped').map((result) => oneLine(result.reason ?? 'no reason recorded')));
  return [
    // A skip's reason tells how to get what is missing: too long for a cell, so each one once in full.
    ...[...skips].flatMap((reason) => labelled('skipped', reason, columns)),
    ...[...new Set(run.results.flatMap(({ notes = [] }) => notes.map(oneLine)))].flatMap((note) => labelled('note', note, columns)),
    ...(run.interrupted ? [paint.caution('Interrupted: these are the results until then.')] : []),
    parts.join(' · '),
    ...(verdicts.length > 0 ? wrap(`${verdicts.join(', ')}${controls}`, columns).map(paint.faint) : []),
    paint.faint(`wall time ${wallTime(run.wallS)}${where}`),
  ];
}
