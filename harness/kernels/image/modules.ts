/**
 * Kernel modules for a VM: which files hold the wanted ones, what those depend on, and in which order to load them.
 *
 * Dependencies are read from the modules themselves (`depends=` in .modinfo): modules.dep is made by depmod when a
 * kernel package is installed, and ours is only unpacked.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as zlib from 'node:zlib';
import { execBytes } from '../../system/exec.ts';
import { readModinfo } from './elf.ts';

/** A kernel's module folder. */
export interface ModuleFolder {
  readonly folder: string;
  /** Module name → its file. */
  readonly files: ReadonlyMap<string, string>;
  /** Names compiled into the image. */
  readonly builtin: ReadonlySet<string>;
}

/** A module ready to be loaded. */
export interface KernelModule {
  readonly name: string;
  readonly file: string;
  /** Decompressed. */
  readonly data: Buffer;
}

/** The answer to a list of wishes. */
export interface ModuleSet {
  /** Each after what it depends on. */
  readonly load: readonly KernelModule[];
  /** Wanted, and in the image already. */
  readonly builtin: readonly string[];
  /** Wanted, and neither a file nor in the image. */
  readonly missing: readonly string[];
}

/** The kernel takes "-" and "_" in module names for the same; files are named with either. */
export function moduleName(file: string): string {
  return basename(file)
    .replace(/\.ko(\.\w+)?$/, '')
    .replaceAll('-', '_');
}

/** Reads the folder's names, not its modules. */
export function readModuleFolder(folder: string): ModuleFolder {
  const files = new Map<string, string>();
  const visit = (below: string): void => {
    for (const entry of readdirSync(below, { withFileTypes: true })) {
      const path = join(below, entry.name);
      // "build" and "source" are links into kernel sources.
      if (entry.isDirectory()) visit(path);
      else if (/\.ko(\.(gz|xz|zst))?$/.test(entry.name)) files.set(moduleName(entry.name), path);
    }
  };
  visit(folder);
  return { folder, files, builtin: new Set(readBuiltin(folder)) };
}

function readBuiltin(folder: string): string[] {
  let text: string;
  try {
    text = readFileSync(join(folder, 'modules.builtin'), 'utf8');
  } catch {
    return []; // a hand-made folder; then a builtin one counts as missing, and the kernel itself is asked later
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(moduleName);
}

/** The wanted modules and all that they depend on, in an order to load them in. */
export async function selectModules(folder: ModuleFolder, wanted: readonly string[]): Promise<ModuleSet> {
  const load: KernelModule[] = [];
  const done = new Set<string>();
  const builtin: string[] = [];
  const missing: string[] = [];
  const take = async (name: string, user: string | undefined): Promise<void> => {
    if (done.has(name)) return;
    done.add(name);
    const file = folder.files.get(name);
    if (file === undefined) {
      if (folder.builtin.has(name)) builtin.push(name);
      else if (user === undefined) missing.push(name);
      else {
        throw new Error(
          `Cannot prepare the kernel module ${user}: it depends on ${name}, which is not in ${folder.folder}. ` +
            'The kernel package is incomplete; unpack it again.',
        );
      }
      return;
    }
    const data = await readModule(file);
    for (const dependency of dependenciesOf(data)) await take(dependency, name);
    load.push({ name, file, data });
  };
  for (const name of wanted) await take(moduleName(name), undefined);
  return { load, builtin, missing };
}

/** Only names listed as "depends": soft ones ("softdep") are conveniences such as faster checksums. */
function dependenciesOf(data: Buffer): string[] {
  return (readModinfo(data).get('depends') ?? [])
    .flatMap((list) => list.split(','))
    .filter((name) => name !== '')
    .map(moduleName);
}

async function readModule(file: string): Promise<Buffer> {
  const doing = `decompress the kernel module ${basename(file)}`;
  if (file.endsWith('.gz')) return gunzipSync(readFileSync(file));
  if (file.endsWith('.xz')) return execBytes('xz', ['--decompress', '--stdout', file], { doing });
  if (file.endsWith('.zst')) {
    // Node has zstd itself from 22.15 on.
    const { zstdDecompressSync } = zlib as { zstdDecompressSync?: (data: Buffer) => Buffer };
    if (zstdDecompressSync !== undefined) return zstdDecompressSync(readFileSync(file));
    return execBytes('zstd', ['--decompress', '--stdout', '--quiet', file], { doing });
  }
  return readFileSync(file);
}
