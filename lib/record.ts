/**
 * The run record: what `results/<run-id>/run.json` holds. An interface for CI systems: additive changes only
 * within a schema version. Times are protocol time in seconds unless the name says `wall`.
 * docs/run-json.md describes it; `lib/render/run-schema.ts` checks it.
 */

/** held, broken: the claims were decided. skipped: a capability is missing. errored: we or the machine failed. crashed: the kernel did. */
export type Verdict = 'held' | 'broken' | 'skipped' | 'errored' | 'crashed';

/** A claim cannot be skipped or crash: it is decided, or (over zero samples, without a positive control) errored. */
export type ClaimVerdict = 'held' | 'broken' | 'errored';

/** One question asked of a timeline, with its window and its answer. */
export interface ClaimRecord {
  /** In words: "bob stops hearing 239.192.5.5". */
  claim: string;
  verdict: ClaimVerdict;
  /** "between 260 s and 276.384 s after the last report". */
  expected: string;
  /** "261.2 s after the last report". */
  observed: string;
  /** When the claim was decided, protocol seconds since the story began. */
  atS: number;
  /** When that happened which decided it: the first lost datagram, the frame, the change of state. Absent where no single instant did. */
  observedAtS?: number;
  /** Protocol seconds since the story began. */
  windowS?: { from: number; to: number };
  /** Why the bound is what it is, one reason a line: protocol timer, timer wheel, jitter. */
  reasons: string[];
  /** The numbers that decided it; the unit is the end of the name: `outageS`, `lostDatagrams`, `latencyMs`. */
  figures: Record<string, number>;
  /** The frames around the deciding instant, one decoded line each; empty when held. */
  evidence: string[];
}

/** A table of the kernel as it stood at one instant, for the report. */
export interface Readout {
  /** "vmbr0 querier", "vmbr0 MDB", "vmbr0 FDB", "bond0". */
  title: string;
  atS: number;
  /** Preformatted lines. */
  lines: string[];
  /** The same for programs, where there is more to compute with; units end the names. */
  rows?: Record<string, string | number>[];
}

/** Who was without, from when until when. */
export interface AffectedRecord {
  /** "alice → 239.192.5.5", "outside pings 192.0.2.2". */
  flow: string;
  receiver: string;
  /** When the first that was lost was sent, and the last: protocol seconds since the story began. */
  fromS: number;
  toS: number;
  lost: number;
  /** It lasted to the end of what was watched. */
  open: boolean;
}

/** A line of events.ndjson or a frame of capture.pcapng, both counted from 1, and what it says. */
export interface EvidenceRecord {
  atS?: number;
  event?: number;
  frame?: number;
  text: string;
}

/** Where something is written to set it right, and the lines. */
export interface CureRecord {
  where: string;
  lines: string[];
  note?: string;
}

/** Why something was lost, as the variant's own record shows it. lib/diagnosis makes them. */
export interface FindingRecord {
  /** One of lib/diagnosis/kinds.ts; more may come. */
  kind: string;
  title: string;
  sure: 'certain' | 'likely' | 'possible';
  /** The bridge, port or machine where it was lost. */
  where: string;
  /** In sentences. */
  what: string;
  affects: AffectedRecord[];
  evidence: EvidenceRecord[];
  cures: CureRecord[];
}

/** A place where scenarios ran. */
export interface KernelRecord {
  /** Key that results refer to, unique in the run: "qemu:6.1.0-56-cloud-amd64", "running:6.18.44". */
  id: string;
  place: 'running' | 'qemu' | 'uml';
  /** uname -r. */
  release: string;
  /** uname -v. */
  version: string;
  /** Timer interrupts a second; it decides the timer wheel's steps. 0 when the kernel never came up. */
  hz: number;
  /** Path of the image that was booted; absent on the running kernel. */
  image?: string;
  /** CPUs that it may use, as it says itself; absent when the kernel never came up. A machine in virtual time has one. */
  cpus?: number;
  /** -icount shift: one guest instruction takes 2^shift ns. Only in virtual time under QEMU. */
  icountShift?: number;
  /** Why this place was taken. */
  reason: string;
}

