/** Two runs side by side, for a terminal: worse first, then better, then what else changed. */
import type { EventDifference, Happening } from '../compare/events.ts';
import { distance, type FigureChange, isTelling } from '../compare/figures.ts';
import type { Change, Missing, ResultComparison, RunComparison, RunName } from '../compare/runs.ts';
import { palette, type Palette, type Paint } from './ansi.ts';
import { figure, num } from './figures.ts';
import { oneLine, plural, shorten, wrap } from './text.ts';

export interface ComparisonOptions {
  columns: number;
  colour: boolean;
}

/** More of one result would hide the next one; --json has all. */
const MOST_FIGURES = 8;
const MOST_MISSING = 10;

export function renderComparison(comparison: RunComparison, { columns, colour }: ComparisonOptions): string {
  const paint = palette(colour);
  const room = Math.max(60, columns);
  const order: Change[] = ['regression', 'undecided', 'fix', 'changed'];
  const results = order.flatMap((change) => comparison.results.filter((result) => result.change === change));
  return [
    runLine('before', comparison.before), runLine('after', comparison.after), '',
    ...comparison.notes.flatMap((note) => labelled('note', `${note}.`, room)), ...(comparison.notes.length > 0 ? [''] : []),
    ...results.flatMap((result) => [...resultLines(result, room, paint), '']),
    ...missingLines('only before', comparison.onlyBefore, room), ...missingLines('only after', comparison.onlyAfter, room),
    ...(comparison.onlyBefore.length + comparison.onlyAfter.length > 0 ? [''] : []),
    summary(comparison, paint), '',
  ].join('\n');
}

const runLine = (label: string, { runId, kernels, seeds }: RunName): string =>
  `${label.padEnd(8)}${oneLine(runId)}  ${kernels.map(oneLine).join(', ')}, ${seedsText(seeds)}`;

const seedsText = (seeds: readonly number[]): string => (seeds.length === 1 ? `seed ${seeds[0] ?? ''}` : `${seeds.length} seeds`);

const signs: Record<Change, [sign: string, words: string, tone: keyof Palette]> = {
  regression: ['✗', 'REGRESSION', 'bad'], undecided: ['?', 'UNDECIDED', 'caution'], fix: ['✓', 'FIXED', 'good'], changed: ['≠', 'changed', 'strong'], same: ['=', 'the same', 'faint'],
};

function resultLines(result: ResultComparison, columns: number, paint: Palette): string[] {
  const [sign, words, tone] = signs[result.change];
  const tint: Paint = paint[tone];
  const verdicts = result.verdict.before === result.verdict.after ? result.verdict.after : `${result.verdict.before} → ${result.verdict.after}`;
  return [
    `${tint(`${sign} ${words}`)}  ${paint.strong(oneLine(`${result.scenario}, ${result.variant}`))}${result.control ? ' (control)' : ''}: ${verdicts}`,
    ...result.claims.flatMap((claim) => [
      ...labelled('claim', `${claim.claim}: ${claim.before?.verdict ?? 'not asked'} → ${claim.after?.verdict ?? 'not asked'}`, columns),
      ...labelled('expected', claim.expected, columns),
      ...(claim.before ? labelled('before', claim.before.observed, columns) : []),
      ...(claim.after ? labelled('after', claim.after.observed, columns) : []),
    ]),
    ...figureLines(result.figures, columns),
    ...result.findings.appeared.flatMap((finding) => labelled('new', finding, columns)),
    ...result.findings.gone.flatMap((finding) => labelled('gone', finding, columns)),
    ...eventLines(result, columns),
    // Not wrapped: it must survive being copied.
    ...(result.change === 'regression' || result.change === 'undecided' ? [`  replay    ${oneLine(result.replay.after)}`] : []),
  ];
}

function figureLines(changes: readonly FigureChange[], columns: number): string[] {
  const telling = changes.filter(({ before, after }) => isTelling(before, after)).sort((a, b) => distance(b) - distance(a));
  const shown = telling.slice(0, MOST_FIGURES);
  const rest = telling.length - shown.length;
  const small = changes.length - telling.length;
  const more = [...(rest > 0 ? [`${rest} more changed (--json has them)`] : []), ...(small > 0 ? [`${plural(small, 'figure')} changed by no more than 1 %`] : [])];
  return [
    ...shown.flatMap((change) => labelled('figure', figureChangeText(change), columns)),
    ...(more.length > 0 ? labelled('', `${shown.length > 0 ? 'and ' : ''}${more.join(', ')}`, columns) : []),
  ];
}

