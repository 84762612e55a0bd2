/** One contract for every place where a story can run. */
import type { AgentRecord, Job } from '../agent/protocol.ts';
import type { Bundle } from '../programs/bundle.ts';

export interface Launched {
  /** Records as they come; ends after `bye`, or when the place died. */
  records: AsyncIterable<AgentRecord>;
  /** What the kernel said, so far. */
  console(): Promise<string>;
  /** Of a kernel that others use too: which processes in it are ours, how many lines its log has so far, or why it cannot be read. */
  shared?(): { readonly pids: readonly number[]; readonly lines?: number; readonly unread?: string };
  /** How the place ended; known when `records` has ended. */
  ending(): Ending;
  /** End it at once and remove everything of it. Safe to call twice. */
  kill(): Promise<void>;
}

export type Ending =
  | { how: 'done' }
  /** The wall-clock deadline passed, or nothing was heard for too long. */
  | { how: 'deadline'; detail: string; /** Of the time in which it wanted a processor, the part in which others had it. */ waitedShare?: number }
  /** The process ended before its last word. */
  | { how: 'died'; detail: string }
  /** Not the kernel's doing: there was no program, no memory, or somebody killed it. */
  | { how: 'failed'; detail: string };

/** Where the running kernel's agent finds its programs: in a result's folder, while the story runs. */
export const PROGRAMS_FOLDER = '.programs';

/** Where a User-Mode Linux kernel keeps its pid file: in a result's folder, while it runs. */
export const UML_FOLDER = '.uml';

/** What a story needs beyond our own agent. */
export interface Extras {
  readonly bundle: Bundle;
  /** Kernel modules by name. */
  readonly modules: readonly string[];
}

export interface LaunchOptions {
  /** A folder of this result's own, for the console log and sockets; removed by the caller. */
  dir: string;
  /** Wall time after which the place is ended. */
  wallDeadlineMs: number;
  extras?: Extras | undefined;
  /** Aborted: the place is not wanted any more, also while what it goes on from is being made. */
  signal?: AbortSignal;
  /** Boot it, though one that has booted may be at hand. */
  fresh?: boolean;
}

/** A place that is ready to launch jobs. */
export interface Kernel {
  readonly id: string;
  readonly place: 'running' | 'qemu' | 'uml';
  /** Path of the image, where one is booted. */
  readonly image?: string;
  readonly icountShift?: number;
  /** Virtual CPUs that it was asked to have. */
  readonly cpus?: number;
  /** Time in it: virtual time costs nothing to sleep through. */
  readonly virtualTime: boolean;
  launch(job: Job, options: LaunchOptions): Promise<Launched>;
}
