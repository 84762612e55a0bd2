/**
 * A VM of any kernel image. In virtual time: TCG counts instructions (-icount) and skips idle time (sleep=off), so a
 * timer of 260 s passes at once. The host is never in the loop of a running story: the job goes in on the kernel's
 * command line, records come out of the second serial port into a file.
 *
 * Every option below that looks arbitrary keeps something of the host out of the guest, or saves boot time:
 * docs/virtual-time.md has the measurements.
 */
import { utimes } from 'node:fs/promises';
import { encodeJob, FROZEN_JOB, FROZEN_JOB_BYTES, type Job, LATER } from '../agent/protocol.ts';
import type { Started } from '../system/exec.ts';
import type { Extras, Kernel, Launched, LaunchOptions } from './kernel.ts';
import { frozenMachine } from './frozen.ts';
import { launchMachine, machineFiles, type MachineFiles } from './machine-process.ts';
import { openQmp } from './qmp.ts';
import { qemuEnding } from './qemu-ending.ts';

export interface QemuOptions {
  /** uname -r, as the image's name says it. */
  release: string;
  image: string;
  initramfs: string;
  /** One with a story's programs and modules in it. */
  initramfsWith?: (extras: Extras) => Promise<string>;
  /** warp: virtual time by instruction counting. real: the host's time, with KVM where it works. */
  time: 'warp' | 'real';
  /** One guest instruction takes 2^shift ns of virtual time. */
  icountShift: number;
  memoryMiB: number;
  kvm: boolean;
  /** Virtual CPUs; in virtual time there is one. */
  cpus: number;
  qemu?: string;
  /** Further kernel parameters. */
  parameters?: readonly string[];
}

export const QEMU_DEFAULTS = { time: 'warp', icountShift: 0, memoryMiB: 768, kvm: false, cpus: 1 } as const;

/**
 * QEMU's main loop and the virtual CPU take turns. Only recording makes them (qemu: docs/devel/replay.rst, "replay mutex"); what is recorded
 * is of no use. Without it the main loop, woken at the host's pace, may find the CPU halted before its last instructions
 * are counted, and skip idle time by as many nanoseconds too much. Only where a machine goes on from a saved state: one that
 * boots while it records, and what goes on from that, are three times as slow.
 */
const IN_STEP = 'rr=record,rrfile=/dev/null';

/** The machine, which must be the same for one that is saved and one that goes on from there. */
function machineOf(o: QemuOptions, seed: number, inStep = false): string[] {
  const warp = o.time === 'warp';
  return [
    '-M', o.kvm ? 'pc,accel=kvm,hpet=on' : 'pc,hpet=on',
    '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot',
    '-m', String(o.memoryMiB),
    '-smp', String(o.cpus),
    ...(o.kvm ? ['-cpu', 'host'] : ['-accel', `tcg,thread=${warp ? 'single' : 'multi'},tb-size=256`, '-cpu', 'qemu64,+rdrand,-rdseed']),
    ...(warp ? ['-icount', `shift=${o.icountShift},sleep=off${inStep ? `,${IN_STEP}` : ''}`, '-rtc', 'base=2026-01-01,clock=vm', '-seed', String(seed)] : []),
    '-kernel', o.image,
  ];
}

/** QEMU's arguments for a boot; pure, so that a test can hold them. */
export function qemuArguments(o: QemuOptions, job: Job, files: MachineFiles): string[] {
  return [
    ...machineOf(o, job.seed),
    '-initrd', o.initramfs,
    '-append', commandLine(o, encodeJob(job)),
    '-serial', `file:${files.console}`,
    '-serial', `file:${files.channel}`,
  ];
}

/** A machine that boots and then stops itself; asked for over its monitor, its state is saved below the working folder. */
export function freezingArguments(o: QemuOptions, files: MachineFiles): string[] {
  return [
    ...freezerOf(o, BOOT_SEED, files, 'on'),
    '-initrd', o.initramfs,
    '-append', commandLine(o, LATER),
    // Stopped, not ended.
    '-action', 'watchdog=pause',
  ];
}

/** One that goes on from a state that was saved, below the working folder. */
export const thawedArguments = (o: QemuOptions, job: Job, files: MachineFiles): string[] => [
  ...freezerOf(o, job.seed, files, 'off', encodeJob(job)),
  '-action', 'watchdog=none', '-incoming', 'defer',
];

/**
 * A machine comes back as stopped as it was saved. Its state is read when we ask for it: read at once, it may be there before
 * QEMU has our greeting, on a busy machine; until then QEMU tells of no event, and nobody would let it go on.
 */
