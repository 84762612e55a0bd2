/** Does virtual time skip? Asked of a timer that was slept through, by the wall clock. */

/** What is wrong, as a sentence; undefined where it does. A quarter is generous: what idles costs next to nothing in virtual time. */
export function skipFault(sleptS: number, wallS: number): string | undefined {
  if (wallS <= sleptS / 4) return undefined;
  return `virtual time does not skip: a timer of ${sleptS} s took ${wallS.toFixed(1)} s of wall time. Does this QEMU honour -icount sleep=off?`;
}
