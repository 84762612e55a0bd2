/**
 * A kernel to boot in VMs: the distribution's own package, downloaded by its package manager and unpacked into our cache.
 * It is never installed: this machine goes on booting what it booted.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dependsOutput, downloadPackages, kernelPackages, updateLists, versionOf } from './apt.mjs';
import { cacheTrouble } from './cache.mjs';
import { kernelsFolder, recordName } from './kernels.mjs';
import { reason, run } from './run.mjs';

/** Debian's cloud image: its package, and that unpacked. Others take more. */
const KERNEL_MB = 150;

/** Fetches and unpacks. Returns { release } or { failed: in words }. `wanted`: a package of an image, or one that needs it; by default the smallest that the distribution has for VMs. */
export async function fetchKernel({ ubuntu, root, say, wanted }) {
  const resolve = () => kernelPackages(ubuntu, dependsOutput, wanted);
  let names = await resolve();
  if (names.length === 0 && root) {
    const failed = await updateLists(say);
    if (failed !== undefined) return { failed };
    names = await resolve();
  }
  if (names.length === 0) {
    return {
      failed: `no kernel package ${wanted === undefined ? '' : `${wanted} `}is known to apt${root ? '' : '; let root run `apt-get update`, then start again'}`,
    };
  }
  say(`fetching the kernel ${names[0]} to boot in VMs (unpacked into our cache, not installed) …`);
  const kernels = kernelsFolder();
  const temporary = join(kernels, `.fetch-${process.pid}`);
  try {
    mkdirSync(temporary, { recursive: true });
    removeLeftovers(kernels);
    return await fetchInto(temporary, names, kernels, root, say);
  } catch (error) {
    return { failed: cacheTrouble(kernels, error, KERNEL_MB).replace(/\.$/, '') };
  } finally {
    if (existsSync(temporary)) rmSync(temporary, { recursive: true, force: true });
  }
}

async function fetchInto(temporary, names, kernels, root, say) {
  let failed = await downloadPackages(names, temporary);
  // A mirror drops a package when it has the next: the lists are old.
  if (failed !== undefined && root && (await updateLists(say)) === undefined) {
    failed = await downloadPackages(names, temporary);
  }
  if (failed !== undefined) return { failed: fetchTrouble(failed, kernels) };
  const unpacked = join(temporary, 'kernel');
  for (const file of readdirSync(temporary).filter((name) => name.endsWith('.deb'))) {
    const done = await run('dpkg-deb', ['-x', join(temporary, file), unpacked]);
    if (!done.ok) return { failed: fetchTrouble(`unpacking ${file} failed: ${reason(done.stderr)}`, kernels) };
  }
  const record = describe(unpacked);
  if (record === undefined) return { failed: `${names.join(' and ')} hold no kernel image` };
  record.origin = { package: names[0], version: await versionOf(names[0]) };
  // Not needed to boot, and half of what there is.
  rmSync(join(unpacked, 'usr/share'), { recursive: true, force: true });
  writeFileSync(join(unpacked, recordName), `${JSON.stringify(record, null, 2)}\n`);
  const target = join(kernels, record.release);
  rmSync(target, { recursive: true, force: true });
  try {
    renameSync(unpacked, target);
  } catch (error) {
    if (!existsSync(join(target, recordName))) throw error; // else another start was quicker
  }
  return { release: record.release };
}

/** What apt or dpkg said; where it is our cache that is full, what to do about that. */
const fetchTrouble = (said, kernels) => (/no space left/i.test(said) ? `${said}: ${cacheTrouble(kernels, { message: said }, KERNEL_MB).replace(/\.$/, '')}` : said);

/** Where an unpacked package has its image and modules; newer Debian has /lib below /usr. */
export function describe(folder) {
  const image = namesIn(join(folder, 'boot')).find((name) => name.startsWith('vmlinuz-'));
  if (image === undefined) return undefined;
  const release = image.slice('vmlinuz-'.length);
  const modules = ['lib/modules', 'usr/lib/modules']
    .map((at) => `${at}/${release}`)
    .find((at) => existsSync(join(folder, at)));
  return modules && { release, image: `boot/${image}`, modules };
}

/** What a killed start left: old, and by our own name. */
function removeLeftovers(kernels) {
  for (const name of namesIn(kernels).filter((entry) => /^\.fetch-\d+$/.test(entry))) {
    const path = join(kernels, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > 3_600_000) rmSync(path, { recursive: true, force: true });
  }
}

function namesIn(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
