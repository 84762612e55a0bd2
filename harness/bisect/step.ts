/** One commit of a bisection: built and run by `wirewarp run`, as anybody would; its record is judged. */
import { appendFileSync, readFileSync } from 'node:fs';
import { type CommitTried, EXIT, judge, STOP } from '../../lib/bisection-of-commits.ts';
import type { RunRecord } from '../../lib/record.ts';
import { exec } from '../system/exec.ts';

/** What every step has to know; handed over in a file. */
export interface BisectPlan {
  readonly tree: string;
  readonly patterns: readonly string[];
  /** Options of `run`. */
  readonly options: readonly string[];
  /** Runs go here. */
  readonly results: string;
  /** Lines of JSON, a commit each. */
  readonly tried: string;
  /** Our own program. */
  readonly program: string;
}

const LONGEST_MS = 4 * 3600_000;

/** Returns the status for `git bisect run`. */
export async function tryCommit(plan: BisectPlan, say: (line: string) => void): Promise<number> {
  const began = performance.now();
  const [commit = '', subject = ''] = (await exec('git', ['-C', plan.tree, 'log', '-1', '--format=%H%n%s'], { doing: 'read the commit' })).stdout.split('\n');
  say(`${commit.slice(0, 12)} ${subject}`);
  const { stdout, stderr, exitCode } = await exec(process.execPath, [plan.program, 'run', ...plan.patterns, '--kernel', plan.tree, '--json', '--results', plan.results, ...plan.options], {
    doing: `run on ${commit}`, timeoutMs: LONGEST_MS, okCodes: [0, 1, 2, 3, 4, 130],
  });
  const note = (word: CommitTried['word'], why: string): number => {
    const tried: CommitTried = { commit, subject, word, why, tookS: Math.round(performance.now() - began) / 1000 };
    appendFileSync(plan.tried, `${JSON.stringify(tried)}\n`);
    say(`${commit.slice(0, 12)} is ${word === 'skip' ? 'skipped' : word}: ${why.split('\n').slice(0, 12).join('\n')}`);
    return EXIT[word];
  };
  const record = recordIn(stdout);
  if (record === undefined) {
    // Status 3: it does not configure or does not build.
    if (exitCode === 3) return note('skip', stderr.trim().split('\n').filter((line) => !line.startsWith('wirewarp: building')).slice(0, 20).join('\n'));
    say(`stopped at ${commit.slice(0, 12)}: ${stderr.trim()}`);
    return STOP;
  }
  const judgement = judge(record.results);
  if ('stop' in judgement) {
    say(`stopped at ${commit.slice(0, 12)}: ${judgement.stop}`);
    return STOP;
  }
  return note(judgement.word, judgement.why);
}

function recordIn(stdout: string): RunRecord | undefined {
  try {
    return JSON.parse(stdout) as RunRecord;
  } catch {
    return undefined;
  }
}

export const readPlan = (file: string): BisectPlan => JSON.parse(readFileSync(file, 'utf8')) as BisectPlan;
export const readTried = (file: string): CommitTried[] => readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line) as CommitTried);
