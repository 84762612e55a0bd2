/**
 * One build folder for the unmutated kernel and all mutants. The tree is copied once by hard links; a mutant's files are put
 * in their place as new files, so the tree itself is never written to, and each switch has a new time, which make sees.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildTree, TreeError } from '../../harness/kernels/tree/build.ts';
import { treeState, treeVersion } from '../../harness/kernels/tree/tree.ts';
import { cacheFolder } from '../../harness/setup/cache.mjs';
import { exec } from '../../harness/system/exec.ts';
import type { Mutant } from '../../lib/mutants.ts';

export interface Workshop {
  /** The kernel with that patch, or without any: built, or from an earlier time. */
  kernel(mutant?: Mutant): Promise<string>;
}

const short = (...parts: string[]): string => createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);

export async function openWorkshop(wanted: string, options: { jobs?: number; say: (line: string) => void }): Promise<Workshop> {
  const tree = realpathSync(wanted);
  if (treeVersion(tree) === undefined) throw new TreeError(`Cannot build ${tree}: it is no kernel source tree.`);
  const place = join(cacheFolder(), 'mutants');
  const copy = join(place, `tree-${short(tree)}`);
  const built = join(place, 'built');
  mkdirSync(built, { recursive: true });
  const state = await copyTree(tree, copy);
  const mutated = `${copy}.mutated`;

  const put = (path: string, content: Buffer): void => {
    const at = join(copy, path);
    const temporary = `${at}.mutant`;
    writeFileSync(temporary, content);
    renameSync(temporary, at);
  };
  const restore = (): void => {
    if (!existsSync(mutated)) return;
    for (const path of readFileSync(mutated, 'utf8').split('\n').filter(Boolean)) put(path, readFileSync(join(tree, path)));
    rmSync(mutated);
  };
  return {
    async kernel(mutant) {
      const kept = join(built, `${mutant?.name ?? 'unmutated'}-${short(state, mutant?.diff ?? '')}`);
      if (existsSync(kept)) return kept;
      const unlock = alone(`${copy}.lock`);
      // An earlier run may have been ended in the midst of it.
      restore();
      if (mutant) writeFileSync(mutated, mutant.files.join('\n'));
      try {
        for (const [path, content] of mutant ? await patched(tree, mutant) : []) put(path, content);
        const { path } = await buildTree({ tree: copy, arch: 'uml', cache: place, say: options.say, ...(options.jobs === undefined ? {} : { jobs: options.jobs }) });
        renameSync(path, kept);
        return kept;
      } finally {
        restore();
        unlock();
      }
    },
  };
}

/** One at a time builds there: another would put the files back under its hands. A lock of a process that is gone is none. */
function alone(lock: string): () => void {
  const owner = existsSync(lock) ? readFileSync(lock, 'utf8').trim() : '';
  if (owner !== '' && existsSync(`/proc/${owner}`)) throw new Error(`Cannot build a mutant: process ${owner} is building one in the same folder. Wait until it is done.`);
  rmSync(lock, { force: true });
  writeFileSync(lock, String(process.pid), { flag: 'wx' });
  return () => { rmSync(lock, { force: true }); };
}

/** A copy of the present state of the tree; what stands for that state. */
async function copyTree(tree: string, copy: string): Promise<string> {
  const state = await treeState(tree);
  const mark = `${copy}.state`;
  if (existsSync(copy) && existsSync(mark) && readFileSync(mark, 'utf8') === state) return state;
  rmSync(mark, { force: true });
  rmSync(copy, { recursive: true, force: true });
  const doing = `copy the tree ${tree}`;
  try {
    await exec('cp', ['-al', tree, copy], { doing, timeoutMs: 600_000 });
  } catch {
    // Hard links go no further than the file system.
    rmSync(copy, { recursive: true, force: true });
    await exec('cp', ['-a', tree, copy], { doing, timeoutMs: 600_000 });
  }
  writeFileSync(mark, state);
  return state;
}

/** The files of a mutant as its patch makes them of the tree's. */
async function patched(tree: string, mutant: Mutant): Promise<Map<string, Buffer>> {
  const folder = mkdtempSync(join(tmpdir(), 'wirewarp-mutant-'));
  try {
    for (const path of mutant.files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), readFileSync(join(tree, path)));
    }
    await exec('patch', ['-s', '-p1', '-d', folder], { doing: `apply the mutant ${mutant.name}`, input: mutant.diff });
    return new Map(mutant.files.map((path) => [path, readFileSync(join(folder, path))]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
