/** Round trips as each of the originals counts them, to the digit: one in whole microseconds, the other in doubles of nanoseconds. */

/** ssmping: integers throughout, the deviation of the population from the truncated mean. */
export class SsmStatistics {
  received = 0;
  /** Lowest sequence number seen; what multicast loss is counted from. */
  first = Infinity;
  #min = Infinity;
  #max = 0;
  #sum = 0;
  #squares = 0;

  add(sequence: number, us: number): void {
    this.received++;
    this.first = Math.min(this.first, sequence);
    this.#min = Math.min(this.#min, us);
    this.#max = Math.max(this.#max, us);
    this.#sum += us;
    this.#squares += us * us;
  }

  get figures(): { min: number; avg: number; max: number; deviation: number } {
    if (this.received === 0) return { min: 0, avg: 0, max: 0, deviation: 0 };
    const avg = Math.trunc(this.#sum / this.received);
    return { min: this.#min, avg, max: this.#max, deviation: Math.floor(Math.sqrt(Math.max(0, Math.trunc(this.#squares / this.received) - avg * avg))) };
  }
}

/** Whole per cent of `sent` that did not arrive, cut off. */
export const ssmLoss = (sent: number, received: number): number => (sent <= 0 ? 0 : Math.max(0, Math.trunc(((sent - received) * 100) / sent)));

/** omping: running mean and sample deviation. */
export class OmpingStatistics {
  received = 0;
  duplicates = 0;
  /** Sequence number of the first answer that came; 0 before. */
  first = 0;
  /** Times are absent from answers that echo none. */
  timed = 0;
  #min = Infinity;
  #max = 0;
  #mean = 0;
  #squares = 0;

  add(sequence: number, ns: number | undefined): void {
    if (this.received++ === 0) this.first = sequence;
    if (ns === undefined) return;
    this.timed++;
    this.#min = Math.min(this.#min, ns);
    this.#max = Math.max(this.#max, ns);
    const delta = ns - this.#mean;
    this.#mean += delta / this.timed;
    this.#squares += delta * (ns - this.#mean);
  }

  /** Nanoseconds. */
  get figures(): { min: number; avg: number; max: number; deviation: number } {
    if (this.timed === 0) return { min: 0, avg: 0, max: 0, deviation: 0 };
    return { min: this.#min, avg: this.#mean, max: this.#max, deviation: this.timed < 2 ? 0 : Math.sqrt(this.#squares / (this.timed - 1)) };
  }
}

/** In doubles and cut off: four of five is 19 %. */
export const ompingLoss = (sent: number, received: number): number => (sent <= 0 || received > sent ? 0 : Math.trunc((1 - received / sent) * 100));
