/**
 * Running other programs. The only importer of execa.
 *
 * `exec` is for programs that do one thing and end; `start` for those that live beside us (QEMU, tcpdump). Both end in
 * an `ExecError` that says what was being done, with which command, and what the system said, so that callers need
 * not dress it up again.
 */
import { execa, ExecaError, type Options, type Result } from 'execa';

/** How a program is run. */
export interface ExecOptions {
  /** What this is for, as the end of "Cannot …": "add the bridge vmbr0". Stands first in the error. */
  readonly doing: string;
  /** Bytes for its standard input; nothing by default. */
  readonly input?: string | Uint8Array;
  /** Added to our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** After this long it is terminated, and killed two seconds later. Programs that do one thing have 30 s. */
  readonly timeoutMs?: number;
  /** Ends the program when the work as a whole is given up. */
  readonly signal?: AbortSignal;
  /** Exit codes that are an answer, not a failure. 0 by default. */
  readonly okCodes?: readonly number[];
}

/** What a program that ended well has said. */
export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** A program that lives beside us. `ended` settles once it is gone; leaving it unawaited loses no error of others. */
export interface Started {
  readonly pid: number;
  readonly stdin: NodeJS.WritableStream | null;
  readonly stdout: NodeJS.ReadableStream | null;
  readonly stderr: NodeJS.ReadableStream | null;
  readonly ended: Promise<Ended>;
  /** What it writes to a further descriptor that is a pipe, counted as `stdio` counts: 3 is the first. */
  extra(descriptor: number): NodeJS.ReadableStream | undefined;
  /** SIGTERM unless said otherwise; false when it was gone already. */
  kill(signal?: NodeJS.Signals): boolean;
}

/** How a program that lived beside us came to its end. */
export interface Ended {
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  /** The end of its standard error, where that is a pipe. */
  readonly stderr: string;
  /** Present when it could not be started, or ended otherwise than asked for. */
  readonly error: ExecError | undefined;
}

/** How a program beside us is started. */
export interface StartOptions extends Omit<ExecOptions, 'input' | 'okCodes'> {
  /** Each "ignore", "pipe", "inherit" or a file descriptor. By default: ignore, ignore, pipe. Further ones become 3, 4, … */
  readonly stdio?: readonly ('ignore' | 'pipe' | 'inherit' | number)[];
  /**
   * A process group of its own, so that Ctrl-C on the terminal reaches us and not it. It then no longer ends with us
   * by itself: ask the kernel for that (setpriv --pdeathsig).
   */
  readonly detached?: boolean;
}

/** Everything known about a failure. `message` tells it as a sentence. */
export class ExecError extends Error {
  override readonly name = 'ExecError';
  readonly doing: string;
  readonly command: string;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
  /** The program that is not on this machine, if that was the reason. */
  readonly missingProgram: string | undefined;

  constructor(facts: {
    doing: string;
    command: string;
    reason: string;
    exitCode?: number | undefined;
    signal?: string | undefined;
    timedOut?: boolean;
    stdout?: string;
    stderr?: string;
    missingProgram?: string | undefined;
    cause?: unknown;
  }) {
    const said = (facts.stderr ?? '').trim();
    const message = `Cannot ${facts.doing}: ${facts.reason}.\n  command: ${facts.command}`;
    super(said === '' ? message : `${message}\n  it said: ${said.replaceAll('\n', '\n           ')}`, {
      cause: facts.cause,
    });
    this.doing = facts.doing;
    this.command = facts.command;
    this.exitCode = facts.exitCode;
    this.signal = facts.signal;
    this.timedOut = facts.timedOut ?? false;
    this.stdout = facts.stdout ?? '';
    this.stderr = facts.stderr ?? '';
    this.missingProgram = facts.missingProgram;
  }
}

/** Runs a program to its end. Its output comes back as text, without the last newline. */
export async function exec(program: string, args: readonly string[], options: ExecOptions): Promise<ExecResult> {
  const { stdout, stderr, exitCode } = await run(program, args, options, 'utf8');
  return { stdout: text(stdout), stderr, exitCode };
}

/** Runs a program to its end, for the bytes of its standard output. */
export async function execBytes(program: string, args: readonly string[], options: ExecOptions): Promise<Buffer> {
  const { stdout } = await run(program, args, options, 'buffer');
  return Buffer.from(stdout as Uint8Array);
}

async function run(program: string, args: readonly string[], options: ExecOptions, encoding: 'utf8' | 'buffer') {
  const { timeoutMs = 30_000, okCodes = [0] } = options;
  const settings = {
    ...common(options, timeoutMs),
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    encoding,
    stripFinalNewline: encoding === 'utf8',
    // A status is judged here, by okCodes; what stays an error is that it did not run to its end.
    reject: false,
  };
  const result = await execa(program, args, settings);
  const { exitCode } = result;
  if (
    exitCode !== undefined &&
    okCodes.includes(exitCode) &&
    !result.timedOut &&
    !result.isCanceled &&
    !result.isMaxBuffer
  ) {
    return { stdout: result.stdout, stderr: text(result.stderr), exitCode };
  }
  throw explained(program, result, options, timeoutMs);
}

