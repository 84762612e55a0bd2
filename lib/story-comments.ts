/**
 * What happened in a story as comments on the frames of its capture, so that Wireshark shows the story (pcapng's
 * opt_comment; View > "Packet comments", or the filter `frame.comment`).
 */
export interface StoryMark {
  /** On the story's clock. */
  readonly ns: number;
  readonly text: string;
}

/** Comments by index of the frame: each mark stands at the frame nearest to it, the earlier of two as near. `framesNs` rises. */
export function storyComments(framesNs: readonly number[], marks: readonly StoryMark[]): Map<number, string[]> {
  const comments = new Map<number, string[]>();
  if (framesNs.length === 0) return comments;
  for (const mark of [...marks].sort((a, b) => a.ns - b.ns)) {
    const index = nearest(framesNs, mark.ns);
    const list = comments.get(index) ?? [];
    list.push(`${mark.text} (${placed(mark.ns, framesNs[index] as number)})`);
    comments.set(index, list);
  }
  return comments;
}

function nearest(rising: readonly number[], ns: number): number {
  let [from, to] = [0, rising.length - 1];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((rising[middle] as number) < ns) from = middle + 1;
    else to = middle;
  }
  // `from` is the first at or after the instant, or the last of all.
  const before = from - 1;
  return before >= 0 && ns - (rising[before] as number) <= Math.abs((rising[from] as number) - ns) ? before : from;
}

const seconds = (ns: number): string => `${(ns / 1e9).toFixed(6)} s`;

function placed(ns: number, frameNs: number): string {
  const apart = ns - frameNs;
  const from =
    apart === 0 ? 'with this frame' : `${seconds(Math.abs(apart))} ${apart < 0 ? 'before' : 'after'} this frame`;
  return `story ${seconds(ns)}, ${from}`;
}
