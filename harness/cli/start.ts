/**
 * The program's door: which of its parts is loaded. The ping tools need a fiftieth of the rest, and a tenth of a second
 * of loading would be in every one of their starts.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { status } from './exit-status.ts';
import { bringUpToDate } from './up-to-date.ts';

const [, , word = ''] = process.argv;
// Beside each other in dist/, apart in the sources.
const built = !import.meta.url.endsWith('.ts');
const isPingTool = ['omping', 'ssmping', 'asmping', 'ssmpingd', 'mcfirst'].includes(word);
// A variable, which the bundler leaves alone.
const part = isPingTool ? (built ? './ping.js' : '../ping/main.ts') : built ? './main.js' : './main.ts';

/** The sources are always what they say; a ping tool starts a thousand times for each time that it is edited. */
async function upToDate(): Promise<boolean> {
  if (!built || isPingTool) return true;
  try {
    await bringUpToDate(dirname(fileURLToPath(import.meta.url)), (line) => process.stderr.write(`wirewarp: ${line}\n`));
    return true;
  } catch (error) {
    process.stderr.write(
      `wirewarp: the sources have changed since dist/ was built, and do not build: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    process.exitCode = status.harnessFailed;
    return false;
  }
}

if (await upToDate()) await import(part);
