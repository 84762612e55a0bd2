/**
 * A program that runs on a machine of the lab, unmodified: a child born in that machine's namespaces. Each line that it
 * writes is kept with its instant; stories wait for lines, claims look back at them.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { StateTimeline } from '../../lib/timeline.ts';
import { type Duration, formatDuration, type Moment, s } from '../../lib/units.ts';
import type { Clock } from '../lab/clock.ts';

export interface ProgramOptions {
  /** Files of the machine's own, written before the program starts: { '/etc/x.conf': text }. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Folders that it wants to find: '/var/lib/x'. /run, /tmp, /dev/shm, /var/lib and /var/log are there. */
  readonly folders?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Its standard input; nothing otherwise. */
  readonly input?: string;
}

export interface OutputLine {
  readonly ns: number;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** How a program came to its end: one of both. */
export interface ProgramEnd {
  readonly status: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly at: Moment;
}

export interface ProgramParts {
  /** "corosync on n1". */
  readonly what: string;
  readonly machine: string;
  readonly name: string;
  readonly clock: Clock;
  /** Starts it where it shall run. */
  readonly start: () => ChildProcess;
  readonly onLine: (line: OutputLine) => void;
  readonly onEnd: (end: ProgramEnd) => void;
  /** A state that claims can ask for takes a value. */
  readonly learn: (key: string, value: string, ns: number) => StateTimeline;
  readonly timeline: (key: string) => StateTimeline;
}

interface Waiter { readonly pattern: RegExp; readonly afterNs: number; readonly resolve: (moment: Moment) => void; readonly reject: (error: Error) => void }

/** So much is kept of what a program says; one that says more is cut, and that is said. */
const MOST_LINES = 20_000;
/** Long enough for a program that waits for others; in virtual time waiting costs nothing. */
const PATIENCE = s(60);
/** Of what it said last, in an error. */
const LAST_WORDS = 12;

export class Program {
  readonly name: string;
  /** "corosync on n1". */
  readonly what: string;
  readonly output: OutputLine[] = [];
  readonly began: Moment;
  readonly #parts: ProgramParts;
  readonly #child: ChildProcess;
  readonly #ended: Promise<ProgramEnd>;
  readonly #waiters = new Set<Waiter>();
  readonly #states: { key: string; pattern: RegExp }[] = [];
  #end: ProgramEnd | undefined;
  /** Read so far, to see that nothing more comes. */
  #chunks = 0;

  private constructor(parts: ProgramParts, child: ChildProcess) {
    this.#parts = parts;
    this.#child = child;
    this.name = parts.name;
    this.what = parts.what;
    this.began = parts.clock.moment(`${parts.what} started`);
    parts.learn(this.what, 'running', this.began.ns);
    for (const [stream, from] of [['stdout', child.stdout], ['stderr', child.stderr]] as const) {
      from?.on('data', () => { this.#chunks++; });
      if (from) follow(from, (text) => { this.#line({ ns: parts.clock.ns, stream, text }); });
    }
    this.#ended = new Promise((resolve) => {
      // Not "close": a daemon that it left behind may hold its output open for good.
      child.once('exit', (status, signal) => {
        const end = { status: status ?? undefined, signal: signal ?? undefined, at: parts.clock.moment(`${parts.what} ended`) };
        void this.#drained().then(() => { ended(end); });
      });
      const ended = (end: ProgramEnd): void => {
        this.#end = end;
        parts.learn(this.what, how(end), end.at.ns);
        for (const waiter of this.#waiters) waiter.reject(this.#unsaid(waiter.pattern));
        this.#waiters.clear();
        parts.onEnd(end);
        resolve(end);
      };
    });
  }

  /** Resolves when it runs; what the system says otherwise is the error. */
  static async start(parts: ProgramParts, input: string | undefined): Promise<Program> {
    const child = parts.start();
    const program = new Program(parts, child);
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => { reject(new Error(`cannot run ${parts.what}: ${error.message}`, { cause: error })); });
    });
    child.on('error', () => undefined);
    // One that ends without reading all of it has had enough.
    child.stdin?.on('error', () => undefined).end(input ?? '');
    return program;
  }

