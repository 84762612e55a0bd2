/** A scenario that nobody runs, for tests of choosing. */
import { scenario, s, topology } from '../../../harness/scenario.ts';
import type { Named } from '../../../harness/runner/select.ts';

export function sample(
  name: string,
  over: { title?: string; cases?: string[]; variants?: string[]; controls?: string[] } = {},
): Named {
  const settings = (names: string[]): Record<string, object> =>
    Object.fromEntries(names.map((variant) => [variant, {}]));
  return {
    name,
    scenario: scenario({
      title: over.title ?? name.split('/').at(-1) ?? name,
      cases: over.cases ?? [],
      variants: settings(over.variants ?? ['healthy']),
      controls: settings(over.controls ?? []),
      inDefaultSet: true,
    deadline: s(1000),
      topology: () => topology((t) => ({ br0: t.bridge('br0') })),
      async story() {},
    }),
  };
}
