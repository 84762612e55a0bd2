/** GCRA: one message an interval on average, and a burst of up to five more at once, for one sender. */
export const BURST = 5;

export class RateLimit {
  readonly #intervalNs: number;
  /** When the next one is due at the average rate. */
  #due = -Infinity;

  /** 0: no limit. */
  constructor(intervalNs: number) { this.#intervalNs = intervalNs; }

  allows(nowNs: number): boolean {
    if (this.#intervalNs === 0) return true;
    const due = Math.max(nowNs, this.#due);
    if (due - nowNs > BURST * this.#intervalNs) return false;
    this.#due = due + this.#intervalNs;
    return true;
  }
}

/** Senders that something is kept of: no more than `most`, the one longest unheard goes first. */
export class Remembered<T> {
  readonly #entries = new Map<string, T>();
  readonly #most: number;

  constructor(most: number) { this.#most = most; }

  get size(): number { return this.#entries.size; }

  get(key: string): T | undefined {
    const found = this.#entries.get(key);
    if (found === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, found);
    return found;
  }

  set(key: string, value: T): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#most) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
