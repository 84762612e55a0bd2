/**
 * Tells whether sources changed since something was made from them.
 *
 * The stamp is a digest over path, size and time of every source file: a walk of a few hundred `stat` calls, so that
 * a start with nothing to do stays a matter of milliseconds. A file that was removed changes the list, hence the digest.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Every file below the given files and folders, sorted; what does not exist is left out. */
export function filesBelow(root, names) {
  const found = [];
  const visit = (name) => {
    const stat = statSync(join(root, name), { throwIfNoEntry: false });
    if (stat?.isFile()) found.push({ name, size: stat.size, mtimeMs: stat.mtimeMs });
    if (!stat?.isDirectory()) return;
    for (const entry of readdirSync(join(root, name))) {
      if (entry !== 'node_modules' && !entry.startsWith('.')) visit(`${name}/${entry}`);
    }
  };
  names.forEach(visit);
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The digest of those files as they stand; `extra` are further things that the result depends on. */
export function stampOf(root, names, extra = []) {
  const hash = createHash('sha256');
  for (const { name, size, mtimeMs } of filesBelow(root, names)) hash.update(`${name}\0${size}\0${mtimeMs}\n`);
  for (const value of extra) hash.update(`${value}\n`);
  return hash.digest('hex');
}

/** Was the thing made from just these sources? */
export function isFresh(stampFile, stamp) {
  try {
    return readFileSync(stampFile, 'utf8') === stamp;
  } catch {
    return false; // never made
  }
}

export function remember(stampFile, stamp) {
  writeFileSync(stampFile, stamp);
}
