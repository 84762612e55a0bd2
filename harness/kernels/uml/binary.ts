/** What a file says of itself when it may be a User-Mode Linux kernel: such a program answers `--version` and `--showconfig` (arch/um/kernel/um_arch.c) before it becomes a kernel. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { type Config, parseConfig } from '../../../lib/kernel-config.ts';
import { exec } from '../../system/exec.ts';

export interface UmlBinary {
  /** uname -r. */
  readonly release: string;
  readonly config: Config;
  /** CONFIG_UML_TIME_TRAVEL_SUPPORT: it has virtual time. */
  readonly timeTravel: boolean;
  /** Ticks a second. */
  readonly hz: number;
}

/** Asked only of a program that holds UML's own words: whatever else a user names must not be run. */
export async function askUml(file: string): Promise<UmlBinary | undefined> {
  if (!isElf(file) || !readFileSync(file).includes('User Mode Linux')) return undefined;
  const ask = async (option: string): Promise<string> => (await exec(file, [option], { doing: `ask ${file} for ${option}`, timeoutMs: 10_000 })).stdout;
  const release = (await ask('--version')).trim();
  const config = parseConfig(await ask('--showconfig'));
  return { release, config, timeTravel: config.get('UML_TIME_TRAVEL_SUPPORT') === 'y', hz: Number(config.get('HZ') ?? 0) };
}

function isElf(file: string): boolean {
  let handle: number | undefined;
  try {
    handle = openSync(file, 'r');
    const head = Buffer.alloc(20);
    readSync(handle, head, 0, head.length, 0);
    // 64-bit, little-endian, x86-64.
    return head.readUInt32BE(0) === 0x7f45_4c46 && head[4] === 2 && head[5] === 1 && head.readUInt16LE(18) === 62;
  } catch {
    return false;
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}
