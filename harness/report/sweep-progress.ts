/** What a person sees while a sweep goes on: one line a seed. */
import { palette } from '../../lib/render/ansi.ts';
import { decidingFigure, figureOf } from '../../lib/render/deciding.ts';
import { figureText } from '../../lib/render/figures.ts';
import { decidingFigures } from '../../lib/render/standing.ts';
import { mark, verdictText } from '../../lib/render/table.ts';
import { oneLine } from '../../lib/render/text.ts';
import type { ResultRecord } from '../../lib/record.ts';
import type { Progress, ProgressOptions } from './progress.ts';

export interface SweepProgressOptions extends ProgressOptions {
  /** Variants times kernels: with one, only the seed is named. */
  readonly stories: number;
  readonly figure?: string | undefined;
}

export function sweepProgress({ stream, colour, stories, figure }: SweepProgressOptions): Progress {
  const paint = palette(colour);
  let [total, done] = [0, 0];
  const measured = (result: ResultRecord): string => {
    const name = figure ?? decidingFigure(result);
    const value = name === undefined ? undefined : figureOf(result, name);
    return name === undefined || value === undefined ? decidingFigures(result, 1) : figureText(name, value);
  };
  return {
    event(event) {
      if (event.type === 'run-started') {
        total = event.total;
        stream.write(`sweep ${oneLine(event.runId)}: ${event.total / stories} seeds, ${event.total} to run, ${event.jobs} at a time; results in ${oneLine(event.dir)}\n`);
      }
      if (event.type === 'kernel-chosen') stream.write(`kernel ${oneLine(event.kernel)}: ${oneLine(event.reason)}\n`);
      if (event.type === 'finished') {
        const { result } = event;
        const { sign, paint: tint } = mark(result, paint);
        const story = stories > 1 ? ` ${oneLine(`${result.scenario} ${result.variant}`)} on ${oneLine(result.kernel)}` : '';
        stream.write(`[${++done}/${total}] seed ${result.seed}${story} ${tint(`${sign} ${verdictText(result)}`)} ${measured(result)}\n`);
      }
    },
    [Symbol.dispose]() {},
  };
}
