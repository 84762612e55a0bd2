/** Numbers that follow from the run's seed alone. */

/** 64-bit FNV-1a over UTF-16 code units. */
export function hash64(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++) {
    hash ^= BigInt(text.charCodeAt(i));
    hash = (hash * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  // FNV mixes its last bytes badly: one round of splitmix64's finalizer.
  hash ^= hash >> 30n;
  hash = (hash * 0xbf58476d1ce4e5b9n) & 0xffffffffffffffffn;
  hash ^= hash >> 27n;
  hash = (hash * 0x94d049bb133111ebn) & 0xffffffffffffffffn;
  return hash ^ (hash >> 31n);
}

/** A locally administered unicast MAC for one interface; another seed gives another one. */
export function macFor(seed: number, node: string, device: string): string {
  const bits = hash64(`mac/${seed}/${node}/${device}`).toString(16).padStart(16, '0');
  return ['02', bits.slice(0, 2), bits.slice(2, 4), bits.slice(4, 6), bits.slice(6, 8), bits.slice(8, 10)].join(':');
}

/** A stream of numbers in [0, 1) (splitmix64). */
export function randomFrom(seed: number, purpose: string): () => number {
  let state = hash64(`${purpose}/${seed}`);
  return () => {
    state = (state + 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & 0xffffffffffffffffn;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & 0xffffffffffffffffn;
    z ^= z >> 31n;
    return Number(z >> 11n) / 2 ** 53;
  };
}
