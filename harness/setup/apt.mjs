/** apt's answers, and its commands: Debian and Ubuntu. The parsers are pure. */
import { reason, run } from './run.mjs';

/** Nothing may ask: there may be nobody at the terminal. */
const quiet = { DEBIAN_FRONTEND: 'noninteractive' };

/** `apt-cache policy NAME…` → the names that have nothing to install: unknown until `apt-get update`. */
export function unknownPackages(names, policy) {
  return names.filter((name) => {
    const block = policy.split(/^(?=\S)/m).find((text) => text.startsWith(`${name}:`));
    const candidate = /^ {2}Candidate: (.*)$/m.exec(block ?? '')?.[1];
    return candidate === undefined || candidate === '(none)';
  });
}

/** `apt-cache policy NAME` → its version. */
export function candidateVersion(name, policy) {
  const block = policy.split(/^(?=\S)/m).find((text) => text.startsWith(`${name}:`));
  return /^ {2}Candidate: (.*)$/m.exec(block ?? '')?.[1];
}

/** `apt-cache depends NAME` → the packages that it needs; the first of alternatives ("|Depends"). */
export function dependsOf(depends) {
  const found = [];
  let alternative = false;
  for (const line of depends.split('\n')) {
    const match = /^ *(\|?)(?:Pre)?Depends: (\S+)/.exec(line);
    if (match === null) continue;
    const [, bar, name] = match;
    if (!alternative && !name.startsWith('<')) found.push(name);
    alternative = bar === '|';
  }
  return found;
}

/**
 * The packages that hold a distribution's kernel, by asking what the meta package needs, and what that needs:
 * Debian's image package has image and modules; Ubuntu's modules are in one of their own.
 * `depends` answers with the output of `apt-cache depends NAME`.
 */
export async function kernelPackages(ubuntu, depends, wanted) {
  const meta = wanted ?? (ubuntu ? 'linux-image-virtual' : 'linux-image-cloud-amd64');
  const isImage = (name) => /^linux-image-(unsigned-)?\d/.test(name);
  const needed = dependsOf(await depends(meta));
  // An image's own package needs others; one that apt does not know needs nothing.
  const image = isImage(meta) ? (needed.length > 0 ? meta : undefined) : needed.find(isImage);
  if (image === undefined) return [];
  const modules = dependsOf(await depends(image)).filter((name) => /^linux-modules-\d/.test(name));
  return [image, ...modules];
}

/** Installs; returns undefined, or in words why not. Lists are fetched if a package is unknown, or gone from the mirror. */
export async function installPackages(names, say) {
  const policy = await run('apt-cache', ['policy', ...names]);
  let updated = false;
  if (unknownPackages(names, policy.stdout).length > 0) {
    updated = true;
    const failed = await updateLists(say);
    if (failed !== undefined) return failed;
  }
  let done = await install(names, say);
  let stale;
  if (!done.ok && !updated) {
    stale = await updateLists(say);
    if (stale === undefined) done = await install(names, say);
  }
  if (done.ok) return undefined;
  return `apt-get install failed: ${reason(done.stderr)}${stale === undefined ? '' : `; and ${stale}`}`;
}

function install(names, say) {
  say(`installing ${names.join(', ')} …`);
  return run('apt-get', ['install', '--yes', '--quiet', '--no-install-recommends', ...names], {
    env: quiet,
    show: true,
  });
}

/** Fetches the lists of packages; returns undefined, or in words why not. */
export async function updateLists(say) {
  say('fetching the lists of packages (apt-get update) …');
  // Without this apt takes unreachable servers for a success, with old lists.
  const done = await run('apt-get', ['update', '--quiet', '--error-on=any'], { env: quiet });
  return done.ok ? undefined : `apt-get update failed (is the network there?): ${reason(done.stderr)}`;
}

export async function dependsOutput(...names) {
  return (await run('apt-cache', ['depends', '--no-recommends', '--no-suggests', ...names])).stdout;
}

export async function versionOf(name) {
  return candidateVersion(name, (await run('apt-cache', ['policy', name])).stdout) ?? 'unknown';
}

/** Downloads packages into a folder; needs no root. Returns undefined, or in words why not. */
export async function downloadPackages(names, folder) {
  // As root apt would hand the download to its own user, who may not write into our folder; it then warns and goes on.
  const done = await run('apt-get', ['download', '--quiet', '-o', 'APT::Sandbox::User=root', '-o', 'Acquire::http::Timeout=20', ...names], {
    cwd: folder,
    env: quiet,
  });
  return done.ok ? undefined : `apt-get download failed: ${reason(done.stderr)}`;
}
