/** An explanation for a terminal. */
import { palette } from '../render/ansi.ts';
import { visible } from '../render/text.ts';
import { seconds } from './cite.ts';
import type { ExplainFinding, Explanation } from './types.ts';

const SURE = { certain: '', likely: ' (likely)', possible: ' (possible)' } as const;

export interface ReadNote {
  readonly name: string;
  readonly format: string;
  readonly frames: number;
  readonly notes: readonly string[];
}

export function explanationText(
  explanation: Explanation,
  sources: readonly ReadNote[],
  { colour, width }: { colour: boolean; width: number },
): string {
  const paint = palette(colour);
  const mark = ({ level, kind }: ExplainFinding): string =>
    level === 'alarm'
      ? paint.bad('✗')
      : level === 'notice'
        ? paint.caution('!')
        : kind === 'nothing-found'
          ? paint.good('✓')
          : paint.faint('·');
  const lines: string[] = [];
  for (const { name, format, frames, notes } of sources) {
    lines.push(paint.strong(`${visible(name)}: ${format}, ${frames} frame${frames === 1 ? '' : 's'}`));
    lines.push(...notes.flatMap((note) => wrap(visible(note), width, '  ! ', '    ')));
  }
  for (const finding of explanation.findings) {
    lines.push('');
    lines.push(
      ...wrap(visible(finding.what) + SURE[finding.sure], width, '  ', '    ').map((line, i) =>
        i === 0 ? `${mark(finding)} ${line.trimStart()}` : line,
      ),
    );
    for (const { frame, atS, text } of finding.frames.slice(0, 8))
      lines.push(paint.faint(`    frame ${String(frame).padStart(5)}  ${seconds(atS).padStart(9)}  ${visible(text)}`));
    if (finding.frames.length > 8) lines.push(paint.faint(`    and ${finding.frames.length - 8} frames more`));
  }
  return `${lines.join('\n')}\n`;
}

function wrap(text: string, width: number, first: string, rest: string): string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(' ')) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = rest;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}
