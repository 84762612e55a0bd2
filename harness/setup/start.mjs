/** `npm start -- [options of wirewarp run] [--yes] [--no-install]`: set-up, then the scenarios. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './root.mjs';
import { ownFlags, setUp, SetupError } from './setup.mjs';

const { flags, rest } = ownFlags(process.argv.slice(2));
let ready = false;
try {
  await setUp(flags);
  ready = true;
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`wirewarp: ${error.message}`);
  process.exitCode = error.status;
}
if (ready) {
  if (flags.noInstall) process.env.WIREWARP_NO_FETCH = '1';
  // In this process, not a child of it: signals, terminal and exit status are the program's own.
  const program = join(root, 'dist/wirewarp.js');
  process.argv.splice(1, Infinity, program, 'run', ...rest);
  await import(pathToFileURL(program).href);
}
