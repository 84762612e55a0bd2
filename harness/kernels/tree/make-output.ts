/** What make and the compiler print, read for people. Pure. */

/** The file that a quiet kbuild line is about: "  CC      net/bridge/br_multicast.o". */
export const compiledFile = (line: string): string | undefined => /^ {2}(?:CC|AS|LD|AR|HOSTCC|GEN)\s+(\S+)/.exec(line)?.[1];

const MOST = 40;

/** The compiler's errors with the lines that belong to them; without any, the end of what was said. */
export function buildErrors(lines: readonly string[]): string[] {
  const first = lines.findIndex((line) => /\b(?:fatal )?error:|undefined reference|\*\*\* /i.test(line));
  if (first < 0) return lines.slice(-MOST);
  // "In file included from …" and "In function …" stand before the error that they belong to.
  let from = first;
  while (from > 0 && /^(?:In file included|\s+from |\S+: In function|ld: )/.test(lines[from - 1] as string)) from--;
  return lines.slice(from, from + MOST);
}
