/** "1..1000", "7", "1..50,99": which seeds. */

/** A year of sweeping; more is a slip of the finger. */
const MOST = 1_000_000;

export type Seeds = { readonly seeds: readonly number[] } | { readonly fault: string };

/** In the order in which they are written, each once. */
export function parseSeeds(text: string): Seeds {
  const seeds = new Set<number>();
  for (const part of text.split(',')) {
    const [, first = '', second] = /^\s*(\d+)\s*(?:(?:\.\.|-)\s*(\d+)\s*)?$/.exec(part) ?? [];
    if (first === '') return { fault: `${JSON.stringify(part.trim())} is neither a seed nor a range such as 1..200` };
    const [from, to] = [Number(first), Number(second ?? first)];
    if (![from, to].every(Number.isSafeInteger)) return { fault: `${part.trim()}: a seed is at most ${Number.MAX_SAFE_INTEGER}` };
    if (from > to) return { fault: `${part.trim()} runs backwards: write ${to}..${from}` };
    if (seeds.size + (to - from) >= MOST) return { fault: `${text}: that is more than ${MOST} seeds` };
    for (let seed = from; seed <= to; seed++) seeds.add(seed);
  }
  return { seeds: [...seeds] };
}

/** The other way round: "1..50, 99". */
export function seedsText(seeds: readonly number[]): string {
  const parts: [from: number, to: number][] = [];
  for (const seed of [...new Set(seeds)].sort((a, b) => a - b)) {
    const last = parts.at(-1);
    if (last && seed === last[1] + 1) last[1] = seed;
    else parts.push([seed, seed]);
  }
  return parts.map(([from, to]) => (from === to ? String(from) : `${from}..${to}`)).join(', ');
}
