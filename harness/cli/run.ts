/** `wirewarp run [PATTERN…]`: from words to verdicts. All that can be wrong is looked at before anything is built. */
import { availableParallelism, freemem } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import type { Place } from '../kernels/choose.ts';
import type { ChosenKernel } from '../runner/run.ts';
import type { Gathered } from '../runner/gather.ts';
import { BadInput, NoPlace } from '../runner/refusal.ts';
import { settingsOf } from '../runner/select.ts';
import { exitStatus, status } from './exit-status.ts';
import { option, Reader, readWords } from './options.ts';
import type { RunSettings } from './run-options.ts';

export function runCommand(): Command {
  return new Command('run')
    .summary('run scenarios and give verdicts')
    .description(
      'Run scenarios and give verdicts. A PATTERN is a path (multicast/membership-expiry), the begin of words of a title, a case (A1),\n' +
        'a glob (bonding/*) or a file of your own (./my-scenario.ts), each with or without #VARIANT. None means the default set.',
    )
    .argument('[patterns...]', 'what to run')
    .addOption(
      option('--kernel <kernel>', 'where: auto, running, a release, an image, a User-Mode Linux program, or a source tree (repeatable; default: auto)', true),
    )
    .addOption(option('--modules <dir>', "the module folder of --kernel's image"))
    .addOption(
      option('--time <time>', 'warp (virtual time, in VMs), real, or scaled=K (default: warp where it can be had)'),
    )
    .addOption(option('--seed <n>', 'MACs, delays and random numbers follow from it (default: 1)'))
    .addOption(option('--jobs <n>', 'so many at a time (default: one a core, at most 4)'))
    .addOption(option('--all', 'every scenario, not only the default set'))
    .addOption(option('--controls', 'negative controls as well: settings that must come out broken'))
    .addOption(option('--capture <which>', 'captures to keep: none, failed, all (default: failed)'))
    .addOption(option('--capture-everything', 'capture every interface, not only those that claims speak of'))
    .addOption(option('--results <dir>', 'where the run folder goes (default: ./results)'))
    .addOption(option('--reporter <name>', 'auto, plain, live, tap, json, junit, quiet (default: auto)'))
    .addOption(option('--json', 'the run record alone on standard output, progress on standard error'))
    .addOption(option('--timeout <s>', 'end a variant after so much wall time'))
    .addOption(option('--shift <n>', 'virtual time: one guest instruction takes 2^N ns, 0 to 10 (default: 0)'))
    .addOption(option('--qemu <program>', 'another QEMU (default: qemu-system-x86_64)'))
    .addOption(option('--arch-kernel <arch>', 'what a source tree is built as: uml or x86 (default: uml)'))
    .addOption(option('--time-travel <mode>', 'User-Mode Linux: computing takes no virtual time (inf-cpu, default), or what it takes (counted)'))
    .addOption(option('--allow-log <regex>', 'kernel log lines that are no complaint (repeatable)', true))
    .addHelpText(
      'after',
      '\nExit status: 0 all as expected; 1 something broken, crashed or otherwise not as expected; 2 bad input;\n3 nothing could run here; 4 the harness failed; 130 interrupted.',
    )
    .action(async (_patterns: string[], values: Record<string, unknown>, command: Command) => {
      process.exitCode = await runScenarios(values, command);
    });
}