  /** As this process numbers it. */
  get pid(): number { return this.#child.pid ?? -1; }

  /** How it ended; undefined while it runs. */
  get ended(): ProgramEnd | undefined { return this.#end; }

  /** "running", then "ended with status 0". */
  get state(): StateTimeline { return this.#parts.timeline(this.what); }

  /** The first line that matches, of all it said since `after` (its start) or says within so long. */
  async says(pattern: RegExp, within: Duration = PATIENCE, after: Moment = this.began): Promise<Moment> {
    const there = this.output.find((line) => line.ns >= after.ns && matches(pattern, line.text));
    if (there) return this.#moment(there);
    if (this.#end) throw this.#unsaid(pattern);
    const { clock } = this.#parts;
    let waiter: Waiter | undefined;
    const said = new Promise<Moment>((resolve, reject) => {
      waiter = { pattern, afterNs: after.ns, resolve, reject };
      this.#waiters.add(waiter);
    });
    const late = clock.until(clock.ns + within.ns).then(() => { throw new Error(`${this.what} did not say ${String(pattern)} within ${formatDuration(within)}; ${this.#lastWords()}`); });
    try {
      return await Promise.race([said, late]);
    } finally {
      if (waiter) this.#waiters.delete(waiter);
      late.catch(() => undefined);
    }
  }

  /**
   * A state that its lines tell, for claims: the pattern's first group is the value. `shows('members', /Members\[(\d+)\]/)`
   * is "3" from the line on that says so.
   */
  shows(state: string, pattern: RegExp): StateTimeline {
    const key = `${this.what} ${state}`;
    this.#states.push({ key, pattern });
    for (const line of this.output) this.#learn(key, pattern, line);
    return this.#parts.timeline(key);
  }

  /** How it ended, once it has; an error if that takes longer. */
  async ends(within: Duration = PATIENCE): Promise<ProgramEnd> {
    if (this.#end) return this.#end;
    const { clock } = this.#parts;
    const late = clock.until(clock.ns + within.ns).then(() => { throw new Error(`${this.what} has not ended within ${formatDuration(within)}; ${this.#lastWords()}`); });
    late.catch(() => undefined);
    return Promise.race([this.#ended, late]);
  }

  /** As `ends`, and an end other than status 0 is an error that holds its last words. */
  async succeeds(within: Duration = PATIENCE): Promise<string> {
    const end = await this.ends(within);
    if (end.status !== 0) throw new Error(`${this.what} ${how(end)}; ${this.#lastWords()}`);
    return this.output.filter(({ stream }) => stream === 'stdout').map(({ text }) => text).join('\n');
  }

  /** Sends a signal, and resolves when it has ended. */
  async stops(signal: NodeJS.Signals = 'SIGTERM', within: Duration = PATIENCE): Promise<ProgramEnd> {
    this.signals(signal);
    return this.ends(within);
  }

  signals(signal: NodeJS.Signals): Moment {
    this.#child.kill(signal);
    return this.#parts.clock.moment(`${this.what} was sent ${signal}`);
  }

  /** It and its streams are gone: for the end of the story. */
  async killed(): Promise<void> {
    if (this.#end === undefined) this.#child.kill('SIGKILL');
    // A child of its own that holds its output open does not hold us up.
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    await this.#ended;
  }

  /** What it wrote last is in the pipes when it exits: read until they bring nothing more. */
  async #drained(): Promise<void> {
    for (let chunks = -1; chunks !== this.#chunks;) {
      chunks = this.#chunks;
      for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => { setImmediate(resolve); });
    }
  }

  #line(line: OutputLine): void {
    if (this.output.length > MOST_LINES) return;
    const kept = this.output.length < MOST_LINES ? line : { ...line, text: `… (${this.what} says more than ${MOST_LINES} lines: the rest is not kept)` };
    this.output.push(kept);
    this.#parts.onLine(kept);
    for (const { key, pattern } of this.#states) this.#learn(key, pattern, kept);
    for (const waiter of [...this.#waiters]) {
      if (kept.ns < waiter.afterNs || !matches(waiter.pattern, kept.text)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(this.#moment(kept));
    }
  }

  #learn(key: string, pattern: RegExp, line: OutputLine): void {
    pattern.lastIndex = 0;
    const found = pattern.exec(line.text);
    if (found) this.#parts.learn(key, found[1] ?? found[0], line.ns);
  }

  #moment(line: OutputLine): Moment {
    return { ns: line.ns, what: `${this.what} said "${line.text.trim()}"` };
  }

  #unsaid(pattern: RegExp): Error {
    return new Error(`${this.what} ${this.#end ? how(this.#end) : 'ended'} and had not said ${String(pattern)}; ${this.#lastWords()}`);
  }

  #lastWords(): string {
    const words = this.output.slice(-LAST_WORDS).map(({ text }) => text);
    return words.length === 0 ? 'it said nothing' : `its last words:\n${words.join('\n')}`;
  }
}

const how = ({ status, signal }: Pick<ProgramEnd, 'status' | 'signal'>): string => (signal === undefined ? `ended with status ${String(status)}` : `was ended by ${signal}`);

/** A pattern with a flag that remembers its place would miss every other line. */
function matches(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(text);
}

/** Whole lines as they come; what a stream ends in without a newline is a line too. */
function follow(stream: NodeJS.ReadableStream, onLine: (text: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line.replace(/\r$/, ''));
  });
  stream.on('end', () => { if (rest !== '') onLine(rest); });
}

/** A child born where the calling thread is. */
export function startProgram(path: string, args: readonly string[], env: Readonly<Record<string, string>>, withInput: boolean): ChildProcess {
  return spawn(path, [...args], { stdio: [withInput ? 'pipe' : 'ignore', 'pipe', 'pipe'], env, cwd: '/' });
}
