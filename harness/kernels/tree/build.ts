/**
 * From a source tree to a kernel. Built out of tree in our cache, so the tree stays as it is; the same folder is used again,
 * so make builds only what changed. Each kernel is kept under what stands for its source and options: coming
 * back to a state that was built costs nothing, which is what bisection does.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fragmentText, parseConfig, unstuck, type Wanted } from '../../../lib/kernel-config.ts';
import { cacheFolder } from '../../setup/cache.mjs';
import { exec, start } from '../../system/exec.ts';
import { libelf } from './libelf.ts';
import { buildErrors, compiledFile } from './make-output.ts';
import { OPTIONS, SPARES, TARGET, type TreeArch } from './options.ts';
import { treeState, treeVersion } from './tree.ts';

export interface TreeBuild {
  readonly tree: string;
  readonly arch: TreeArch;
  /** Beside those of ours, such as DEBUG_ATOMIC_SLEEP: 'y'. */
  readonly options?: Wanted;
  readonly jobs?: number;
  readonly cache?: string;
  /** How far it is, a line at a time. */
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface BuiltKernel {
  /** The program or the image. */
  readonly path: string;
  /** As the Makefile says it. */
  readonly version: string;
  /** False when it came from the cache. */
  readonly built: boolean;
  readonly tookS: number;
}

/** The tree does not configure or does not build: its own fault, told with its own words. `git bisect` skips such a commit. */
export class TreeError extends Error {
  override readonly name = 'TreeError';
}

/** So many kernels are kept, each some 10 MB; and one build folder a tree, of some hundred. */
const KEPT = 64;
const SAY_EVERY_MS = 10_000;

export async function buildTree(wish: TreeBuild): Promise<BuiltKernel> {
  const began = performance.now();
  const { arch, say, cache = join(cacheFolder(), 'trees') } = wish;
  const tree = realpathSync(wish.tree);
  const version = treeVersion(tree);
  if (version === undefined) throw new TreeError(`Cannot build ${tree}: it is no kernel source tree.`);
  const wanted: Wanted = { ...OPTIONS[arch], ...wish.options };
  const fragment = fragmentText({ ...SPARES[arch], ...wanted });
  const folder = join(cache, `${arch}-${createHash('sha256').update(`${tree}\n${fragment}`).digest('hex').slice(0, 16)}`);
  const kernels = join(cache, 'kernels');
  mkdirSync(kernels, { recursive: true });
  const key = createHash('sha256').update(`${arch}\n${version}\n${fragment}\n${await compiler()}\n${await treeState(tree)}`).digest('hex').slice(0, 32);
  const kept = join(kernels, `${arch}-${version}-${key}`);
  const took = (): number => (performance.now() - began) / 1000;
  if (existsSync(kept)) {
    const now = new Date();
    utimesSync(kept, now, now);
    return { path: kept, version, built: false, tookS: took() };
  }
  if (existsSync(join(tree, '.config')) || existsSync(join(tree, 'include/config')))
    throw new TreeError(`Cannot build ${tree}: it holds a build of its own, which kbuild refuses to build beside. Run "make mrproper" in it (this removes its .config), or give a clean copy.`);
  mkdirSync(folder, { recursive: true });
  const make = makeIn(tree, folder, arch);
  await configure(folder, wanted, fragment, make, wish.signal);
  await compile(wish, make, version, { counted: join(folder, 'files.count'), env: await objtoolEnvironment(folder, tree, say) });
  const temporary = `${kept}.${String(process.pid)}.tmp`;
  copyFileSync(join(folder, TARGET[arch].image), temporary);
  renameSync(temporary, kept);
  prune(kernels);
  say(`built Linux ${version} (${arch}) in ${took().toFixed(0)} s`);
  return { path: kept, version, built: true, tookS: took() };
}

/** Who compiles is part of what comes out. */
async function compiler(): Promise<string> {
  return (await exec('gcc', ['--version'], { doing: 'ask gcc for its version' })).stdout.split('\n')[0] ?? '';
}

/** What a kernel says of its build is mixed into its random numbers: the same source is to give the same runs. */
const SIGNATURE = ['KBUILD_BUILD_TIMESTAMP=2026-01-01', 'KBUILD_BUILD_USER=wirewarp', 'KBUILD_BUILD_HOST=wirewarp', 'KBUILD_BUILD_VERSION=1'];