export async function goOn(vm: Pick<Started, 'stdin' | 'stdout' | 'kill'>): Promise<void> {
  const { ask, messages } = openQmp(vm);
  ask('migrate-set-capabilities', MEMORY_APART);
  ask('migrate-incoming', { uri: `exec:cat ${STATE}` });
  for await (const { event, data, error } of messages) {
    if (event === 'MIGRATION' && data?.status === 'completed') ask('cont');
    // It would stand still until its deadline.
    if (error !== undefined) vm.kill('SIGKILL');
  }
}

/** The saved state's names: of all but the guest's memory, and of that. */
export const STATE = 'state', MEMORY = 'memory';
/** The memory is not part of the state: it is a file, which each machine that goes on has for itself, page by page as it needs them. */
export const MEMORY_APART = { capabilities: [{ capability: 'x-ignore-shared', state: true }] } as const;
/** Random numbers are seeded anew by the job; a boot needs some as well. */
const BOOT_SEED = 0;

function freezerOf(o: QemuOptions, seed: number, files: MachineFiles, shared: 'on' | 'off', job = ''): string[] {
  if (job.length > FROZEN_JOB_BYTES) throw new Error(`the job takes ${job.length} bytes, and a machine that has booted has room for ${FROZEN_JOB_BYTES}`);
  // In an option's value a comma is written twice.
  const port = (id: string, path: string): string[] => ['-chardev', `file,id=${id},append=on,path=${path.replaceAll(',', ',,')}`, '-serial', `chardev:${id}`];
  return [
    ...machineOf(o, seed, shared === 'off'), '-device', 'i6300esb',
    '-object', `memory-backend-file,id=memory,size=${o.memoryMiB}M,mem-path=${MEMORY},share=${shared}`, '-machine', 'memory-backend=memory',
    '-qmp', 'stdio', '-global', 'migration.x-events=on',
    '-fw_cfg', `name=${FROZEN_JOB},string=${job.padEnd(FROZEN_JOB_BYTES)}`,
    ...port('console', files.console), ...port('channel', files.channel),
  ];
}

function commandLine(o: QemuOptions, job: string): string {
  return [
    'console=ttyS0',
    // The console costs a guest instruction a byte: warnings and worse only.
    'loglevel=5',
    // RDRAND is QEMU's own generator, seeded by -seed: all randomness of the guest follows from it, and nobody waits for entropy (1.3 s).
    'nokaslr', 'norandmaps', 'random.trust_cpu=on', 'random.trust_bootloader=off',
    // An oops or a panic ends the VM: -no-reboot turns the reboot into an exit.
    'oops=panic', 'panic=-1',
    // Hardening and self-tests of a boot that lasts seconds and trusts its guest.
    'mitigations=off', 'cryptomgr.notests',
    // The local APIC's timer is calibrated by a busy loop (100 ms of guest time, 2.6 s under TCG), and made runs differ by nanoseconds; the HPET does neither.
    ...(o.time === 'warp' ? ['noapictimer', 'tsc_early_khz=1000000'] : []),
    // What the kernel does not know becomes the environment of init, which is Node.
    'WIREWARP_KOFFI=/koffi.node', 'PATH=/bin',
    ...(o.parameters ?? []),
    `wirewarp.job=${job}`,
  ].join(' ');
}

export function qemuKernel(options: QemuOptions): Kernel {
  return {
    id: `qemu:${options.release}`,
    place: 'qemu',
    image: options.image,
    ...(options.time === 'warp' ? { icountShift: options.icountShift } : {}),
    cpus: options.cpus,
    virtualTime: options.time === 'warp',
    launch: (job, launch) => launchQemu(options, job, launch),
  };
}

async function launchQemu(plain: QemuOptions, job: Job, launch: LaunchOptions): Promise<Launched> {
  const { extras } = launch;
  if (extras && !plain.initramfsWith) throw new Error('this VM takes no programs along');
  const options = extras && plain.initramfsWith ? { ...plain, initramfs: await plain.initramfsWith(extras) } : plain;
  // In use until the last variant of a long run: another run, which builds an image of its own, would prune what has been idle. Where it is gone, QEMU says so.
  const now = new Date();
  await utimes(options.initramfs, now, now).catch(() => undefined);
  const files = machineFiles(launch.dir);
  const program = options.qemu ?? 'qemu-system-x86_64';
  const frozen = options.time === 'warp' && launch.fresh !== true ? await frozenMachine(options, launch) : undefined;
  if (frozen) {
    return launchMachine({
      doing: `go on with ${options.image} in QEMU`, program, args: thawedArguments(options, job, files), cwd: frozen.dir, begun: frozen, drive: goOn, endingOf: qemuEnding,
    }, files, launch);
  }
  return launchMachine({
    doing: `boot ${options.image} in QEMU`,
    program,
    args: qemuArguments(options, job, files),
    endingOf: qemuEnding,
  }, files, launch);
}
