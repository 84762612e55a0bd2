// A kernel takes options that it does not know without a word: they are asked back.
import t from 'tap';
import type { Node } from '../../../harness/lab/node.ts';
import { unknownOptions } from '../../../harness/lab/unknown-options.ts';
import type { Plan } from '../../../lib/plan.ts';

const plan = (options: Record<string, boolean | number>): Plan => ({ seed: 1, scale: 1, steps: [{ do: 'port', node: 'sw', name: 'p1', options }] });
/** A kernel that tells these of every device, and how often it was asked. */
function kernel(slaveOptions: Record<string, boolean | number>): { nodes: ReadonlyMap<string, Node>; asked: () => number } {
  let asked = 0;
  const node = { indexOf: () => 10, netlink: { get: () => { asked++; return { slaveOptions }; } } } as unknown as Node;
  return { nodes: new Map([['sw', node]]), asked: () => asked };
}

t.test('an option of a newer kernel', async (t) => {
  t.same(unknownOptions(plan({ locked: true }), kernel({ learning: true }).nodes), ['locked of a bridge port (since Linux 5.18)']);
  t.same(unknownOptions(plan({ locked: true }), kernel({ locked: true }).nodes), []);
});

t.test('what it tells otherwise than it was set', async (t) => {
  t.same(unknownOptions(plan({ locked: true }), kernel({ locked: false }).nodes), ['locked of a bridge port (since Linux 5.18)']);
});

t.test('old options are not asked for', async (t) => {
  const { nodes, asked } = kernel({});
  t.same(unknownOptions(plan({ learning: false, mcast_flood: false }), nodes), []);
  t.equal(asked(), 0);
});
