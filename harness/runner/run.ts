/**
 * Runs selections on kernels, a few at a time, and makes the run record. The story itself runs in an agent, inside the
 * place; here is only launching, waiting, collecting, and what the host knows better: wall time, how the place ended,
 * and what its kernel complained of.
 */
import { availableParallelism, release } from 'node:os';
import { readdirSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { unbroken } from '../../lib/breaks.ts';
import { findComplaints, type StepMark } from '../../lib/kernel-log.ts';
import { compilePlan, type Plan } from '../../lib/plan.ts';
import { shellScript } from '../../lib/shell-export.ts';
import type { ProgramSpec } from '../../lib/programs.ts';
import type { KernelRecord, ResultRecord, RunEvent, RunRecord } from '../../lib/record.ts';
import { skipFault } from '../../lib/virtual-time.ts';
import type { AgentResult, Job } from '../agent/protocol.ts';
import type { Kernel } from '../kernels/kernel.ts';
import { NO_BUNDLE } from '../programs/bundle.ts';
import type { Provided } from '../programs/provide.ts';
import { findingsOf } from './findings.ts';
import { foreignComplaints, type Outcome, outcomeOf } from './outcome.ts';
import { breaksOf, diagnosisOf, expectedOf, keyOf, notScaledOf, type Selection, settingsOf } from './select.ts';

/** A kernel that was chosen, and why. */
export interface ChosenKernel {
  readonly kernel: Kernel;
  readonly reason: string;
  /** Where it differs from the run's: virtual time in VMs beside real time on the running kernel. */
  readonly time?: RunOptions['time'];
  /** Options that choose it again, for the replay line. */
  readonly replay?: string;
}

export interface RunOptions {
  readonly selections: readonly Selection[];
  readonly kernels: readonly ChosenKernel[];
  readonly runId: string;
  /** The run's own folder, which exists and is empty. */
  readonly dir: string;
  readonly seed: number;
  /** In place of `seed`: each variant once under each of them. */
  readonly seeds?: readonly number[];
  readonly time: 'warp' | 'real' | { readonly scaled: number };
  readonly jobs: number;
  readonly capture: 'none' | 'failed' | 'all';
  /** Every interface, not only those that claims speak of. */
  readonly captureEverything: boolean;
  readonly wirewarp: string;
  readonly command: readonly string[];
  readonly onEvent: (event: RunEvent) => void;
  /** Aborted: what runs is ended, what was done is kept and marked. */
  readonly signal: AbortSignal;
  /** Wall time for one variant; default 300 s in virtual time, else the story's deadline and a minute. */
  readonly wallDeadlineMs?: number;
  /** Finds or fetches the programs that a variant's story runs. */
  readonly provide?: (programs: readonly ProgramSpec[]) => Promise<Provided>;
  /** Kernel log lines that are no complaint. */
  readonly allowLog?: readonly RegExp[];
  /** Asked after each result: those, it or earlier ones, whose files need not be kept. */
  readonly spare?: (result: ResultRecord) => readonly ResultRecord[];
}

interface Work {
  readonly selection: Selection;
  readonly chosen: ChosenKernel;
  readonly seed: number;
}

export async function run(options: RunOptions): Promise<RunRecord> {
  const started = new Date();
  const work: Work[] = seedsOf(options).flatMap((seed) => options.kernels.flatMap((chosen) => options.selections.map((selection) => ({ selection, chosen, seed }))));
  const kernels = new Map<string, KernelRecord>();
  const results: (ResultRecord | undefined)[] = work.map(() => undefined);
  options.onEvent({ type: 'run-started', runId: options.runId, total: work.length, jobs: options.jobs, dir: options.dir });
  for (const { kernel, reason } of options.kernels) options.onEvent({ type: 'kernel-chosen', kernel: kernel.id, reason });

  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < work.length && !options.signal.aborted; index = next++) {
      const item = work[index] as Work;
      const result = await runSafely(item, options, kernels);
      if (!result) continue;
      results[index] = result;
      for (const spared of options.spare?.(result) ?? []) await removeFiles(spared, options.dir);
      options.onEvent({ type: 'finished', key: eventKey(item, options), result });
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.jobs, Math.max(1, work.length)) }, worker));

  const ended = new Date();
  const record: RunRecord = {
    schema: 'wirewarp.run', schemaVersion: 1, runId: options.runId, wirewarp: options.wirewarp,
    startedAt: started.toISOString(), endedAt: ended.toISOString(), wallS: round((ended.getTime() - started.getTime()) / 1000),
    interrupted: options.signal.aborted, command: [...options.command],
    machine: { node: process.version, platform: process.platform, release: release(), cpus: availableParallelism() },
    kernels: options.kernels.map(({ kernel, reason }) => kernels.get(kernel.id) ?? unheard(kernel, reason)),
    results: results.filter((r) => r !== undefined),
  };
  options.onEvent({ type: 'run-finished', record });
  return record;
}

