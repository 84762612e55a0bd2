/**
 * The largest number that works, found by halving: as many questions as the range has binary digits, and two. It holds
 * for what has one limit, below which all works and above which nothing does. What has holes below its limit
 * (IPv6 fragments do, docs/kernel-behaviour.md) is told by its ends: where the largest number works, there is no limit.
 */
export interface Bisection {
  /** The largest that works; undefined where not even the smallest does. */
  readonly largest: number | undefined;
  /** The next number, which was tried and does not work; undefined where all work, up to the end of the range. */
  readonly next: number | undefined;
  /** In the order they were asked. */
  readonly tries: readonly { readonly value: number; readonly works: boolean }[];
}

/** Whole numbers from `min` to `max`, both included. */
export async function largestThat(works: (value: number) => Promise<boolean>, { min, max }: { min: number; max: number }): Promise<Bisection> {
  if (!Number.isInteger(min) || !Number.isInteger(max) || min > max) throw new RangeError(`no range of whole numbers: ${min} to ${max}`);
  const tries: { value: number; works: boolean }[] = [];
  const ask = async (value: number): Promise<boolean> => {
    const answer = await works(value);
    tries.push({ value, works: answer });
    return answer;
  };
  if (!(await ask(min))) return { largest: undefined, next: min, tries };
  if (min === max || (await ask(max))) return { largest: max, next: undefined, tries };
  let [largest, next] = [min, max];
  while (next - largest > 1) {
    const middle = Math.floor((largest + next) / 2);
    if (await ask(middle)) largest = middle;
    else next = middle;
  }
  return { largest, next, tries };
}
