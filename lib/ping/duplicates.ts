/** Which numbers came already: a table of slots, each with the last number that fell into it. Its memory is bounded. */
export class Duplicates {
  readonly #slots: Float64Array;

  /** 0: nothing is ever taken for a duplicate. */
  constructor(slots: number) {
    this.#slots = new Float64Array(slots).fill(-1);
  }

  /** Notes a number; true when it was there. */
  isRepeat(sequence: number): boolean {
    if (this.#slots.length === 0) return false;
    const at = sequence % this.#slots.length;
    if (this.#slots[at] === sequence) return true;
    this.#slots[at] = sequence;
    return false;
  }
}

/** ssmping's, for each of unicast and multicast. */
export const SSM_SLOTS = 100;
/** omping's: two minutes of answers, at least 1024; none at interval 0. */
export const ompingSlots = (intervalMs: number): number => (intervalMs === 0 ? 0 : Math.max(1024, Math.floor(120_000 / intervalMs) + 1));
