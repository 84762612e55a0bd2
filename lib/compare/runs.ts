/**
 * A baseline's record against a fix's: which verdicts changed for the worse, which for the better, which figures moved,
 * and what cannot be held against each other. Bounds are the claims' business: a figure that moved is told, and is no
 * regression by itself.
 */
import type { KernelRecord, ResultRecord, RunRecord, Verdict } from '../record.ts';
import { claimAsExpected, standing } from '../render/standing.ts';
import { plural } from '../render/text.ts';
import type { EventComparison } from './events.ts';
import { changedFigures, type FigureChange, pairClaims } from './figures.ts';
import { type Pair, pairUp } from './pair.ts';

/**
 * regression: as expected before and not now, or a claim that came out right is wrong now. fix: the other way round.
 * undecided: as expected before, and skipped or errored now. changed: something else differs. same: nothing does.
 */
export type Change = 'regression' | 'fix' | 'undecided' | 'changed' | 'same';

export interface Side<T> {
  before: T;
  after: T;
}

export interface ClaimChange {
  claim: string;
  /** Absent: it was not asked there. */
  before?: { verdict: string; observed: string };
  after?: { verdict: string; observed: string };
  expected: string;
  change: 'worse' | 'better' | 'other';
}

export interface ResultComparison {
  scenario: string;
  variant: string;
  control: boolean;
  change: Change;
  verdict: Side<Verdict>;
  asExpected: Side<boolean>;
  kernel: Side<string>;
  seed: Side<number>;
  time: Side<string>;
  /** Same kernel, seed and settings, in virtual time: every difference is one of the code. */
  exact: boolean;
  claims: ClaimChange[];
  figures: FigureChange[];
  findings: { appeared: string[]; gone: string[] };
  /** Absent: one of them kept none. */
  events?: EventComparison;
  replay: Side<string>;
}

export interface Missing {
  scenario: string;
  variant: string;
  kernel: string;
  seed: number;
}

export interface RunComparison {
  before: RunName;
  after: RunName;
  /** Nothing differs, and nothing is missing. */
  identical: boolean;
  counts: Record<Change, number>;
  results: ResultComparison[];
  onlyBefore: Missing[];
  onlyAfter: Missing[];
  /** What cannot be compared, and why. */
  notes: string[];
}

export interface RunName {
  runId: string;
  startedAt: string;
  kernels: string[];
  seeds: number[];
}

/** `events` looks the logs of a pair up; undefined where one of them kept none. */
export function compareRuns(before: RunRecord, after: RunRecord, events: (pair: Pair) => EventComparison | undefined): RunComparison {
  const { pairs, onlyBefore, onlyAfter } = pairUp(before.results, after.results);
  const results = pairs.map((pair) => compareResults(pair, sameKernel(pair, before, after), events(pair)));
  const counts: Record<Change, number> = { regression: 0, fix: 0, undecided: 0, changed: 0, same: 0 };
  for (const { change } of results) counts[change] += 1;
  return {
    before: nameOf(before), after: nameOf(after), identical: counts.same === results.length && onlyBefore.length + onlyAfter.length === 0, counts, results,
    onlyBefore: onlyBefore.map(missing), onlyAfter: onlyAfter.map(missing), notes: notesOf(before, after, results),
  };
}

const missing = ({ scenario, variant, kernel, seed }: ResultRecord): Missing => ({ scenario, variant, kernel, seed });
const sorted = <T>(items: Iterable<T>): T[] => [...new Set(items)];

const nameOf = ({ runId, startedAt, results }: RunRecord): RunName => ({
  runId, startedAt, kernels: sorted(results.map(({ kernel }) => kernel)), seeds: sorted(results.map(({ seed }) => seed)).sort((a, b) => a - b),
});

/** A release may be built anew: uname -v tells. */
function sameKernel({ before, after }: Pair, first: RunRecord, second: RunRecord): boolean {
  const identity = (id: string, { kernels }: RunRecord): string => {
    const found: Partial<KernelRecord> = kernels.find((kernel) => kernel.id === id) ?? {};
    return JSON.stringify([found.place, found.release, found.version, found.icountShift]);
  };
  return identity(before.kernel, first) === identity(after.kernel, second);
}

