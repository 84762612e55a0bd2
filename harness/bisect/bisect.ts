/** Drives `git bisect run`: git chooses the commits, `wirewarp run` judges them. Both ends are tried first: a bisection between ends that do not differ finds some commit all the same. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bisectLog, type CommitTried, EXIT, firstBad } from '../../lib/bisection-of-commits.ts';
import { start } from '../system/exec.ts';
import { type BisectPlan, readTried, tryCommit } from './step.ts';
import { addWorktree } from './worktree.ts';

export interface BisectWish {
  readonly repository: string;
  readonly good: string;
  readonly bad: string;
  readonly patterns: readonly string[];
  readonly seed: number;
  /** Further options of `run`. */
  readonly options: readonly string[];
  /** The bisection's own folder. */
  readonly dir: string;
  readonly program: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface Bisected {
  readonly first: { readonly commit: string; readonly subject: string; readonly author: string } | undefined;
  readonly tried: readonly CommitTried[];
  /** For a mail. */
  readonly log: readonly string[];
}

/** The ends are not what they were said to be, or a step could not be judged. */
export class BisectError extends Error {
  override readonly name = 'BisectError';
}

export async function bisect(wish: BisectWish): Promise<Bisected> {
  const { dir, say, signal } = wish;
  const tried = join(dir, 'tried.ndjson');
  writeFileSync(tried, '');
  const worktree = await addWorktree(wish.repository, wish.bad);
  try {
    const plan: BisectPlan = { tree: worktree.path, patterns: wish.patterns, options: ['--seed', String(wish.seed), ...wish.options], results: join(dir, 'runs'), tried, program: wish.program };
    const planFile = join(dir, 'plan.json');
    writeFileSync(planFile, JSON.stringify(plan, null, 2));
    for (const [end, ref] of [['bad', wish.bad], ['good', wish.good]] as const) {
      signal.throwIfAborted();
      say(`the ${end} end, ${ref}`);
      await worktree.git(['checkout', '--detach', '--force', ref], `check ${ref} out`);
      const status = await tryCommit(plan, say);
      signal.throwIfAborted();
      if (status !== EXIT[end]) throw new BisectError(`${ref} was said to be ${end}, and it is not: ${readTried(tried).at(-1)?.why ?? 'it could not be judged'}`);
    }
    await worktree.git(['bisect', 'start', wish.bad, wish.good], 'start the bisection');
    const said = await runGit(worktree.path, planFile, wish);
    const commit = firstBad(said);
    const [subject = '', author = ''] = commit === undefined ? [] : (await worktree.git(['log', '-1', '--format=%s%n%an <%ae>', commit], 'read the commit')).split('\n');
    const first = commit === undefined ? undefined : { commit, subject, author };
    const log = bisectLog({ scenario: wish.patterns.join(' '), seed: wish.seed, tried: readTried(tried), first, log: await worktree.git(['bisect', 'log'], 'read the log') });
    writeFileSync(join(dir, 'bisect.log'), `${log.join('\n')}\n`);
    return { first, tried: readTried(tried), log };
  } finally {
    await worktree.remove();
  }
}

async function runGit(path: string, planFile: string, { program, signal }: BisectWish): Promise<string> {
  const git = start('setpriv', ['--pdeathsig', 'TERM', '--', 'git', '-C', path, 'bisect', 'run', process.execPath, program, 'bisect-step', planFile], {
    doing: 'run git bisect', stdio: ['ignore', 'pipe', 'inherit'], detached: true,
  });
  // The step's processes are in git's group.
  const stop = (): void => void process.kill(-git.pid, 'SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  let said = '';
  if (git.stdout) for await (const chunk of git.stdout) said += String(chunk);
  const { exitCode } = await git.ended;
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  // 2: only skipped commits are left, which git tells in words.
  if (exitCode !== 0 && exitCode !== 2) throw new BisectError(`git bisect run ended with status ${exitCode ?? 'none'}:\n${said.trim().split('\n').slice(-8).join('\n')}`);
  return said;
}
