/**
 * What a person sees while a run goes on: a live region on a terminal, plain lines everywhere else. Fed with
 * RunEvents; owns no result: the table at the end is the reporter's.
 */
import { createLogUpdate } from 'log-update';
import type { RunEvent } from '../../lib/record.ts';
import { palette } from '../../lib/render/ansi.ts';
import { advance, emptyState, finishedLine, liveRegion, startedLine, type ProgressState } from '../../lib/render/progress-lines.ts';
import { oneLine } from '../../lib/render/text.ts';

export interface Progress extends Disposable {
  event(event: RunEvent): void;
}

export interface ProgressOptions {
  stream: NodeJS.WriteStream;
  colour: boolean;
  /** Monotonic wall milliseconds. */
  now?: () => number;
}

/** One line when something starts, one when it has a verdict. No escape sequences but colour, and that only if asked. */
export function plainProgress({ stream, colour }: ProgressOptions): Progress {
  const state = emptyState();
  const paint = palette(colour);
  return {
    event(event) {
      advance(state, event, 0);
      if (event.type === 'run-started') stream.write(`run ${oneLine(event.runId)}: ${event.total} to run, ${event.jobs} at a time; results in ${oneLine(event.dir)}\n`);
      if (event.type === 'kernel-chosen') stream.write(`kernel ${oneLine(event.kernel)}: ${oneLine(event.reason)}\n`);
      if (event.type === 'started') stream.write(`${startedLine(event)}\n`);
      if (event.type === 'finished') stream.write(`${finishedLine(event.result, state, paint, Infinity)}\n`);
    },
    [Symbol.dispose]() {},
  };
}

/** How often the region is drawn, wall ms: smooth enough for a clock, cheap enough for two cores full of VMs. */
const frameMs = 200;

/**
 * Finished lines scroll by above a small region with what runs now. Dispose it (or send run-finished) to give the
 * terminal back; log-update shows the cursor again even if the process is ended by a signal.
 */
export function liveProgress({ stream, colour, now = () => performance.now() }: ProgressOptions): Progress {
  const state: ProgressState = emptyState();
  const paint = palette(colour);
  const region = createLogUpdate(stream);
  let timer: NodeJS.Timeout | undefined;
  let lastHeight = 0;
  let over = false;

  const columns = () => stream.columns || 80;
  function draw() {
    const lines = liveRegion(state, { nowMs: now(), columns: columns(), rows: stream.rows || 24, paint });
    // log-update 7.2 loses lines when some come or go above ones that stay the same: start afresh then.
    if (lines.length !== lastHeight) region.clear();
    lastHeight = lines.length;
    region(lines.join('\n'));
  }
  function above(line: string) {
    region.persist(line);
    lastHeight = 0;
  }
  function end() {
    if (over) return;
    over = true;
    clearInterval(timer);
    region.clear();
    region.done();
  }

  return {
    event(event) {
      if (over) return;
      advance(state, event, now());
      if (event.type === 'run-started') {
        above(`run ${oneLine(event.runId)}: results in ${oneLine(event.dir)}`);
        timer = setInterval(draw, frameMs);
        // A drawing must not keep a finished run alive.
        timer.unref();
      }
      if (event.type === 'kernel-chosen') above(`kernel ${oneLine(event.kernel)}: ${oneLine(event.reason)}`);
      if (event.type === 'finished') above(finishedLine(event.result, state, paint, columns()));
      if (event.type === 'run-finished') end();
      else draw();
    },
    [Symbol.dispose]: end,
  };
}
