/** The story's clock: protocol time, in nanoseconds since the story began, `scale` times the kernel's monotonic clock. */
import { type Duration, type Moment } from '../../lib/units.ts';
import { CLOCK, clockNs } from '../system/native/libc.ts';

/** Longest single setTimeout; Node fires anything above 2^31 ms at once. */
const LONGEST_SLEEP_MS = 1e9;

/**
 * One instant on both of the kernel's clocks. They cannot be read at once: one is read between two readings of the other,
 * and the closest of a few tries counts. Read one after the other they are tens of microseconds apart, and by so much a
 * datagram would seem to come later than it did.
 */
function bothClocks(): { realtimeNs: bigint; monotonicNs: bigint } {
  let best: { realtimeNs: bigint; monotonicNs: bigint; apartNs: bigint } | undefined;
  for (let attempt = 0; attempt < CLOCK_TRIES; attempt++) {
    const before = clockNs(CLOCK.REALTIME);
    const monotonicNs = process.hrtime.bigint();
    const apartNs = clockNs(CLOCK.REALTIME) - before;
    if (apartNs >= 0n && (!best || apartNs < best.apartNs)) best = { realtimeNs: before + apartNs / 2n, monotonicNs, apartNs };
  }
  // The host's clock was set back under each of them: what comes of that is told at the end.
  return best ?? { realtimeNs: clockNs(CLOCK.REALTIME), monotonicNs: process.hrtime.bigint() };
}
const CLOCK_TRIES = 5;

export class Clock {
  readonly scale: number;
  /** CLOCK_REALTIME at the story's begin: what a packet's time stamp is held against. */
  readonly startRealtimeNs: bigint;
  readonly #startNs: bigint;
  readonly #deadlineNs: number;
  readonly #expired: () => Error;

  /** Starts now. Sleeping past the deadline (protocol nanoseconds) throws what `expired` makes. */
  constructor(scale: number, deadlineNs: number, expired: () => Error) {
    this.scale = scale;
    this.#deadlineNs = deadlineNs;
    this.#expired = expired;
    ({ realtimeNs: this.startRealtimeNs, monotonicNs: this.#startNs } = bothClocks());
  }

  get ns(): number {
    return this.#toProtocol(process.hrtime.bigint());
  }

  moment(what: string): Moment {
    return { ns: this.ns, what };
  }

  /** An instant of the kernel's CLOCK_REALTIME (a packet's time stamp) on the story's clock. */
  fromRealtime(realtimeNs: bigint): number {
    return this.#elapsed(realtimeNs - this.startRealtimeNs);
  }

  /** How far the host's CLOCK_REALTIME was stepped or slewed against its monotonic clock since the story began, ns of the kernel's clock. */
  realtimeDriftNs(): number {
    const { realtimeNs, monotonicNs } = bothClocks();
    return Number(realtimeNs - this.startRealtimeNs - (monotonicNs - this.#startNs));
  }

  /** Resolves once protocol time has reached the instant; never before. */
  async until(ns: number): Promise<void> {
    if (ns > this.#deadlineNs) {
      await this.#sleepTo(this.#deadlineNs);
      throw this.#expired();
    }
    await this.#sleepTo(ns);
  }

  passes(length: Duration): Promise<void> {
    return this.until(this.ns + length.ns);
  }

  /** Milliseconds of the kernel's clock until an instant of protocol time, rounded up; 0 if it is over. */
  realMsUntil(ns: number): number {
    return Math.max(0, Math.ceil((ns - this.ns) / this.scale / 1e6));
  }

  #toProtocol(monotonicNs: bigint): number {
    return this.#elapsed(monotonicNs - this.#startNs);
  }

  #elapsed(elapsed: bigint): number {
    return this.scale === 1 ? Number(elapsed) : Math.round(Number(elapsed) * this.scale);
  }

  async #sleepTo(ns: number): Promise<void> {
    for (let left = this.realMsUntil(ns); left > 0; left = this.realMsUntil(ns)) {
      const wait = Math.min(left, LONGEST_SLEEP_MS);
      await new Promise<void>((resolve) => { setTimeout(resolve, wait); });
    }
  }
}