/** "outage 0.2 s → 17 s (×85)", with the claim that measured it. */
export function figureChangeText(change: FigureChange): string {
  const { name, before, after, factor, claim } = change;
  const [one, other] = [before, after].map((value) => {
    if (value === undefined) return 'none';
    const { value: number, unit } = figure(name, value);
    return [number, unit].filter((part) => part !== '').join(' ');
  });
  const { label } = figure(name, 0);
  return `${label === '' ? name : label} ${one ?? ''} → ${other ?? ''}${factor === undefined ? '' : ` (${factorText(factor)})`}${claim === undefined ? '' : `: ${claim}`}`;
}

/** "×85", "÷85": which way is read at once. */
function factorText(factor: number): string {
  if (factor <= 0) return `×${num(factor)}`;
  const digits = (value: number): string => (value >= 10 ? String(Math.round(value)) : String(Number(value.toPrecision(3))));
  return factor >= 1 ? `×${digits(factor)}` : `÷${digits(1 / factor)}`;
}

function eventLines({ events, exact, seed }: ResultComparison, columns: number): string[] {
  if (!events) return labelled('events', 'not compared: one of the runs kept none of this result', columns);
  if (events.identical) return labelled('events', `identical, all ${events.events.after}`, columns);
  const lines: string[] = [];
  // With another kernel every instant differs, and the first of them says nothing.
  const { first, substance, datagram } = events;
  if (exact && first && JSON.stringify(first) !== JSON.stringify(substance)) lines.push(...differenceLines('first event that differs', first, columns));
  // Another seed has other MACs in every frame: only what became of the datagrams means anything.
  if (seed.before !== seed.after) return datagram ? differenceLines('first datagram with another fate', datagram, columns) : [];
  if (substance) lines.push(...differenceLines(exact ? 'first that differs in more than its instant' : 'first event that differs, instants aside', substance, columns));
  else lines.push(...labelled('events', 'the same happened, in the same order; only instants differ', columns));
  if (datagram && JSON.stringify(datagram) !== JSON.stringify(substance)) lines.push(...differenceLines('first datagram with another fate', datagram, columns));
  return lines;
}

function differenceLines(title: string, { subject, before, after }: EventDifference, columns: number): string[] {
  const told = (happening: Happening | undefined): string =>
    happening ? `${happening.atS.toFixed(6)} s  ${oneLine(happening.text)}  (line ${happening.event})` : 'does not happen';
  const line = (label: string, text: string): string => shorten(`    ${label.padEnd(8)}${text}`, Math.max(columns, 100));
  return [...labelled('', `${title}: ${subject}`, columns), line('before', told(before)), line('after', told(after))];
}

function missingLines(label: string, missing: readonly Missing[], columns: number): string[] {
  const names = missing.map(({ scenario, variant, kernel, seed }) => `${scenario}#${variant} on ${kernel}, seed ${seed}`);
  const shown = names.slice(0, MOST_MISSING);
  return [...shown.flatMap((name) => labelled(label, name, columns)), ...(names.length > shown.length ? labelled('', `and ${names.length - shown.length} more`, columns) : [])];
}

function summary({ identical, counts, results, onlyBefore, onlyAfter }: RunComparison, paint: Palette): string {
  if (identical) return paint.good(`${plural(results.length, 'result')} compared: ${sameWords(results)}.`);
  const gone = onlyBefore.length + onlyAfter.length;
  return [
    `${plural(results.length, 'result')} compared`,
    counts.regression > 0 ? paint.bad(plural(counts.regression, 'REGRESSION')) : 'no regression',
    counts.fix > 0 ? paint.good(`${counts.fix} fixed`) : '',
    counts.undecided > 0 ? paint.caution(`${counts.undecided} undecided now`) : '',
    counts.changed > 0 ? `${counts.changed} changed` : '',
    counts.same > 0 ? `${counts.same} the same` : '',
    gone > 0 ? `${gone} in one run only` : '',
  ].filter((part) => part !== '').join(' · ');
}

/** Only logs that were there are known to be the same. */
function sameWords(results: readonly ResultComparison[]): string {
  const logs = results.filter(({ events }) => events?.identical);
  const lines = logs.reduce((sum, { events }) => sum + (events?.events.after ?? 0), 0);
  const whole = logs.length === results.length ? `the same verdicts, figures and events (${lines})` : `the same verdicts and figures; of ${results.length - logs.length} the events were not the same or not kept`;
  return `identical: ${whole}`;
}

/** "  expected  text", continued under the text. */
function labelled(label: string, text: string, columns: number): string[] {
  const first = label === '' ? '  ' : `  ${label.padEnd(8)}  `;
  return wrap(text, columns - first.length).map((line, index) => (index === 0 ? first : ' '.repeat(first.length)) + line);
}
