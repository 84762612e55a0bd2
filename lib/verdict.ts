/** From claims and troubles to the verdict of a story. Pure. */
import type { ClaimRecord, Verdict } from './record.ts';

export interface StoryEnd {
  readonly claims: readonly ClaimRecord[];
  /** What the harness lost or could not do: nothing that was recorded can be relied on. */
  readonly troubles: readonly string[];
  /** How the story itself ended, where it did not come to its end. `unfit`: it cannot be told here. `ours`: the harness gave it up, and what was recorded may be its doing. */
  readonly threw?: { readonly why: string; readonly unfit?: boolean; readonly ours?: boolean };
}

/** A story without claims proves nothing; a claim that broke outweighs one that could not be decided, and what came after it. */
export function decideVerdict({ claims, troubles, threw }: StoryEnd): { verdict: Verdict; reason: string | undefined } {
  const lines = (which: ClaimRecord['verdict'], line: (claim: ClaimRecord) => string): string[] => claims.filter((c) => c.verdict === which).map(line);
  if (troubles.length > 0 || threw?.ours === true) return { verdict: 'errored', reason: [...(threw ? [threw.why] : []), ...troubles].join('; ') };
  const broken = lines('broken', (c) => `${c.claim}: expected ${c.expected}; observed ${c.observed}`);
  if (broken.length > 0) return { verdict: 'broken', reason: [...broken, ...(threw ? [`the story then ended with an error: ${threw.why}`] : [])].join('\n') };
  if (threw) return { verdict: threw.unfit === true ? 'skipped' : 'errored', reason: threw.why };
  if (claims.length === 0) return { verdict: 'errored', reason: 'the story made no claim' };
  const undecided = lines('errored', (c) => `${c.claim}: ${c.observed}`);
  return undecided.length > 0 ? { verdict: 'errored', reason: undecided.join('\n') } : { verdict: 'held', reason: undefined };
}