/** Starts a program that lives beside us. Throws nothing: a program that is missing shows in `ended`. */
export function start(program: string, args: readonly string[], options: StartOptions): Started {
  const [stdin = 'ignore', stdout = 'ignore', stderr = 'pipe', ...more] = options.stdio ?? [];
  const child = execa(program, args, {
    ...common(options, options.timeoutMs),
    stdio: [stdin, stdout, stderr, ...more],
    // A long life can say a lot, and execa kills what says too much: only the end of standard error is kept, by us.
    buffer: false,
    detached: options.detached ?? false,
  } as Options);
  const said = tailOf(child.stderr);
  const ended = child.then(
    (result): Ended => ({ exitCode: result.exitCode, signal: undefined, stderr: said(), error: undefined }),
    (error: unknown): Ended => {
      if (!(error instanceof ExecaError)) throw error;
      return {
        exitCode: error.exitCode,
        signal: error.signal,
        stderr: said(),
        error: explained(program, error, options, options.timeoutMs, said()),
      };
    },
  );
  return {
    pid: child.pid ?? -1,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    ended,
    extra: (descriptor) => child.stdio[descriptor] as unknown as NodeJS.ReadableStream | undefined,
    kill: (signal = 'SIGTERM') => child.kill(signal),
  };
}

/** Folders of system programs that an ordinary user's PATH may lack (Debian's does). */
const systemFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'];

/** Where programs are looked for: the user's PATH first, then the system's folders. */
export function searchPath(path = process.env['PATH'] ?? ''): string {
  const own = path.split(':').filter((folder) => folder !== '');
  return [...own, ...systemFolders.filter((folder) => !own.includes(folder))].join(':');
}

function common({ env, cwd, signal }: Pick<ExecOptions, 'env' | 'cwd' | 'signal'>, timeoutMs: number | undefined) {
  return {
    // Messages are parsed and shown: one language.
    env: { PATH: searchPath(), LC_ALL: 'C', ...env },
    ...(cwd === undefined ? {} : { cwd }),
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
    forceKillAfterDelay: 2000,
    // Dies with us: nothing of ours outlives a failed run.
    cleanup: true,
  } as const;
}

/** Debian's and Ubuntu's package for a program; other distributions' names are in the set-up's messages. */
const packages: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  bridge: 'iproute2',
  tc: 'iproute2',
  tcpdump: 'tcpdump',
  'qemu-system-x86_64': 'qemu-system-x86',
  'qemu-img': 'qemu-utils',
  unshare: 'util-linux',
  setpriv: 'util-linux',
  nsenter: 'util-linux',
  xz: 'xz-utils',
  zstd: 'zstd',
  'dpkg-deb': 'dpkg',
};

function explained(
  program: string,
  error: Outcome,
  { doing, cwd }: Pick<ExecOptions, 'doing' | 'cwd'>,
  timeoutMs: number | undefined,
  stderr = text(error.stderr),
): ExecError {
  const missing = error.code === 'ENOENT' && error.exitCode === undefined;
  return new ExecError({
    doing,
    command: error.escapedCommand,
    reason: missing ? notFound(program, cwd) : reasonOf(program, error, timeoutMs),
    exitCode: error.exitCode,
    signal: error.signal,
    timedOut: error.timedOut,
    stdout: text(error.stdout),
    stderr,
    missingProgram: missing ? program : undefined,
    cause: error.cause,
  });
}

/** What execa tells of a program that failed, thrown or returned. */
type Outcome = Pick<Result, 'timedOut' | 'isCanceled' | 'isMaxBuffer' | 'escapedCommand'> & {
  readonly exitCode?: number;
  readonly signal?: string;
  readonly code?: string;
  readonly originalMessage?: string;
  readonly shortMessage?: string;
  readonly stdout?: unknown;
  readonly stderr?: unknown;
  readonly cause?: unknown;
};

/** ENOENT of a spawn means the program or, less obviously, its working folder. */
function notFound(program: string, cwd: string | undefined): string {
  const owner = packages[program];
  const remedy = owner === undefined ? '' : `; on Debian and Ubuntu: apt-get install --no-install-recommends ${owner}`;
  const where = cwd === undefined ? '' : ` (or the folder ${cwd} does not exist)`;
  return `the program ${program} was not found${where}${remedy}`;
}

function reasonOf(program: string, error: Outcome, timeoutMs: number | undefined): string {
  if (error.timedOut) return `${program} had not ended after ${String(timeoutMs)} ms and was stopped`;
  if (error.isCanceled) return `${program} was stopped because the work was given up`;
  if (error.isMaxBuffer) return `${program} said more than fits in memory`;
  if (error.signal !== undefined) return `${program} was ended by ${error.signal}`;
  if (error.exitCode !== undefined) return `${program} ended with status ${String(error.exitCode)}`;
  return `${program} could not be run (${error.originalMessage ?? error.shortMessage ?? 'no reason given'})`;
}

/** Output is undefined where the stream went elsewhere, and bytes where bytes were asked for. */
function text(output: unknown): string {
  if (output instanceof Uint8Array) return Buffer.from(output).toString().trimEnd();
  return typeof output === 'string' ? output : '';
}

/** Reads along and keeps the last 64 KiB or so: enough for an error message. */
function tailOf(stream: NodeJS.ReadableStream | null): () => string {
  let tail = '';
  stream?.on('data', (chunk: Buffer | string) => {
    tail = (tail + chunk.toString()).slice(-65_536);
  });
  return () => tail.trimEnd();
}
