/** `wirewarp list [PATTERN…]`: what there is to run. `--json` is an interface: docs/list-json.md. */
import { Command } from 'commander';
import { plural, visible } from '../../lib/render/text.ts';
import { BadInput } from '../runner/refusal.ts';
import { expectedOf, keyOf, type Named, type Selection, settingsOf } from '../runner/select.ts';
import { option, readWords } from './options.ts';

export interface ListedVariant {
  name: string;
  /** What `wirewarp run` takes to run just this. */
  pattern: string;
  expected: 'held' | 'broken';
  /** Present where this one cannot run with protocol time scaled, and others of the scenario can: why. */
  notScaled?: string;
  /** Present where one seed holds what another breaks: why. Such a variant is run only where its pattern names it. */
  upToTheSeed?: string;
}

export interface ListedScenario {
  name: string;
  title: string;
  cases: string[];
  /** Longest protocol time that one variant may take. */
  deadlineS: number;
  /** Present where it cannot run with protocol time scaled: why. */
  notScaled?: string;
  variants: ListedVariant[];
  controls: ListedVariant[];
}

export interface ListRecord {
  schema: 'wirewarp.list';
  schemaVersion: 1;
  wirewarp: string;
  scenarios: ListedScenario[];
}

export function listCommand(): Command {
  return new Command('list')
    .summary('show scenarios, their variants and controls')
    .description('Show scenarios with their variants and negative controls. Patterns as for `run`.')
    .argument('[patterns...]', 'which; all by default')
    .addOption(option('--json', 'for programs: schema wirewarp.list (docs/list-json.md)'))
    .action(async (_patterns: string[], values: { json?: true }, command: Command) => {
      const [{ gather }, { version }] = await Promise.all([import('../runner/gather.ts'), import('../runner/home.ts')]);
      const words = readWords(command);
      const { selections, faults } = await gather(words.operands, { controls: true, all: true, seeded: true });
      if (words.faults.length + faults.length > 0) throw new BadInput([...words.faults, ...faults]);
      const record = listRecord(selections, version());
      process.stdout.write(values.json ? `${JSON.stringify(record, null, 2)}\n` : listText(record));
    });
}

export function listRecord(selections: readonly Selection[], wirewarp: string): ListRecord {
  const scenarios = new Map<string, ListedScenario>();
  for (const selection of selections) {
    const { name, variant, control, file } = selection;
    const listed = scenarios.get(name) ?? blank(selection);
    scenarios.set(name, listed);
    const pattern = file === undefined ? keyOf(selection) : `${file}#${variant}`;
    const { notScaled, upToTheSeed } = settingsOf(selection);
    (control ? listed.controls : listed.variants).push({ name: variant, pattern, expected: expectedOf(selection), ...(notScaled === undefined ? {} : { notScaled }), ...(upToTheSeed === undefined ? {} : { upToTheSeed }) });
  }
  return { schema: 'wirewarp.list', schemaVersion: 1, wirewarp, scenarios: [...scenarios.values()] };
}

function blank({ name, scenario }: Named): ListedScenario {
  const { title, cases, deadline, notScaled } = scenario;
  return {
    name,
    title,
    cases: [...cases],
    deadlineS: deadline.ns / 1e9,
    ...(notScaled === undefined ? {} : { notScaled }),
    variants: [],
    controls: [],
  };
}

/** A scenario is a line, its variants the next: names are what people copy. */
export function listText({ scenarios }: ListRecord): string {
  if (scenarios.length === 0) return 'There are no scenarios.\n';
  const longest = Math.max(...scenarios.map(({ name }) => name.length));
  const lines = scenarios.flatMap(({ name, title, cases, variants, controls }) => [
    `${name.padEnd(longest)}  ${title}${cases.length > 0 ? ` (${cases.join(', ')})` : ''}`,
    `  ${namesOf(variants)}${controls.length > 0 ? `; controls: ${namesOf(controls)}` : ''}`,
  ]);
  const count = scenarios.reduce((sum, { variants }) => sum + variants.length, 0);
  return `${lines.map(visible).join('\n')}\n\n${plural(scenarios.length, 'scenario')}, ${plural(count, 'variant')}. Run one with \`wirewarp run NAME#VARIANT\`.\n`;
}

const namesOf = (variants: readonly ListedVariant[]): string => variants.map(({ name, upToTheSeed }) => (upToTheSeed === undefined ? name : `${name} (up to the seed)`)).join(', ');
