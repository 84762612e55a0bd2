/** Waits until every link that can carry traffic does: operstate up and, for bridge ports, forwarding. On notifications, not by polling. */
import type { Link } from '../../lib/netlink/index.ts';
import type { Plan, Step } from '../../lib/plan.ts';
import type { Node } from './node.ts';

type ReadyStep = Extract<Step, { do: 'ready' }>;

/** linkwatch looks once a second. */
const UP_WITHIN_MS = 15_000;

/** Unknown is what devices without an own operstate report (a bond's VLAN before 5.x, dummy). */
const isReady = (step: ReadyStep, link: Link): boolean =>
  (link.operstate === 'up' || (link.operstate === 'unknown' && link.flags.includes('LOWER_UP'))) && (step.master === undefined || link.portState === 'forwarding' || (step.mayBlock === true && link.portState === 'blocking'));

/**
 * A link that a story plugs in. The kernel is asked for what is, not the record for what was last told: after a cut and
 * a return in one breath the last word may still be the one from before.
 */
export async function waitUntilUp(nodes: ReadonlyMap<string, Node>, ends: readonly { node: string; device: string; master?: string | undefined }[]): Promise<void> {
  const steps = ends.map(({ node, device, master }): ReadyStep => ({ do: 'ready', node, name: device, ...(master === undefined ? {} : { master }), withinMs: UP_WITHIN_MS }));
  await waitUntilReady({ steps }, nodes);
  // What the kernel told of it meanwhile is read by now: one turn ends this round of sockets, the second comes after the next.
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => { setImmediate(resolve); });
}

/** Rejects with what is still missing after the longest `withinMs` of the plan's steps, in the kernel's time. */
export async function waitUntilReady(plan: Pick<Plan, 'steps'>, nodes: ReadonlyMap<string, Node>): Promise<void> {
  const withinMs = Math.max(0, ...plan.steps.map((step) => (step.do === 'ready' ? step.withinMs : 0)));
  const byNode = new Map<Node, Map<number, ReadyStep>>();
  for (const step of plan.steps) {
    if (step.do !== 'ready') continue;
    const node = nodes.get(step.node) as Node;
    const waiting = byNode.get(node) ?? new Map<number, ReadyStep>();
    byNode.set(node, waiting.set(node.indexOf(step.name), step));
  }
  const missing = (): string[] =>
    [...byNode].flatMap(([node, waiting]) => [...waiting.values()].map((step) => {
      const link = node.link(step.name);
      return `${node.name}:${step.name} (operstate ${link.operstate ?? 'unknown'}${link.portState ? `, port ${link.portState}` : ''}, ${link.up ? 'up' : 'down'})`;
    }));
  await new Promise<void>((resolve, reject) => {
    const subscriptions: { close(): void }[] = [];
    const end = (error?: Error): void => {
      clearTimeout(timer);
      for (const s of subscriptions) s.close();
      if (error) reject(error);
      else resolve();
    };
    const timer = setTimeout(() => { end(new Error(`links did not come up within ${withinMs / 1000} s: ${missing().join(', ')}`)); }, withinMs);
    const check = (node: Node, index: number): void => {
      const waiting = byNode.get(node);
      const step = waiting?.get(index);
      if (!waiting || !step || !isReady(step, node.link(step.name))) return;
      waiting.delete(index);
      if (waiting.size === 0) byNode.delete(node);
    };
    for (const [node, waiting] of byNode) {
      subscriptions.push(node.follow(['link'], (n) => {
        if (n.event !== 'NEWLINK') return;
        check(node, n.link.index);
        if (byNode.size === 0) end();
      }));
      // Asked after following: what came up in between is seen by one or the other.
      for (const index of [...waiting.keys()]) check(node, index);
    }
    if (byNode.size === 0) end();
  });
}
