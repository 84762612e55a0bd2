/**
 * Bundles the program: `npm run build`, and a step of every start (a start with nothing to do costs one walk of stats).
 *
 *   dist/wirewarp.js   the program; npm packages stay outside, in node_modules
 *   dist/main.js       its commands
 *   dist/ping.js       its ping tools; also what links named omping, ssmping and so on point to
 *   dist/scenario.js   the door that scenarios import, for scenario files outside this checkout
 *   dist/uml.cjs       becomes a User-Mode Linux kernel: one self-contained file
 *   dist/agent.cjs     what runs inside a VM or a set of namespaces: one self-contained file
 */
import { accessSync, chmodSync, constants, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cataloguePlugin } from './catalogue.mjs';
import { root } from './root.mjs';
import { builtStamp, isFresh, remember } from './stamp.mjs';

/** Everything that decides what is built, besides the sources. */
const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  logLevel: 'silent',
  charset: 'utf8',
};

const program = {
  executable: true,
  options: { format: 'esm', packages: 'external', banner: { js: '#!/usr/bin/env node' } },
};

/** A bundle of ES modules as CommonJS has no import.meta; some dependencies ask for it to require things. */
const commonJs = {
  format: 'cjs',
  // koffi's native part is loaded by path: in a VM there is no node_modules.
  external: ['koffi', '*.node'],
  define: { 'import.meta.url': '__wirewarpUrl' },
  banner: { js: 'const __wirewarpUrl=require("node:url").pathToFileURL(__filename).href;' },
};

export const bundles = [
  { entry: 'harness/cli/start.ts', out: 'dist/wirewarp.js', ...program },
  { entry: 'harness/cli/main.ts', out: 'dist/main.js', options: { format: 'esm', packages: 'external' } },
  { entry: 'harness/ping/main.ts', out: 'dist/ping.js', ...program },
  { entry: 'harness/kernels/uml/launch.ts', out: 'dist/uml.cjs', options: commonJs },
  { entry: 'harness/scenario.ts', out: 'dist/scenario.js', options: { format: 'esm', packages: 'external' } },
  {
    entry: 'harness/agent/main.ts',
    out: 'dist/agent.cjs',
    options: {
      ...commonJs,
      // Parsed by Node under slow emulation, so small; names stay readable in stack traces and verdicts.
      minifySyntax: true,
      minifyWhitespace: true,
      keepNames: false,
      legalComments: 'none',
    },
  },
];

/** The build failed for a reason that the developer can do something about; the message says all. */
export class BuildError extends Error {
  name = 'BuildError';
}

/** Brings dist/ up to date. Returns the files written; none when nothing had changed. */
export async function build({ force = false } = {}) {
  const stampFile = join(root, 'dist/.stamp');
  const stamp = builtStamp(root);
  const complete = bundles.every(({ out }) => existsSync(join(root, out)));
  if (!force && complete && isFresh(stampFile, stamp)) return [];

  const missing = bundles.filter(({ entry }) => !existsSync(join(root, entry)));
  const esbuild = await loadEsbuild();
  prepareFolder(join(root, 'dist'));
  const present = bundles.filter((bundle) => !missing.includes(bundle));
  const written = await Promise.all(present.map((bundle) => bundleOne(esbuild, bundle)));
  if (missing.length > 0) {
    throw new BuildError(
      missing.map(({ entry, out }) => `Cannot build ${out}: its entry ${entry} does not exist.`).join('\n'),
    );
  }
  remember(stampFile, stamp);
  return written;
}

function prepareFolder(folder) {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new BuildError(`Cannot build into ${folder}: ${cause.message}. Make it yours, or build as its owner.`, {
      cause,
    });
  }
}

async function loadEsbuild() {
  try {
    return await import('esbuild');
  } catch (cause) {
    throw new BuildError('esbuild is not installed. Run `npm ci` in the checkout.', { cause });
  }
}

async function bundleOne(esbuild, { entry, out, options, executable }) {
  const file = join(root, out);
  let result;
  try {
    result = await esbuild.build({
      ...common,
      ...options,
      entryPoints: [join(root, entry)],
      outfile: file,
      absWorkingDir: root,
      plugins: [cataloguePlugin(root)],
      write: false,
    });
  } catch (cause) {
    throw new BuildError(await explain(esbuild, entry, cause), { cause });
  }
  for (const { path, contents } of result.outputFiles) {
    replace(path, contents, executable && path === file ? 0o755 : 0o644);
  }
  return out;
}

/** A reader in another process sees the old file or the new one, never half of it. */
function replace(file, contents, mode) {
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}`);
  try {
    writeFileSync(temporary, contents);
    chmodSync(temporary, mode);
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
}

async function explain(esbuild, entry, failure) {
  if (!Array.isArray(failure?.errors)) return `Cannot bundle ${entry}: ${failure?.message ?? failure}`;
  const lines = await esbuild.formatMessages(failure.errors, { kind: 'error', color: Boolean(process.stderr.isTTY) });
  return `Cannot bundle ${entry}:\n${lines.join('').trimEnd()}`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    const written = await build({ force: process.argv.includes('--force') });
    console.log(written.length > 0 ? `built ${written.join(', ')}` : 'dist/ is up to date');
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