const round = (s: number): number => Math.round(s * 1000) / 1000;
const eventKey = ({ selection, chosen, seed }: Work, options: RunOptions): string => `${keyOf(selection)}${options.kernels.length > 1 ? `@${chosen.kernel.id}` : ''}${seedsOf(options).length > 1 ? ` seed ${seed}` : ''}`;

const seedsOf = ({ seed, seeds = [seed] }: RunOptions): readonly number[] => seeds;

/** All lie in one folder, which is the result's own. */
async function removeFiles(result: ResultRecord, dir: string): Promise<void> {
  const folders = new Set(result.files.map((file) => dirname(join(dir, file))));
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  result.files = [];
}
const unheard = (kernel: Kernel, reason: string): KernelRecord => ({ id: kernel.id, place: kernel.place, release: '', version: '', hz: 0, reason, ...(kernel.image ? { image: kernel.image } : {}) });

const timeOf = (chosen: ChosenKernel, options: RunOptions): RunOptions['time'] => chosen.time ?? options.time;
const timeText = (time: RunOptions['time']): string => (typeof time === 'string' ? time : `scaled=${time.scaled}`);
const scaleOf = (time: RunOptions['time']): number => (typeof time === 'string' ? 1 : time.scaled);

/** Where a result's files lie, below the run's folder. */
export function resultFolder(work: Work, several: { kernels: boolean; seeds: boolean }): string {
  const safe = (text: string): string => text.replaceAll(/[^\w./@+-]+/g, '-');
  return join(safe(work.selection.name), safe(work.selection.variant), ...(several.kernels ? [safe(work.chosen.kernel.id)] : []), ...(several.seeds ? [`seed-${work.seed}`] : []));
}

/** A result without claims: the harness has the word, or nothing was run. */
function withoutClaims(work: Work, options: RunOptions, verdict: 'errored' | 'skipped', reason: string, wallS: number): ResultRecord {
  const { selection, chosen, seed } = work;
  const { name, scenario, variant, control } = selection;
  return {
    scenario: name, title: scenario.title, variant, control, cases: [...scenario.cases], kernel: chosen.kernel.id, seed, time: timeText(timeOf(chosen, options)),
    verdict, expected: expectedOf(selection), ...(breaksOf(selection).length > 0 ? { breaks: breaksOf(selection) } : {}), asExpected: false, reason, claims: [], figures: {}, protocolS: 0, wallS: round(wallS), readouts: [], findings: [], ...expectedDiagnosis(work), files: [],
    replay: replayLine(work, options),
  };
}

/** One that fails costs its own result, not those of the others. */
async function runSafely(work: Work, options: RunOptions, kernels: Map<string, KernelRecord>): Promise<ResultRecord | undefined> {
  const began = performance.now();
  const notScaled = notScaledOf(work.selection);
  if (notScaled !== undefined && scaleOf(timeOf(work.chosen, options)) !== 1) {
    return withoutClaims(work, options, 'skipped', `it cannot run with protocol time scaled: ${notScaled}. Run it with --time warp or --time real.`, 0);
  }
  try {
    return await runOne(work, options, kernels);
  } catch (error) {
    if (options.signal.aborted) return undefined;
    return withoutClaims(work, options, 'errored', `the harness failed: ${error instanceof Error ? error.message : String(error)}`, (performance.now() - began) / 1000);
  }
}

