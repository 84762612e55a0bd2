/** Names near to a misspelt one, for "did you mean". */

/** Edits (insert, delete, replace, swap neighbours) from one text to another: optimal string alignment. */
export function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? 0;
}

/** At most `count` names, nearest first: a third of the letters may be wrong; a part of a name counts as near. */
export function nearest(wanted: string, names: Iterable<string>, count = 3): string[] {
  const low = wanted.toLowerCase();
  const scored: { name: string; score: number }[] = [];
  for (const name of new Set(names)) {
    const other = name.toLowerCase();
    const edits = distance(low, other);
    const part = low.length >= 3 && (other.includes(low) || low.includes(other));
    if (part || edits <= Math.max(1, Math.ceil(Math.min(low.length, other.length) / 3))) scored.push({ name, score: part ? Math.min(edits, 1.5) : edits });
  }
  return scored.sort((x, y) => x.score - y.score || x.name.localeCompare(y.name)).slice(0, count).map((s) => s.name);
}
