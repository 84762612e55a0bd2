/** A result's deciding figure by its name, for holding many results against each other. */
import type { ResultRecord } from '../record.ts';
import { byTelling } from './standing.ts';

/**
 * The most telling figure of all its claims, whatever the verdict: what decides one seed must be what is measured of the
 * others. Without claims that measured anything, the story's own first figure. Undefined where nothing was decided.
 */
export function decidingFigure({ verdict, claims, figures }: ResultRecord): string | undefined {
  if (verdict !== 'held' && verdict !== 'broken') return undefined;
  return byTelling(claims.flatMap((claim) => Object.keys(claim.figures)))[0] ?? Object.keys(figures)[0];
}

/** The story's own figure of that name, else the first claim's that has one. */
export const figureOf = ({ figures, claims }: ResultRecord, name: string): number | undefined =>
  figures[name] ?? claims.find((claim) => claim.figures[name] !== undefined)?.figures[name];