/** One variant of one scenario on one kernel. */
export interface ResultRecord {
  /** Path below scenarios/ without the ending: "multicast/membership-expiry". */
  scenario: string;
  title: string;
  variant: string;
  /** A negative control: a setting for which the claims must come out broken. */
  control: boolean;
  /** Rows of the case list: "A1". */
  cases: string[];
  /** A KernelRecord's id. */
  kernel: string;
  seed: number;
  /** "warp" (virtual time), "real", "scaled=100". */
  time: string;
  verdict: Verdict;
  /** What this variant should give. */
  expected: 'held' | 'broken';
  /** Of a control: the claims that must break, each part of a claim's words or a pattern /…/. Absent: any will do. */
  breaks?: string[];
  /** verdict equals expected, and what breaks is what must. A skip is neither as expected nor a failure. */
  asExpected: boolean;
  /** For skipped, errored, crashed: what was missing or what failed, and what to do about it. */
  reason?: string;
  claims: ClaimRecord[];
  /** Figures of the whole story, units at the end of the names. */
  figures: Record<string, number>;
  /** Protocol time that the story took. */
  protocolS: number;
  /** Wall time from launch to verdict, boot included. */
  wallS: number;
  readouts: Readout[];
  /** Why datagrams or pings were lost; empty when none were. */
  findings: FindingRecord[];
  /** Kinds of findings that this variant should give; absent when its scenario does not say. */
  diagnosis?: string[];
  /** Files of this result, relative to the run's folder: plan.sh, events.ndjson, captures, console.log. */
  files: string[];
  /** What a reader should know beside the verdict: the running kernel's log could not be read, or complained of something of others'. */
  notes?: string[];
  /** A command that repeats exactly this result. */
  replay: string;
}

export interface RunRecord {
  schema: 'wirewarp.run';
  schemaVersion: 1;
  /** Name of the folder in results/. */
  runId: string;
  wirewarp: string;
  /** ISO 8601, the host's clock. */
  startedAt: string;
  endedAt: string;
  wallS: number;
  /** Ctrl-C: results hold what was done until then. */
  interrupted: boolean;
  command: string[];
  machine: { node: string; platform: string; release: string; cpus: number };
  kernels: KernelRecord[];
  results: ResultRecord[];
  /** Of `wirewarp sweep`: the same stories under many seeds. */
  sweep?: SweepRecord;
}

/** Many seeds. Of results whose files were not kept, `files` and `readouts` are empty. */
export interface SweepRecord {
  /** As asked for; an interrupted sweep has results of some of them. */
  seeds: number[];
  /** What was asked to be measured; absent: each story's deciding figure. */
  figure?: string;
  stories: SweptRecord[];
}

/** One variant on one kernel, under all its seeds. */
export interface SweptRecord {
  scenario: string;
  variant: string;
  control: boolean;
  kernel: string;
  /** How many ran. */
  seeds: number;
  asExpected: number;
  verdicts: Record<Verdict, number>;
  /** What was measured; absent where no claim measured anything. */
  figure?: string;
  /** Names of all figures that could be measured. */
  figures: string[];
  /** Absent where no seed has that figure. */
  distribution?: Distribution;
  /** Seeds that did not come out as expected, rising. */
  unexpectedSeeds: number[];
  /** The smallest of them, one that broke or crashed before one that errored. */
  smallestUnexpected?: { seed: number; verdict: Verdict; replay: string };
}

/** How the values of a figure lie. */
export interface Distribution {
  count: number;
  min: number;
  p05: number;
  p25: number;
  median: number;
  p75: number;
  p95: number;
  max: number;
  mean: number;
  bins: Bin[];
}

/** One bar of a histogram. */
export interface Bin {
  /** Inclusive. */
  from: number;
  /** Exclusive, but for the last bin. */
  to: number;
  count: number;
  /** Of those, from seeds that did not come out as expected. */
  unexpected: number;
}

/** What the runner tells as it goes; progress renderers and the run record are both fed from these. */
export type RunEvent =
  | { type: 'run-started'; runId: string; total: number; jobs: number; dir: string }
  | { type: 'kernel-chosen'; kernel: string; reason: string }
  | { type: 'started'; key: string; scenario: string; variant: string; kernel: string }
  /** step: what the story does now, in words. */
  | { type: 'progress'; key: string; step: string; protocolS: number; wallS: number }
  | { type: 'finished'; key: string; result: ResultRecord }
  | { type: 'run-finished'; record: RunRecord };
