/** `wirewarp run`'s options: what they mean, once the parser has read them as text. */
import type { Time } from '../kernels/choose.ts';
import { reporterNames, type ReporterName } from '../report/reporter.ts';
import { isProgram, QEMU } from '../runner/machine.ts';
import { said } from '../runner/refusal.ts';
import { isFolder } from '../runner/stat.ts';
import { type Reader, readSeed, readTime } from './options.ts';

export interface RunSettings {
  readonly kernels: readonly string[];
  readonly modules: string | undefined;
  readonly time: Time | undefined;
  readonly seed: number;
  readonly jobs: number;
  readonly capture: 'none' | 'failed' | 'all';
  readonly captureEverything: boolean;
  readonly reporter: ReporterName;
  readonly results: string;
  readonly all: boolean;
  readonly controls: boolean;
  readonly icountShift: number;
  /** Of a VM in real time. */
  readonly cpus: number;
  /** Wall milliseconds for one variant. */
  readonly wallDeadlineMs: number | undefined;
  readonly qemu: string;
  readonly allowLog: readonly RegExp[];
  readonly treeArch: 'uml' | 'x86';
  readonly timeTravel: 'inf-cpu' | 'counted';
}

export interface Capacity {
  readonly cpus: number;
  readonly freeBytes: number;
}

/** QEMU emulates each with a thread of its own. */
const MOST_CPUS = 16;
/** A VM has 768 MiB, and its emulator some more. */
const PLACE_BYTES = 1e9;

/** One place a core. More than four at a time have not been measured to gain, and each takes memory. */
export function defaultJobs({ cpus, freeBytes }: Capacity): number {
  return Math.max(1, Math.min(4, cpus, Math.floor(freeBytes / PLACE_BYTES)));
}

/** Every fault goes to the reader. */
export function readRunSettings(reader: Reader, capacity: Capacity): RunSettings {
  const kernels = reader.list('kernel');
  const time = readTime(reader);
  const settings: RunSettings = {
    kernels: kernels.length > 0 ? kernels : ['auto'],
    modules: readModules(reader, kernels),
    time,
    seed: readSeed(reader),
    jobs: reader.whole('jobs', defaultJobs(capacity), 1, 256),
    capture: reader.choice('capture', 'failed', ['none', 'failed', 'all']),
    captureEverything: reader.flag('capture-everything'),
    reporter: readReporter(reader),
    results: reader.text('results') ?? './results',
    all: reader.flag('all'),
    controls: reader.flag('controls'),
    icountShift: reader.whole('shift', 0, 0, 10),
    cpus: reader.whole('cpus', 1, 1, MOST_CPUS),
    wallDeadlineMs: readTimeout(reader),
    qemu: readQemu(reader),
    treeArch: reader.choice('arch-kernel', 'uml', ['uml', 'x86']),
    timeTravel: reader.choice('time-travel', 'inf-cpu', ['inf-cpu', 'counted']),
    allowLog: reader.list('allow-log').flatMap((text) => readPattern(reader, text)),
  };
  if (settings.captureEverything && settings.capture === 'none')
    reader.fault('--capture-everything and --capture none contradict each other');
  if (settings.icountShift !== 0 && time !== undefined && time !== 'warp')
    reader.fault('--shift belongs to virtual time, and --time asks for another', 'Leave one of them out.');
  if (settings.cpus > 1 && time !== 'real' && reader.faults.every(({ what }) => !what.startsWith('--time ')))
    reader.fault(`--cpus ${settings.cpus} is for --time real: a machine in virtual time has one CPU`, 'Say --time real, or leave --cpus out.');
  return settings;
}

function readModules(reader: Reader, kernels: readonly string[]): string | undefined {
  const folder = reader.text('modules');
  if (folder === undefined) return undefined;
  if (!isFolder(folder)) {
    reader.fault(
      `--modules ${folder}: there is no such folder`,
      'Give the folder that holds kernel/ and modules.builtin, such as lib/modules/RELEASE of an unpacked package.',
    );
  }
  if (!kernels.some((name) => name !== 'auto' && name !== 'running'))
    reader.fault('--modules needs --kernel IMAGE: the folder belongs to one image');
  return folder;
}

function readReporter(reader: Reader): ReporterName {
  const name = reader.choice('reporter', 'auto', reporterNames);
  if (!reader.flag('json')) return name;
  if (name !== 'auto' && name !== 'json')
    reader.fault(`--json and --reporter ${name} both want standard output`, 'Leave one of them out.');
  return 'json';
}

function readTimeout(reader: Reader): number | undefined {
  const text = reader.text('timeout');
  if (text === undefined) return undefined;
  const seconds = Number(text);
  // Longer, and Node's timers would go off at once.
  if (text.trim() !== '' && seconds > 0 && seconds <= 2_000_000) return seconds * 1000;
  reader.fault(`--timeout ${text}: a number of seconds above 0 is needed, at most 2000000`);
  return undefined;
}

function readQemu(reader: Reader): string {
  const program = reader.text('qemu');
  if (program !== undefined && !isProgram(program))
    reader.fault(`--qemu ${program}: there is no such program`, 'Give a path, or a name that is found in PATH.');
  return program ?? QEMU;
}

function readPattern(reader: Reader, text: string): RegExp[] {
  try {
    return [new RegExp(text)];
  } catch (error) {
    reader.fault(`--allow-log ${text}: ${said(error)}`);
    return [];
  }
}