type Make = (...args: string[]) => string[];
const makeIn = (tree: string, folder: string, arch: TreeArch): Make => (...args) =>
  ['-C', tree, `O=${folder}`, `ARCH=${TARGET[arch].arch}`, ...SIGNATURE, ...args];

async function configure(folder: string, wanted: Wanted, fragment: string, make: Make, signal: AbortSignal | undefined): Promise<void> {
  const config = join(folder, '.config');
  const run = async (target: string): Promise<void> => {
    try {
      await exec('make', make('-s', target), { doing: `configure the tree (make ${target})`, timeoutMs: 600_000, ...(signal ? { signal } : {}) });
    } catch (error) {
      throw new TreeError(error instanceof Error ? error.message : String(error), { cause: error });
    }
  };
  // A folder that was configured before is brought up to date: the tree may know other options by now.
  if (!existsSync(config) || unstuck(wanted, parseConfig(readFileSync(config, 'utf8'))).length > 0) {
    await run('defconfig');
    appendFileSync(config, fragment);
  }
  await run('olddefconfig');
  const lost = unstuck(wanted, parseConfig(readFileSync(config, 'utf8')));
  if (lost.length > 0) {
    throw new TreeError(
      `Cannot configure the tree: ${lost.length === 1 ? 'an option' : `${lost.length} options`} did not stick after "make olddefconfig":\n${lost.map(({ option, wanted: want, got }) => `  ${option}=${want} came out as ${got}`).join('\n')}\nSomething that it depends on is off, or this kernel calls it otherwise: look it up with "make ARCH=… menuconfig" (/ searches).`,
    );
  }
}

/** objtool is built on the host, with libelf. */
async function objtoolEnvironment(folder: string, tree: string, say: TreeBuild['say']): Promise<Readonly<Record<string, string>>> {
  if (parseConfig(readFileSync(join(folder, '.config'), 'utf8')).get('OBJTOOL') !== 'y') return {};
  const { env, lack } = await libelf({ say });
  if (lack !== undefined) throw new TreeError(`Cannot build ${tree}: ${lack}.`);
  return env;
}

interface Compilation {
  /** Where it is kept how many files a whole build compiles. */
  readonly counted: string;
  readonly env: Readonly<Record<string, string>>;
}

async function compile({ tree, arch, jobs = availableParallelism(), say, signal }: TreeBuild, make: Make, version: string, { counted, env }: Compilation): Promise<void> {
  const last = existsSync(counted) ? Number(readFileSync(counted, 'utf8')) : undefined;
  say(`building Linux ${version} from ${tree} (${arch}), ${jobs} at a time; the first time takes minutes`);
  const running = start('setpriv', ['--pdeathsig', 'TERM', '--', 'make', ...make(`-j${jobs}`, TARGET[arch].target)], { doing: `build ${tree}`, stdio: ['ignore', 'pipe', 'pipe'], detached: true, env, ...(signal ? { signal } : {}) });
  let files = 0;
  let saidAt = performance.now();
  const errors: string[] = [];
  const read = async (stream: NodeJS.ReadableStream | null, each: (line: string) => void): Promise<void> => {
    if (stream) for await (const line of createInterface({ input: stream })) each(line);
  };
  const progress = (line: string): void => {
    const file = compiledFile(line);
    if (file === undefined) return;
    files += 1;
    if (performance.now() - saidAt < SAY_EVERY_MS) return;
    saidAt = performance.now();
    say(`building: ${files}${last !== undefined && last > files ? ` of about ${last}` : ''} files, now ${file}`);
  };
  await Promise.all([read(running.stdout, progress), read(running.stderr, (line) => errors.push(line))]);
  const { exitCode, signal: killed, error } = await running.ended;
  if (exitCode !== 0) {
    signal?.throwIfAborted();
    throw new TreeError(`Cannot build ${tree}: make ended with ${exitCode === undefined ? (killed ?? error?.message ?? 'no status') : `status ${exitCode}`}.\n${buildErrors(errors).map((line) => `  ${line}`).join('\n')}`);
  }
  if (last === undefined || files > last) writeFileSync(counted, String(files));
}

function prune(folder: string): void {
  const all = readdirSync(folder).map((name) => join(folder, name)).map((path) => ({ path, at: statSync(path).mtimeMs })).sort((a, b) => b.at - a.at);
  for (const { path } of all.slice(KEPT)) rmSync(path, { force: true });
}
