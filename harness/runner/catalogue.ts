/** The built-in scenarios. */
import { catalogue } from 'wirewarp:catalogue';
import type { Scenario } from '../scenario.ts';
import { BadInput, type Fault } from './refusal.ts';
import { notRunnable } from './runnable.ts';
import { type Named, scenarioName } from './select.ts';

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
