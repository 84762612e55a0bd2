/** What `run`, `sweep` and `matrix` have in common: from settings to a record and its reports, with nothing left behind. */
import { join, relative, resolve } from 'node:path';
import type { ResultRecord, RunRecord } from '../../lib/record.ts';
import type { Place, Wish } from '../kernels/choose.ts';
import type { Progress } from '../report/progress.ts';
import type { Gathered } from '../runner/gather.ts';
import { BadInput, type Fault, NoPlace } from '../runner/refusal.ts';
import type { ChosenKernel } from '../runner/run.ts';
import { settingsOf } from '../runner/select.ts';
import type { Reader, Words } from './options.ts';
import type { RunSettings } from './run-options.ts';

export interface Prepared {
  readonly settings: RunSettings;
  readonly gathered: Gathered;
  readonly places: readonly Place[];
  readonly version: string;
}

export interface Read {
  readonly words: Words;
  readonly reader: Reader;
  readonly settings: RunSettings;
  /** What is wrong beyond what the reader found. */
  readonly faults?: readonly Fault[];
  /** Places are decided for each of these; otherwise for the settings as a whole. */
  readonly wishes?: readonly Wish[];
}

/** Reads and checks everything; throws with all faults at once. */
export async function prepare({ words, reader, settings, faults: own = [], wishes = [settings] }: Read): Promise<Prepared> {
  const [{ gather }, { topologyFaults }, { checkResults }, { machineFacts }, { decidePlaces }, { agentFor }, { version }, { demandOf }] = await Promise.all([
    import('../runner/gather.ts'),
    import('../runner/topology-faults.ts'),
    import('../runner/run-id.ts'),
    import('../runner/machine.ts'),
    import('../kernels/choose.ts'),
    import('../runner/agent-bundle.ts'),
    import('../runner/home.ts'),
    import('../runner/demand.ts'),
  ]);
  const scale = typeof settings.time === 'object' ? settings.time.scaled : 1;
  const gathered = await gather(words.operands, { controls: settings.controls, all: settings.all });
  const faults = [
    ...words.faults,
    ...reader.faults,
    ...own,
    ...gathered.faults,
    ...topologyFaults(gathered.selections, scale),
    ...checkResults(settings.results),
  ];
  const facts = machineFacts({ qemu: settings.qemu, agent: () => agentFor([]) });
  const demand = demandOf(gathered.selections, settings.jobs);
  const lacks: Fault[] = [];
  const places = new Map<string, Place>();
  for (const wish of wishes) {
    const decision = await decidePlaces(wish, demand, facts);
    faults.push(...decision.faults);
    lacks.push(...decision.lacks);
    // Two wishes may come to the same kernel, for reasons of their own.
    for (const place of decision.places) places.set(JSON.stringify({ ...place, reason: '' }), place);
  }
  // What the machine lacks is told along, but wrong input is the reader's first concern.
  if (faults.length > 0) throw new BadInput([...faults, ...lacks]);
  if (lacks.length > 0) throw new NoPlace(lacks);
  if (gathered.selections.length === 0) throw new NoPlace([{ what: 'there are no scenarios to run' }]);
  return { settings, gathered, places: [...places.values()], version: version() };
}

export interface Course {
  /** Shows what goes on; made when the run's folder is there. */
  readonly reporter: () => Progress;
  readonly seeds?: readonly number[];
  readonly spare?: (result: ResultRecord) => readonly ResultRecord[];
  /** Ends it as Ctrl-C does. */
  readonly stop?: AbortSignal;
  /** What the command adds to the record, before it is written. */
  readonly finish?: (record: RunRecord) => void;
}

export interface Carried {
  readonly record: RunRecord;
  /** index.html, from here if that is shorter. */
  readonly report: string;
}

export const say = (line: string): void => void process.stderr.write(`wirewarp: ${line}\n`);

/** Undefined when it was interrupted before anything ran. */
export async function carryOut(prepared: Prepared, course: Course): Promise<Carried | undefined> {
  const { settings } = prepared;
  const { onInterrupt } = await import('./interrupt.ts');
  using interrupt = onInterrupt(say);

  const { sweep, enterRun } = await import('../runner/live.ts');
  for (const { runId, failures } of sweep())
    for (const failure of failures)
      say(`the run ${runId} was killed and left something that cannot be removed: ${failure}`);
  const chosen = await makePlaces(prepared, interrupt.signal);
  if (interrupt.signal.aborted) return undefined;

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
    using reporter = course.reporter();
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
      signal: course.stop ? AbortSignal.any([interrupt.signal, course.stop]) : interrupt.signal,
      provide,
      ...(course.seeds ? { seeds: course.seeds } : {}),
      ...(course.spare ? { spare: course.spare } : {}),
      ...(settings.wallDeadlineMs === undefined ? {} : { wallDeadlineMs: settings.wallDeadlineMs }),
    });
    course.finish?.(record);
    await writeReports(record, dir);
    return { record, report: shown(join(dir, reportNames.html)) };
  } finally {
    live.end();
  }
}

async function makePlaces({ settings, gathered, places }: Prepared, signal: AbortSignal): Promise<ChosenKernel[]> {
  const [{ makePlaces: make }, { agentFor }] = await Promise.all([
    import('../runner/places.ts'),
    import('../runner/agent-bundle.ts'),
  ]);
  return make(places, {
    agent: await agentFor(gathered.files),
    qemu: settings.qemu,
    icountShift: settings.icountShift,
    cpus: settings.cpus,
    say,
    signal,
  });
}

/** From here, if that is shorter. */
function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}
