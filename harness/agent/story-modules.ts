/** Which of the modules that a story names this kernel does not have, and why we say so. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '../../lib/programs.ts';

const plain = (name: string): string => name.replaceAll('-', '_');

/** In a VM: what its package lacks, and what did not load, with the kernel's words. */
export function lackedInVm({ modules, missingModules }: Manifest, failed: Readonly<Record<string, string>>): string[] {
  return modules.flatMap((name) => {
    if (missingModules.includes(name)) return [`${name} (neither among its modules nor built in)`];
    const words = failed[plain(name)];
    return words === undefined ? [] : [`${name} (${words})`];
  });
}

/**
 * On the running kernel: a module may be loaded, built in, or a file that the kernel loads when it is asked for. A kernel
 * without a folder of modules does not say what is built into it: then the programs find out.
 */
export function lackedHere({ modules }: Manifest, root = '/'): string[] {
  if (modules.length === 0) return [];
  const release = readFileSync(join(root, 'proc/sys/kernel/osrelease'), 'utf8').trim();
  const folder = ['lib/modules', 'usr/lib/modules'].map((at) => join(root, at, release)).find((at) => existsSync(at));
  if (folder === undefined) return [];
  const known = new Set(modulesOf(folder));
  return modules
    .filter((name) => !existsSync(join(root, 'sys/module', plain(name))) && !known.has(plain(name)))
    .map((name) => `${name} (not loaded, not built in, and there is no file of it in ${folder})`);
}

function modulesOf(folder: string): string[] {
  const name = (path: string): string => plain(path.replace(/^.*\//, '').replace(/\.ko(\.\w+)?$/, ''));
  const files = (readdirSync(folder, { recursive: true }) as string[]).filter((path) => /\.ko(\.\w+)?$/.test(path));
  let builtin: string[] = [];
  try {
    builtin = readFileSync(join(folder, 'modules.builtin'), 'utf8').split('\n').filter(Boolean);
  } catch {
    // a hand-made folder without the list
  }
  return [...files, ...builtin].map(name);
}
