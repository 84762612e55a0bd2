/** Everything that is wrong, in one report: what, and under it what to do. */
import { palette } from '../../lib/render/ansi.ts';
import { plural, visible } from '../../lib/render/text.ts';
import type { Fault } from '../runner/refusal.ts';

export interface Refusal {
  /** "run", "plan"; "" for the program itself. */
  readonly command: string;
  readonly faults: readonly Fault[];
  readonly colour: boolean;
  /** The last line: where to read on. */
  readonly hint?: string;
}

export function faultReport({ command, faults, colour, hint }: Refusal): string {
  const paint = palette(colour);
  const name = `wirewarp${command === '' ? '' : ` ${command}`}`;
  const first = `${paint.strong(name)}: ${faults.length === 1 ? 'this cannot be done' : `${plural(faults.length, 'fault')}, so nothing was started`}:`;
  const lines = faults.flatMap(({ what, help }) => [
    ...indented(what, `  ${paint.bad('✗')} `, '    '),
    ...(help === undefined ? [] : indented(help, '    ', '    ')),
  ]);
  return [first, ...lines, ...(hint === undefined ? [] : [paint.faint(hint)]), ''].join('\n');
}

function indented(text: string, first: string, rest: string): string[] {
  return visible(text)
    .split('\n')
    .map((line, i) => (i === 0 ? first : rest) + line);
}
