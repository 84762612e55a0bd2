/** `git bisect` over a kernel's commits: what one commit's run means, and the log that goes into a mail. Pure. */
import type { ResultRecord } from './record.ts';

export type Word = 'good' | 'bad' | 'skip';

/** git bisect run's own language (git-bisect(1)): 0 is good, 125 cannot be tested, others up to 127 are bad. */
export const EXIT: Readonly<Record<Word, number>> = { good: 0, bad: 1, skip: 125 };
/** Above 127 git stops: what follows would rest on nothing. */
export const STOP = 200;

/** One commit tried. */
export interface CommitTried {
  readonly commit: string;
  readonly subject: string;
  readonly word: Word;
  /** Verdicts with their figures, or why it could not be tested. */
  readonly why: string;
  readonly tookS: number;
}

export type Judgement = { readonly word: Word; readonly why: string } | { readonly stop: string };

/** All as expected: good. Something broken or crashed: bad. Nothing decided: the harness failed, and no commit is to blame for that. */
export function judge(results: readonly Pick<ResultRecord, 'scenario' | 'variant' | 'verdict' | 'asExpected' | 'reason' | 'claims'>[]): Judgement {
  const words = results.map((result) => `${result.variant} ${result.verdict}${detailOf(result)}`).join('; ');
  const bad = results.filter(({ asExpected, verdict }) => !asExpected && (verdict === 'broken' || verdict === 'crashed' || verdict === 'held'));
  if (bad.length > 0) return { word: 'bad', why: words };
  const errored = results.find(({ verdict }) => verdict === 'errored');
  if (errored) return { stop: `${errored.scenario}#${errored.variant} errored: ${errored.reason ?? 'no reason given'}` };
  if (results.length === 0 || results.every(({ verdict }) => verdict === 'skipped')) return { word: 'skip', why: words || 'nothing ran' };
  return { word: 'good', why: words };
}

function detailOf({ verdict, reason, claims }: Pick<ResultRecord, 'verdict' | 'reason' | 'claims'>): string {
  const broken = claims.find((claim) => claim.verdict === 'broken');
  if (verdict === 'broken' && broken) return ` (${broken.claim}: ${broken.observed})`;
  return verdict === 'held' || reason === undefined ? '' : ` (${reason.split('\n')[0] ?? ''})`;
}

/** The commit that git names when it is done; undefined when it could only narrow it down to some. */
export const firstBad = (said: string): string | undefined => /^([0-9a-f]{7,64}) is the first bad commit$/m.exec(said)?.[1];

/** What a maintainer gets: what was run, each commit with what it gave, git's own log. */
export function bisectLog({ scenario, seed, tried, first, log }: { scenario: string; seed: number; tried: readonly CommitTried[]; first: { commit: string; subject: string; author: string } | undefined; log: string }): string[] {
  return [
    first ? `first bad commit: ${first.commit}` : 'no single first bad commit: those between could not be tested',
    ...(first ? [`    ${first.subject}`, `    ${first.author}`] : []),
    '',
    `wirewarp run ${scenario} --seed ${seed}, on each commit:`,
    ...tried.map(({ commit, subject, word, why }) => `  ${commit.slice(0, 12)} ${word.padEnd(4)} ${subject}\n               ${why}`),
    '',
    ...log.trimEnd().split('\n'),
  ];
}
