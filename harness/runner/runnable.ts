/** What makes a value a scenario that can be run. */
import { programFaults } from '../../lib/programs.ts';
import type { Scenario } from '../scenario.ts';

const isScenario = (value: unknown): value is Scenario =>
  typeof value === 'object' && value !== null && 'wirewarp' in value && value.wirewarp === 'scenario';

/** What is wrong with a file's default export, as the end of "FILE: …"; undefined for a scenario that can be run. */
export function notRunnable(value: unknown): string | undefined {
  if (!isScenario(value)) return 'its default export is not a scenario. Export what scenario({…}) returns';
  const variants = Object.keys(value.variants);
  if (variants.length === 0) return 'it has no variants; give at least one';
  const twice = variants.filter((name) => Object.hasOwn(value.controls, name));
  if (twice.length > 0)
    return `${twice.join(', ')} is both a variant and a control; names are the same to the command line, so give each once`;
  const bad = [...variants, ...Object.keys(value.controls)].filter((name) => /[#,\s]/.test(name) || name === '');
  if (bad.length > 0)
    return `the variant name ${JSON.stringify(bad[0])} cannot be typed as SCENARIO#VARIANT; use no "#", comma or blank`;
  const wrong = new Set(Object.values({ ...value.variants, ...value.controls }).flatMap((settings) => programFaults(value.programs(settings), value.modules(settings))));
  return wrong.size > 0 ? [...wrong].join('; ') : undefined;
}
