/** Durations and instants of protocol time. Everything counts whole nanoseconds, so records compare byte for byte. */

/** A length of protocol time. */
export interface Duration {
  readonly ns: number;
}

const duration = (ns: number): Duration => {
  if (!Number.isFinite(ns)) throw new RangeError(`a duration needs a finite number, got ${ns} ns`);
  return { ns: Math.round(ns) };
};

/** Minutes. */
export const min = (n: number): Duration => duration(n * 60e9);
/** Seconds. */
export const s = (n: number): Duration => duration(n * 1e9);
/** Milliseconds. */
export const ms = (n: number): Duration => duration(n * 1e6);
/** Microseconds. */
export const us = (n: number): Duration => duration(n * 1e3);
/** Nanoseconds. */
export const ns = (n: number): Duration => duration(n);

export const plus = (...parts: Duration[]): Duration => duration(parts.reduce((sum, d) => sum + d.ns, 0));
export const minus = (a: Duration, b: Duration): Duration => duration(a.ns - b.ns);
export const times = (d: Duration, factor: number): Duration => duration(d.ns * factor);

export const inSeconds = (d: Duration): number => d.ns / 1e9;
export const inMilliseconds = (d: Duration): number => d.ns / 1e6;

/** A named instant of the story, in protocol time since it began: "bob's last report" at 60.2 s. */
export interface Moment {
  readonly ns: number;
  readonly what: string;
}

/** So long after a moment, with a name of its own. */
export const after = (moment: Moment, length: Duration, what = `${formatDuration(length)} after ${moment.what}`): Moment => ({ ns: moment.ns + length.ns, what });

export const isDuration = (value: unknown): value is Duration =>
  typeof value === 'object' && value !== null && 'ns' in value && typeof value.ns === 'number' && !('what' in value);

/** "260 s", "16.384 s", "31.25 s", "1.5 ms": the largest fitting unit, rounded to three decimals of seconds, two of the others. */
export function formatDuration(d: Duration): string {
  const abs = Math.abs(d.ns);
  const [unit, size] = abs >= 1e9 || abs === 0 ? (['s', 1e9] as const) : abs >= 1e6 ? (['ms', 1e6] as const) : abs >= 1e3 ? (['us', 1e3] as const) : (['ns', 1] as const);
  return `${Number((d.ns / size).toFixed(abs >= 1e9 ? 3 : 2))} ${unit}`;
}

/** An instant as seconds with milliseconds: "+261.204 s". */
export const formatInstant = (ns: number): string => `${ns < 0 ? '-' : '+'}${(Math.abs(ns) / 1e9).toFixed(3)} s`;
