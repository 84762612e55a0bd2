/**
 * Makes the place fit for a story. In a VM we are PID 1 of an initramfs: mount what there is to mount and load modules. On the running kernel we are a child in namespaces of our own.
 */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { clockResolutionNs, duplicate, loadModule, mount, setTerminal, terminalSettings } from '../system/native/libc.ts';
import { decodeJob, type Job, LATER } from './protocol.ts';

const MODULES = '/lib/modules-wirewarp';
const MANIFEST = '/programs.json';
const CHANNEL = '/dev/ttyS1';

export interface Environment {
  /** Undefined: the machine is to be stopped when all else is ready, and told it then. */
  readonly job: Job | undefined;
  /** The file descriptor that records go to. */
  readonly channel: number;
  readonly virtualMachine: boolean;
  /** Where what is known of the story's programs lies, if anything is. */
  readonly manifest: string | undefined;
  /** Modules that did not load, with the kernel's words. */
  readonly modules: Readonly<Record<string, string>>;
}

/** PID 1 with our init's marker: a VM. Else the job comes as an argument and records go to descriptor 3. */
export function enterEnvironment(): Environment {
  const argument = process.argv.find((a) => a.startsWith('--job='));
  if (argument !== undefined) {
    const job = decodeJob(argument.slice('--job='.length));
    const manifest = process.argv.find((a) => a.startsWith('--programs='))?.slice('--programs='.length);
    return { job, channel: 3, virtualMachine: false, modules: {}, manifest };
  }
  return enterVirtualMachine();
}

function enterVirtualMachine(): Environment {
  for (const [type, target] of [['proc', '/proc'], ['sysfs', '/sys'], ['devtmpfs', '/dev'], ['tmpfs', '/run'], ['tmpfs', '/tmp']] as const) {
    mkdirSync(target, { recursive: true });
    mount(type, target, type);
  }
  const commandLine = readFileSync('/proc/cmdline', 'utf8');
  const text = /\bwirewarp\.job=(\S+)/.exec(commandLine)?.[1];
  if (!text) throw new Error(`the kernel's command line holds no wirewarp.job: ${commandLine}`);
  const job = text === LATER ? undefined : decodeJob(text);
  // There was no /dev when Node began, so what it says when it dies (V8's fatal errors) would go nowhere.
  const console = openSync('/dev/console', 'w');
  for (const fd of [1, 2]) duplicate(console, fd, 'put our last words on the console');
  const channel = openSync(CHANNEL, 'w');
  // Raw: the terminal's own line editing would rewrite what we send. c_iflag, c_oflag and c_lflag of struct termios.
  const settings = terminalSettings(channel);
  settings.fill(0, 0, 8);
  settings.fill(0, 12, 16);
  setTerminal(channel, settings);
  return { job, channel, virtualMachine: true, modules: loadModules(), manifest: existsSync(MANIFEST) ? MANIFEST : undefined };
}

function loadModules(): Record<string, string> {
  const failed: Record<string, string> = {};
  const list = `${MODULES}/modules.list`;
  if (!existsSync(list)) return failed;
  for (const name of readFileSync(list, 'utf8').split('\n').filter(Boolean)) {
    try {
      const fd = openSync(`${MODULES}/${name}.ko`, 'r');
      try {
        // bonding makes a bond0 of its own otherwise; dummy likewise.
        loadModule(fd, name === 'bonding' ? 'max_bonds=0' : name === 'dummy' ? 'numdummies=0' : '', name);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      if ((error as { code?: string }).code !== 'EEXIST') failed[name] = error instanceof Error ? error.message : String(error);
    }
  }
  return failed;
}

/** Ticks a second: the coarse clock advances once a tick (CLOCK_MONOTONIC_COARSE is 6). */
export function kernelHz(): number {
  const tickNs = Number(clockResolutionNs(6));
  // A tick of 1e9/300 is not a whole number of nanoseconds.
  return tickNs > 0 ? Math.round(1e9 / tickNs) : 0;
}

/** Whole, whatever the channel takes at a time. */
export function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}
