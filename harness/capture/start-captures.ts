/** tcpdump on all interfaces that a run listens at, those among them that its story plugs in only later. */
import { linkSet } from '../../lib/netlink/index.ts';
import { isUnplugged } from '../../lib/plan.ts';
import type { Topology } from '../../lib/topology.ts';
import type { Node } from '../lab/node.ts';
import type { Capture } from './capture.ts';

const nodeOf = (nodes: ReadonlyMap<string, Node>, { where }: Capture): Node => nodes.get(where.node) as Node;

/** Resolves when every tcpdump listens. */
export async function startCaptures(captures: readonly Capture[], topology: Topology, nodes: ReadonlyMap<string, Node>): Promise<void> {
  const waiting = captures.filter(({ where }) => isUnplugged(topology, { node: where.node, name: where.device }));
  await Promise.all(captures.filter((capture) => !waiting.includes(capture)).map((capture) => capture.start(nodeOf(nodes, capture))));
  // One end of each cable after the other: with both up it had a carrier, and its machines would speak.
  const isOfCard = ({ where }: Capture): boolean => topology.movables.some(({ nic }) => nic === where.node);
  await startWhileUp(waiting.filter(isOfCard), nodes);
  await startWhileUp(waiting.filter((capture) => !isOfCard(capture)), nodes);
}

/** libpcap takes no interface that is down. Where it goes down, and comes up when the story plugs it in, libpcap listens on (1.10). */
async function startWhileUp(captures: readonly Capture[], nodes: ReadonlyMap<string, Node>): Promise<void> {
  const set = (up: boolean): void => {
    for (const capture of captures) {
      const node = nodeOf(nodes, capture);
      node.netlink.request([linkSet(node.indexOf(capture.where.device), { up })]);
    }
  };
  set(true);
  await Promise.all(captures.map((capture) => capture.start(nodeOf(nodes, capture))));
  set(false);
}
