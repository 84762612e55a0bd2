/** Finds, on this machine, the files that an initramfs is made of. */
import { accessSync, constants, existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { searchPath } from '../../system/exec.ts';
import type { Libraries } from './libraries.ts';

const packages: Readonly<Record<string, string>> = { ip: 'iproute2', bridge: 'iproute2', tcpdump: 'tcpdump' };

/** The file of a program, links resolved. */
export function findProgram(name: string): string {
  const file = searchPath()
    .split(':')
    .map((folder) => join(folder, name))
    .find(isProgram);
  if (file !== undefined) return realpathSync(file);
  const owner = packages[name] ?? name;
  throw new Error(
    `Cannot build the VM's initramfs: the program ${name} was not found; on Debian and Ubuntu: ` +
      `apt-get install --no-install-recommends ${owner}`,
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // not there, or in a folder of PATH that is closed to us
  }
}

/** koffi's native part, for the C library that Node is built for. */
export function koffiFile(libraries: Libraries): string {
  const isMusl = [...libraries.loaders.keys()].some((path) => path.includes('ld-musl'));
  const resolve = createRequire(import.meta.url).resolve;
  let folder: string;
  try {
    folder = dirname(resolve('@koromix/koffi-linux-x64/package.json', { paths: [dirname(resolve('koffi'))] }));
  } catch (cause) {
    throw new Error(
      "Cannot build the VM's initramfs: koffi is not installed for this machine (x64 Linux). Run `npm ci`.",
      {
        cause,
      },
    );
  }
  return join(folder, isMusl ? 'musl_x64' : 'linux_x64', 'koffi.node');
}

/**
 * JavaScript files that a distribution's Node reads at run time where the original has them built in: Debian's keeps
 * them in /usr/share/nodejs, and their paths in the program.
 */
export function sharedBuiltins(binaries: readonly string[]): string[] {
  const marker = '/usr/share/nodejs/';
  if (!existsSync(marker)) return [];
  const found = new Set<string>();
  for (const binary of binaries) {
    const bytes = readFileSync(binary);
    for (let at = bytes.indexOf(marker); at >= 0; at = bytes.indexOf(marker, at + 1)) {
      const path = /^[\w./-]+\.js/.exec(bytes.toString('latin1', at, at + 256))?.[0];
      if (path !== undefined && existsSync(path)) found.add(path);
    }
  }
  return [...found].sort();
}
