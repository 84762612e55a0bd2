/**
 * QEMU's self-announcement after a migration (net/announce.c; options announce-initial, -max, -rounds, -step). The
 * first frame leaves at once when the guest runs; before round n + 1 QEMU waits initial + (n - 1) × step, at most max.
 */
import { type Duration, ms, ns } from './units.ts';

export interface AnnouncementSchedule {
  readonly initial: Duration;
  readonly max: Duration;
  /** How often it announces in all. */
  readonly rounds: number;
  readonly step: Duration;
}

/** QEMU's defaults (migration/options.c: 50, 550, 5, 100). */
export const QEMU_SCHEDULE: AnnouncementSchedule = { initial: ms(50), max: ms(550), rounds: 5, step: ms(100) };

/** When each round is sent, counted from the first. */
export function announcementOffsets({ initial, max, rounds, step }: AnnouncementSchedule): Duration[] {
  const offsets: Duration[] = [];
  let at = 0;
  for (let round = 0; round < rounds; round++) {
    offsets.push(ns(at));
    at += Math.min(initial.ns + round * step.ns, max.ns);
  }
  return offsets;
}
