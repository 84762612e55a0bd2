/** What the ping tools have in common: signals, thresholds, and whether a cause is named. */
import type { Extras } from '../../lib/ping/ssm-options.ts';

/** Loss above --fail-loss; the originals use 0 to 3. */
export const LOSS_STATUS = 10;

/** undefined: no threshold was set, or it was kept. */
export const aboveLoss = ({ failLossPercent }: Extras, percent: number): number | undefined =>
  failLossPercent !== undefined && percent > failLossPercent ? LOSS_STATUS : undefined;

/** On a terminal, or where it was asked for: a script sees what the original writes. */
export const wantsExplanation = ({ explain, json }: Extras): boolean => explain ?? (!json && process.stderr.isTTY);

/** Calls for every such signal from now on, until released. */
export function onSignal(name: NodeJS.Signals, handler: () => void): () => void {
  process.on(name, handler);
  return () => { process.off(name, handler); };
}
