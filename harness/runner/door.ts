/**
 * Bundling a scenario file that is not part of wirewarp. Its way to our words is `wirewarp/scenario`, or, copied from the
 * catalogue, a relative path that ends in harness/scenario: both lead to the same door, wherever the file lies.
 */
import { join } from 'node:path';
import type { BuildFailure, BuildOptions, Message, Plugin } from 'esbuild';
import { home } from './home.ts';
import type { Fault } from './refusal.ts';

export const doorPlugin = (): Plugin => ({
  name: 'wirewarp-door',
  setup(build) {
    build.onResolve({ filter: /^wirewarp\/scenario$|^\.{1,2}\/(.*\/)?harness\/scenario(\.[jt]s)?$/ }, () => ({
      path: join(home(), 'harness/scenario.ts'),
    }));
  },
});

/** What every bundle of scenarios has in common. */
export const scenarioBuild = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  charset: 'utf8',
  logLevel: 'silent',
  write: false,
  // The agent is CommonJS and cannot wait at the top level; better said when the file is looked at than when a VM is built.
  supported: { 'top-level-await': false },
} as const satisfies BuildOptions;

export const isBuildFailure = (error: unknown): error is BuildFailure =>
  error instanceof Error && 'errors' in error && Array.isArray(error.errors);

/** esbuild's errors, each with file and line. */
export function buildFaults(failure: BuildFailure, file: string): Fault[] {
  return failure.errors.map((message) => ({
    what: `${where(message, file)}: ${message.text}`,
    ...sourceLine(message),
  }));
}

const where = ({ location }: Message, file: string): string =>
  location ? `${location.file}:${location.line}:${location.column + 1}` : file;

function sourceLine({ location }: Message): { help?: string } {
  const text = location?.lineText.trim() ?? '';
  return text === '' ? {} : { help: text };
}
