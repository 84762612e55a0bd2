/**
 * A kernel that runs as a process of its own (QEMU, User-Mode Linux): started with us, followed through two files, ended
 * at its last word or at its deadline. What tells its ends apart is common to all of them.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Ended, start, type Started } from '../system/exec.ts';
import { followLines } from './follow.ts';
import type { Ending, Launched, LaunchOptions } from './kernel.ts';
import { parseRecord } from './records.ts';
import { waitedShareOf } from './schedstat.ts';

/** The guest's console, and the records of the agent in it. */
export interface MachineFiles {
  readonly console: string;
  readonly channel: string;
}

export interface MachineProcess {
  /** The end of "Cannot …". */
  readonly doing: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Absolute paths else. */
  readonly cwd?: string;
  /** What it leaves beside its files. */
  readonly scraps?: readonly string[];
  /** Descriptors from 0 on; the default opens none but standard error. */
  readonly stdio?: (files: MachineFiles) => Promise<{ readonly stdio: readonly ('ignore' | 'pipe' | number)[]; close(): Promise<void> }>;
  /** What its console and its agent said before it was saved. */
  readonly begun?: { readonly console: string; readonly channel: string };
  /** Talks to it on its standard input and output, until they end. */
  readonly drive?: (vm: Started) => Promise<void>;
  /** What its end by itself means: the kernel's doing, or the machine's, which did not come to run it or killed it. */
  readonly endingOf: (ended: Ended) => Ending;
}

export const machineFiles = (dir: string): MachineFiles => ({ console: join(dir, 'console.log'), channel: join(dir, 'channel') });

export async function launchMachine(machine: MachineProcess, files: MachineFiles, launch: Pick<LaunchOptions, 'wallDeadlineMs'>): Promise<Launched> {
  // The files must be there before their writer is, or there is nothing to follow.
  for (const name of ['console', 'channel'] as const) await writeFile(files[name], machine.begun?.[name] ?? '');
  const wiring = await machine.stdio?.(files);
  // setpriv: should we be killed outright, the kernel ends it with us. A process group of its own: Ctrl-C is ours to handle.
  const vm = start('setpriv', ['--pdeathsig', 'KILL', '--', machine.program, ...machine.args], {
    doing: machine.doing, stdio: wiring?.stdio ?? (machine.drive ? ['pipe', 'pipe', 'pipe'] : ['ignore', 'ignore', 'pipe']), detached: true, ...(machine.cwd === undefined ? {} : { cwd: machine.cwd }),
  });
  // Helpers of its own are in its process group.
  const end = (): void => {
    try {
      process.kill(-vm.pid, 'SIGKILL');
    } catch {
      vm.kill('SIGKILL');
    }
  };
  await wiring?.close();
  // What goes wrong there shows in how the process ends.
  machine.drive?.(vm).catch(() => undefined);
  let ended: Ended | undefined;
  let said = false;
  let late = false;
  let killed = false;
  /** It ended before anybody here wanted it to. */
  let foreign = false;
  const over = vm.ended.then((e) => { ended = e; foreign = !killed && !late; });
  let waitedShare: number | undefined;
  const deadline = setTimeout(() => { late = true; waitedShare = waitedShareOf(vm.pid); end(); }, launch.wallDeadlineMs);
  const kill = async (): Promise<void> => {
    killed = true;
    clearTimeout(deadline);
    end();
    await over;
    await Promise.all([files.channel, ...(machine.scraps ?? []).map((name) => join(dirname(files.channel), name))].map((path) => rm(path, { force: true, recursive: true })));
  };
  const readConsole = (): Promise<string> => readFile(files.console, 'utf8').catch(() => '');

  async function* records(): Launched['records'] extends AsyncIterable<infer R> ? AsyncGenerator<R> : never {
    try {
      for await (const line of followLines(files.channel, () => ended !== undefined)) {
        const record = parseRecord(line);
        if (!record) continue;
        if (record.t === 'bye') { said = true; return; }
        yield record;
      }
    } finally {
      // Nothing more is wanted of it; powering off would take longer and may hang.
      await kill();
    }
  }

  const ending = (): Ending => {
    if (said) return { how: 'done' };
    if (late) return { how: 'deadline', detail: `the VM was ended after ${launch.wallDeadlineMs / 1000} s of wall time`, ...(waitedShare === undefined ? {} : { waitedShare }) };
    if (killed && ended?.signal === 'SIGKILL' && !foreign) return { how: 'died', detail: 'it was killed' };
    return ended ? machine.endingOf(ended) : { how: 'died', detail: 'it went silent' };
  };
  return { records: records(), console: readConsole, ending, kill };
}
