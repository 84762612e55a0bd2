/**
 * A claim's time line: the window as a band with its bounds, the instant that decided it as a flag. Inline SVG that
 * takes its colours from the page's style sheet. The axis is zoomed to what matters, so its ends are labelled.
 */
import type { ClaimRecord } from '../record.ts';
import { num, protocolTime } from './figures.ts';
import { type Markup, markup } from './markup.ts';

const [left, right, axis] = [14, 706, 44];
/** Width of a character at the style sheet's 11 px, plain and bold, near enough to keep labels inside and apart. */
const [plain, bold] = [6.2, 7.2];

/** To the millisecond: a bound of the timer wheel and what was seen may differ by that. */
const instant = (seconds: number) => `${num(seconds)} s`;

/** Undefined when the claim has no window, or one that cannot be drawn. */
export function timelineSvg(claim: ClaimRecord): Markup | undefined {
  const { windowS } = claim;
  const [atS, verb] = claim.observedAtS === undefined ? [claim.atS, 'decided'] : [claim.observedAtS, 'observed'];
  if (windowS === undefined || ![windowS.from, windowS.to, atS].every(Number.isFinite)) return undefined;
  const { from, to } = windowS;
  const [lo, hi] = range(from, to, atS);
  const x = (seconds: number) => Math.round((left + ((seconds - lo) / (hi - lo)) * (right - left)) * 10) / 10;
  // A bound of a millisecond in 900 s must still be seen.
  const band = Math.max(3, x(to) - x(from));
  const labels: Label[] = band < 190
    ? [label(`window ${instant(from)} to ${instant(to)}`, x(from) + band / 2)]
    : [label(`from ${instant(from)}`, x(from)), label(`to ${instant(to)}`, x(to))];
  const ends = [label(protocolTime(lo), left), label(protocolTime(hi), right)].filter((end) => labels.every((other) => apart(end, other)));
  const flag = label(`${verb} at ${instant(atS)}${distance(from, to, atS)}`, x(atS), bold);
  const words = `Window ${instant(from)} to ${instant(to)}; ${verb} at ${instant(atS)}${distance(from, to, atS)}.`;
  return markup`<svg class="line ${claim.verdict}" viewBox="0 0 720 72" role="img" aria-label="${words}">
<line class="axis" x1="${left}" y1="${axis}" x2="${right}" y2="${axis}"/>
<rect class="window" x="${x(from)}" y="${axis - 10}" width="${band}" height="20" rx="1"/>
<path class="bound" d="M${x(from)} ${axis - 13}v26M${x(from) + band} ${axis - 13}v26"/>
<path class="at" d="M${x(atS)} ${axis + 13}V22"/><circle class="at" cx="${x(atS)}" cy="${axis}" r="4"/>
<text class="at" x="${flag.x}" y="15">${flag.text}</text>
${labels.map((one) => text(one, 'bound'))}${ends.map((one) => text(one, 'end'))}
</svg>`;
}

/** What to show: window and decision with some room; from the story's begin, if that costs little. */
function range(from: number, to: number, atS: number): [number, number] {
  const [first, last] = [Math.min(from, atS), Math.max(to, atS)];
  const room = (last - first) * 0.12 || Math.max(Math.abs(last) * 0.1, 1);
  const lo = first >= 0 && first < 0.3 * last ? 0 : first >= 0 ? Math.max(0, first - room) : first - room;
  return [lo, last + room];
}

function distance(from: number, to: number, atS: number): string {
  if (atS > to) return `, ${num(atS - to)} s after the window`;
  return atS < from ? `, ${num(from - atS)} s before the window` : '';
}

interface Label {
  text: string;
  /** Middle, px. */
  x: number;
  half: number;
}

/** Centred at x, but kept inside the picture. */
function label(words: string, x: number, character = plain): Label {
  const half = (words.length * character) / 2;
  return { text: words, half, x: Math.round(Math.min(720 - half, Math.max(half, x))) };
}

const apart = (a: Label, b: Label) => Math.abs(a.x - b.x) > a.half + b.half + 8;

const text = (one: Label, kind: string) => markup`<text class="${kind}" x="${one.x}" y="69">${one.text}</text>`;