async function runScenarios(values: Record<string, unknown>, command: Command): Promise<number> {
  const [{ createReporter }, { onInterrupt }] = await Promise.all([
    import('../report/reporter.ts'),
    import('./interrupt.ts'),
  ]);
  const prepared = await prepare(values, command);
  const { settings } = prepared;
  const say = (line: string): void => void process.stderr.write(`wirewarp: ${line}\n`);
  using interrupt = onInterrupt(say);

  const { sweep, enterRun } = await import('../runner/live.ts');
  for (const { runId, failures } of sweep())
    for (const failure of failures)
      say(`the run ${runId} was killed and left something that cannot be removed: ${failure}`);
  const chosen = await makePlaces(prepared, say, interrupt.signal);
  if (interrupt.signal.aborted) return status.interrupted;

  const { provider } = await import('../programs/provide.ts');
  const provide = provider({ say, fetch: !process.env['WIREWARP_NO_FETCH'] });
  // Before the table of progress is there: fetching says what it does.
  for (const selection of prepared.gathered.selections) {
    const programs = selection.scenario.programs(settingsOf(selection));
    if (programs.length > 0) await provide(programs);
  }
  const [{ run }, { createRunFolder, runId }, { writeReports, reportNames }] = await Promise.all([
    import('../runner/run.ts'),
    import('../runner/run-id.ts'),
    import('../report/files.ts'),
  ]);
  const id = runId();
  const live = enterRun({ runId: id, dir: join(resolve(settings.results), id) });
  try {
    const dir = createRunFolder(settings.results, id);
    live.mark();
    using reporter = createReporter(settings.reporter);
    const record = await run({
      ...settings,
      ...prepared.gathered,
      kernels: chosen,
      runId: id,
      dir,
      time: settings.time ?? 'warp',
      wirewarp: prepared.version,
      command: ['wirewarp', ...process.argv.slice(2)],
      onEvent: (event) => reporter.event(event),
      signal: interrupt.signal,
      provide,
      ...(settings.wallDeadlineMs === undefined ? {} : { wallDeadlineMs: settings.wallDeadlineMs }),
    });
    await writeReports(record, dir);
    if (settings.reporter !== 'quiet') {
      const forPeople = ['auto', 'plain', 'live'].includes(settings.reporter);
      (forPeople ? process.stdout : process.stderr).write(`report: ${shown(join(dir, reportNames.html))}\n`);
    }
    return exitStatus(record);
  } finally {
    live.end();
  }
}

interface Prepared {
  readonly settings: RunSettings;
  readonly gathered: Gathered;
  readonly places: readonly Place[];
  readonly version: string;
}

/** Reads and checks everything; throws with all faults at once. */
async function prepare(values: Record<string, unknown>, command: Command): Promise<Prepared> {
  const [
    { readRunSettings },
    { gather },
    { topologyFaults },
    { checkResults },
    { machineFacts },
    { decidePlaces },
    { agentFor },
    { version },
    { demandOf },
  ] = await Promise.all([
    import('./run-options.ts'),
    import('../runner/gather.ts'),
    import('../runner/topology-faults.ts'),
    import('../runner/run-id.ts'),
    import('../runner/machine.ts'),
    import('../kernels/choose.ts'),
    import('../runner/agent-bundle.ts'),
    import('../runner/home.ts'),
    import('../runner/demand.ts'),
  ]);
  const words = readWords(command);
  const reader = new Reader(values);
  const settings = readRunSettings(reader, { cpus: availableParallelism(), freeBytes: freemem() });
  const scale = typeof settings.time === 'object' ? settings.time.scaled : 1;
  const gathered = await gather(words.operands, { controls: settings.controls, all: settings.all });
  const faults = [
    ...words.faults,
    ...reader.faults,
    ...gathered.faults,
    ...topologyFaults(gathered.selections, scale),
    ...checkResults(settings.results),
  ];
  const facts = machineFacts({ qemu: settings.qemu, agent: () => agentFor([]) });
  const decision = await decidePlaces(settings, demandOf(gathered.selections, settings.jobs), facts);
  faults.push(...decision.faults);
  // What the machine lacks is told along, but wrong input is the reader's first concern.
  if (faults.length > 0) throw new BadInput([...faults, ...decision.lacks]);
  if (decision.lacks.length > 0) throw new NoPlace(decision.lacks);
  if (gathered.selections.length === 0) throw new NoPlace([{ what: 'there are no scenarios to run' }]);
  return { settings, gathered, places: decision.places, version: version() };
}

async function makePlaces({ settings, gathered, places }: Prepared, say: (line: string) => void, signal: AbortSignal): Promise<ChosenKernel[]> {
  const [{ makePlaces: make }, { agentFor }] = await Promise.all([
    import('../runner/places.ts'),
    import('../runner/agent-bundle.ts'),
  ]);
  return make(places, {
    agent: await agentFor(gathered.files),
    qemu: settings.qemu,
    icountShift: settings.icountShift,
    say,
    signal,
  });
}

/** From here, if that is shorter. */
function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}
