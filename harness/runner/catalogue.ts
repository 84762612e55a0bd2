/** The built-in scenarios, and what makes a scenario one that can be run. */
import { catalogue } from 'wirewarp:catalogue';
import type { Scenario } from '../scenario.ts';
import { BadInput, type Fault } from './refusal.ts';
import { type Named, scenarioName } from './select.ts';

const isScenario = (value: unknown): value is Scenario => typeof value === 'object' && value !== null && 'wirewarp' in value && value.wirewarp === 'scenario';

/** What is wrong with a file's default export, as the end of "FILE: …"; undefined for a scenario that can be run. */
export function notRunnable(value: unknown): string | undefined {
  if (!isScenario(value)) return 'its default export is not a scenario. Export what scenario({…}) returns';
  const variants = Object.keys(value.variants);
  if (variants.length === 0) return 'it has no variants; give at least one';
  const twice = variants.filter((name) => Object.hasOwn(value.controls, name));
  if (twice.length > 0) return `${twice.join(', ')} is both a variant and a control; names are the same to the command line, so give each once`;
  const bad = [...variants, ...Object.keys(value.controls)].filter((name) => /[#,\s]/.test(name) || name === '');
  if (bad.length > 0) return `the variant name ${JSON.stringify(bad[0])} cannot be typed as SCENARIO#VARIANT; use no "#", comma or blank`;
  return undefined;
}

/** The built-in scenarios, by name. */
export function builtIn(): Named[] {
  const faults: Fault[] = [];
  const named = catalogue.map(({ path, scenario }) => {
    const wrong = notRunnable(scenario);
    if (wrong !== undefined) faults.push({ what: `${path}: ${wrong}` });
    return { name: scenarioName(path), scenario: scenario as Scenario };
  });
  if (faults.length > 0) throw new BadInput(faults);
  return named;
}
