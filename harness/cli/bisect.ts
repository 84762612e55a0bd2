/** `wirewarp bisect SCENARIO --good REF --bad REF --tree PATH`: the commit that makes the difference. */
import { join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { BadInput, type Fault, NoPlace } from '../runner/refusal.ts';
import { isFolder } from '../runner/stat.ts';
import { status } from './exit-status.ts';
import { option, Reader, readSeed, readWords } from './options.ts';

export function bisectCommand(): Command {
  return new Command('bisect')
    .summary('find the commit of a kernel that makes a scenario break')
    .description(
      'Find the commit of a kernel that makes a scenario break. git does the bisecting, in a work tree of its own beside yours;\n' +
        'each commit is built and run. One that does not build is skipped. Both ends are tried first.',
    )
    .argument('[patterns...]', 'what to run, as for `run`; best one #VARIANT')
    .addOption(option('--good <ref>', 'a commit on which it gives what it should'))
    .addOption(option('--bad <ref>', 'a later commit on which it does not'))
    .addOption(option('--tree <path>', 'the git work tree of the kernel (default: .)'))
    .addOption(option('--arch-kernel <arch>', 'built as uml or x86 (default: uml)'))
    .addOption(option('--seed <n>', 'as for `run` (default: 1)'))
    .addOption(option('--results <dir>', "where the bisection's folder goes (default: ./results)"))
    .addOption(option('--json', 'for programs: schema wirewarp.bisect'))
    .addHelpText('after', '\nExit status: 0 found; 1 not found: only skipped commits are left; 2 bad input; 3 nothing can be built here;\n4 a commit could not be judged, or an end is not what it was said to be; 130 interrupted.')
    .action(async (_patterns: string[], values: Record<string, unknown>, command: Command) => {
      process.exitCode = await run(values, command);
    });
}

/** What git calls for each commit. */
export function bisectStepCommand(): Command {
  return new Command('bisect-step').argument('[plan...]').action(async (_plan: string[], _values: Record<string, unknown>, command: Command) => {
    const { readPlan, tryCommit } = await import('../bisect/step.ts');
    process.exitCode = await tryCommit(readPlan(command.args[0] ?? ''), sayer);
  });
}

const sayer = (line: string): void => void process.stderr.write(`wirewarp: ${line}\n`);

async function run(values: Record<string, unknown>, command: Command): Promise<number> {
  const words = readWords(command);
  const reader = new Reader(values);
  const faults: Fault[] = [...words.faults];
  const seed = readSeed(reader);
  const arch = reader.choice('arch-kernel', 'uml', ['uml', 'x86']);
  const results = reader.text('results') ?? './results';
  const tree = resolve(reader.text('tree') ?? '.');
  const [good, bad] = [reader.text('good'), reader.text('bad')];
  const json = reader.flag('json');
  const [{ gather }, { checkResults, createRunFolder, runId }] = await Promise.all([import('../runner/gather.ts'), import('../runner/run-id.ts')]);
  if (words.operands.length === 0) faults.push({ what: 'which scenario?', help: 'Name one, best with its #VARIANT: `wirewarp list`.' });
  else faults.push(...(await gather(words.operands)).faults);
  faults.push(...reader.faults, ...(await treeFaults(tree, good, bad)), ...checkResults(results));
  if (faults.length > 0 || good === undefined || bad === undefined) throw new BadInput(faults);

  const [{ onInterrupt }, { bisect, BisectError }, { home }, { TreeError }] = await Promise.all([import('./interrupt.ts'), import('../bisect/bisect.ts'), import('../runner/home.ts'), import('../kernels/tree/build.ts')]);
  using interrupt = onInterrupt(sayer);
  const dir = createRunFolder(results, `bisect-${runId()}`);
  try {
    const found = await bisect({
      repository: tree, good, bad, patterns: words.operands, seed, dir, options: arch === 'uml' ? [] : ['--arch-kernel', arch],
      program: join(home(), 'dist/wirewarp.js'), say: sayer, signal: interrupt.signal,
    });
    process.stdout.write(json ? `${JSON.stringify({ schema: 'wirewarp.bisect', schemaVersion: 1, first: found.first, tried: found.tried }, null, 2)}\n` : `${found.log.join('\n')}\n`);
    sayer(`this log: ${relative(process.cwd(), join(dir, 'bisect.log'))}`);
    return found.first ? status.asExpected : status.unexpected;
  } catch (error) {
    if (interrupt.signal.aborted) return status.interrupted;
    if (error instanceof TreeError) throw new NoPlace([{ what: error.message }]);
    if (!(error instanceof BisectError)) throw error;
    sayer(error.message);
    return status.harnessFailed;
  }
}

/** All that is wrong with the tree and its ends. */
async function treeFaults(tree: string, good: string | undefined, bad: string | undefined): Promise<Fault[]> {
  const [{ treeVersion }, { exec }] = await Promise.all([import('../kernels/tree/tree.ts'), import('../system/exec.ts')]);
  const faults: Fault[] = [];
  if (good === undefined) faults.push({ what: 'which commit is good?', help: 'Give --good REF.' });
  if (bad === undefined) faults.push({ what: 'which commit is bad?', help: 'Give --bad REF.' });
  if (!isFolder(tree) || treeVersion(tree) === undefined) return [...faults, { what: `--tree ${tree}: that is no kernel source tree`, help: 'Give the folder that holds Kconfig and Makefile.' }];
  const git = async (...args: string[]): Promise<{ exitCode: number; stdout: string }> => exec('git', ['-C', tree, ...args], { doing: 'ask git', okCodes: [0, 1, 128] });
  const top = await git('rev-parse', '--show-toplevel');
  if (top.exitCode !== 0 || resolve(top.stdout) !== tree) return [...faults, { what: `--tree ${tree}: that is not the top of a git work tree`, help: 'Bisection goes through git history; a source package has none.' }];
  const known: string[] = [];
  for (const [name, ref] of [['good', good], ['bad', bad]] as const) {
    if (ref === undefined) continue;
    const { exitCode } = await git('rev-parse', '--verify', '--quiet', `${ref}^{commit}`);
    if (exitCode === 0) known.push(ref);
    else faults.push({ what: `--${name} ${ref}: there is no such commit in ${tree}` });
  }
  if (known.length === 2 && (await git('merge-base', '--is-ancestor', known[0] as string, known[1] as string)).exitCode !== 0)
    faults.push({ what: `--good ${known[0]} is not an ancestor of --bad ${known[1]}`, help: 'The good commit comes first in history.' });
  return faults;
}
