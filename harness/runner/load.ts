/** Scenario files of the user's own: `wirewarp run ./my-scenario.ts`. */
import { existsSync, realpathSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { join, relative, resolve } from 'node:path';
import type { Scenario } from '../scenario.ts';
import { buildFaults, doorPlugin, isBuildFailure, scenarioBuild } from './door.ts';
import { home } from './home.ts';
import { BadInput, said } from './refusal.ts';
import { notRunnable } from './runnable.ts';
import { type Named, scenarioName } from './select.ts';
import { isFile } from './stat.ts';

export interface LoadedScenario extends Named {
  /** The file, absolute. */
  readonly file: string;
}

/** Does the pattern mean a file on this machine? Without a look inside. */
export function isScenarioFile(path: string): boolean {
  return /\.[cm]?[jt]s$/.test(path) && isFile(path);
}

/** The built-in scenario that this file is, if the catalogue has it. */
export function builtInFile(path: string, named: readonly Named[]): Named | undefined {
  const file = realpathSync(path);
  return named.find(({ name }) => {
    const own = join(home(), 'scenarios', `${name}.ts`);
    return existsSync(own) && realpathSync(own) === file;
  });
}

/** Its path from where we are, since a results folder is named after it: never upwards, and never absolute. */
export function nameOfFile(path: string, cwd = process.cwd()): string {
  const below = relative(cwd, resolve(cwd, path));
  const inside = below.startsWith('..') || below.startsWith('/') ? (below.split('/').at(-1) as string) : below;
  return scenarioName(inside);
}

/**
 * Bundles the file with the door and runs it here, for its topology and variants. The bundle is a data: URL: it leaves
 * nothing behind, and an edited file is never taken for the old one. Throws BadInput with file, line and reason.
 */
export async function loadScenario(path: string): Promise<LoadedScenario> {
  const file = resolve(path);
  const { text, map } = await bundle(file, path);
  let value: unknown;
  try {
    value = (
      (await import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`)) as { default?: unknown }
    ).default;
  } catch (error) {
    throw new BadInput([{ what: `${placeOf(error, map, path)}: it does not load: ${said(error)}` }]);
  }
  const wrong = notRunnable(value);
  if (wrong !== undefined) throw new BadInput([{ what: `${path}: ${wrong}` }]);
  return { name: nameOfFile(path), scenario: value as Scenario, file };
}

async function bundle(file: string, path: string): Promise<{ text: string; map: string }> {
  const { build } = await import('esbuild');
  try {
    const { outputFiles } = await build({
      ...scenarioBuild,
      entryPoints: [file],
      absWorkingDir: process.cwd(),
      plugins: [doorPlugin()],
      format: 'esm',
      // The door's packages may be CommonJS inside, and a data: URL has no require of its own.
      banner: { js: `import{createRequire as requireFrom}from'node:module';var require=requireFrom(${JSON.stringify(join(home(), 'package.json'))});` },
      sourcemap: 'external',
      // Nothing is written; sources are named relative to it.
      outdir: process.cwd(),
    });
    const output = (ending: string): string => outputFiles.find((one) => one.path.endsWith(ending))?.text ?? '';
    return { text: output('.js'), map: output('.map') };
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    throw new BadInput(buildFaults(error, path));
  }
}

/** File and line where it went wrong, from the bundle's line by its source map: Node itself maps no data: URLs. */
export function placeOf(error: unknown, map: string, path: string): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const at = /data:text\/javascript;base64,[^:\s]*:(\d+):(\d+)/.exec(stack);
  if (!at) return path;
  const entry = new SourceMap(JSON.parse(map) as SourceMapPayload).findEntry(Number(at[1]) - 1, Number(at[2]) - 1);
  return 'originalSource' in entry
    ? `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
    : path;
}
