/**
 * A kernel's source tree as the distribution packages it (Debian's and Ubuntu's linux-source-*), unpacked into our cache.
 * Where the package is installed, its archive is used; nothing is installed.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dependsOf, dependsOutput, downloadPackages, updateLists } from './apt.mjs';
import { cacheFolder, cacheTrouble } from './cache.mjs';
import { isInstalled } from './programs.mjs';
import { reason, run } from './run.mjs';

/** The tree of 6.1, unpacked. */
const SOURCE_MB = 1500;

export const sourcesFolder = (env) => join(cacheFolder(env), 'sources');

/** `apt-cache depends linux-source` → "linux-source-6.1". */
export const sourcePackage = (depends) => dependsOf(depends).find((name) => /^linux-source-\d/.test(name));

/** Fetches and unpacks. Returns { tree } or { failed: in words }. */
export async function fetchSource({ root, say, wanted }) {
  for (const tool of ['apt-get', 'apt-cache', 'dpkg-deb', 'tar', 'xz'])
    if (!isInstalled(tool)) return { failed: `a packaged source takes ${tool}, which is not on this machine; clone a kernel with git instead` };
  const resolve = async () => wanted ?? sourcePackage(await dependsOutput('linux-source'));
  let name = await resolve();
  if (name === undefined && root && (await updateLists(say)) === undefined) name = await resolve();
  if (name === undefined) return { failed: `no package linux-source is known to apt${root ? '' : '; let root run `apt-get update`'}` };
  const folder = sourcesFolder();
  const tree = join(folder, name);
  if (existsSync(join(tree, 'Makefile'))) return { tree };
  const temporary = join(folder, `.fetch-${process.pid}`);
  try {
    mkdirSync(temporary, { recursive: true });
    let archive = archiveIn('/usr/src', name);
    if (archive === undefined) {
      say(`fetching ${name} (unpacked into our cache, not installed; some 140 MB) …`);
      let failed = await downloadPackages([name], temporary);
      if (failed !== undefined && root && (await updateLists(say)) === undefined) failed = await downloadPackages([name], temporary);
      if (failed !== undefined) return { failed };
      for (const file of readdirSync(temporary).filter((one) => one.endsWith('.deb'))) {
        const done = await run('dpkg-deb', ['-x', join(temporary, file), temporary]);
        if (!done.ok) return { failed: `unpacking ${file} failed: ${reason(done.stderr)}` };
      }
      archive = archiveIn(join(temporary, 'usr/src'), name);
      if (archive === undefined) return { failed: `${name} holds no source archive` };
    }
    say(`unpacking ${archive} …`);
    const done = await run('tar', ['-xf', archive, '-C', temporary]);
    if (!done.ok) return { failed: `unpacking ${archive} failed: ${reason(done.stderr)}` };
    const unpacked = readdirSync(temporary).find((entry) => existsSync(join(temporary, entry, 'Kbuild')));
    if (unpacked === undefined) return { failed: `${archive} holds no kernel source tree` };
    renameSync(join(temporary, unpacked), tree);
    return { tree };
  } catch (error) {
    return { failed: cacheTrouble(folder, error, SOURCE_MB).replace(/\.$/, '') };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function archiveIn(folder, name) {
  return ['.tar.xz', '.tar.bz2', '.tar.gz'].map((suffix) => join(folder, `${name}${suffix}`)).find((path) => existsSync(path));
}
