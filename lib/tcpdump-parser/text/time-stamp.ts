/** The five ways in which tcpdump dates a line (tcpdump(8): -t to -ttttt). */

/** `relative` is -ttt or -ttttt: a line alone does not tell since the previous packet or since the first. */
export type TimeStamp =
  | { readonly kind: 'time-of-day'; readonly ns: bigint }
  | { readonly kind: 'epoch'; readonly ns: bigint }
  | { readonly kind: 'date'; readonly ns: bigint };

const NS = 1_000_000_000n;
const DAY_NS = 86_400n * NS;

const CLOCK = String.raw`(\d{2,}):(\d{2}):(\d{2})[.,](\d{1,9})`;
const DATE = new RegExp(String.raw`^(\d{4})-(\d{2})-(\d{2})[ T]${CLOCK}(?=\s)`);
const TIME = new RegExp(`^${CLOCK}(?=\\s)`);
const EPOCH = /^(\d{1,12})[.,](\d{6,9})(?=\s)/;

const fractionNs = (digits: string): bigint => BigInt(digits.padEnd(9, '0'));

const clockNs = (hours: string, minutes: string, seconds: string, fraction: string): bigint =>
  (BigInt(hours) * 3600n + BigInt(minutes) * 60n + BigInt(seconds)) * NS + fractionNs(fraction);

/** The time stamp that a line begins with, and what follows it. */
export function readTimeStamp(line: string): { readonly time: TimeStamp; readonly rest: string } | undefined {
  const after = (length: number): string => line.slice(length).trimStart();
  const date = DATE.exec(line);
  if (date) {
    const [whole, year, month, day, ...clock] = date as unknown as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const midnightMs = Date.UTC(Number(year), Number(month) - 1, Number(day));
    return {
      time: { kind: 'date', ns: BigInt(midnightMs) * 1_000_000n + clockNs(...clock) },
      rest: after(whole.length),
    };
  }
  const time = TIME.exec(line);
  if (time) {
    const [whole, ...clock] = time as unknown as [string, string, string, string, string];
    return { time: { kind: 'time-of-day', ns: clockNs(...clock) }, rest: after(whole.length) };
  }
  const epoch = EPOCH.exec(line);
  if (epoch) {
    const [whole, seconds, fraction] = epoch as unknown as [string, string, string];
    return { time: { kind: 'epoch', ns: BigInt(seconds) * NS + fractionNs(fraction) }, rest: after(whole.length) };
  }
  return undefined;
}

/** `delta` is tcpdump's -ttt, `elapsed` its -ttttt; `time-of-day` counts from midnight, over several days if need be. */
export type Dating = 'none' | 'time-of-day' | 'epoch' | 'date' | 'elapsed' | 'delta';

/**
 * How a listing is dated. -ttt and -ttttt begin with zero; only the first can go back afterwards. Where neither shows,
 * it is taken for -ttttt.
 */
export function datingOf(times: readonly (TimeStamp | undefined)[]): Dating {
  const dated = times.filter((time) => time !== undefined);
  const first = dated[0];
  if (first === undefined) return 'none';
  if (first.kind !== 'time-of-day') return first.kind;
  if (first.ns !== 0n) return 'time-of-day';
  return dated.some(({ ns }, i) => i > 0 && ns < (dated[i - 1] as TimeStamp).ns) ? 'delta' : 'elapsed';
}

/** Nanoseconds since 1970, since midnight or since the first packet, whichever the dating tells; undefined has no time. */
export function timesNs(times: readonly (TimeStamp | undefined)[], dating: Dating): (bigint | undefined)[] {
  let sum = 0n;
  let days = 0n;
  let previous = 0n;
  return times.map((time) => {
    if (time === undefined) return undefined;
    if (dating === 'delta') return (sum += time.ns);
    // Past midnight the clock begins anew; a few packets out of order do not make a day.
    if (dating === 'time-of-day' && time.ns + DAY_NS / 2n < previous) days++;
    previous = time.ns;
    return dating === 'time-of-day' ? days * DAY_NS + time.ns : time.ns;
  });
}
