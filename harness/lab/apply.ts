/**
 * Applies a plan through rtnetlink, in this process: one namespace switch and one batch a node instead of a program a
 * step. Requests of a node go out in the plan's order; nodes depend on each other only through cables, which are made
 * before anything else refers to them.
 */
import { writeFileSync } from 'node:fs';
import {
  addressAdd, bpfFilterAdd, bridgeVlanAdd, linkAdd, linkSet, linkSetOptions, neighbourReplace, neighbourTableSet, type NetlinkRequest, qdiscAdd, routeAdd, slaveSetOptions,
} from '../../lib/netlink/index.ts';
import type { Plan, Step } from '../../lib/plan.ts';
import { namesDevice } from '../../lib/plan.ts';
import { directionOf, programOf } from '../../lib/frame-filter.ts';
import { netlinkOptions } from '../../lib/plan-options.ts';
import type { Topology } from '../../lib/topology.ts';
import type { Scope } from '../system/scope.ts';
import { Indices, Node } from './node.ts';

/** A plan could not be applied: which step, and what the kernel said. */
export class ApplyError extends Error {
  override readonly name = 'ApplyError';
}


export function applyPlan(topology: Topology, plan: Plan, scope: Scope): Map<string, Node> {
  const nodes = new Map<string, Node>();
  const indices = new Indices();
  const queues = new Map<Node, NetlinkRequest[]>();
  const node = (name: string): Node => {
    const found = nodes.get(name);
    if (!found) throw new ApplyError(`the plan speaks of ${name}, which no step makes`);
    return found;
  };
  const enqueue = (to: Node, request: NetlinkRequest): void => {
    const queue = queues.get(to);
    if (queue) queue.push(request);
    else queues.set(to, [request]);
  };
  const flush = (): void => {
    for (const [to, requests] of queues) {
      try {
        to.netlink.request(requests);
      } catch (error) {
        throw new ApplyError(`build ${to.name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
    }
    queues.clear();
  };
  // The last cable: whatever follows may refer to both ends.
  const cables = plan.steps.findLastIndex((step) => step.do === 'veth');
  plan.steps.forEach((step, index) => {
    applyStep(step, { topology, nodes, indices, node, enqueue, flush, scope, scaled: plan.scale !== 1 });
    if (index === cables) flush();
  });
  flush();
  return nodes;
}

interface Context {
  topology: Topology;
  nodes: Map<string, Node>;
  indices: Indices;
  node: (name: string) => Node;
  enqueue: (to: Node, request: NetlinkRequest) => void;
  flush: () => void;
  scope: Scope;
  /** Protocol time runs faster than the kernel's clock. */
  scaled: boolean;
}

function applyStep(step: Step, { topology, nodes, indices, node, enqueue, flush, scope, scaled }: Context): void {
  switch (step.do) {
    case 'namespace': {
      const spec = topology.nodes.find((n) => n.name === step.node);
      if (!spec) throw new ApplyError(`the plan makes ${step.node}, which the topology does not have`);
      const made = new Node(spec, indices);
      scope.defer(`remove the namespace ${step.node}`, () => { made[Symbol.dispose](); });
      nodes.set(step.node, made);
      enqueue(made, linkSet(1, { up: true }));
      return;
    }
    case 'sysctl':
      // Device sysctls speak of devices that are still in the queue.
      if (namesDevice(step.key)) flush();
      node(step.node).inside(() => { writeSysctl(step.node, step.key, step.value); });
      return;
    case 'bridge': case 'bond': case 'dummy': {
      const on = node(step.node);
      const common = { name: step.name, index: on.assign(step.name), mac: step.mac, ...(step.mtuBytes ? { mtu: step.mtuBytes } : {}) };
      // A bridge told both at once delays its querier by the default response interval: br_changelink reads mcast_querier
      // before the timers. Scaled, those 10 s would be a thousand.
      const late = scaled && step.do === 'bridge' && step.options['mcast_querier'] === true;
      const options = netlinkOptions(late ? { ...step.options, mcast_querier: false } : step.options);
      enqueue(on, linkAdd({ ...common, kind: step.do, options } as Parameters<typeof linkAdd>[0], (d) => on.indexOf(d)));
      if (late) enqueue(on, linkSetOptions(on.indexOf(step.name), 'bridge', { mcast_querier: true }));
      return;
    }
    case 'vlan': {
      const on = node(step.node);
      enqueue(on, linkAdd({ name: step.name, index: on.assign(step.name), ...(step.mac ? { mac: step.mac } : {}), ...(step.mtuBytes ? { mtu: step.mtuBytes } : {}), kind: 'vlan', lower: on.indexOf(step.over), options: { id: step.id } }));
      return;
    }
    case 'veth': {
      // Made from the second end, which is the switch's: many cables of one switch then go out in one batch.
      const [near, far] = [node(step.b.node), node(step.a.node)];
      enqueue(near, linkAdd({
        kind: 'veth', name: step.b.name, index: near.assign(step.b.name), mac: step.b.mac, ...(step.b.mtuBytes ? { mtu: step.b.mtuBytes } : {}),
        peer: { name: step.a.name, index: far.assign(step.a.name), mac: step.a.mac, netnsFd: far.namespace.fd, ...(step.a.mtuBytes ? { mtu: step.a.mtuBytes } : {}) },
      }));
      return;
    }
    case 'master': {
      const on = node(step.node);
      enqueue(on, linkSet(on.indexOf(step.name), { master: on.indexOf(step.master) }));
      return;
    }
    case 'port': case 'slave': {
      const on = node(step.node);
      enqueue(on, slaveSetOptions(on.indexOf(step.name), (step.do === 'port' ? 'bridge' : 'bond') as 'bridge', netlinkOptions(step.options), (d) => on.indexOf(d)));
      return;
    }
    case 'filters': {
      const on = node(step.node);
      const index = on.indexOf(step.name);
      enqueue(on, qdiscAdd(index, 'clsact'));
      step.rules.forEach((rule, n) => { enqueue(on, bpfFilterAdd({ index, direction: directionOf(rule), priority: n + 1, program: programOf(rule) })); });
      return;
    }
    case 'bond-options': {
      const on = node(step.node);
      enqueue(on, linkSetOptions(on.indexOf(step.name), 'bond', netlinkOptions(step.options), (d) => on.indexOf(d)));
      return;
    }
    case 'vlan-member': {
      const on = node(step.node);
      enqueue(on, bridgeVlanAdd({ index: on.indexOf(step.name), vid: step.id, pvid: step.pvid, untagged: step.untagged, self: step.self }));
      return;
    }
    case 'address': {
      const on = node(step.node);
      enqueue(on, addressAdd({ index: on.indexOf(step.name), address: step.address, ...(step.address.includes(':') ? { noDad: true } : {}) }));
      return;
    }
    case 'up': {
      const on = node(step.node);
      enqueue(on, linkSet(on.indexOf(step.name), { up: true }));
      return;
    }
    case 'route': {
      const on = node(step.node);
      enqueue(on, routeAdd({ destination: step.to, ...(step.via ? { via: step.via } : {}), ...(step.device ? { index: on.indexOf(step.device) } : {}) }));
      return;
    }
    case 'neighbour': {
      const on = node(step.node);
      enqueue(on, neighbourReplace({ index: on.indexOf(step.device), address: step.address, mac: step.mac }));
      return;
    }
    case 'neighbour-timers': {
      const on = node(step.node);
      enqueue(on, neighbourTableSet(step.family, step.timersMs, on.indexOf(step.device)));
      return;
    }
    // Once the ports have carrier: startSwitchCpus.
    case 'switch-cpu':
    case 'ready':
      return;
  }
}

/** Written from the main thread, so /proc/sys/net is that of the namespace we are in. */
function writeSysctl(node: string, key: string, value: string): void {
  try {
    writeFileSync(`/proc/sys/${key}`, value);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A kernel built without IPv6 has nothing to switch off.
    if (code === 'ENOENT' && key.startsWith('net/ipv6/') && key.endsWith('disable_ipv6')) return;
    throw new ApplyError(`set ${key.replaceAll('/', '.')} to ${value} in ${node}: ${code ?? String(error)}`, { cause: error });
  }
}
