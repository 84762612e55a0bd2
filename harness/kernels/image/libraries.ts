/**
 * Which shared libraries programs need, found as the dynamic loader would find them, but for the plainest CPU: the
 * loader of this machine may prefer a build for newer processors, which the emulated one cannot run.
 */
import { closeSync, existsSync, openSync, readFileSync, readSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readElf, type ElfInfo } from './elf.ts';

/** Programs' libraries: by the name they are asked for, the file on this machine. */
export interface Libraries {
  /** "libc.so.6" → its file. */
  readonly byName: ReadonlyMap<string, string>;
  /** Where programs expect their loader ("/lib64/ld-linux-x86-64.so.2") → its file. */
  readonly loaders: ReadonlyMap<string, string>;
}

/** Folders that loaders search by themselves: Debian's, Fedora's, Arch's. */
const usual = ['/lib/x86_64-linux-gnu', '/usr/lib/x86_64-linux-gnu', '/lib64', '/usr/lib64', '/lib', '/usr/lib'];

/**
 * Everything that these programs load at start, and what that loads in turn. `trees`: unpacked packages, in which is
 * looked for what this machine lacks.
 */
export function librariesOf(programs: readonly string[], cacheFile = '/etc/ld.so.cache', trees: readonly string[] = []): Libraries {
  const cache = readLoaderCache(cacheFile);
  const byName = new Map<string, string>();
  const loaders = new Map<string, string>();
  const queue = programs.map((program) => realpathSync(program));
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const elf = elfOf(file);
    if (elf === undefined) {
      throw new Error(`Cannot take ${file} into a VM: it is no 64-bit x86 program (a script, or another machine's?).`);
    }
    if (elf.interpreter !== undefined) loaders.set(elf.interpreter, realpathSync(elf.interpreter));
    for (const name of elf.needed) {
      if (byName.has(name) || isLoader(name, loaders)) continue;
      const found = locate(name, file, elf, cache, trees);
      if (found === undefined) {
        throw new MissingLibrary(file, name);
      }
      byName.set(name, found);
      queue.push(realpathSync(found));
    }
  }
  return { byName, loaders };
}

/** A program cannot be run: one of its libraries is not on this machine. */
export class MissingLibrary extends Error {
  override readonly name = 'MissingLibrary';
  readonly library: string;
  constructor(file: string, library: string) {
    super(`Cannot take ${file} into a VM: its library ${library} was not found. Reinstall its package.`);
    this.library = library;
  }
}

/** Some libraries name the loader as a library; it is there as the loader. */
function isLoader(name: string, loaders: ReadonlyMap<string, string>): boolean {
  return [...loaders.keys()].some((path) => basename(path) === name);
}

function locate(
  name: string,
  user: string,
  elf: ElfInfo,
  cache: ReadonlyMap<string, string>,
  trees: readonly string[],
): string | undefined {
  const own = elf.searchPath.map((path) => path.replace(/\$(ORIGIN|\{ORIGIN\})/g, dirname(user)));
  const cached = cache.get(name);
  const candidates = [
    ...own.map((folder) => join(folder, name)),
    ...(cached === undefined ? [] : [cached]),
    ...usual.map((folder) => join(folder, name)),
    ...trees.flatMap((tree) => [...elf.searchPath, ...usual].map((folder) => join(tree, folder, name))),
  ];
  return candidates.find((file) => existsSync(file) && elfOf(file) !== undefined);
}

/** A file is read once: the big ones cost. */
const known = new Map<string, ElfInfo | undefined>();

function elfOf(file: string): ElfInfo | undefined {
  if (!known.has(file)) known.set(file, startsAsElf(file) ? readElf(readFileSync(file)) : undefined);
  return known.get(file);
}

function startsAsElf(file: string): boolean {
  const handle = openSync(file, 'r');
  try {
    const magic = Buffer.alloc(4);
    return readSync(handle, magic) === 4 && magic.readUInt32BE(0) === 0x7f454c46;
  } finally {
    closeSync(handle);
  }
}

/** glibc's list of libraries (its new format, since 2.32 the only one), without builds for particular processors. */
export function readLoaderCache(file: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    return found; // musl has none
  }
  const start = bytes.indexOf('glibc-ld.so.cache1.1', 0, 'latin1');
  if (start < 0) return found;
  const text = (at: number): string => bytes.toString('latin1', at, bytes.indexOf(0, at));
  const count = bytes.readUInt32LE(start + 20);
  for (let i = 0; i < count; i += 1) {
    const at = start + 48 + i * 24;
    const isX8664 = bytes.readInt32LE(at) === 0x0303;
    const isPlain = bytes.readBigUInt64LE(at + 16) === 0n;
    const name = text(start + bytes.readUInt32LE(at + 4));
    if (isX8664 && isPlain && !found.has(name)) found.set(name, text(start + bytes.readUInt32LE(at + 8)));
  }
  return found;
}
