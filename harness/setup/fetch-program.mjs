/**
 * A program that a story runs and this machine lacks: the distribution's package, with the libraries that it needs and
 * that are not installed, downloaded by its package manager and unpacked into our cache. Nothing is installed.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dependsOf, dependsOutput, downloadPackages, updateLists, versionOf } from './apt.mjs';
import { cacheFolder, cacheTrouble } from './cache.mjs';
import { isInstalled } from './programs.mjs';
import { reason, run } from './run.mjs';

/** Describes an unpacked package, beside its files. */
export const recordName = 'wirewarp-package.json';

export function programsFolder(env) {
  return join(cacheFolder(env), 'programs');
}

/** The tree of a package in our cache; undefined where it was never fetched. */
export function cachedTree(name, folder = programsFolder()) {
  const tree = join(folder, name);
  return existsSync(join(tree, recordName)) ? tree : undefined;
}

/**
 * The package and those libraries among all that it needs, directly or not, that are not installed. `depends` answers
 * with `apt-cache depends NAME…`, `installed` with those of the names that are: each is asked once a level, not a package.
 */
export async function packagesToFetch(name, depends, installed) {
  const wanted = [name];
  for (let level = [name]; level.length > 0; wanted.push(...level)) {
    // A program's other needs (adduser, init scripts) are for installing it.
    const needed = [...new Set(dependsOf(await depends(level)))].filter((one) => /^lib/.test(one) && !wanted.includes(one));
    const there = needed.length === 0 ? [] : await installed(needed);
    level = needed.filter((one) => !there.includes(one));
  }
  return wanted;
}

/** Fetches and unpacks. Returns { tree } or { failed: in words }. */
export async function fetchProgram(name, { root = process.getuid?.() === 0, say, folder = programsFolder() }) {
  for (const tool of ['apt-get', 'apt-cache', 'dpkg-deb', 'dpkg-query'])
    if (!isInstalled(tool)) return { failed: `only packages of Debian and Ubuntu can be fetched, and there is no ${tool} here` };
  let packages = await known(name);
  if (packages === undefined && root) {
    const failed = await updateLists(say);
    if (failed !== undefined) return { failed };
    packages = await known(name);
  }
  if (packages === undefined)
    return { failed: `apt knows no package ${name}${root ? '' : '; let root run `apt-get update`, then start again'}` };
  say(`fetching ${packages.join(', ')} (unpacked into our cache, not installed) …`);
  const temporary = join(folder, `.fetch-${name}-${process.pid}`);
  try {
    mkdirSync(temporary, { recursive: true });
    return await fetchInto(temporary, packages, join(folder, name), root, say);
  } catch (error) {
    return { failed: cacheTrouble(folder, error).replace(/\.$/, '') };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function known(name) {
  const output = await dependsOutput(name);
  if (output.trim() === '') return undefined;
  return packagesToFetch(name, (names) => (names.length === 1 && names[0] === name ? output : dependsOutput(...names)), installedOf);
}

/** It fails for names that it does not know, and tells of the others all the same. */
async function installedOf(names) {
  const { stdout } = await run('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...names]);
  return [...stdout.matchAll(/^(\S+) installed$/gm)].map(([, name]) => name);
}

async function fetchInto(temporary, packages, target, root, say) {
  let failed = await downloadPackages(packages, temporary);
  // A mirror drops a package when it has the next: the lists are old.
  if (failed !== undefined && root && (await updateLists(say)) === undefined)
    failed = await downloadPackages(packages, temporary);
  if (failed !== undefined) return { failed };
  const unpacked = join(temporary, 'tree');
  for (const file of readdirSync(temporary).filter((entry) => entry.endsWith('.deb'))) {
    const done = await run('dpkg-deb', ['-x', join(temporary, file), unpacked]);
    if (!done.ok) return { failed: `unpacking ${file} failed: ${reason(done.stderr)}` };
  }
  const record = { package: packages[0], version: await versionOf(packages[0]), packages };
  writeFileSync(join(unpacked, recordName), `${JSON.stringify(record, null, 2)}\n`);
  // Half a tree (an older version's) gives way; that of another start, quicker than this one, is as good as ours.
  if (cachedTree(packages[0], join(target, '..')) === undefined) rmSync(target, { recursive: true, force: true });
  try {
    renameSync(unpacked, target);
  } catch (error) {
    if (!existsSync(join(target, recordName))) throw error;
  }
  return { tree: target };
}

/** Package and version of an unpacked tree. */
export function describeTree(tree) {
  const { package: name, version } = JSON.parse(readFileSync(join(tree, recordName), 'utf8'));
  return { name, version };
}