/** What the host decides about a result from outside: undefined when the run was interrupted. */
async function runOne(work: Work, options: RunOptions, kernels: Map<string, KernelRecord>): Promise<ResultRecord | undefined> {
  const { selection, chosen, seed } = work;
  const { kernel, reason } = chosen;
  const began = performance.now();
  const key = eventKey(work, options);
  const programs = selection.scenario.programs(settingsOf(selection));
  const modules = selection.scenario.modules(settingsOf(selection));
  const provided = programs.length > 0 ? await options.provide?.(programs) : undefined;
  if (provided?.lacks !== undefined) return withoutClaims(work, options, 'skipped', provided.lacks, 0);
  const extras = programs.length + modules.length > 0 ? { bundle: provided?.bundle ?? NO_BUNDLE, modules } : undefined;
  const folder = resultFolder(work, { kernels: options.kernels.length > 1, seeds: seedsOf(options).length > 1 });
  const dir = join(options.dir, folder);
  await mkdir(dir, { recursive: true });
  const scale = scaleOf(timeOf(chosen, options));
  const deadlineS = selection.scenario.deadline.ns / 1e9;
  const job: Job = {
    scenario: selection.name, variant: selection.variant, control: selection.control, seed, scale,
    capture: options.captureEverything ? 'all' : 'claims', deadlineS, warp: kernel.virtualTime,
  };
  const files: string[] = [];
  const keep = async (name: string, content: string | Buffer): Promise<void> => {
    await writeFile(join(dir, name), content);
    files.push(join(folder, name));
  };
  options.onEvent({ type: 'started', key, scenario: selection.name, variant: selection.variant, kernel: kernel.id });

  const settings = settingsOf(selection);
  const plan = compilePlan(selection.scenario.topology(settings).topology, { seed, scale });
  await keep('plan.sh', shellScript(plan, { title: selection.scenario.title, scenario: selection.name, variant: selection.variant }));

  const wallDeadlineMs = options.wallDeadlineMs ?? (kernel.virtualTime ? 300_000 : (deadlineS / scale + 60) * 1000);
  const launched = await kernel.launch(job, { dir, wallDeadlineMs, extras, signal: options.signal });
  const onAbort = (): void => void launched.kill();
  options.signal.addEventListener('abort', onAbort, { once: true });
  // It may have come while the place was being launched.
  if (options.signal.aborted) onAbort();

  let answer: AgentResult | undefined;
  let failure: string | undefined;
  let heard = false;
  let warpBegan: number | undefined;
  let unfit: string | undefined;
  let lastStep = 'booting';
  const steps: StepMark[] = [];
  let lastProtocolS = 0;
  let lastHeard = began;
  const parts = new Map<string, Buffer[]>();
  const captures: [string, Buffer][] = [];
  let events: Buffer | undefined;
  const emit = (step: string, protocolS: number): void => options.onEvent({ type: 'progress', key, step, protocolS, wallS: (performance.now() - began) / 1000 });
  emit('booting', 0);
  try {
    for await (const record of launched.records) {
      lastHeard = performance.now();
      if (record.t === 'hello') {
        heard = true;
        kernels.set(kernel.id, {
          id: kernel.id, place: kernel.place, release: record.release, version: record.version, hz: record.hz, cpus: record.cpus, reason,
          ...(kernel.image ? { image: kernel.image } : {}), ...(kernel.icountShift === undefined ? {} : { icountShift: kernel.icountShift }),
        });
        // Its races are then not those that were asked for.
        if (record.cpus < (kernel.cpus ?? 1)) {
          unfit = `the machine was given ${kernel.cpus ?? 1} CPUs, and its kernel uses ${record.cpus}: it is built without SMP, or for fewer`;
          break;
        }
      } else if (record.t === 'warp') {
        if (record.phase === 'begin') warpBegan = performance.now();
        else if (kernel.virtualTime && warpBegan !== undefined) {
          unfit = skipFault(record.sleptS, (performance.now() - warpBegan) / 1000);
          if (unfit !== undefined) break;
        }
      } else if (record.t === 'step') {
        lastStep = record.text;
        lastProtocolS = record.atS;
        const lines = launched.shared?.().lines;
        steps.push({ text: record.text, atS: record.atS, upS: record.upS, ...(lines === undefined ? {} : { lines }) });
        emit(record.text, record.atS);
      } else if (record.t === 'alive') {
        lastProtocolS = record.atS;
        emit(lastStep, record.atS);
      } else if (record.t === 'file') {
        const list = parts.get(record.name) ?? [];
        list.push(Buffer.from(record.data, 'base64'));
        parts.set(record.name, list);
        if (record.last) {
          const content = gunzipSync(Buffer.concat(list));
          if (record.name === 'events.ndjson') events = content;
          if (record.name.endsWith('.pcapng')) captures.push([record.name, content]);
          else await keep(record.name, content);
        }
      } else if (record.t === 'result') answer = record.result;
      else if (record.t === 'failed') failure = record.reason;
    }
  } finally {
    options.signal.removeEventListener('abort', onAbort);
    await launched.kill();
  }
  if (options.signal.aborted) {
    await rm(join(dir, 'channel'), { force: true });
    return undefined;
  }

  const log = await launched.console();
  // A VM wrote it there itself.
  if (log !== '' && kernel.place !== 'running') files.push(join(folder, 'console.log'));
  const shared = launched.shared?.();
  const outcome: Outcome = {
    place: kernel.place, ending: launched.ending(), log, complaints: findComplaints(log, options.allowLog), booted: heard || answer !== undefined, lastStep, steps, protocolS: lastProtocolS,
    silentS: (performance.now() - lastHeard) / 1000, wallS: (performance.now() - began) / 1000,
    ...(shared ? { ours: { devices: ownDevices(plan), pids: new Set(shared.pids) } } : {}), ...(answer ? { answer } : {}), ...(failure === undefined ? {} : { failure }), ...(unfit === undefined ? {} : { unfit }),
  };
  const { verdict, reason: decided } = outcomeOf(outcome);
  let why = decided;
  const notes = [...(shared?.unread === undefined ? [] : [`the kernel's own log was not read: ${shared.unread}`]), ...foreignComplaints(outcome)];
  // The log of a kernel that others use is theirs too: it is kept where it accuses.
  if (log !== '' && kernel.place === 'running' && outcome.complaints.length > 0) await keep('console.log', log);
  const expected = expectedOf(selection);
  const base: AgentResult = answer ?? { title: selection.scenario.title, cases: [...selection.scenario.cases], expected, verdict: 'errored', claims: [], figures: {}, protocolS: 0, readouts: [], phasesMs: {} };
  const breaks = breaksOf(selection);
  const elsewhere = verdict === 'broken' && expected === 'broken' ? unbroken(breaks, base.claims) : [];
  if (elsewhere.length > 0) why = `broken, but in another claim: not in ${elsewhere.join(', nor in ')}\n${why ?? ''}`;
  const asExpected = verdict === expected && elsewhere.length === 0;
  const findings = events === undefined ? [] : findingsOf({ topology: selection.scenario.topology(settings).topology, seed, events: events.toString(), ...(captures[0] ? { capture: captures[0][1] } : {}), virtualTime: kernel.virtualTime && timeOf(chosen, options) === 'warp' });
  if (options.capture === 'all' || (options.capture === 'failed' && !asExpected)) for (const [name, content] of captures) await keep(name, content);

  return {
    scenario: selection.name, title: base.title, variant: selection.variant, control: selection.control, cases: base.cases, kernel: kernel.id,
    seed, time: timeText(timeOf(chosen, options)), verdict, expected, ...(breaks.length > 0 ? { breaks } : {}), asExpected, ...(why === undefined ? {} : { reason: why }),
    claims: base.claims, figures: base.figures, protocolS: base.protocolS, wallS: round((performance.now() - began) / 1000),
    readouts: base.readouts, findings, ...expectedDiagnosis(work), files, ...(notes.length > 0 ? { notes } : {}), replay: replayLine(work, options),
  };
}

