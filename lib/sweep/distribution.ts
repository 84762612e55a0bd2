/** How the values of one figure lie: quantiles, and a histogram whose bounds a person can read. */
import type { Bin, Distribution } from '../record.ts';

export interface Sample {
  readonly value: number;
  readonly asExpected: boolean;
}

/** A terminal page's worth. */
const MOST_BINS = 12;

/** Undefined of nothing. */
export function distributionOf(samples: readonly Sample[]): Distribution | undefined {
  if (samples.length === 0) return undefined;
  const sorted = samples.map(({ value }) => value).sort((a, b) => a - b);
  const at = (share: number): number => quantile(sorted, share);
  return {
    count: sorted.length, min: at(0), p05: at(0.05), p25: at(0.25), median: at(0.5), p75: at(0.75), p95: at(0.95), max: at(1),
    mean: sorted.reduce((sum, value) => sum + value / sorted.length, 0), bins: binsOf(samples, at(0), at(1)),
  };
}

/** Between two neighbours in proportion, as most programs do it. `sorted` is not empty. */
export function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? NaN;
  return below + (above - below) * (place - Math.floor(place));
}

function binsOf(samples: readonly Sample[], min: number, max: number): Bin[] {
  if (min === max) return [{ from: min, to: max, ...counted(samples) }];
  const width = niceWidth((max - min) / Math.min(MOST_BINS, Math.max(4, Math.ceil(Math.sqrt(samples.length)))));
  const first = Math.floor(min / width);
  const last = Math.max(first, Math.ceil(max / width) - 1);
  // By number of steps, not by adding: 0.1 three times is not 0.3.
  const edge = (n: number): number => Number((n * width).toPrecision(12));
  const place = (value: number): number => Math.min(last, Math.max(first, Math.floor(Number((value / width).toPrecision(12)))));
  return Array.from({ length: last - first + 1 }, (_, i) => ({
    from: edge(first + i), to: edge(first + i + 1), ...counted(samples.filter(({ value }) => place(value) === first + i)),
  }));
}

const counted = (samples: readonly Sample[]): { count: number; unexpected: number } => ({
  count: samples.length, unexpected: samples.filter(({ asExpected }) => !asExpected).length,
});

/** 1, 2 or 5 times a power of ten, at least so much. */
function niceWidth(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast));
  return (([1, 2, 5, 10].find((step) => step * power >= atLeast * (1 - 1e-12)) ?? 10) * power);
}
