/** A work tree of our own beside the user's: bisection checks commits out, and his files are not ours to change. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../setup/cache.mjs';
import { exec } from '../system/exec.ts';
import { startTicks } from '../system/owner.ts';

export interface Worktree {
  readonly path: string;
  git(args: readonly string[], doing: string, okCodes?: readonly number[]): Promise<string>;
  /** Takes it out of the repository again, with all that bisection noted there. */
  remove(): Promise<void>;
}

/** At one path for each repository, so that the build folder of the last time serves again. Throws where another bisection has it. */
export async function addWorktree(repository: string, ref: string): Promise<Worktree> {
  const folder = join(cacheFolder(), 'trees', 'bisect');
  const path = join(folder, createHash('sha256').update(repository).digest('hex').slice(0, 16));
  const owner = `${path}.owner`;
  mkdirSync(folder, { recursive: true });
  const other = readOwner(owner);
  if (other !== undefined) throw new Error(`Cannot bisect ${repository}: the process ${other} is bisecting it. Wait for it, or end it.`);
  writeFileSync(owner, `${process.pid} ${startTicks(process.pid) ?? 0}\n`);
  const outside = (args: readonly string[], doing: string, okCodes?: readonly number[]): Promise<string> => gitIn(repository, args, doing, okCodes);
  const remove = async (): Promise<void> => {
    if (existsSync(path)) await gitIn(path, ['bisect', 'reset'], 'end the bisection', [0, 1, 128]);
    await outside(['worktree', 'remove', '--force', path], 'remove our work tree', [0, 128]);
    rmSync(path, { recursive: true, force: true });
    await outside(['worktree', 'prune'], 'forget our work tree');
    rmSync(owner, { force: true });
  };
  try {
    // What a killed bisection left.
    if (existsSync(path)) await gitIn(path, ['bisect', 'reset'], 'end the last bisection', [0, 1, 128]);
    await outside(['worktree', 'remove', '--force', path], 'remove what the last bisection left', [0, 128]);
    rmSync(path, { recursive: true, force: true });
    await outside(['worktree', 'prune'], 'forget what the last bisection left');
    await outside(['worktree', 'add', '--detach', '--force', path, ref], `check ${ref} out`);
  } catch (error) {
    await remove().catch(() => undefined);
    throw error;
  }
  return { path, git: (args, doing, okCodes) => gitIn(path, args, doing, okCodes), remove };
}

/** Checking a kernel out takes its time. */
const gitIn = async (folder: string, args: readonly string[], doing: string, okCodes?: readonly number[]): Promise<string> =>
  (await exec('git', ['-C', folder, ...args], { doing, timeoutMs: 600_000, ...(okCodes ? { okCodes } : {}) })).stdout;

function readOwner(path: string): number | undefined {
  try {
    const [pid = 0, ticks = 0] = readFileSync(path, 'utf8').split(' ').map(Number);
    return startTicks(pid) === ticks ? pid : undefined;
  } catch {
    return undefined;
  }
}
