/**
 * All that a fresh machine needs, in order: npm packages, build, system programs, a kernel to boot. Each step looks first
 * and does nothing where nothing is to do, without starting a process, so that a second start is quick.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { installPackages } from './apt.mjs';
import { fetchKernel } from './fetch-kernel.mjs';
import { bootableKernel, findKernels, neededModules } from './kernels.mjs';
import { decide, decompressors, isInstalled, isUbuntu, packageManager, programs, typed } from './programs.mjs';
import { root } from './root.mjs';
import { reason, run } from './run.mjs';

/** Set-up cannot go on; the message says all. */
export class SetupError extends Error {
  name = 'SetupError';
  constructor(message, { status = 4, ...options } = {}) {
    super(message, options);
    /** Exit status. */
    this.status = status;
  }
}
const INTERRUPTED = 130;

/** Takes set-up's own flags out of the arguments; the rest is for the program. */
export function ownFlags(args) {
  const known = { '--yes': 'yes', '--no-install': 'noInstall' };
  const flags = {};
  const rest = args.filter((arg) => {
    const name = known[arg];
    if (name !== undefined) flags[name] = true;
    return name === undefined;
  });
  return { flags, rest };
}

/**
 * Brings the machine to where wirewarp can run. What stays missing was said, and is the program's to judge; but without
 * npm packages or a program there is nothing to judge it. With `keepGoing` a failed build is returned, not thrown:
 * most tests can do without.
 */
export async function setUp(flags = {}, { keepGoing = false } = {}) {
  const machine = look();
  await npmPackages(flags);
  const failure = await bundles().catch((error) => {
    if (!keepGoing || !(error instanceof SetupError)) throw error;
    return error;
  });
  await systemPrograms(programs, machine, flags);
  await kernelToBoot(machine, flags);
  return failure;
}

/** What the decisions depend on. */
function look() {
  let osRelease = '';
  try {
    osRelease = readFileSync('/etc/os-release', 'utf8');
  } catch {
    // an unknown system: instructions for all package managers
  }
  return {
    osRelease,
    uid: process.getuid?.() ?? -1,
    terminal: Boolean(process.stdin.isTTY && process.stderr.isTTY),
    ci: !['', '0', 'false', undefined].includes(process.env.CI),
  };
}

/** Set-up speaks on standard error: standard output belongs to the program (--json). */
export function say(line) {
  console.error(`wirewarp: ${line}`);
}

/**
 * Does node_modules hold what the lockfile says? npm leaves its own list there, so the two are compared by content: their
 * times depend on the order in which git or npm wrote them.
 */
export function needsInstall(folder) {
  const packages = (file) => JSON.parse(readFileSync(join(folder, file), 'utf8')).packages;
  try {
    const installed = packages('node_modules/.package-lock.json');
    return Object.entries(packages('package-lock.json')).some(
      ([path, { version, optional, devOptional, peer }]) =>
        // Optional ones are for other systems, or failed and were allowed to; "" is this package itself.
        path !== '' && !optional && !devOptional && !peer && installed[path]?.version !== version,
    );
  } catch {
    return true; // nothing is installed, or not by npm
  }
}

async function npmPackages({ noInstall }) {
  if (!needsInstall(root)) return;
  if (noInstall) {
    if (statSync(join(root, 'node_modules'), { throwIfNoEntry: false }) !== undefined) return;
    throw new SetupError(
      'npm packages are missing, and --no-install forbids fetching them. Run `npm ci` in the checkout.',
    );
  }
  say('installing npm packages (npm ci) …');
  const done = await run('npm', ['ci', '--include=dev', '--no-fund', '--no-audit'], { cwd: root });
  if (!done.ok) {
    throw new SetupError(
      `npm ci failed: ${reason(done.stderr)}\nRun \`npm ci\` in the checkout to see all of it; it needs the network.`,
    );
  }
}

async function bundles() {
  // Late, because it loads esbuild when there is something to build.
  const { build, BuildError } = await import('./build.mjs');
  try {
    const began = performance.now();
    const written = await build();
    if (written.length > 0) say(`built ${written.join(', ')} in ${Math.round(performance.now() - began)} ms`);
  } catch (error) {
    if (error instanceof BuildError) throw new SetupError(error.message, { cause: error });
    throw error;
  }
}

/** Installs what is missing, or says how. Returns whether all is there now. */
async function systemPrograms(wanted, machine, flags) {
  const missing = wanted.filter(({ name }) => !isInstalled(name));
  const decision = decide(missing, machine, flags);
  decision.say.forEach(say);
  if (decision.install.length === 0) return missing.length === 0;
  if (decision.ask && !(await agreed('Install now?'))) {
    say('not installed; going on with what is there');
    return false;
  }
  const failed = await installPackages(decision.install, say);
  const still = missing.filter(({ name }) => !isInstalled(name));
  if (failed !== undefined || still.length > 0) {
    const why = failed ?? `apt-get installed ${decision.install.join(', ')}, and ${still.map(({ name }) => name).join(', ')} cannot be found all the same`;
    say(`${why}\n  Once that is mended: ${typed(still.length > 0 ? still : missing, 'apt', machine)}\n  Going on with what is there.`);
  }
  return failed === undefined && still.length === 0;
}

/** Enter means yes. Ctrl-C means neither yes nor no: it ends the start. */
async function agreed(question) {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const interrupt = new AbortController();
  terminal.on('SIGINT', () => interrupt.abort());
  try {
    return /^(y|yes|)$/i.test((await terminal.question(`wirewarp: ${question} [Y/n] `, { signal: interrupt.signal })).trim());
  } catch {
    if (interrupt.signal.aborted) throw new SetupError('interrupted; nothing was installed', { status: INTERRUPTED });
    return false; // the terminal went away
  } finally {
    terminal.close();
  }
}

async function kernelToBoot(machine, flags) {
  let kernel = bootableKernel(findKernels());
  if (kernel === undefined) {
    const failed = await obtainKernel(machine, flags);
    if (failed !== undefined)
      say(`No kernel for VMs: ${failed}. Scenarios can use the running kernel, or --kernel IMAGE.`);
    kernel = bootableKernel(findKernels());
  }
  if (kernel === undefined) return;
  const compression = Object.keys(decompressors).find((suffix) =>
    statSync(join(kernel.modules, neededModules.bridge + suffix), { throwIfNoEntry: false }),
  );
  if (compression !== undefined) await systemPrograms([decompressors[compression]], machine, flags);
}

async function obtainKernel({ osRelease, uid }, { noInstall }) {
  if (process.arch !== 'x64') return `VMs are x86-64, this machine is ${process.arch}`;
  if (packageManager(osRelease) !== 'apt') {
    return 'the running one cannot be read or lacks bridge, veth, bonding or 8021q, and only Debian and Ubuntu packages can be fetched';
  }
  if (noInstall) return '--no-install forbids fetching one';
  const { release, failed } = await fetchKernel({ ubuntu: isUbuntu(osRelease), root: uid === 0, say });
  if (failed === undefined) say(`the kernel ${release} is ready`);
  return failed;
}
