/** The same stories under many seeds: how many came out as expected, how the measured figure lies, and which seed fails first. */
import type { ResultRecord, SweepRecord, SweptRecord, Verdict } from '../record.ts';
import { decidingFigure, figureOf } from '../render/deciding.ts';
import { standing } from '../render/standing.ts';
import { distributionOf } from './distribution.ts';

export interface SweepWish {
  readonly seeds: readonly number[];
  /** What is measured; otherwise the deciding figure of most seeds. */
  readonly figure?: string | undefined;
}

export function sweepOf(results: readonly ResultRecord[], { seeds, figure }: SweepWish): SweepRecord {
  return { seeds: [...seeds], ...(figure === undefined ? {} : { figure }), stories: [...byStory(results).values()].map((group) => swept(group, figure)) };
}

export const storyKey = ({ scenario, variant, control, kernel }: ResultRecord): string => JSON.stringify([scenario, variant, control, kernel]);

function byStory(results: readonly ResultRecord[]): Map<string, ResultRecord[]> {
  const groups = new Map<string, ResultRecord[]>();
  for (const result of results) {
    const group = groups.get(storyKey(result));
    if (group) group.push(result);
    else groups.set(storyKey(result), [result]);
  }
  return groups;
}

function swept(results: readonly ResultRecord[], wanted: string | undefined): SweptRecord {
  const [{ scenario, variant, control, kernel } = {} as ResultRecord] = results;
  const verdicts: Record<Verdict, number> = { held: 0, broken: 0, skipped: 0, errored: 0, crashed: 0 };
  for (const { verdict } of results) verdicts[verdict] += 1;
  const unexpected = results.filter((result) => standing(result) === 'unexpected').sort((a, b) => a.seed - b.seed);
  // A machine that failed says nothing of the story: a seed that broke it is the one to look at.
  const smallest = unexpected.find(({ verdict }) => verdict !== 'errored') ?? unexpected[0];
  const figure = wanted ?? usual(results.map(decidingFigure));
  const samples = figure === undefined ? [] : results.flatMap((result) => {
    const value = figureOf(result, figure);
    return value === undefined ? [] : [{ value, asExpected: result.asExpected }];
  });
  const distribution = distributionOf(samples);
  return {
    scenario, variant, control, kernel, seeds: results.length, asExpected: results.filter(({ asExpected }) => asExpected).length, verdicts,
    ...(figure === undefined ? {} : { figure }), figures: namesOf(results), ...(distribution ? { distribution } : {}),
    unexpectedSeeds: unexpected.map(({ seed }) => seed),
    ...(smallest ? { smallestUnexpected: { seed: smallest.seed, verdict: smallest.verdict, replay: smallest.replay } } : {}),
  };
}

/** What decides most of them; where two are even, the first met. */
export function usual(names: readonly (string | undefined)[]): string | undefined {
  const times = new Map<string, number>();
  for (const name of names) {
    if (name !== undefined) times.set(name, (times.get(name) ?? 0) + 1);
  }
  return [...times].sort(([, a], [, b]) => b - a)[0]?.[0];
}

const namesOf = (results: readonly ResultRecord[]): string[] => [
  ...new Set(results.flatMap(({ figures, claims }) => [...Object.keys(figures), ...claims.flatMap((claim) => Object.keys(claim.figures))])),
];

/**
 * Whose files need not be kept: all but those of seeds that fail, and of the smallest seed that came out as expected, which
 * is what a failure is compared with. Results come in any order, so the smallest may be found late.
 */
export function sparing(): (result: ResultRecord) => ResultRecord[] {
  const kept = new Map<string, ResultRecord>();
  return (result) => {
    if (standing(result) === 'unexpected') return [];
    if (standing(result) === 'skipped') return [result];
    const key = storyKey(result);
    const before = kept.get(key);
    if (before && before.seed < result.seed) return [result];
    kept.set(key, result);
    return before ? [before] : [];
  };
}
