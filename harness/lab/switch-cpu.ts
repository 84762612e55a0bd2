/**
 * Runs the CPU of switches that are not Linux: a packet socket on each port hands it what such a switch punts to its
 * CPU, and what it passes on leaves by the same sockets, marked, so that the port's filter lets it out.
 */
import { CPU_MARK, puntedToCpu } from '../../lib/frame-filter.ts';
import { BRIDGE_TIMERS } from '../../lib/kernel-defaults.ts';
import type { Plan } from '../../lib/plan.ts';
import { SwitchCpu } from '../../lib/switch-cpu.ts';
import { isDuration } from '../../lib/units.ts';
import { decodeFrame } from '../../lib/wire/index.ts';
import { ETH_P_ALL, PacketSocket } from '../system/native/packet-socket.ts';
import type { Scope } from '../system/scope.ts';
import type { Node } from './node.ts';

/** Once the links are up: a packet socket on an interface that is down hears nothing. */
export function startSwitchCpus(plan: Plan, nodes: ReadonlyMap<string, Node>, scope: Scope): void {
  const querierNs = BRIDGE_TIMERS['mcast_querier_interval'];
  for (const step of plan.steps) {
    if (step.do !== 'switch-cpu') continue;
    const node = nodes.get(step.node) as Node;
    const cpu = new SwitchCpu({ ports: step.ports, suppresses: step.suppresses, routerPortNs: (isDuration(querierNs) ? querierNs.ns : Infinity) / plan.scale });
    const sockets = new Map<string, PacketSocket>();
    for (const port of step.ports) {
      const socket = new PacketSocket({ namespace: node.namespace.fd, index: node.indexOf(port), receive: ETH_P_ALL, filter: puntedToCpu(), mark: CPU_MARK });
      scope.defer(`stop the CPU of ${step.node} on ${port}`, () => { socket.close(); });
      sockets.set(port, socket);
    }
    for (const [port, socket] of sockets)
      socket.onReceive((received) => {
        if (received.truncated) return;
        const bytes = received.copy();
        const { to, instead = bytes } = cpu.takes(decodeFrame(bytes), port, Number(process.hrtime.bigint()));
        // A port that is down loses it, as it would a switch's frame.
        for (const other of to) sockets.get(other)?.send(instead);
      }, { holds: false });
  }
}
