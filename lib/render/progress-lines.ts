/** The lines of live and plain progress, pure: a state advanced by RunEvents, and text from it. */
import type { ResultRecord, RunEvent } from '../record.ts';
import type { Palette } from './ansi.ts';
import { protocolTime, ratio, wallTime } from './figures.ts';
import { decidingFigures, standing } from './standing.ts';
import { mark, verdictText } from './table.ts';
import { oneLine, padEnd, shorten, width } from './text.ts';

interface Running {
  scenario: string;
  variant: string;
  kernel: string;
  step: string;
  /** Protocol seconds at the last progress. */
  protocolS: number;
  /** Wall seconds of the story at the last progress: what the ratio is made from. */
  wallS: number;
  /** The reader's clock at the start, ms. */
  sinceMs: number;
}

export interface ProgressState {
  total: number;
  done: number;
  unexpected: number;
  skipped: number;
  /** The reader's clock at the run's start, ms. */
  sinceMs: number;
  running: Map<string, Running>;
}

export function emptyState(): ProgressState {
  return { total: 0, done: 0, unexpected: 0, skipped: 0, sinceMs: 0, running: new Map() };
}

/** Take an event in. nowMs: the reader's monotonic clock. */
export function advance(state: ProgressState, event: RunEvent, nowMs: number): void {
  switch (event.type) {
    case 'run-started':
      state.total = event.total;
      state.sinceMs = nowMs;
      break;
    case 'started':
      state.running.set(event.key, { scenario: event.scenario, variant: event.variant, kernel: event.kernel, step: '', protocolS: 0, wallS: 0, sinceMs: nowMs });
      break;
    case 'progress': {
      const running = state.running.get(event.key);
      if (running) Object.assign(running, { step: event.step, protocolS: event.protocolS, wallS: event.wallS });
      break;
    }
    case 'finished':
      state.running.delete(event.key);
      state.done += 1;
      // A skip may finish without ever having started; a plan may grow.
      state.total = Math.max(state.total, state.done + state.running.size);
      if (standing(event.result) === 'unexpected') state.unexpected += 1;
      if (standing(event.result) === 'skipped') state.skipped += 1;
      break;
    case 'kernel-chosen':
    case 'run-finished':
      break;
  }
}

export function startedLine(event: { scenario: string; variant: string; kernel: string }): string {
  return oneLine(`started ${event.scenario} ${event.variant} on ${event.kernel}`);
}

/** "[3/14] ✓ held multicast/membership-expiry healthy: 0 s outage, on qemu:6.1 (935.2 s in 12.3 s, ×76)". The kernel last: what is cut first. */
export function finishedLine(result: ResultRecord, state: ProgressState, paint: Palette, columns: number): string {
  const { sign, paint: tint } = mark(result, paint);
  const counter = `[${String(state.done).padStart(String(state.total).length)}/${state.total}]`;
  const head = `${sign} ${verdictText(result)}`;
  const speed = ratio(result.protocolS, result.wallS);
  const times = standing(result) === 'skipped' ? '' : ` (${protocolTime(result.protocolS)} in ${wallTime(result.wallS)}${speed === '' ? '' : `, ${speed}`})`;
  const deciding = decidingFigures(result, 1);
  const body = oneLine(`${result.scenario} ${result.variant}${deciding === '' ? '' : `: ${deciding}`}, on ${result.kernel}`);
  const room = columns - width(`${counter} ${head} ${times}`);
  return `${paint.faint(counter)} ${tint(head)} ${shorten(body, room)}${paint.faint(times)}`;
}

export interface RegionOptions {
  nowMs: number;
  columns: number;
  rows: number;
  paint: Palette;
}

/** What runs now, two lines each where there is room, and the counts. Never higher than half the terminal. */
export function liveRegion(state: ProgressState, { nowMs, columns, rows, paint }: RegionOptions): string[] {
  const most = Math.max(1, Math.floor((rows / 2 - 2) / 2));
  const running = [...state.running.values()];
  const lines = running.slice(0, most).flatMap((one) => runningLines(one, nowMs, columns, paint));
  if (running.length > most) lines.push(paint.faint(`  and ${running.length - most} more`));
  const left = Math.max(0, state.total - state.done - running.length);
  const counts = [
    `${state.done} of ${state.total} done`, `${running.length} running`, `${left} left`,
    ...(state.unexpected > 0 ? [`${state.unexpected} NOT as expected`] : []),
    ...(state.skipped > 0 ? [`${state.skipped} skipped`] : []),
    wallTime(Math.floor((nowMs - state.sinceMs) / 1000)),
  ];
  return [...lines, (state.unexpected > 0 ? paint.bad : paint.strong)(shorten(counts.join(' · '), columns - 1))];
}

function runningLines(one: Running, nowMs: number, columns: number, paint: Palette): string[] {
  const wallS = Math.max(0, Math.floor((nowMs - one.sinceMs) / 100) / 10);
  const speed = ratio(one.protocolS, one.wallS);
  const times = `${protocolTime(one.protocolS)} in ${wallTime(wallS)}${speed === '' ? '' : ` ${speed}`}`;
  const room = columns - 1 - 2 - 1 - width(times);
  const name = shorten(oneLine(`${one.scenario} ${one.variant} on ${one.kernel}`), room);
  return [
    `▸ ${padEnd(name, room)} ${paint.faint(times)}`,
    paint.faint(shorten(`    ${oneLine(one.step) || 'starting'}`, columns - 1)),
  ];
}
