/** Figures of two results, name by name: those of claims under the claim that gave them. */
import type { ClaimRecord, ResultRecord } from '../record.ts';

export interface FigureChange {
  /** The claim that gave it; absent for a figure of the whole story. */
  claim?: string;
  name: string;
  /** Absent: that run has no such figure. */
  before?: number;
  after?: number;
  /** after divided by before; absent where one is missing, or the divisor is 0. */
  factor?: number;
}

/** Less than this is what another kernel's instructions take, and reading it would hide the rest. */
const TELLING = 0.01;

/** A change that a person wants to see: more than a hundredth. */
export const isTelling = (before: number | undefined, after: number | undefined): boolean =>
  before === undefined || after === undefined || Math.abs(after - before) > TELLING * Math.max(Math.abs(before), Math.abs(after));

/** Claims of the same words are told apart by their order. */
export function pairClaims(before: readonly ClaimRecord[], after: readonly ClaimRecord[]): { before?: ClaimRecord; after?: ClaimRecord }[] {
  const named = (claims: readonly ClaimRecord[]): Map<string, ClaimRecord> => {
    const times = new Map<string, number>();
    return new Map(claims.map((claim) => {
      const nth = (times.get(claim.claim) ?? 0) + 1;
      times.set(claim.claim, nth);
      return [`${nth} ${claim.claim}`, claim];
    }));
  };
  const [mine, theirs] = [named(before), named(after)];
  return [...new Set([...mine.keys(), ...theirs.keys()])].map((name) => {
    const [one, other] = [mine.get(name), theirs.get(name)];
    return { ...(one ? { before: one } : {}), ...(other ? { after: other } : {}) };
  });
}

/** Every figure that differs, however little. */
export function changedFigures(before: ResultRecord, after: ResultRecord): FigureChange[] {
  return [
    ...changes(before.figures, after.figures),
    ...pairClaims(before.claims, after.claims).flatMap((pair) =>
      // What was not asked in one of them has no figures to compare: the claim itself is named.
      pair.before && pair.after ? changes(pair.before.figures, pair.after.figures, pair.after.claim) : [],
    ),
  ];
}

function changes(before: Record<string, number>, after: Record<string, number>, claim?: string): FigureChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) => {
    const [one, other] = [before[name], after[name]];
    if (one === other) return [];
    return [{
      ...(claim === undefined ? {} : { claim }), name,
      ...(one === undefined ? {} : { before: one }), ...(other === undefined ? {} : { after: other }),
      ...(one === undefined || other === undefined || one === 0 ? {} : { factor: other / one }),
    }];
  });
}

/** How far apart, for an order: what came or went first, then from or to zero, then by factor. */
export function distance({ before, after }: FigureChange): number {
  if (before === undefined || after === undefined) return Infinity;
  if (before === 0 || after === 0 || before < 0 !== after < 0) return Number.MAX_VALUE;
  return Math.abs(Math.log(after / before));
}
