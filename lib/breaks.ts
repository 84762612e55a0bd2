/**
 * Which claim of a negative control must break. A control that breaks for another reason than the one it was made for
 * proves nothing of the claim in question.
 */
import type { ClaimRecord } from './record.ts';

/** Part of the claim's words, or a pattern of them. */
export type ClaimPattern = string | RegExp;

/** As the record holds them: words as they are, a pattern as /…/flags. */
export const breaksTexts = (breaks: ClaimPattern | readonly ClaimPattern[] | undefined): string[] =>
  (breaks === undefined ? [] : typeof breaks === 'string' || breaks instanceof RegExp ? [breaks] : breaks).map(String);

/** Undefined for mere words, among them what looks like a pattern and is none. */
function patternOf(text: string): RegExp | undefined {
  const [, source, flags = ''] = /^\/(.+)\/([a-z]*)$/s.exec(text) ?? [];
  if (source === undefined) return undefined;
  try {
    // "g" and "y" would have a pattern remember where it was.
    return new RegExp(source, flags.replaceAll(/[gy]/g, ''));
  } catch {
    return undefined;
  }
}

/** What was claimed, and with which bounds: claims of one thing in several windows are told apart by their bounds. */
const wordsOf = ({ claim, expected }: Pick<ClaimRecord, 'claim' | 'expected'>): string => `${claim}: ${expected}`;

/** Words that look like a pattern and are none would be looked for as they stand. */
export const isPattern = (text: string): boolean => patternOf(text) !== undefined;

export const namesClaim = (text: string, claim: Pick<ClaimRecord, 'claim' | 'expected'>): boolean =>
  patternOf(text)?.test(wordsOf(claim)) ?? wordsOf(claim).includes(text);

/** Those of the named that no broken claim answers to. */
export const unbroken = (texts: readonly string[], claims: readonly ClaimRecord[]): string[] =>
  texts.filter((text) => !claims.some((claim) => claim.verdict === 'broken' && namesClaim(text, claim)));
