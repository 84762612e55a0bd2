/** Values for round trips and fuzzing, the same for the same seed. */

export interface Generator {
  /** From 0 up to, not including, `below`. */
  below(below: number): number;
  flag(): boolean;
  bytes(length: number): Uint8Array;
  pick<T>(values: readonly T[]): T;
  list<T>(most: number, make: () => T): T[];
}

/** mulberry32: 32 bits of state, good enough to spread test values. */
export function generator(seed: number): Generator {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    flag: () => below(2) === 1,
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
    pick: (values) => {
      const value = values[below(values.length)];
      if (value === undefined) throw new RangeError('nothing to pick from');
      return value;
    },
    list: (most, make) => Array.from({ length: below(most + 1) }, make),
  };
}

/** Damage of the kinds a capture can have: bits, bytes, cuts, repeats. */
export function mutate(g: Generator, bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (let i = g.below(4); i >= 0 && copy.length > 0; i--)
    copy[g.below(copy.length)] = g.pick([0, 1, 0x7f, 0x80, 0xff, g.below(256)]);
  const cut = g.below(4) === 0 ? copy.subarray(0, g.below(copy.length + 1)) : copy;
  return g.below(8) === 0 ? Uint8Array.from([...cut, ...g.bytes(g.below(40))]) : cut;
}
