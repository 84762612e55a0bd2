/**
 * `npm run bench:mutants -- --tree PATH [--only NAME]… [--whole] [--build] [--no-base] [--results DIR] [PATTERN…]`: kernels with a
 * fault each, and which scenarios notice. Builds the unmutated 6.1 kernel and one for each patch in this folder, for User-Mode Linux, runs the
 * scenarios that the patch names (or those of the patterns) until one breaks, and prints the table of docs/mutants.md.
 * --whole: every scenario, without stopping. --build: only build. --no-base: leave the unmutated kernel out. --results DIR:
 * the runs' reports stay there, and what was run already of the same patch is taken from there.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { byScenario, errored, failures, type Mutant, type MutantRun, mutantSummary, mutantTable, noticed, type Outcome, pattern, readMutant, survived, undecided } from '../../lib/mutants.ts';
import { openWorkshop } from './kernels.ts';

const given = process.argv.slice(2);
const flag = (name: string): boolean => given.includes(name) && given.splice(given.indexOf(name), 1).length > 0;
const values = (name: string): string[] => {
  const found: string[] = [];
  for (let at = given.indexOf(name); at >= 0; at = given.indexOf(name)) found.push(given.splice(at, 2)[1] ?? '');
  return found;
};
const whole = flag('--whole');
const buildOnly = flag('--build');
const noBase = flag('--no-base');
const [tree] = values('--tree');
const [kept] = values('--results');
const only = values('--only').flatMap((names) => names.split(','));

const all: Mutant[] = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.patch')).sort()
  .map((file) => readMutant(file.slice(0, -'.patch'.length), readFileSync(join(import.meta.dirname, file), 'utf8')));
const faults = [
  ...(tree === undefined || !existsSync(tree) ? [`--tree takes a folder with the source of Linux 6.1${tree === undefined ? '' : `; there is none at ${tree}`}`] : []),
  ...only.filter((name) => !all.some((mutant) => mutant.name === name)).map((name) => `there is no mutant ${name}; there are ${all.map((mutant) => mutant.name).join(', ')}`),
  ...given.filter((word) => word.startsWith('-')).map((word) => `unknown option ${word}`),
];
if (faults.length > 0 || tree === undefined) {
  for (const fault of faults) console.error(`✗ ${fault}`);
  process.exit(2);
}
const program = join(import.meta.dirname, '../../dist/wirewarp.js');
const results = kept ?? mkdtempSync(join(tmpdir(), 'wirewarp-mutants-'));
mkdirSync(results, { recursive: true });
const remembered = <T>(name: string): T | undefined => (existsSync(join(results, name)) ? (JSON.parse(readFileSync(join(results, name), 'utf8')) as T) : undefined);
const remembers = (name: string, what: unknown): void => { writeFileSync(join(results, name), JSON.stringify(what)); };
/** What errored is run again the next time. */
const decided = (outcomes: readonly Outcome[]): Outcome[] => outcomes.filter(({ verdict }) => verdict !== 'errored');
const say = (line: string): void => console.error(line);

/** One `run`; what it wrote is all that counts. */
function run(kernel: string, patterns: readonly string[]): Outcome[] {
  const dir = mkdtempSync(join(results, 'run-'));
  spawnSync(process.execPath, [program, 'run', ...(patterns.length === 0 ? ['--all'] : patterns), '--kernel', kernel, '--seed', '1', '--jobs', '1', '--reporter', 'quiet', '--results', dir], { stdio: ['ignore', 'ignore', 'inherit'] });
  const record = readdirSync(dir).map((name) => join(dir, name, 'run.json')).find((path) => existsSync(path));
  if (record === undefined) throw new Error(`the run of ${patterns.join(' ')} on ${kernel} left no run.json`);
  const { results: outcomes } = JSON.parse(readFileSync(record, 'utf8')) as { results: Outcome[] };
  return outcomes;
}

const began = performance.now();
const clock = (): string => `[${((performance.now() - began) / 60_000).toFixed(1)} min]`;
try {
  const workshop = await openWorkshop(tree, { say });
  const plain = await workshop.kernel();
  const mutants = only.length > 0 ? only.flatMap((name) => all.filter((mutant) => mutant.name === name)) : all;
  const patternsOf = ({ scenarios }: Mutant): readonly string[] => (given.length > 0 ? given : scenarios);
  /** The unmutated kernel runs what a mutant runs, each once. */
  const base = new Map((remembered<Outcome[]>('unmutated.json') ?? []).map((outcome) => [pattern(outcome), outcome]));
  const needBase = (outcomes: readonly Outcome[]): void => {
    const fresh = [...new Set(outcomes.map(pattern))].filter((one) => !base.has(one));
    if (noBase || fresh.length === 0) return;
    for (const outcome of run(plain, fresh)) base.set(pattern(outcome), outcome);
    remembers('unmutated.json', decided([...base.values()]));
  };
  const runs: MutantRun[] = [];
  for (const mutant of mutants) {
    const patterns = patternsOf(mutant);
    const before = remembered<{ key: string; done: Omit<MutantRun, 'mutant'> }>(`${mutant.name}.json`);
    if (before?.key === mutant.diff && !buildOnly) {
      needBase(before.done.outcomes);
      runs.push({ ...before.done, mutant });
      continue;
    }
    const kernel = await workshop.kernel(mutant);
    if (buildOnly) continue;
    const outcomes = new Map<string, Outcome>();
    let leftOut: readonly string[] = [];
    for (const [at, one] of (whole ? ['--all'] : patterns).entries()) {
      for (const outcome of run(kernel, whole ? [] : [one])) outcomes.set(pattern(outcome), outcome);
      needBase([...outcomes.values()]);
      if (whole || noticed([...outcomes.values()], [...base.values()]).length === 0) continue;
      leftOut = patterns.slice(at + 1);
      break;
    }
    const done: MutantRun = { mutant, outcomes: [...outcomes.values()], leftOut };
    if (errored(done.outcomes).length === 0) remembers(`${mutant.name}.json`, { key: mutant.diff, done: { outcomes: done.outcomes, leftOut } });
    runs.push(done);
    const broke = noticed(done.outcomes, [...base.values()]);
    const open = undecided(done.outcomes, [...base.values()]);
    say(`${clock()} ${mutant.name}: ${broke.length > 0 ? byScenario(broke) : open.length > 0 ? `undecided: ${byScenario(open)}` : 'survived'} (${done.outcomes.length} variants)`);
  }
  const ran = [...base.values()];
  for (const { scenario, variant, verdict } of [...failures(ran), ...errored(ran)]) say(`✗ unmutated: ${scenario}#${variant} ${verdict}`);
  if (!buildOnly) console.log(`${mutantTable(runs, ran)}\n\n${mutantSummary(runs, ran)}`);
  // A mutant that survives and has no reason to is a hole in the catalogue; of one that nobody could judge nothing is known.
  const open = runs.some(({ mutant, outcomes }) => (mutant.equivalent === undefined && survived(outcomes, ran)) || undecided(outcomes, ran).length > 0);
  if (open || failures(ran).length + errored(ran).length > 0) process.exitCode = buildOnly ? 0 : 1;
} finally {
  if (kept === undefined) rmSync(results, { recursive: true, force: true });
}
