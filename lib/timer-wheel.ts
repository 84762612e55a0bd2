/**
 * How late a kernel timer may fire: the timer wheel sorts timers into levels, eight times coarser from one to the
 * next, and rounds up, so a timer fires never early and at most one step of its level late.
 * Source: the table and LVL_* macros of kernel/time/timer.c (64 slots a level, shift 3, no cascading since 4.8).
 */
import { type Duration, formatDuration, ns, plus } from './units.ts';

const SLOTS = 64;
const LEVEL_SHIFT = 3;
/** Highest level: LVL_DEPTH is 9 above HZ=100, else 8. */
const topLevel = (hz: number): number => (hz > 100 ? 8 : 7);

/** The step of the wheel for a timer armed this far ahead, at this many ticks a second. */
export function wheelStep(timer: Duration, hz: number): Duration {
  if (!(hz > 0)) throw new RangeError(`HZ is a positive number of ticks a second, got ${hz}`);
  const ticks = Math.ceil((timer.ns * hz) / 1e9);
  let level = 0;
  // LVL_START(n + 1): the first delta that is too far for level n.
  while (ticks >= (SLOTS - 1) << (level * LEVEL_SHIFT) && level < topLevel(hz)) level++;
  return ns((8 ** level * 1e9) / hz);
}

/** A lower and an upper bound with the reasons that made them. */
export interface Bound {
  readonly min: Duration;
  readonly max: Duration;
  readonly reasons: readonly string[];
}

/** When a timer of this length fires after it was armed: not before, not later than one step and one tick. */
export function timerBound(what: string, timer: Duration, hz: number): Bound {
  const step = wheelStep(timer, hz);
  return {
    min: timer,
    max: plus(timer, step, ns(1e9 / hz)),
    reasons: [
      `${what}: ${formatDuration(timer)}`,
      `timer wheel at HZ=${hz}: a timer that long fires up to ${formatDuration(step)} late, plus one tick, never early`,
    ],
  };
}

/** Widen a bound at its upper end, with the reason. */
export function later(bound: Bound, by: Duration, reason: string): Bound {
  return { min: bound.min, max: plus(bound.max, by), reasons: [...bound.reasons, `${reason}: + ${formatDuration(by)}`] };
}
/** Move both ends of a bound, with the reason: the timer was armed by something that itself took `by` at least. */
export function shifted(bound: Bound, by: Duration, reason: string): Bound {
  return { min: plus(bound.min, by), max: plus(bound.max, by), reasons: [...bound.reasons, `${reason}: + ${formatDuration(by)}`] };
}

/** A bound given by protocol alone. */
export const bound = (min: Duration, max: Duration, ...reasons: string[]): Bound => ({ min, max, reasons });
