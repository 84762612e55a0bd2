/**
 * Machines that have booted: stopped at the point where only the job is missing (harness/agent/frozen.ts), saved once
 * with QEMU's migration, and kept in the cache under a name that stands for all that went into them. Every job of such
 * a machine goes on from the same state, so it makes no difference whether the state was made just now or long ago.
 *
 * What cannot be stopped, or does not get there, is booted for each job; then a boot that fails is told as one.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../setup/cache.mjs';
import { searchPath, start } from '../system/exec.ts';
import { type Owner, ourselves, processes, standingOf } from '../system/owner.ts';
import { skipFault } from '../../lib/virtual-time.ts';
import { followLines } from './follow.ts';
import type { LaunchOptions } from './kernel.ts';
import { machineFiles } from './machine-process.ts';
import { freezingArguments, MEMORY, MEMORY_APART, type QemuOptions, STATE } from './qemu.ts';
import { openQmp } from './qmp.ts';
import { parseRecord } from './records.ts';

export interface FrozenMachine {
  /** Where its state is. */
  readonly dir: string;
  /** What was said until it stopped. */
  readonly console: string;
  readonly channel: string;
}

/** So many are kept; each takes about as much as the guest has touched of its memory. */
const KEPT = 6;
/** Nobody takes longer from being handed a folder to having read the state. */
const IN_USE_MS = 10 * 60_000;
/** Raised when what is saved changes without its inputs changing. */
const LAYOUT = 2;
/** In the name of one that is being made; and whose it is. */
const UNFINISHED = '.making-', OWNER = 'owner.json';

const beingMade = new Map<string, Promise<FrozenMachine | undefined>>();

/** Folders in which this process has looked for what killed starts left: once is enough. */
const swept = new Set<string>();

/** One at a time for a machine; undefined where it must be booted for each job. Throws when the signal is aborted. */
export async function frozenMachine(options: QemuOptions, launch: Pick<LaunchOptions, 'wallDeadlineMs' | 'signal'>, cache = join(cacheFolder(), 'machines')): Promise<FrozenMachine | undefined> {
  const dir = join(cache, keyOf(options));
  if (!swept.has(cache)) sweepUnfinished(cache);
  swept.add(cache);
  // Looked for each time, which says that it is in use: a long run would lose it to another start, which prunes what has been idle.
  const kept = remembered(dir);
  if (kept) return kept;
  const making = beingMade.get(dir) ?? make(options, dir, launch).catch(() => undefined);
  beingMade.set(dir, making);
  const made = await making;
  // Where it could not be made it will not be tried again in this run.
  if (made) beingMade.delete(dir);
  launch.signal?.throwIfAborted();
  return made;
}

function keyOf(options: QemuOptions): string {
  const hash = createHash('sha256').update(`layout ${LAYOUT}\n${JSON.stringify(freezingArguments(options, machineFiles('')))}\n`);
  for (const file of [programFile(options.qemu ?? 'qemu-system-x86_64'), options.image, options.initramfs]) {
    const stat = statSync(file, { throwIfNoEntry: false });
    // The initramfs' name stands for its content, and it is touched whenever it is used.
    hash.update(`${file} ${String(stat?.size)} ${file === options.initramfs ? '' : String(stat?.mtimeMs)}\n`);
  }
  return hash.digest('hex').slice(0, 32);
}

const programFile = (name: string): string => (name.includes('/') ? name : (searchPath().split(':').map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? name));

function remembered(dir: string): FrozenMachine | undefined {
  try {
    const files = machineFiles(dir);
    const machine = { dir, console: readFileSync(files.console, 'utf8'), channel: readFileSync(files.channel, 'utf8') };
    const now = new Date();
    utimesSync(dir, now, now); // in use: not to be pruned
    return [STATE, MEMORY].every((name) => existsSync(join(dir, name))) ? machine : undefined;
  } catch {
    return undefined;
  }
}

