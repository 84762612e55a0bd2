/** Terminal colours, only if asked: pure, so that a renderer's output does not depend on where it runs. */

export type Paint = (text: string) => string;

export interface Palette {
  good: Paint;
  bad: Paint;
  caution: Paint;
  faint: Paint;
  strong: Paint;
}

const sgr = (on: string, off: string): Paint => (text) => (text === '' ? '' : `\x1b[${on}m${text}\x1b[${off}m`);
const plain: Paint = (text) => text;

/** The sixteen-colour codes: the reader's own theme decides how they look. */
export function palette(colour: boolean): Palette {
  if (!colour) return { good: plain, bad: plain, caution: plain, faint: plain, strong: plain };
  return {
    good: sgr('32', '39'),
    bad: sgr('1;31', '22;39'),
    caution: sgr('33', '39'),
    faint: sgr('2', '22'),
    strong: sgr('1', '22'),
  };
}
