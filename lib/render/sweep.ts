/** A sweep for a terminal: of each story how many seeds came out, how its figure lies, and the seed to look at. */
import type { Bin, Distribution, RunRecord, SweptRecord } from '../record.ts';
import { seedsText } from '../sweep/seeds.ts';
import { palette, type Palette } from './ansi.ts';
import { figure as figureWords, num, wallTime } from './figures.ts';
import { oneLine, padEnd, padStart, plural, width, wrap } from './text.ts';

export interface SweepOptions {
  columns: number;
  colour: boolean;
}

/** More seeds than anybody reads; run.json has all. */
const MOST_SEEDS = 60;

export function renderSweep(run: RunRecord, { columns, colour }: SweepOptions): string {
  const paint = palette(colour);
  const room = Math.max(60, columns);
  const { sweep } = run;
  if (!sweep) return '';
  const ran = new Set(run.results.map(({ seed }) => seed)).size;
  return [
    ...sweep.stories.flatMap((story) => [...storyLines(story, room, paint), '']),
    ...skips(run).flatMap((reason) => labelled('skipped', reason, room)),
    ...(run.interrupted ? [paint.caution(`Interrupted: these are ${ran} of ${plural(sweep.seeds.length, 'seed')}.`)] : []),
    paint.faint(`${plural(ran, 'seed')}, ${plural(run.results.length, 'result')}, wall time ${wallTime(run.wallS)}`), '',
  ].join('\n');
}

const skips = ({ results }: RunRecord): string[] => [...new Set(results.filter(({ verdict }) => verdict === 'skipped').map(({ reason }) => oneLine(reason ?? 'no reason recorded')))];

/** "97 of 100 seeds as expected: 97 held, 3 broken". */
export function standingText({ seeds, asExpected, verdicts }: SweptRecord): string {
  const parts = Object.entries(verdicts).filter(([, number]) => number > 0).map(([verdict, number]) => `${number} ${verdict}`);
  return `${asExpected} of ${plural(seeds, 'seed')} as expected: ${parts.join(', ')}`;
}

/** The figure's unit stands at its name, once. */
export function measuredText(name: string): string {
  const { label, unit } = figureWords(name, 0);
  return unit === '' ? label : `${label}, ${unit}`;
}

/** "smallest 260.2, median 262.2, …": what is read off a distribution. */
export const quantiles = (d: Distribution): [name: string, value: string][] =>
  ([['smallest', d.min], ['5 %', d.p05], ['25 %', d.p25], ['median', d.median], ['75 %', d.p75], ['95 %', d.p95], ['largest', d.max], ['mean', d.mean]] as const).map(([name, value]) => [name, num(value)]);

function storyLines(story: SweptRecord, columns: number, paint: Palette): string[] {
  const { asExpected, seeds, distribution, figure, smallestUnexpected, unexpectedSeeds } = story;
  const tint = smallestUnexpected ? paint.bad : asExpected === 0 ? paint.caution : paint.good;
  const others = story.figures.filter((name) => name !== figure);
  return [
    `${paint.strong(oneLine(`${story.scenario}, ${story.variant}`))}${story.control ? ' (control)' : ''} on ${oneLine(story.kernel)}`,
    `  ${tint(standingText(story))}`,
    ...(figure !== undefined && distribution ? [
      `  ${measuredText(figure)}${distribution.count < seeds ? ` (measured with ${distribution.count} seeds)` : ''}:`,
      ...wrap(quantiles(distribution).map(([name, value]) => `${name.replace(' ', '\u00a0')}\u00a0${value}`).join(' · '), columns - 4).map((line) => `    ${line.replaceAll('\u00a0', ' ')}`),
      ...histogram(distribution.bins, columns - 4).map((line) => `    ${line}`),
    ] : []),
    ...(smallestUnexpected ? [
      `  smallest seed that fails: ${paint.strong(String(smallestUnexpected.seed))} (${smallestUnexpected.verdict})`,
      ...(unexpectedSeeds.length > 1 ? labelled('all', `${seedsText(unexpectedSeeds.slice(0, MOST_SEEDS))}${unexpectedSeeds.length > MOST_SEEDS ? ' …' : ''}`, columns) : []),
      // Not wrapped: it must survive being copied.
      `  replay    ${oneLine(smallestUnexpected.replay)}`,
    ] : []),
    ...(others.length > 0 ? labelled('--figure', others.join(', '), columns).map(paint.faint) : []),
  ];
}

/** With as many decimals as it takes to tell its ends apart. */
export function binName({ from, to }: Bin): string {
  if (from === to) return num(from);
  const decimals = Math.min(12, Math.max(0, Math.ceil(-Math.log10(to - from) - 1e-9)));
  return [from, to].map((edge) => String(Number(edge.toFixed(decimals)))).join(' – ');
}

/** A bar a line; what was not as expected is drawn otherwise, and counted beside it. */
export function histogram(bins: readonly Bin[], columns: number): string[] {
  const most = Math.max(...bins.map(({ count }) => count));
  const names = bins.map(binName);
  const counts = bins.map(({ count, unexpected }) => `${count}${unexpected > 0 ? `, ${unexpected} not as expected` : ''}`);
  const [nameColumns, countColumns] = [names, counts].map((texts) => Math.max(...texts.map(width)));
  const room = Math.max(8, Math.min(48, columns - (nameColumns ?? 0) - (countColumns ?? 0) - 2));
  return bins.map(({ count, unexpected }, i) => {
    // One seed of a thousand must still be seen.
    const long = (number: number): number => (number === 0 ? 0 : Math.max(1, Math.round((number / most) * room)));
    const bad = long(unexpected);
    const good = Math.max(count > unexpected ? 1 : 0, long(count) - bad);
    return `${padStart(names[i] ?? '', nameColumns ?? 0)} ${padEnd('█'.repeat(good) + '░'.repeat(bad), 0)} ${counts[i] ?? ''}`.trimEnd();
  });
}

function labelled(label: string, text: string, columns: number): string[] {
  const first = `  ${padEnd(label, 8)}  `;
  return wrap(text, columns - first.length).map((line, index) => (index === 0 ? first : ' '.repeat(first.length)) + line);
}
