/** From patterns to what is to run: the catalogue, the user's own files, and every fault among them. */
import { resolve } from 'node:path';
import { builtIn } from './catalogue.ts';
import { builtInFile, isScenarioFile, type LoadedScenario, loadScenario } from './load.ts';
import { BadInput, type Fault } from './refusal.ts';
import {
  choose,
  keyOf,
  type Named,
  patternsOf,
  select,
  type Selection,
  splitPattern,
  variantsOf,
} from './select.ts';
import { unmatchedFault } from './unmatched.ts';

export interface Gathered {
  readonly selections: readonly Selection[];
  /** The user's own scenarios among them. */
  readonly files: readonly LoadedScenario[];
  readonly faults: readonly Fault[];
}

export async function gather(
  words: readonly string[],
  { controls = false, all = false, seeded = false, named = builtIn() }: { controls?: boolean; all?: boolean; seeded?: boolean; named?: readonly Named[] } = {},
): Promise<Gathered> {
  const patterns = patternsOf(words);
  if (patterns.length === 0) return { selections: choose(named, [], controls, all, seeded).selections, files: [], faults: [] };
  const selections = new Map<string, Selection>();
  const files = new Map<string, LoadedScenario>();
  const broken = new Set<string>();
  const faults: Fault[] = [];
  const take = (chosen: readonly Selection[]): void => {
    for (const selection of chosen) selections.set(keyOf(selection), selection);
  };
  for (const pattern of patterns) {
    const { what: path } = splitPattern(pattern);
    if (!isScenarioFile(path)) {
      const { selections: hits, unmatched } = choose(named, [pattern], controls, all, seeded);
      take(hits);
      for (const one of unmatched) faults.push(unmatchedFault(named, one));
      continue;
    }
    // "a.ts" and "./a.ts" are one file.
    const file = resolve(path);
    if (broken.has(file)) continue;
    const own = builtInFile(path, named);
    try {
      const scenario = own ?? files.get(file) ?? (await loadScenario(path));
      if (!own) files.set(file, scenario as LoadedScenario);
      const hits = select(scenario, pattern, controls, seeded);
      take(hits);
      if (hits.length === 0) {
        const variants = variantsOf(scenario, true)
          .map((s) => s.variant)
          .join(', ');
        faults.push({
          what: `${path} has no variant ${JSON.stringify(splitPattern(pattern).variant)}`,
          help: `Its variants: ${variants}.`,
        });
      }
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      broken.add(file);
      faults.push(...error.faults);
    }
  }
  faults.push(...sameNames([...files.values()]));
  return { selections: [...selections.values()], files: [...files.values()], faults };
}

/** Two files that come to one name would overwrite each other's results. */
function sameNames(files: readonly LoadedScenario[]): Fault[] {
  const twice = files.filter((file, i) =>
    files.some((other, j) => j < i && other.name === file.name && other.file !== file.file),
  );
  return twice.map(({ file, name }) => ({
    what: `${file}: another file of this run is called ${name} as well`,
    help: 'Run them one after the other, or rename one.',
  }));
}