function compareResults(pair: Pair, kernelSame: boolean, events: EventComparison | undefined): ResultComparison {
  const { before, after } = pair;
  const claims = claimChanges(pair);
  const figures = changedFigures(before, after);
  const findings = findingChanges(pair);
  const exact = kernelSame && before.seed === after.seed && before.time === 'warp' && after.time === 'warp';
  const quiet = before.verdict === after.verdict && before.reason === after.reason && claims.length + figures.length + findings.appeared.length + findings.gone.length === 0;
  const change = verdictChange(pair, claims);
  // Exact runs may not differ in anything; with another kernel an instant means nothing, and with another seed no event does.
  const eventsMatter = events !== undefined && !events.identical && (exact || (before.seed === after.seed && events.substance !== undefined));
  return {
    scenario: after.scenario, variant: after.variant, control: after.control,
    change: change ?? (quiet && !eventsMatter ? 'same' : 'changed'),
    verdict: { before: before.verdict, after: after.verdict }, asExpected: { before: before.asExpected, after: after.asExpected },
    kernel: { before: before.kernel, after: after.kernel }, seed: { before: before.seed, after: after.seed }, time: { before: before.time, after: after.time },
    exact, claims, figures, findings, ...(events ? { events } : {}), replay: { before: before.replay, after: after.replay },
  };
}

/** Undefined: no verdict says better or worse. */
function verdictChange({ before, after }: Pair, claims: readonly ClaimChange[]): Change | undefined {
  const [was, is] = [standing(before), standing(after)];
  if (was === 'as-expected' && (is === 'skipped' || after.verdict === 'errored')) return 'undecided';
  if (was !== 'unexpected' && is === 'unexpected' && after.verdict !== 'errored') return 'regression';
  if (was === 'unexpected' && is === 'as-expected') return 'fix';
  // Broken before and now: but a claim that was right then is a fault of its own.
  if (is === 'unexpected' && claims.some(({ change }) => change === 'worse') && after.verdict !== 'errored') return 'regression';
  if (is === 'unexpected' && before.verdict !== 'crashed' && after.verdict === 'crashed') return 'regression';
  return undefined;
}

function claimChanges({ before, after }: Pair): ClaimChange[] {
  return pairClaims(before.claims, after.claims).flatMap((pair): ClaimChange[] => {
    const [one, other] = [pair.before, pair.after];
    if (one && other && one.verdict === other.verdict) return [];
    const told = (claim: typeof one) => claim && { verdict: claim.verdict, observed: claim.observed };
    const [first, second] = [told(one), told(other)];
    const right = [one && claimAsExpected(before, one), other && claimAsExpected(after, other)];
    const change = right[0] === true && right[1] === false ? 'worse' : right[0] === false && right[1] === true ? 'better' : 'other';
    return [{ claim: (other ?? one)?.claim ?? '', ...(first ? { before: first } : {}), ...(second ? { after: second } : {}), expected: (other ?? one)?.expected ?? '', change }];
  });
}

function findingChanges({ before, after }: Pair): { appeared: string[]; gone: string[] } {
  const names = ({ findings }: ResultRecord): Set<string> => new Set(findings.map(({ title, where }) => `${title} (${where})`));
  const [mine, theirs] = [names(before), names(after)];
  return { appeared: [...theirs].filter((name) => !mine.has(name)), gone: [...mine].filter((name) => !theirs.has(name)) };
}

function notesOf(before: RunRecord, after: RunRecord, results: readonly ResultComparison[]): string[] {
  const differ = <T>(of: (result: ResultComparison) => Side<T>): boolean => results.some((result) => of(result).before !== of(result).after);
  const both = <T>(of: (result: ResultComparison) => Side<T>, side: keyof Side<T>): string => sorted(results.map((result) => String(of(result)[side]))).join(', ');
  const notes: string[] = [];
  if (differ(({ seed }) => seed))
    notes.push(`the seeds differ (${both((r) => r.seed, 'before')}; ${both((r) => r.seed, 'after')}): MACs and delays follow from them, so figures and events need not be the same; verdicts must`);
  if (differ(({ time }) => time))
    notes.push(`protocol time differs (${both((r) => r.time, 'before')}; ${both((r) => r.time, 'after')}): figures and events cannot be compared exactly`);
  else if (results.some(({ time }) => time.after !== 'warp'))
    notes.push('not all was run in virtual time: figures differ from run to run by the machine\'s own delays');
  if (results.some((result) => !result.exact && result.seed.before === result.seed.after && result.time.before === 'warp' && result.time.after === 'warp'))
    notes.push('the kernels differ: their instructions take other times, so events are compared by what happened, and instants by figures');
  for (const { id, cpus } of before.kernels) {
    const now = after.kernels.find((kernel) => kernel.id === id)?.cpus;
    if (cpus !== undefined && now !== undefined && cpus !== now) notes.push(`${id} had ${plural(cpus, 'CPU')} before and ${plural(now, 'CPU')} after: races of several do not show on one`);
  }
  if (before.wirewarp !== after.wirewarp) notes.push(`the versions of wirewarp differ (${before.wirewarp}; ${after.wirewarp}): a scenario may be told otherwise`);
  for (const [name, run] of [['before', before], ['after', after]] as const) if (run.interrupted) notes.push(`the run ${name} was interrupted: it holds what was done until then`);
  return notes;
}
