/** What a result means to its reader: is it as expected, what decided it, and what to look at first. */
import { namesClaim, unbroken } from '../breaks.ts';
import type { ClaimRecord, ResultRecord, Verdict } from '../record.ts';
import { figureText } from './figures.ts';
import { oneLine, plural, shorten } from './text.ts';

/** A skip is neither as expected nor a failure: nothing was learnt. */
export type Standing = 'as-expected' | 'unexpected' | 'skipped';

export function standing(result: ResultRecord): Standing {
  if (result.verdict === 'skipped') return 'skipped';
  return result.asExpected ? 'as-expected' : 'unexpected';
}

/** Those named in `breaks` that did not break although the control did. */
export const missed = (result: ResultRecord): string[] => (result.verdict === 'broken' && result.expected === 'broken' ? unbroken(result.breaks ?? [], result.claims) : []);

/**
 * Whether a claim came out as its variant should. In a control one broken claim is enough, or those that it names, so
 * once they did break, its held claims are as expected too; if it held, every claim that held shares the blame, and if
 * it broke elsewhere those that it names do.
 */
export function claimAsExpected(result: ResultRecord, claim: ClaimRecord): boolean {
  if (claim.verdict === 'errored') return false;
  if (result.expected === 'held') return claim.verdict === 'held';
  return claim.verdict === 'broken' || (result.verdict !== 'held' && !missed(result).some((text) => namesClaim(text, claim)));
}

/** Figures that a network engineer asks for first; the rest follow in their own order. */
const TELLING = ['outageS', 'stoppedAfterS', 'resumedAfterS', 'lostDatagrams'];
const rank = (name: string): number => (TELLING.includes(name) ? TELLING.indexOf(name) : TELLING.length);
/** Names of figures, the most telling first, otherwise in their order. */
export const byTelling = (names: readonly string[]): string[] => names.toSorted((a, b) => rank(a) - rank(b));
const bestRank = ({ figures }: ClaimRecord): number => Math.min(...Object.keys(figures).map(rank), Infinity);

/** The claim that made the verdict; for held, the first one with the most telling figure. */
export function decidingClaim(result: ResultRecord): ClaimRecord | undefined {
  const { claims, verdict } = result;
  if (verdict === 'broken' || verdict === 'errored') return claims.find((claim) => claim.verdict === verdict);
  if (verdict === 'held') return claims.reduce<ClaimRecord | undefined>((best, claim) => (best && bestRank(best) <= bestRank(claim) ? best : claim), undefined);
  return undefined;
}

/** The deciding figures in words, at most so many; where nothing was measured, the reason. */
export function decidingFigures(result: ResultRecord, most: number): string {
  const decided = result.verdict === 'held' || result.verdict === 'broken';
  if (!decided && result.reason !== undefined) return shorten(oneLine(result.reason), 160);
  const claim = decidingClaim(result);
  for (const figures of [claim?.figures ?? {}, decided ? result.figures : {}]) {
    // What broke shows its own figures in its own order.
    const entries = result.verdict === 'held' ? Object.entries(figures).sort(([a], [b]) => rank(a) - rank(b)) : Object.entries(figures);
    const texts = entries.slice(0, most).map(([name, value]) => figureText(name, value));
    if (texts.length > 0) return oneLine(texts.join(', '));
  }
  return oneLine(claim?.observed ?? result.reason ?? '');
}

/** The whole story of an unexpected result in one line: for a failure's message. */
export function explanation(result: ResultRecord): string {
  const claim = decidingClaim(result);
  if (result.verdict === 'held' && !result.asExpected) {
    return 'every claim held where one must break: this check cannot tell the fault from health';
  }
  const elsewhere = missed(result);
  if (elsewhere.length > 0) return `broken, but in another claim: not in ${elsewhere.map(oneLine).join(', nor in ')}`;
  if (result.verdict === 'held' || result.verdict === 'broken') {
    return claim === undefined ? 'no claim was recorded' : `${oneLine(claim.claim)}: ${oneLine(claim.observed)}; expected ${oneLine(claim.expected)}`;
  }
  if (result.reason !== undefined) return oneLine(result.reason);
  return claim === undefined ? 'no reason was recorded' : `${oneLine(claim.claim)}: ${oneLine(claim.observed)}`;
}

export interface Counts {
  total: number;
  asExpected: number;
  unexpected: number;
  skipped: number;
  /** Controls among those as expected: they broke, as they must. */
  controlsBroken: number;
  verdicts: Record<Verdict, number>;
}

export function count(results: readonly ResultRecord[]): Counts {
  const counts: Counts = {
    total: results.length, asExpected: 0, unexpected: 0, skipped: 0, controlsBroken: 0,
    verdicts: { held: 0, broken: 0, skipped: 0, errored: 0, crashed: 0 },
  };
  for (const result of results) {
    counts.verdicts[result.verdict] += 1;
    const where = standing(result);
    if (where === 'skipped') counts.skipped += 1;
    else if (where === 'unexpected') counts.unexpected += 1;
    else {
      counts.asExpected += 1;
      if (result.control) counts.controlsBroken += 1;
    }
  }
  return counts;
}

/** "1 negative control broke, as it must". */
export function controlsText({ controlsBroken }: Counts): string {
  return `${plural(controlsBroken, 'negative control')} broke, as ${controlsBroken === 1 ? 'it' : 'they'} must`;
}

/** Unexpected first and the kernel's own crash before all, then the as expected, then the skipped. Stable. */
export function worstFirst(results: readonly ResultRecord[]): ResultRecord[] {
  const order: Verdict[] = ['crashed', 'broken', 'held', 'errored', 'skipped'];
  const rank = (result: ResultRecord) => {
    const where = standing(result);
    return where === 'unexpected' ? order.indexOf(result.verdict) : where === 'as-expected' ? 10 : 20;
  };
  return results.toSorted((a, b) => rank(a) - rank(b));
}

/** Results by a key, in the order in which the keys first appear. (Map.groupBy came with Node 21.) */
export function groupBy(results: readonly ResultRecord[], key: 'scenario' | 'kernel'): Map<string, ResultRecord[]> {
  const groups = new Map<string, ResultRecord[]>();
  for (const result of results) {
    const group = groups.get(result[key]);
    if (group) group.push(result);
    else groups.set(result[key], [result]);
  }
  return groups;
}
