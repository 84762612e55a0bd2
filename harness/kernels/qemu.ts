/**
 * A VM of any kernel image. In virtual time: TCG counts instructions (-icount) and skips idle time (sleep=off), so a
 * timer of 260 s passes at once. The host is never in the loop of a running story: the job goes in on the kernel's
 * command line, records come out of the second serial port into a file.
 *
 * Every option below that looks arbitrary keeps something of the host out of the guest, or saves boot time:
 * docs/virtual-time.md has the measurements.
 */
import { utimes } from 'node:fs/promises';
import { type Job, encodeJob } from '../agent/protocol.ts';
import type { Extras, Kernel, Launched, LaunchOptions } from './kernel.ts';
import { launchMachine, machineFiles } from './machine-process.ts';
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

/** QEMU's arguments; pure, so that a test can hold them. */
export function qemuArguments(o: QemuOptions, job: Job, files: { console: string; channel: string }): string[] {
  const warp = o.time === 'warp';
  const parameters = [
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
    ...(warp ? ['noapictimer', 'tsc_early_khz=1000000'] : []),
    // What the kernel does not know becomes the environment of init, which is Node.
    'WIREWARP_KOFFI=/koffi.node', 'PATH=/bin',
    ...(o.parameters ?? []),
    `wirewarp.job=${encodeJob(job)}`,
  ];
  return [
    '-M', o.kvm ? 'pc,accel=kvm,hpet=on' : 'pc,hpet=on',
    '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot',
    '-m', String(o.memoryMiB),
    '-smp', String(o.cpus),
    ...(o.kvm ? ['-cpu', 'host'] : ['-accel', `tcg,thread=${warp ? 'single' : 'multi'},tb-size=256`, '-cpu', 'qemu64,+rdrand,-rdseed']),
    ...(warp ? ['-icount', `shift=${o.icountShift},sleep=off`, '-rtc', 'base=2026-01-01,clock=vm', '-seed', String(job.seed)] : []),
    '-kernel', o.image,
    '-initrd', o.initramfs,
    '-append', parameters.join(' '),
    '-serial', `file:${files.console}`,
    '-serial', `file:${files.channel}`,
  ];
}

export function qemuKernel(options: QemuOptions): Kernel {
  return {
    id: `qemu:${options.release}`,
    place: 'qemu',
    image: options.image,
    ...(options.time === 'warp' ? { icountShift: options.icountShift } : {}),
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
  return launchMachine({
    doing: `boot ${options.image} in QEMU`,
    program: options.qemu ?? 'qemu-system-x86_64',
    args: qemuArguments(options, job, files),
    endingOf: qemuEnding,
  }, files, launch);
}
