/**
 * `npm run check:determinism -- [--runs N] [--fresh] [SCENARIO#VARIANT and options of run]`: is the same seed the same run,
 * byte for byte? Runs it N times (100), two at a time; --fresh gives every fourth run a cache of its own, so that its
 * machine boots anew. Compares captures, events and plans, and says what differs first; status 1 where they are not all the same.
 *
 * Random numbers amplify a single bit of difference, so the variant of the default draws them from the kernel (report
 * delays) and writes down each frame with its nanosecond.
 */
import '../harness/setup/catalogue-hook.mjs';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare } from '../harness/cli/carry-out.ts';
import { option, Reader, readWords } from '../harness/cli/options.ts';
import { faultReport } from '../harness/cli/report-faults.ts';
import { runCommand } from '../harness/cli/run.ts';
import { readRunSettings } from '../harness/cli/run-options.ts';
import { status } from '../harness/cli/exit-status.ts';
import { bootableKernel, findKernels } from '../harness/kernels/image/find.ts';
import { BadInput, type Fault, NoPlace } from '../harness/runner/refusal.ts';
import { addRepeat, type Alike, judgeRepeats, type Repeat } from '../lib/compare/repeats.ts';

const DEFAULT = 'multicast/membership-expiry#legacy-ipv4';
/** What the check sets itself. */
const OURS = ['--results', '--reporter', '--json', '--capture'];

interface Check {
  readonly runs: number;
  readonly fresh: boolean;
  /** For `run`. */
  readonly words: readonly string[];
}

/** Everything that is wrong with the words at once, those for `run` among them. */
async function readCheck(given: readonly string[]): Promise<Check> {
  const command = runCommand()
    .addOption(option('--runs <n>', 'so many runs (default: 100)')).addOption(option('--fresh', 'every fourth run boots its machine anew'))
    .allowUnknownOption().allowExcessArguments().exitOverride().action(() => undefined);
  command.parse([...given], { from: 'user' });
  const values: Record<string, unknown> = command.opts();
  const reader = new Reader(values);
  const runs = reader.whole('runs', 100, 2, 100_000);
  const read = readWords(command);
  const words = read.operands.length > 0 || reader.flag('all') ? read : { ...read, operands: [DEFAULT] };
  const settings = readRunSettings(reader, { cpus: 2, freeBytes: Infinity });
  const faults: Fault[] = OURS.filter((name) => given.some((word) => word === name || word.startsWith(`${name}=`))).map((name) => ({ what: `${name} is set by the check itself`, help: 'Leave it out.' }));
  const otherTime: Fault = { what: 'only in virtual time is the same seed the same run', help: 'Leave --time and --kernel running out.' };
  if ((settings.time ?? 'warp') !== 'warp' || settings.kernels.includes('running')) faults.push(otherTime);
  const { places } = await prepare({ words, reader, settings, faults });
  // Where no VM can be had, "auto" is the running kernel.
  if (places.some(({ time }) => time !== 'warp')) throw new NoPlace([otherTime]);
  // A cache of its own has no kernels: the one to boot is named.
  const kernel = reader.list('kernel').length > 0 ? [] : ['--kernel', bootableKernel(findKernels())?.image ?? 'auto'];
  return { runs, fresh: reader.flag('fresh'), words: [...forRun(given), ...(words === read ? [] : [DEFAULT]), ...kernel] };
}

/** Without the check's own options. */
function forRun(given: readonly string[]): string[] {
  const words = given.filter((word) => word !== '--fresh' && !word.startsWith('--runs='));
  const at = words.indexOf('--runs');
  if (at >= 0) words.splice(at, 2);
  return words;
}

async function once({ fresh, words }: Check, index: number): Promise<Repeat> {
  const dir = mkdtempSync(join(tmpdir(), 'wirewarp-same-'));
  const results = join(dir, 'results');
  try {
    const env = fresh && index % 4 === 3 ? { ...process.env, XDG_CACHE_HOME: join(dir, '.cache') } : process.env;
    const ended = await new Promise<number | null>((resolve) => {
      spawn(process.execPath, [join(import.meta.dirname, '../dist/wirewarp.js'), 'run', ...words, '--capture', 'all', '--reporter', 'plain', '--results', results], { stdio: ['ignore', 'ignore', 'inherit'], env }).once('close', resolve);
    });
    const files = !existsSync(results) ? [] : readdirSync(results, { recursive: true, encoding: 'utf8' }).filter((file) => /(ndjson|pcapng|plan\.sh)$/.test(file)).sort();
    // Below the run's folder, whose name is the instant of the run.
    return { status: ended, files: new Map(files.map((file) => [file.split('/').slice(1).join('/'), readFileSync(join(results, file))])) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function check(given: readonly string[]): Promise<number> {
  const asked = await readCheck(given);
  const kinds: Alike[] = [];
  let [next, done] = [0, 0];
  await Promise.all([0, 1].map(async () => {
    for (let index = next++; index < asked.runs; index = next++) {
      addRepeat(kinds, await once(asked, index));
      process.stderr.write(`\r${++done} of ${asked.runs}, ${kinds.length} different `);
    }
  }));
  process.stderr.write('\n');
  const { same, lines } = judgeRepeats(kinds);
  console.log(lines.join('\n'));
  return same ? status.asExpected : status.unexpected;
}

try {
  process.exitCode = await check(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof BadInput || error instanceof NoPlace)) throw error;
  process.stderr.write(faultReport({ command: '', faults: error.faults, colour: false, hint: 'bench/determinism.ts says what the check takes.' }));
  process.exitCode = error instanceof BadInput ? status.badInput : status.nothingRan;
}
