/** `wirewarp plan SCENARIO[#VARIANT]`: the network that a story would run in, without building it. */
import { Command } from 'commander';
import type { Plan } from '../../lib/plan.ts';
import type { Topology } from '../../lib/topology.ts';
import { BadInput, type Fault } from '../runner/refusal.ts';
import type { Selection } from '../runner/select.ts';
import { option, Reader, readSeed, readWords } from './options.ts';

const FORMATS = ['sh', 'draw', 'dot', 'json'] as const;
type Format = (typeof FORMATS)[number] | 'text';

export interface PlanRecord {
  schema: 'wirewarp.plan';
  schemaVersion: 1;
  wirewarp: string;
  scenario: string;
  title: string;
  variant: string;
  topology: Topology;
  plan: Plan;
}

export function planCommand(): Command {
  return new Command('plan')
    .summary('show the network of a scenario without building it')
    .description(
      'Show the network that a scenario runs in, as ordered steps, without building it. SCENARIO[#VARIANT] as for `run`;\nwithout a variant it is the first one.',
    )
    .argument('[scenario]', 'which')
    .addOption(option('--sh', 'a stand-alone shell script that builds it, needs iproute2 and root, and removes it'))
    .addOption(option('--draw', 'a drawing'))
    .addOption(option('--dot', 'a graph for Graphviz'))
    .addOption(option('--json', 'topology and plan for programs (schema wirewarp.plan)'))
    .addOption(option('--variant <name>', 'the same as #NAME'))
    .addOption(option('--seed <n>', 'MACs follow from it (default: 1)'))
    .action(async (_scenario: string | undefined, values: Record<string, unknown>, command: Command) => {
      const { settings, selection } = await read(values, command);
      process.stdout.write(await show(selection, settings));
    });
}

interface PlanSettings {
  readonly seed: number;
  readonly format: Format;
}

async function read(
  values: Record<string, unknown>,
  command: Command,
): Promise<{ settings: PlanSettings; selection: Selection }> {
  const [{ gather }, { topologyFaults }] = await Promise.all([import('../runner/gather.ts'), import('../runner/topology-faults.ts')]);
  const words = readWords(command, 1);
  const reader = new Reader(values);
  const variant = reader.text('variant');
  const seed = readSeed(reader);
  const wanted = FORMATS.filter((name) => reader.flag(name));
  if (wanted.length > 1) reader.fault(`${wanted.map((name) => `--${name}`).join(' and ')}: one form at a time`);
  const [pattern] = words.operands;
  const faults: Fault[] = [...words.faults, ...reader.faults];
  if (pattern === undefined)
    throw new BadInput([...faults, { what: 'which scenario?', help: '`wirewarp list` shows them.' }]);
  if (variant !== undefined && pattern.includes('#'))
    throw new BadInput([
      ...faults,
      { what: `${pattern} and --variant ${variant} both name a variant`, help: 'Leave one of them out.' },
    ]);
  const gathered = await gather([variant === undefined ? pattern : `${pattern}#${variant}`]);
  faults.push(...gathered.faults);
  const names = [...new Set(gathered.selections.map(({ name }) => name))];
  if (names.length > 1)
    faults.push({
      what: `${JSON.stringify(pattern)} means ${names.length} scenarios, and a plan is of one`,
      help: `Name one of ${names.join(', ')}.`,
    });
  const [selection] = gathered.selections;
  if (names.length === 1 && selection) faults.push(...topologyFaults([selection]));
  if (faults.length > 0 || !selection) throw new BadInput(faults);
  return { settings: { seed, format: wanted[0] ?? 'text' }, selection };
}

async function show(selection: Selection, { seed, format }: PlanSettings): Promise<string> {
  const [{ compilePlan }, { settingsOf, keyOf }] = await Promise.all([
    import('../../lib/plan.ts'),
    import('../runner/select.ts'),
  ]);
  const { topology } = selection.scenario.topology(settingsOf(selection));
  const plan = compilePlan(topology, { seed });
  const {
    name: scenario,
    variant,
    scenario: { title },
  } = selection;
  switch (format) {
    case 'sh':
      return (await import('../../lib/shell-export.ts')).shellScript(plan, { title, scenario, variant });
    case 'draw':
      return (await import('../../lib/draw.ts')).drawTopology(topology, { width: process.stdout.columns || 120 });
    case 'dot':
      return (await import('../../lib/draw.ts')).dotGraph(topology);
    case 'json': {
      const { version } = await import('../runner/home.ts');
      const record: PlanRecord = {
        schema: 'wirewarp.plan',
        schemaVersion: 1,
        wirewarp: version(),
        scenario,
        title,
        variant,
        topology,
        plan,
      };
      return `${JSON.stringify(record, null, 2)}\n`;
    }
    case 'text':
      return `${keyOf(selection)}: ${title}\n${(await import('../../lib/plan-text.ts')).planText(plan)}`;
  }
}
