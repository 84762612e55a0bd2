/** What the kernel would refuse of the networks that are to be built, found before any of them is. */
import { formatFaults, validateTopology } from '../../lib/validate.ts';
import { type Fault, said } from './refusal.ts';
import { keyOf, notScaledOf, type Selection, settingsOf } from './select.ts';

/** What is wrong with the networks of these variants; equal reports of several variants are one. */
export function topologyFaults(selections: readonly Selection[], scale = 1): Fault[] {
  const reports = new Map<string, string[]>();
  for (const selection of selections) {
    // What is not run scaled is skipped with its reason, and its network judged as it is.
    const report = topologyReport(selection, notScaledOf(selection) === undefined ? scale : 1);
    if (report !== '') reports.set(report, [...(reports.get(report) ?? []), keyOf(selection)]);
  }
  return [...reports].map(([report, keys]) => ({ what: `${keys.join(', ')}: ${report}` }));
}

function topologyReport(selection: Selection, scale: number): string {
  try {
    return formatFaults(validateTopology(selection.scenario.topology(settingsOf(selection)).topology, { scale }));
  } catch (error) {
    return `its topology cannot be drawn: ${said(error)}`;
  }
}
