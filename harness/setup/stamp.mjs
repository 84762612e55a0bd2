/**
 * Tells whether sources changed since something was made from them.
 *
 * The stamp is a digest over path, size and time of every source file: a walk of a few hundred `stat` calls, so that
 * a start with nothing to do stays a matter of milliseconds. A file that was removed changes the list, hence the digest.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';

/** Every file below the given files and folders, sorted; what does not exist is left out. */
export function filesBelow(root, names) {
  const found = [];
  const add = (name, stat) => found.push({ name, size: stat.size, mtimeMs: stat.mtimeMs });
  const below = (folder) => {
    for (const entry of readdirSync(`${root}/${folder}`, { withFileTypes: true })) {
      if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
      const name = `${folder}/${entry.name}`;
      // A plain file costs one system call; what a link leads to, two.
      if (entry.isDirectory()) below(name);
      else if (entry.isFile()) add(name, statSync(`${root}/${name}`));
      else visit(name);
    }
  };
  const visit = (name) => {
    const stat = statSync(`${root}/${name}`, { throwIfNoEntry: false });
    if (stat?.isFile()) add(name, stat);
    else if (stat?.isDirectory()) below(name);
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

/** What dist/ is made from. */
const sources = ['lib', 'harness', 'scenarios', 'package-lock.json', 'tsconfig.json'];

/** The stamp that dist/ of this checkout should have, built by this Node. */
export function builtStamp(root) {
  return stampOf(root, sources, [process.version]);
}
