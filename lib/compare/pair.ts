/** Which result of one run answers to which of another. */
import type { ResultRecord } from '../record.ts';

export interface Pair {
  readonly before: ResultRecord;
  readonly after: ResultRecord;
}

export interface Paired {
  readonly pairs: readonly Pair[];
  readonly onlyBefore: readonly ResultRecord[];
  readonly onlyAfter: readonly ResultRecord[];
}

/**
 * The same variant. Where either run has it on several kernels, or under several seeds, those must agree as well: which
 * of them is meant would be a guess. Where each has it once, another kernel is what is to be compared.
 */
export function pairUp(before: readonly ResultRecord[], after: readonly ResultRecord[]): Paired {
  const [mine, theirs] = [byStory(before), byStory(after)];
  const key = (result: ResultRecord): string => {
    const story = storyOf(result);
    const several = (of: (one: ResultRecord) => unknown): boolean => [mine, theirs].some((stories) => new Set(stories.get(story)?.map(of)).size > 1);
    return JSON.stringify([story, several(({ kernel }) => kernel) && result.kernel, several(({ seed }) => seed) && result.seed]);
  };
  const others = new Map(after.map((result) => [key(result), result]));
  const pairs = before.flatMap((one) => {
    const other = others.get(key(one));
    return other ? [{ before: one, after: other }] : [];
  });
  const [first, second] = [new Set(pairs.map((pair) => pair.before)), new Set(pairs.map((pair) => pair.after))];
  return { pairs, onlyBefore: before.filter((one) => !first.has(one)), onlyAfter: after.filter((one) => !second.has(one)) };
}

const storyOf = ({ scenario, variant, control }: ResultRecord): string => JSON.stringify([scenario, variant, control]);

function byStory(results: readonly ResultRecord[]): Map<string, ResultRecord[]> {
  const stories = new Map<string, ResultRecord[]>();
  for (const result of results) {
    const list = stories.get(storyOf(result));
    if (list) list.push(result);
    else stories.set(storyOf(result), [result]);
  }
  return stories;
}
