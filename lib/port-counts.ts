/**
 * Frames that left by ports, from the kernel's own counters: for claims on more ports than captures are affordable on.
 * Pure: two readings in, an answer out. A counter tells how many, not of which kind: what else leaves is the story's care.
 */
import { type Decision, type FrameBounds, type Window, windowFrom, windowTo } from './claims.ts';
import { formatDuration, ns } from './units.ts';

/** A port between two readings of its counters. */
export interface PortCount {
  readonly port: string;
  readonly frames: number;
  /** With the Ethernet header, without preamble and checksum. */
  readonly bytes: number;
  /** Frames that it had counted before the first reading: proof that the counter counts. */
  readonly earlierFrames: number;
}

const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;
const rounded = (n: number): number => Number(n.toFixed(3));

/** As many frames as said left by each of the ports. */
export function countedAtEach(where: string, ports: readonly PortCount[], w: Window, bounds: FrameBounds): Decision {
  const { atLeast, atMost } = bounds;
  if (atLeast === undefined && atMost === undefined) throw new TypeError('counted frames: give atLeast or atMost');
  const count = atMost === 0 ? 'no frame' : atLeast === atMost ? `exactly ${plural(atLeast ?? 0, 'frame')}` : [atLeast === undefined ? '' : `at least ${plural(atLeast, 'frame')}`, atMost === undefined ? '' : `at most ${plural(atMost, 'frame')}`].filter(Boolean).join(', ');
  const expected = `${count} out of each of ${plural(ports.length, 'port')} of ${where}, from ${w.anchor.what} on, for ${formatDuration(ns(windowTo(w) - windowFrom(w)))}`;
  const answer = (verdict: Decision['verdict'], observed: string, figures: Record<string, number> = {}): Decision => ({ verdict, expected, observed, figures, decisiveNs: verdict === 'broken' ? windowTo(w) : undefined });
  const sorted = [...ports].sort((a, b) => a.frames - b.frames || (a.port < b.port ? -1 : 1));
  const [least, most] = [sorted[0], sorted.at(-1)];
  if (!least || !most) return answer('errored', 'no port was counted');

  const lengthS = (windowTo(w) - windowFrom(w)) / 1e9;
  const total = ports.reduce((sum, p) => ({ frames: sum.frames + p.frames, bytes: sum.bytes + p.bytes }), { frames: 0, bytes: 0 });
  const each = (n: number): number => rounded(n / ports.length / lengthS);
  const figures = {
    ports: ports.length, leastFrames: least.frames, mostFrames: most.frames, bytesPerPort: rounded(total.bytes / ports.length),
    ...(lengthS > 0 ? { framesPerSecondPerPort: each(total.frames), bitsPerSecondPerPort: each(8 * total.bytes) } : {}),
  };
  const observed = least.frames === most.frames ? `${least.frames} each` : `${least.frames} (${least.port}) to ${most.frames} (${most.port}), ${total.frames} in all`;
  if (atLeast === undefined) {
    const unproven = ports.filter((p) => p.frames === 0 && p.earlierFrames === 0);
    if (unproven.length > 0 && most.frames <= (atMost ?? 0)) return answer('errored', `${observed}, but ${unproven.map((p) => p.port).slice(0, 5).join(', ')}${unproven.length > 5 ? ' …' : ''} had counted no frame before either: the silence proves nothing`, figures);
  }
  const broken = (atLeast !== undefined && least.frames < atLeast) || (atMost !== undefined && most.frames > atMost);
  return answer(broken ? 'broken' : 'held', observed, figures);
}
