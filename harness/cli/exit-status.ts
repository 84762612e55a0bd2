/** What the exit status says; scripts and CI systems live by it. */
import type { RunRecord } from '../../lib/record.ts';

export const status = {
  asExpected: 0,
  /** Something was broken or crashed, or a control held. */
  unexpected: 1,
  badInput: 2,
  /** Every result was skipped, or there is no place to run. */
  nothingRan: 3,
  harnessFailed: 4,
  interrupted: 130,
} as const;

/** A finding outranks a failure of ours: that something is broken stays true. */
export function exitStatus({ interrupted, results }: Pick<RunRecord, 'interrupted' | 'results'>): number {
  if (interrupted) return status.interrupted;
  const unexpected = results.filter(({ verdict, asExpected }) => !asExpected && verdict !== 'skipped');
  if (unexpected.some(({ verdict }) => verdict !== 'errored')) return status.unexpected;
  if (unexpected.length > 0) return status.harnessFailed;
  return results.some(({ verdict }) => verdict !== 'skipped') ? status.asExpected : status.nothingRan;
}
