/**
 * A checkout's program is bundled from its sources, and who edits a scenario must not run yesterday's. So before any part
 * of it is loaded the sources are looked at (stats only, some 10 ms), and where they changed they are built anew. An
 * installed package has no .git beside it, and is left alone.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { builtStamp, isFresh } from '../setup/stamp.mjs';

interface Builder {
  readonly build: () => Promise<string[]>;
}

/** Rejects where the sources changed and do not build: what was built is not what they say. */
export async function bringUpToDate(dist: string, say: (line: string) => void): Promise<void> {
  const root = dirname(dist);
  const builder = join(root, 'harness/setup/build.mjs');
  if (!existsSync(join(root, '.git')) || !existsSync(builder)) return;
  if (isFresh(join(dist, '.stamp'), builtStamp(root))) return;
  try {
    accessSync(dist, constants.W_OK);
  } catch {
    say(
      `the sources in ${root} have changed since dist/ was built, and dist/ is not yours to write: going on with what was built`,
    );
    return;
  }
  // By path, at run time: bundled, the builder would take this program for itself.
  const { build } = (await import(pathToFileURL(builder).href)) as Builder;
  const began = performance.now();
  const written = await build();
  if (written.length > 0)
    say(`the sources have changed: built ${written.join(', ')} in ${Math.round(performance.now() - began)} ms`);
}
