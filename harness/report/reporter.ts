/**
 * `--reporter`: what goes to stdout and what to stderr. A format for machines has stdout for itself; progress then
 * goes to stderr. Files in results/ are written in any case, by files.ts.
 */
import type { RunEvent, RunRecord } from '../../lib/record.ts';
import { renderJunit } from '../../lib/render/junit.ts';
import { renderTable, renderTroubles } from '../../lib/render/table.ts';
import { renderTap } from '../../lib/render/tap.ts';
import { renderRunJson } from './files.ts';
import { liveProgress, plainProgress, type Progress } from './progress.ts';

export const reporterNames = ['auto', 'plain', 'live', 'tap', 'json', 'junit', 'quiet'] as const;
export type ReporterName = (typeof reporterNames)[number];

/** For a command line's value. */
export function isReporterName(name: string): name is ReporterName {
  return (reporterNames as readonly string[]).includes(name);
}

export interface ReporterOptions {
  stdout?: NodeJS.WriteStream;
  stderr?: NodeJS.WriteStream;
  env?: NodeJS.ProcessEnv;
  /** Monotonic wall milliseconds. */
  now?: () => number;
}

const documents: Partial<Record<ReporterName, (run: RunRecord) => string>> = { tap: renderTap, json: renderRunJson, junit: renderJunit };

/**
 * auto: live on a terminal, else plain. live: on stdout, or stderr, whichever is a terminal; plain if neither is.
 * tap, json, junit: the document on stdout at the end. quiet: only what was not as expected.
 * Dispose it whatever happens: a live region gives the terminal back then.
 */
export function createReporter(name: ReporterName, options: ReporterOptions = {}): Progress {
  const { stdout = process.stdout, stderr = process.stderr, env = process.env, now } = options;
  // `| head` is a reader that has seen enough, not an error of the run.
  for (const stream of [stdout, stderr]) stream.on('error', ignoreClosedPipe);
  const start = (make: typeof liveProgress, stream: NodeJS.WriteStream) => make({ stream, colour: wantsColour(stream, env), ...(now && { now }) });
  const best = (stream: NodeJS.WriteStream) => start(canMoveCursor(stream, env) ? liveProgress : plainProgress, stream);
  const final = (text: (run: RunRecord) => string) => (run: RunRecord) => { stdout.write(text(run)); };
  const table = { columns: stdout.columns || 80, colour: wantsColour(stdout, env) };

  const document = documents[name];
  if (document) return chain(best(stderr), final(document));
  if (name === 'quiet') return chain(undefined, final((run) => renderTroubles(run, table)));
  // A resized terminal counts as it is at the end.
  const endTable = final((run) => `\n${renderTable(run, { ...table, columns: stdout.columns || 80 })}`);
  if (name === 'plain') return chain(start(plainProgress, stdout), endTable);
  const stream = name === 'live' && !canMoveCursor(stdout, env) && canMoveCursor(stderr, env) ? stderr : stdout;
  // A CI system may offer a pseudo-terminal, but its log is read as text.
  return chain(name === 'auto' && env['CI'] ? start(plainProgress, stream) : best(stream), endTable);
}

/** Progress without a document at the end: what comes of the run is the command's to show. */
export function progressOn(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env): Progress {
  stream.on('error', ignoreClosedPipe);
  return (canMoveCursor(stream, env) && !env['CI'] ? liveProgress : plainProgress)({ stream, colour: wantsColour(stream, env) });
}

function chain(progress: Progress | undefined, finish: (run: RunRecord) => void): Progress {
  return {
    event(event: RunEvent) {
      progress?.event(event);
      if (event.type === 'run-finished') finish(event.record);
    },
    [Symbol.dispose]() {
      progress?.[Symbol.dispose]();
    },
  };
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

function canMoveCursor(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY && env['TERM'] !== 'dumb';
}

/** https://no-color.org and FORCE_COLOR first, then what the stream is. */
export function wantsColour(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): boolean {
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR'] !== undefined) return env['FORCE_COLOR'] !== '0';
  return canMoveCursor(stream, env);
}
