/** A kernel's source tree: what it is, and what stands for its present content. */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exec } from '../../system/exec.ts';

/** Its version, from the head of the Makefile; undefined for a folder that is none. */
export function treeVersion(folder: string): string | undefined {
  if (!['Kconfig', 'Kbuild', 'arch/x86', 'scripts/kconfig'].every((name) => existsSync(join(folder, name)))) return undefined;
  const head = readFileSync(join(folder, 'Makefile'), 'utf8').slice(0, 500);
  const value = (name: string): string => new RegExp(`^${name} *= *(.*)$`, 'm').exec(head)?.[1]?.trim() ?? '';
  const version = value('VERSION');
  return version === '' ? undefined : `${[version, value('PATCHLEVEL'), value('SUBLEVEL')].filter(Boolean).join('.')}${value('EXTRAVERSION')}`;
}

/**
 * Stands for every file that a build could read. In a git work tree: the commit, and the content of whatever differs from
 * it. Elsewhere: path, size and time of each file, since reading a gigabyte takes longer than it is worth.
 */
export async function treeState(folder: string): Promise<string> {
  return (await gitState(folder)) ?? listedState(folder);
}

async function gitState(folder: string): Promise<string | undefined> {
  if (!existsSync(join(folder, '.git'))) return undefined;
  const git = async (...args: string[]): Promise<string> => (await exec('git', ['-C', folder, ...args], { doing: `read the state of ${folder}`, timeoutMs: 120_000 })).stdout;
  try {
    const hash = createHash('sha256');
    // The tree, not the commit: a message changes nothing that is built.
    hash.update(await git('rev-parse', 'HEAD^{tree}'));
    hash.update(await git('diff', 'HEAD', '--binary'));
    for (const path of (await git('ls-files', '--others', '--exclude-standard', '-z')).split('\0').filter(Boolean)) hash.update(path).update(readFileSync(join(folder, path)));
    return hash.digest('hex');
  } catch {
    // No commit yet, or no git on this machine: the files say it as well.
    return undefined;
  }
}

function listedState(folder: string): string {
  const hash = createHash('sha256');
  const walk = (at: string): void => {
    for (const entry of readdirSync(join(folder, at), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`;
      // Not built, and large.
      if (path === '.git' || path === 'Documentation') continue;
      if (entry.isDirectory()) walk(path);
      else {
        const { size, mtimeMs } = lstatSync(join(folder, path));
        hash.update(`${path}\0${String(size)}\0${String(mtimeMs)}\n`);
      }
    }
  };
  walk('');
  return hash.digest('hex');
}
