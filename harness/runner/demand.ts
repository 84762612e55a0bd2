/** What a selection asks of a kernel, for choosing one. */
import { neededBy } from '../../lib/capabilities.ts';
import type { Demand } from '../kernels/choose.ts';
import { type Selection, settingsOf } from './select.ts';

export function demandOf(selections: readonly Selection[], jobs: number): Demand {
  const needs = new Set<string>();
  for (const selection of selections) for (const need of needsOf(selection)) needs.add(need);
  return {
    needs: [...needs],
    deadlineS: selections.reduce((sum, { scenario }) => sum + scenario.deadline.ns / 1e9, 0),
    jobs,
  };
}

/** A topology that cannot be drawn is reported elsewhere. */
function needsOf(selection: Selection): string[] {
  try {
    const settings = settingsOf(selection);
    return neededBy(selection.scenario.topology(settings).topology, [...(selection.scenario.needs ?? []), ...(settings.needs ?? [])]);
  } catch {
    return [];
  }
}
