/**
 * What passes between the command and an agent. The agent is the process in which a story runs: PID 1 of a VM, or a
 * child in namespaces of the running kernel. It is given one job and answers with records, one JSON text a line.
 */
import type { ClaimRecord, Readout, Verdict } from '../../lib/record.ts';

/** Everything that may influence a story, and nothing else: no run id, no date, no host name. */
export interface Job {
  scenario: string;
  variant: string;
  control: boolean;
  seed: number;
  /** Protocol time runs this many times faster than the kernel's clock. 1 in virtual time. */
  scale: number;
  /** Which interfaces are captured beside those that claims need. */
  capture: 'claims' | 'all';
  /** The story may take this long, in protocol seconds. */
  deadlineS: number;
  /** Virtual time is promised: check it before the story. */
  warp: boolean;
}

export type AgentRecord =
  /** First word: the kernel that answers. */
  | { t: 'hello'; release: string; version: string; hz: number; /** That it may use. */ cpus: number; clockNs: number }
  /** A long timer was slept through; the host compares with its own clock. */
  | { t: 'warp'; phase: 'begin' | 'end'; sleptS: number }
  | { t: 'capabilities'; present: string[]; missing: Record<string, string> }
  /** `upS`: seconds of the kernel's monotonic clock, which its log is timed by, or nearly so. */
  | { t: 'step'; atS: number; upS: number; text: string }
  /** Every few seconds of the kernel's clock while a story is told: its time goes on. */
  | { t: 'alive'; atS: number }
  /** A file of the result; large ones come in parts, in order. */
  | { t: 'file'; name: string; part: number; last: boolean; encoding: 'gzip-base64'; data: string }
  | { t: 'result'; result: AgentResult }
  /** Nothing but the job is missing: the machine stops after this, and goes on as often as there are jobs (frozen.ts). */
  | { t: 'stopping' }
  /** There will be no result: the agent itself failed, not the kernel. */
  | { t: 'failed'; reason: string }
  /** Last word: everything before it arrived whole. */
  | { t: 'bye' };

/** What the agent knows of a result; the host adds kernel, wall time, files and replay line. */
export interface AgentResult {
  title: string;
  cases: string[];
  expected: 'held' | 'broken';
  verdict: Verdict;
  reason?: string;
  claims: ClaimRecord[];
  figures: Record<string, number>;
  protocolS: number;
  readouts: Readout[];
  /** Wall or virtual nanoseconds spent in each phase, for the benchmarks. */
  phasesMs: Record<string, number>;
}

/** In place of a job: boot, stop, and be told it after that. */
export const LATER = 'later';
/** Where a machine that was stopped finds its job: QEMU's own name for it. */
export const FROZEN_JOB = 'opt/wirewarp/job';
/** A kernel asks once how long that is, in its boot. */
export const FROZEN_JOB_BYTES = 2048;

export const encodeJob = (job: Job): string => Buffer.from(JSON.stringify(job)).toString('base64url');
export const decodeJob = (text: string): Job => JSON.parse(Buffer.from(text, 'base64url').toString()) as Job;