async function make(options: QemuOptions, dir: string, launch: Pick<LaunchOptions, 'wallDeadlineMs' | 'signal'>): Promise<FrozenMachine | undefined> {
  const cache = join(dir, '..');
  mkdirSync(cache, { recursive: true });
  // Beside its place and renamed: another start sees all of it or nothing.
  const making = mkdtempSync(`${dir}${UNFINISHED}`);
  try {
    writeFileSync(join(making, OWNER), JSON.stringify(ourselves()));
    if (!(await bootAndSave(options, making, launch))) return undefined;
    // Another start may have been first; both are the same.
    if (!existsSync(dir)) renameSync(making, dir);
    return remembered(dir);
  } finally {
    rmSync(making, { recursive: true, force: true });
    prune(cache, dir);
  }
}

async function bootAndSave(options: QemuOptions, dir: string, { wallDeadlineMs, signal }: Pick<LaunchOptions, 'wallDeadlineMs' | 'signal'>): Promise<boolean> {
  signal?.throwIfAborted();
  const files = machineFiles(dir);
  for (const path of [files.console, files.channel]) writeFileSync(path, '');
  const vm = start('setpriv', ['--pdeathsig', 'KILL', '--', options.qemu ?? 'qemu-system-x86_64', ...freezingArguments(options, files)], {
    doing: `boot ${options.image} in QEMU`, stdio: ['pipe', 'pipe', 'pipe'], cwd: dir, detached: true, timeoutMs: wallDeadlineMs,
  });
  const end = (): void => { vm.kill('SIGKILL'); };
  signal?.addEventListener('abort', end, { once: true });
  let over = false;
  void vm.ended.then(() => { over = true; });
  const unfit = endsUnfit(files.channel, () => over).then((is) => { if (is) end(); });
  let saved = false;
  try {
    const { ask, messages } = openQmp(vm);
    for await (const { event, data, error } of messages) {
      if (event === 'STOP') {
        // Bytes a second: as fast as the disk takes it.
        ask('migrate-set-parameters', { 'max-bandwidth': 2 ** 40 });
        ask('migrate-set-capabilities', MEMORY_APART);
        ask('migrate', { uri: `exec:cat > ${STATE}` });
      }
      saved = data?.status === 'completed';
      if (saved || error !== undefined || data?.status === 'failed') break;
    }
  } finally {
    signal?.removeEventListener('abort', end);
    end();
    await vm.ended;
    await unfit;
  }
  return saved;
}

/** Instead of stopping it says why it cannot, or its time does not skip; false when it ended or stopped. */
export async function endsUnfit(channel: string, over: () => boolean): Promise<boolean> {
  let sleepsSince: number | undefined;
  for await (const line of followLines(channel, over)) {
    const record = parseRecord(line);
    if (record?.t === 'failed' || record?.t === 'bye') return true;
    if (record?.t !== 'warp') continue;
    if (record.phase === 'begin') sleepsSince = performance.now();
    else if (sleepsSince !== undefined && skipFault(record.sleptS, (performance.now() - sleepsSince) / 1000) !== undefined) return true;
  }
  return false;
}

const idleMs = (path: string): number => Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);

/** The ones used longest ago. */
function prune(cache: string, made: string): void {
  const whole = readdirSync(cache).filter((name) => !name.includes(UNFINISHED)).map((name) => join(cache, name));
  const old = whole.filter((path) => path !== made).sort((a, b) => idleMs(a) - idleMs(b)).slice(KEPT - 1);
  for (const path of old) if (idleMs(path) > IN_USE_MS) rmSync(path, { recursive: true, force: true });
}

/** What starts left that were killed while they booted one. */
function sweepUnfinished(cache: string): void {
  if (!existsSync(cache)) return;
  const system = processes();
  for (const name of readdirSync(cache).filter((one) => one.includes(UNFINISHED))) {
    const path = join(cache, name);
    const owner = ownerOf(path);
    // Without an owner that can be looked for, by its age.
    const standing = owner && standingOf(owner, system);
    if (standing === 'gone' || (standing !== 'alive' && idleMs(path) > IN_USE_MS)) rmSync(path, { recursive: true, force: true });
  }
}

function ownerOf(dir: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, OWNER), 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}
