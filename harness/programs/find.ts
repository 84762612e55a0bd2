/** Finds a program and the files it names below a root: "/" for what is installed, else an unpacked package. */
import { accessSync, constants, lstatSync, readdirSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { nameMatches } from '../../lib/programs.ts';

const PROGRAM_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
/** Links that go in a circle end here. */
const LONGEST_CHAIN = 40;

/** The file of a program below a root; undefined where there is none. */
export function programBelow(root: string, name: string, folders: readonly string[] = PROGRAM_FOLDERS): string | undefined {
  for (const folder of folders) {
    const file = fileBelow(root, join(folder, name));
    if (file !== undefined && isExecutable(file)) return file;
  }
  return undefined;
}

/** Follows links as if the root were "/": a package's own links are absolute. */
export function fileBelow(root: string, path: string): string | undefined {
  let at = resolve('/', path);
  for (let turn = 0; turn < LONGEST_CHAIN; turn++) {
    const link = firstLink(root, at);
    if (link === undefined) return statOf(join(root, at), statSync)?.isFile() ? join(root, at) : undefined;
    at = link;
  }
  return undefined;
}

/** The path with its first link replaced by what it points to; undefined where no part is a link. */
function firstLink(root: string, path: string): string | undefined {
  const parts = path.split('/').filter(Boolean);
  for (let n = 1; n <= parts.length; n++) {
    const above = `/${parts.slice(0, n).join('/')}`;
    const stat = statOf(join(root, above), lstatSync);
    if (!stat?.isSymbolicLink()) continue;
    const target = resolve(dirname(above), readlinkSync(join(root, above)));
    return join(target, ...parts.slice(n));
  }
  return undefined;
}

/** Files below a root that a pattern means, by their path from the root; sorted. A folder means all that lies in it. */
export function matchesBelow(root: string, pattern: string): string[] {
  let found = ['/'];
  for (const part of pattern.split('/').filter(Boolean)) {
    found = found.flatMap((folder) => {
      if (!/[*?]/.test(part)) return [join(folder, part)];
      return namesIn(join(root, folder)).filter((name) => nameMatches(name, part)).map((name) => join(folder, name));
    });
  }
  return found.flatMap((path) => filesAt(root, path)).sort();
}

function filesAt(root: string, path: string): string[] {
  if (statOf(join(root, path), lstatSync)?.isDirectory()) return namesIn(join(root, path)).flatMap((name) => filesAt(root, join(path, name)));
  return fileBelow(root, path) === undefined ? [] : [path];
}

/** What lies in a folder closed to us is not there. */
function statOf(path: string, look: (path: string) => Stats): Stats | undefined {
  try {
    return look(path);
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // no such folder, or not for us to see
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
