/**
 * libelf's headers: an x86 kernel builds objtool, which reads and writes object files with them. Where they are not installed
 * they come from our cache, or the distribution's package is fetched into it; the compiler is told by its environment, so
 * no Makefile of any kernel version has to know.
 */
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileBelow, matchesBelow } from '../../programs/find.ts';
import { cachedTree, fetchProgram, type Fetched } from '../../setup/fetch-program.mjs';
import { exec } from '../../system/exec.ts';

/** Debian's name, and those of the others; one for a sentence. */
const PACKAGE = 'libelf-dev';
const ELSEWHERE = 'elfutils-libelf-devel (Fedora, RHEL), libelf (Arch), libelf-devel (openSUSE)';
const PROBE = '#include <gelf.h>\nint main(void) { return elf_version(EV_CURRENT) == EV_NONE; }\n';

type Environment = Readonly<Record<string, string>>;

export interface LibelfOptions {
  readonly say: (line: string) => void;
  /** May the package be fetched? */
  readonly fetch?: boolean;
  /** For tests. */
  readonly compiles?: (env: Environment) => Promise<boolean>;
  readonly cached?: () => string | undefined;
  readonly fetchPackage?: () => Promise<Fetched>;
}

/** What is to be added to make's environment; or why the headers cannot be had, and what to do about it. */
export async function libelf(options: LibelfOptions): Promise<{ readonly env: Environment; readonly lack?: undefined } | { readonly env?: undefined; readonly lack: string }> {
  const { say, fetch = process.env['WIREWARP_NO_FETCH'] !== '1', compiles = probe, cached = (): string | undefined => cachedTree(PACKAGE), fetchPackage = (): Promise<Fetched> => fetchProgram(PACKAGE, { say }) } = options;
  if (await compiles({})) return { env: {} };
  let tree = cached();
  let failed: string | undefined = 'fetching is forbidden (--no-install)';
  if (tree === undefined && fetch) ({ tree, failed } = await fetchPackage());
  if (tree === undefined) return lacking(failed ?? 'they could not be fetched');
  const env = environmentOf(tree);
  return env !== undefined && (await compiles(env)) ? { env } : lacking(`those of the package ${PACKAGE} in our cache (${tree}) do not compile here`);
}

const lacking = (why: string): { lack: string } => ({
  lack: `objtool, which this kernel is built with, needs the headers of libelf; they are not on this machine, and ${why.replace(/\.$/, '')}. Install them: apt-get install --no-install-recommends ${PACKAGE} (Debian, Ubuntu), ${ELSEWHERE}`,
});

/** Where gcc finds the headers and the library of an unpacked package; undefined where it holds none. */
export function environmentOf(tree: string): Environment | undefined {
  const [link] = ['/usr/lib/*/libelf.so.1', '/usr/lib64/libelf.so.1', '/usr/lib/libelf.so.1'].flatMap((pattern) => [tree, '/'].flatMap((root) => matchesBelow(root, pattern).map((path) => fileBelow(root, path))));
  if (link === undefined || !existsSync(join(tree, 'usr/include/gelf.h'))) return undefined;
  // The package's own link leads to a library that is installed, and lies beside it nowhere.
  const folder = join(tree, 'wirewarp-link');
  mkdirSync(folder, { recursive: true });
  rmSync(join(folder, 'libelf.so'), { force: true });
  symlinkSync(link, join(folder, 'libelf.so'));
  const joined = (name: string, ours: string): string => [ours, process.env[name]].filter(Boolean).join(':');
  return { CPATH: joined('CPATH', join(tree, 'usr/include')), LIBRARY_PATH: joined('LIBRARY_PATH', folder) };
}

async function probe(env: Environment): Promise<boolean> {
  const { exitCode } = await exec('gcc', ['-x', 'c', '-', '-lelf', '-o', '/dev/null'], { doing: 'look for libelf', input: PROBE, env, okCodes: [0, 1] });
  return exitCode === 0;
}