/** Names of devices of the plan that this machine has none of: "eth0" in the kernel's log may be the host's own. */
function ownDevices(plan: Plan): Set<string> {
  const hosts = new Set(['lo', ...hostDevices()]);
  return new Set(plan.steps.flatMap((step) => ('a' in step ? [step.a.name, step.b.name] : 'name' in step ? [step.name] : [])).filter((name) => !hosts.has(name)));
}

function hostDevices(): string[] {
  try {
    return readdirSync('/sys/class/net');
  } catch {
    return [];
  }
}

const expectedDiagnosis = ({ selection }: Work): { diagnosis?: string[] } => {
  const kinds = diagnosisOf(selection);
  return kinds === undefined ? {} : { diagnosis: [...kinds] };
};

function replayLine({ selection, chosen, seed }: Work, options: RunOptions): string {
  const what = selection.file === undefined ? keyOf(selection) : `${selection.file}#${selection.variant}`;
  const time = timeOf(chosen, options);
  const where = chosen.replay ?? `--kernel ${quoted(chosen.kernel.image ?? chosen.kernel.place)}${time === 'warp' ? '' : ` --time ${timeText(time)}`}`;
  return `npx wirewarp run ${quoted(what)} --seed ${seed} ${where}`;
}

/** For a shell: a "#" in the middle of a word is harmless, but not to every reader. */
export const quoted = (word: string): string => (/^[\w./:=@+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`);
