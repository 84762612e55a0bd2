/**
 * `npm test [-- tap's arguments]`: set-up, then the suite under tap, and last a plain line "N passed, N failed".
 *
 * Counted are assertions (the innermost test points of the TAP that tap itself writes),
 * and each test or file that failed though no assertion within it did: a crash, a time-out, a wrong plan.
 */
import { spawn } from 'node:child_process';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { countTap, summary } from './count-tap.mjs';
import { root } from './root.mjs';
import { ownFlags, setUp, SetupError } from './setup.mjs';

const { flags, rest } = ownFlags(process.argv.slice(2));
if (flags.noInstall) process.env.WIREWARP_NO_FETCH = '1';
try {
  const failedBuild = await setUp(flags, { keepGoing: true });
  if (failedBuild !== undefined) console.error(`wirewarp: ${failedBuild.message}`);
  const { counts, status } = await suite(rest);
  // A suite that ends badly without a failed assertion has failed all the same, and a suite of nothing has too.
  const unseen = counts.failed === 0 && (status !== 0 || failedBuild !== undefined || counts.passed === 0);
  if (unseen) counts.failed = 1;
  process.exitCode = status !== 0 ? status : counts.failed > 0 ? 1 : 0;
  console.log(summary(counts));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`wirewarp: ${error.message}`);
  console.log(summary({ passed: 0, failed: 1, skipped: 0 }));
  process.exitCode = error.status;
}

/** On a terminal tap draws its own report; elsewhere (CI, a pipe) that is cursor movements, so we write lines. */
async function suite(args) {
  const chosen = args.some((arg) => /^(--reporter|-R)/.test(arg));
  if (!process.stdout.isTTY && !chosen) {
    let counts;
    const status = await tap(['--reporter=tap', ...args], ['inherit', 'pipe', 'inherit'], (output) => {
      counts = countTap(output, console.log);
    });
    return { status, counts: await counts };
  }
  const folder = mkdtempSync(join(tmpdir(), 'wirewarp-test-'));
  const output = join(folder, 'output.tap');
  try {
    const status = await tap([`--output-file=${output}`, ...args], 'inherit');
    return { status, counts: await countTap(createReadStream(output)).catch(nothing) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** tap ended before it wrote anything: a wrong option. */
function nothing(error) {
  if (error.code !== 'ENOENT') throw error;
  return { passed: 0, failed: 0, skipped: 0 };
}

/** Ctrl-C reaches tap by itself; we stay to clean up and count. */
function tap(args, stdio, reading = () => {}) {
  return new Promise((resolve, reject) => {
    process.on('SIGINT', () => {});
    const child = spawn(process.execPath, [join(root, 'node_modules/tap/dist/esm/run.mjs'), ...args], {
      cwd: root,
      stdio,
    });
    if (child.stdout) reading(child.stdout);
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}
