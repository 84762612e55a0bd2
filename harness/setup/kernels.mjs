/**
 * The kernels on this machine that a VM could boot. Plain JavaScript because set-up asks before anything is installed;
 * harness/kernels/image/find.ts is the door for the rest. Stats and small reads only: it runs at every start.
 */
import { accessSync, closeSync, constants, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { release as runningRelease } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from './cache.mjs';

/** What the scenarios need of a kernel, and where its own source tree puts each. */
export const neededModules = {
  bridge: 'kernel/net/bridge/bridge.ko',
  veth: 'kernel/drivers/net/veth.ko',
  bonding: 'kernel/drivers/net/bonding/bonding.ko',
  '8021q': 'kernel/net/8021q/8021q.ko',
};

/** What describes an unpacked kernel, beside it in the cache; its paths are relative, so that the cache can move. */
export const recordName = 'kernel.json';

export function kernelsFolder(env) {
  return join(cacheFolder(env), 'kernels');
}

/**
 * All kernels, the running one first, then those of our cache, then the other installed ones, newer before older.
 * Each is { release, image, modules?, origin, readable }.
 */
export function findKernels({ root = '/', release = runningRelease(), cache = kernelsFolder() } = {}) {
  const installed = installedKernels(root).sort((a, b) => compareReleases(b.release, a.release));
  const running = installed
    .filter((kernel) => kernel.release === release)
    .map((kernel) => ({ ...kernel, origin: 'running' }));
  const cached = cachedKernels(cache).sort((a, b) => compareReleases(b.release, a.release));
  const all = [...running, ...cached, ...installed.filter((kernel) => kernel.release !== release)];
  // An image may be found twice: /boot and /lib/modules hold copies on some distributions.
  return all.filter((kernel, i) => all.findIndex((other) => sameKernel(other, kernel)) === i);
}

/** The same release from a package and from /boot need not be the same build. */
function sameKernel(a, b) {
  return a.release === b.release && (a.origin === b.origin || a.image === b.image);
}

/** The first that can be read and lacks nothing; undefined when there is none. */
export function bootableKernel(kernels) {
  return kernels.find((kernel) => kernel.readable && lackedModules(kernel).length === 0);
}

/** Needed modules that are neither files nor builtin. A kernel without a module folder lacks all that we can see. */
export function lackedModules({ modules }) {
  const names = Object.keys(neededModules);
  if (modules === undefined) return names;
  let builtin = '';
  try {
    builtin = readFileSync(join(modules, 'modules.builtin'), 'utf8');
  } catch {
    // a hand-made folder without the list
  }
  return names.filter((name) => {
    const path = neededModules[name];
    const isFile = ['', '.xz', '.zst', '.gz'].some((suffix) => isThere(join(modules, path + suffix)));
    return !isFile && !builtin.includes(`/${name}.ko\n`);
  });
}

/** What the image says it is: `uname -r`, from the header that boot loaders read. Undefined for other kinds of file. */
export function releaseOfImage(image) {
  let handle;
  try {
    handle = openSync(image, 'r');
    const head = Buffer.alloc(0x8200);
    const length = readSync(handle, head, 0, head.length, 0);
    if (length < 0x210 || head.toString('latin1', 0x202, 0x206) !== 'HdrS') return undefined;
    const at = 0x200 + head.readUInt16LE(0x20e);
    return head.toString('latin1', at, at + 128).split(/[\s\0]/, 1)[0] || undefined;
  } catch {
    return undefined;
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

function cachedKernels(folder) {
  return namesIn(folder).flatMap((name) => {
    try {
      const record = JSON.parse(readFileSync(join(folder, name, recordName), 'utf8'));
      const image = join(folder, name, record.image);
      const modules = join(folder, name, record.modules);
      const origin = `${record.origin.package} ${record.origin.version}`;
      return [{ release: record.release, image, modules, origin, readable: isReadable(image) }];
    } catch {
      return []; // half a kernel: written by an older version, or damaged; a new download replaces it
    }
  });
}

function installedKernels(root) {
  const modulesOf = (release) => ['lib/modules', 'usr/lib/modules'].map((at) => join(root, at, release)).find(isThere);
  const inBoot = namesIn(join(root, 'boot'))
    .filter((name) => name.startsWith('vmlinuz-') && !name.includes('rescue'))
    .map((name) => {
      const image = join(root, 'boot', name);
      return { image, release: releaseOfImage(image) ?? name.slice('vmlinuz-'.length) };
    });
  const inModules = ['lib/modules', 'usr/lib/modules'].flatMap((at) =>
    namesIn(join(root, at))
      .map((release) => ({ image: join(root, at, release, 'vmlinuz'), release }))
      .filter(({ image }) => isThere(image)),
  );
  return [...inBoot, ...inModules].map(({ release, image }) => {
    const modules = modulesOf(release);
    return { release, image, ...(modules && { modules }), origin: 'installed', readable: isReadable(image) };
  });
}

/** 6.1.0-56 is newer than 6.1.0-9: runs of digits compare as numbers. */
export function compareReleases(a, b) {
  return a.localeCompare(b, 'en', { numeric: true });
}

function namesIn(folder) {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith('.'));
  } catch {
    return []; // no such folder, or not for us to see
  }
}

function isThere(path) {
  return existsSync(path); // false, too, for what lies in a folder that is closed to us
}

/** Ubuntu keeps its images from ordinary users. */
function isReadable(path) {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
