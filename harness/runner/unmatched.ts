/** What to say of a pattern that matches nothing. */
import { nearest } from '../../lib/validate/nearest.ts';
import type { Fault } from './refusal.ts';
import { matches, type Named, scenarioName, splitPattern, variantsOf } from './select.ts';

/** A pattern that matches nothing, with what may have been meant. */
export function unmatchedFault(named: readonly Named[], pattern: string): Fault {
  const { what, variant } = splitPattern(pattern);
  if (pattern === '')
    return { what: 'an empty pattern matches no scenario', help: 'Leave it out to mean all of them.' };
  const scenarios = variant === undefined ? [] : named.filter((n) => matches(n, what));
  if (variant !== undefined && scenarios.length > 0) {
    const variants = [...new Set(scenarios.flatMap((n) => variantsOf(n, true).map((s) => s.variant)))];
    const near = nearest(variant, variants);
    const names = scenarios.map((n) => n.name).join(', ');
    return {
      what: `${names} has no variant ${JSON.stringify(variant)}`,
      help: `${near.length > 0 ? `Nearest: ${near.join(', ')}` : `Its variants: ${variants.join(', ')}`}.`,
    };
  }
  const bare = scenarioName(what);
  // A person types the end of a path, or a word of the title: each has its own distance.
  const words = new Map<string, string>();
  for (const { name, scenario } of named) {
    for (const word of [
      name,
      name.split('/').at(-1) as string,
      scenario.title,
      ...scenario.title.split(' ').filter((w) => w.length > 3),
      ...scenario.cases,
    ])
      if (!words.has(word)) words.set(word, scenario.cases.includes(word) ? word : name);
  }
  const near = [...new Set(nearest(bare, words.keys(), 6).map((word) => words.get(word) as string))].slice(0, 3);
  return {
    what: `${/\.[cm]?[jt]s$/.test(what) ? `there is no file ${what}, and ` : ''}no scenario matches ${JSON.stringify(pattern)}`,
    help:
      near.length > 0
        ? `Nearest: ${near.join(', ')}.`
        : 'A pattern is a path, a title, a case such as A1, or a glob such as multicast/*.',
  };
}
