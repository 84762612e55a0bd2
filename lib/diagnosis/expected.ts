/** What a variant's scenario says that the report has to call its losses, held against what the report does call them. */
import { type FindingKind, isInherent } from './kinds.ts';

/** A kind, or with a question mark one that a seed may bring about. */
export type ExpectedKind = FindingKind | `${FindingKind}?`;

/** What is wrong with a diagnosis, in words; empty when it is as it should be. */
export function diagnosisFaults(expected: readonly string[], found: readonly string[]): string[] {
  const must = expected.filter((kind) => !kind.endsWith('?'));
  const may = new Set(expected.map((kind) => kind.replace(/\?$/, '')));
  return [
    ...must.filter((kind) => !found.includes(kind)).map((kind) => `${kind} is missing`),
    ...[...new Set(found)].filter((kind) => !may.has(kind) && !isInherent(kind)).map((kind) => `${kind} was not to be expected`),
  ];
}
