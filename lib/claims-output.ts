/** Claims about what a program says: lines with their instants, as frames are. Pure. */
import { after, type Decision, errored, type FrameBounds, span, windowFrom, windowTo, type Window } from './claims.ts';

/** What is known of a program's output. */
export interface Spoken {
  /** "corosync on n1". */
  readonly what: string;
  readonly lines: readonly { readonly ns: number; readonly text: string }[];
  /** When it ended; from here on its silence says nothing. */
  readonly endedNs: number | undefined;
}

/** So many lines that match in the window; without a number, at least one. None at all counts only while it runs. */
export function says(spoken: Spoken, pattern: RegExp, w: Window, bounds: FrameBounds = { atLeast: 1 }): Decision {
  const { atLeast, atMost } = bounds;
  if (atLeast === undefined && atMost === undefined) throw new TypeError('says: give atLeast or atMost');
  const count = atMost === 0 ? 'no line' : atLeast === atMost ? `exactly ${atLeast} lines` : [atLeast === undefined ? '' : `at least ${atLeast}`, atMost === undefined ? '' : `at most ${atMost}`].filter(Boolean).join(', ').concat(atLeast === 1 && atMost === undefined ? ' line' : ' lines');
  const expected = `${spoken.what} says ${count} like ${String(pattern)} ${span(w)}`;
  const test = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
  const found = spoken.lines.filter(({ ns, text }) => ns >= windowFrom(w) && ns <= windowTo(w) && test.test(text));
  const [first] = found;
  const observed = first === undefined ? 'none' : `${found.length}, the first ${after(w, first.ns)}: ${first.text.trim()}`;
  const tooMany = atMost !== undefined && found.length > atMost;
  const tooFew = atLeast !== undefined && found.length < atLeast;
  const { endedNs } = spoken;
  if (!tooMany && atMost === 0 && endedNs !== undefined && endedNs < windowTo(w)) return errored(expected, `${observed}, but ${spoken.what} ended ${after(w, endedNs)}`);
  return { verdict: tooMany || tooFew ? 'broken' : 'held', expected, observed, figures: { lines: found.length }, decisiveNs: first?.ns ?? (tooFew ? windowTo(w) : undefined) };
}
