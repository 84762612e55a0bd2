/**
 * A VM that booted with no job stops itself, is saved by the host, and goes on in another QEMU as often as there are
 * jobs: the boot is paid once. What the host has to say after that comes through QEMU's firmware configuration, which
 * the guest reads with port accesses, so nothing of the host's time enters (qemu: docs/specs/fw_cfg.txt).
 *
 * The watchdog stops it, while it sleeps: its timer is one of virtual time, and QEMU stops an idle machine before
 * anything else happens in it. Stopped by a device's register (pvpanic), the machine was sometimes warped to its next
 * timer before, and sometimes not: two runs of a seed then differed by 2 µs.
 */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { randomSeed } from '../system/native/libc.ts';
import { decodeJob, FROZEN_JOB, type Job } from './protocol.ts';

const DEVICES = '/sys/bus/pci/devices';
/** Intel's number, and that of the 6300ESB's watchdog. */
const VENDOR = '0x8086', DEVICE = '0x25ab';
/** Its registers in configuration space and what goes there (6300ESB datasheet, 16): a 1 MHz clock and no interrupt, then enabled. Both of its stages then take 2^20 µs and a bit. */
const SETTINGS = { at: 0x60, bytes: [0b111, 0] }, START = { at: 0x68, bytes: [0b10] };
/** Slept meanwhile: longer than both stages. */
const SLEEP_MS = 3000;
/** From here on every random number of the kernel comes from its CRNG, which can be seeded anew; before, prandom_u32() kept a state of its own. */
const ONE_GENERATOR = [5, 19] as const;

const jobFile = `/sys/firmware/qemu_fw_cfg/by_name/${FROZEN_JOB}/raw`;

/** Why this kernel cannot be stopped and told its job later; undefined where it can. */
export function whyNotFrozen(release: string): string | undefined {
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10));
  if (major < ONE_GENERATOR[0] || (major === ONE_GENERATOR[0] && minor < ONE_GENERATOR[1])) return 'its random numbers cannot be seeded anew before Linux 5.19';
  if (!existsSync(jobFile)) return 'it does not show QEMU’s firmware configuration (qemu_fw_cfg)';
  return watchdog() === undefined ? 'it does not show the watchdog’s registers' : undefined;
}

/** Stops the machine; returns in another one, with the job that it was given. */
export function freeze(): Job {
  const file = watchdog();
  if (file === undefined) throw new Error('there is no watchdog to stop the machine with');
  const registers = openSync(file, 'r+');
  for (const { at, bytes } of [SETTINGS, START]) writeSync(registers, Uint8Array.from(bytes), 0, bytes.length, at);
  closeSync(registers);
  // Nothing but the kernel's own timers may run while the machine stops.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SLEEP_MS);
  const text = readFileSync(jobFile, 'latin1').trim();
  if (text === '') throw new Error('the watchdog did not stop the machine');
  const job = decodeJob(text);
  randomSeed(`wirewarp ${job.seed}`);
  return job;
}

/** The file of its configuration space. */
function watchdog(): string | undefined {
  if (!existsSync(DEVICES)) return undefined;
  const is = (folder: string, file: string, value: string): boolean => readFileSync(`${folder}/${file}`, 'utf8').trim() === value;
  const folder = readdirSync(DEVICES).map((name) => `${DEVICES}/${name}`).find((one) => is(one, 'vendor', VENDOR) && is(one, 'device', DEVICE));
  return folder === undefined ? undefined : `${folder}/config`;
}
