/**
 * A User-Mode Linux kernel: a process, no emulation. In virtual time (CONFIG_UML_TIME_TRAVEL_SUPPORT) idle time is skipped,
 * and with inf-cpu computing takes no time either, so that a run's timings repeat exactly. It boots the same initramfs
 * as a VM: the host's file system would let in what differs from run to run.
 */
import { open, utimes } from 'node:fs/promises';
import { encodeJob, type Job } from '../../agent/protocol.ts';
import type { Ended } from '../../system/exec.ts';
import { type Ending, type Extras, type Kernel, type Launched, type LaunchOptions, UML_FOLDER } from '../kernel.ts';
import { launchMachine, machineFiles } from '../machine-process.ts';

export interface UmlOptions {
  /** uname -r, as the binary says it. */
  readonly release: string;
  readonly binary: string;
  /** dist/uml.cjs: it becomes the kernel. */
  readonly launcher: string;
  readonly initramfs: string;
  /** One with a story's programs in it. */
  readonly initramfsWith?: (extras: Extras) => Promise<string>;
  /** inf-cpu: computing takes no time. counted: it takes what the host takes for it, so runs differ a little. real: the host's time. */
  readonly timeTravel: 'inf-cpu' | 'counted' | 'real';
  readonly memoryMiB: number;
  readonly parameters?: readonly string[];
}

export const UML_DEFAULTS = { timeTravel: 'inf-cpu', memoryMiB: 768 } as const;

/** 2026-01-01 in ns: the wall clock at boot, alike in every run. */
const BOOT_CLOCK_NS = '1767225600000000000';

/**
 * The kernel's arguments; pure, so that a test can hold them. The kernel mixes them into its random numbers
 * (drivers/char/random.c, random_init_early): the job is there with its seed, and no path, which would differ from
 * folder to folder. Descriptor 1 is the console, 3 the agent's channel, 4 the initramfs.
 */
export function umlArguments(o: Pick<UmlOptions, 'memoryMiB' | 'timeTravel' | 'parameters'>, job: Job): string[] {
  return [
    `mem=${o.memoryMiB}M`,
    'initrd=/proc/self/fd/4',
    // Its pid file; the default would be in the user's home. The working folder is the result's own.
    'uml_dir=./', `umid=${UML_FOLDER}`,
    'con=null', 'con0=null,fd:1', 'ssl=null', 'ssl1=null,fd:3',
    'console=tty0', 'loglevel=5', 'quiet', 'noreboot',
    'norandmaps',
    ...(o.timeTravel === 'inf-cpu' ? ['random.trust_cpu=off', 'random.trust_bootloader=off'] : []),
    'oops=panic', 'panic=-1',
    ...(o.timeTravel === 'real' ? [] : [o.timeTravel === 'inf-cpu' ? 'time-travel=inf-cpu' : 'time-travel', `time-travel-start=${BOOT_CLOCK_NS}`]),
    // What the kernel does not know becomes the environment of init, which is Node.
    'WIREWARP_KOFFI=/koffi.node', 'PATH=/bin',
    ...(o.parameters ?? []),
    `wirewarp.job=${encodeJob(job)}`,
  ];
}

export function umlKernel(options: UmlOptions): Kernel {
  return {
    id: `uml:${options.release}`,
    place: 'uml',
    image: options.binary,
    virtualTime: options.timeTravel !== 'real',
    launch: (job, launch) => launchUml(options, job, launch),
  };
}

/** A panic ends in abort() (arch/um/os-Linux/util.c); another signal, or no start, is not the kernel's doing. */
export function umlEnding({ signal, exitCode, stderr, error }: Ended): Ending {
  const said = stderr.trim();
  if (signal === 'SIGABRT' || (signal === undefined && exitCode !== undefined && exitCode !== 126 && exitCode !== 127)) {
    return { how: 'died', detail: said || `User-Mode Linux ended with ${signal ?? `status ${exitCode}`}` };
  }
  return { how: 'failed', detail: said || (signal === undefined ? error?.message : undefined) || `User-Mode Linux ended with ${signal ?? `status ${exitCode}`}` };
}

async function launchUml(plain: UmlOptions, job: Job, launch: LaunchOptions): Promise<Launched> {
  const { extras } = launch;
  if (extras && !plain.initramfsWith) throw new Error('this kernel takes no programs along');
  const options = extras && plain.initramfsWith ? { ...plain, initramfs: await plain.initramfsWith(extras) } : plain;
  // In use: another run, which builds an image of its own, would prune what has been idle.
  const now = new Date();
  await utimes(options.initramfs, now, now).catch(() => undefined);
  return launchMachine({
    doing: `start ${options.binary}`,
    program: process.execPath,
    args: [options.launcher, options.binary, ...umlArguments(options, job)],
    cwd: launch.dir,
    scraps: [UML_FOLDER],
    stdio: async ({ console, channel }) => {
      const said = await open(console, 'a');
      const records = await open(channel, 'a');
      const initramfs = await open(options.initramfs);
      return { stdio: ['ignore', said.fd, 'pipe', records.fd, initramfs.fd], close: async () => { await Promise.all([said, records, initramfs].map((file) => file.close())); } };
    },
    endingOf: umlEnding,
  }, machineFiles(launch.dir), launch);
}
