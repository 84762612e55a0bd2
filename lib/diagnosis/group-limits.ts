/** Whether a bridge, or one of its ports, had no room for one group more (br_multicast_new_group, br_multicast_new_port_group). */
import type { Context, GroupLimit } from './cause.ts';

interface Place { readonly bridge: string; readonly port: string; readonly group: string; readonly vlan: number }

/** The last of the moments at which a member behind the port reported, and found no room. */
export function limitReached({ story, net }: Context, { bridge, port, group, vlan }: Place, reportedNs: readonly number[]): GroupLimit | undefined {
  for (const ns of [...reportedNs].reverse()) {
    if (net.groupPorts(bridge, group, vlan, ns + story.slackNs).includes(port)) continue;
    const entries = net.entries(bridge, ns);
    const groups = new Set(entries.map((e) => e.what));
    const most = Number(net.option(bridge, 'mcast_hash_max', ns));
    const known = net.groupPorts(bridge, group, vlan, ns).length > 0;
    if (!known && groups.size >= most) return { of: 'bridge', most, held: groups.size, ns, full: entries.at(-1)?.since };
    const mostAtPort = Number(net.portOption(port, 'mcast_max_groups', ns) ?? 0);
    const atPort = entries.filter((e) => e.port === port);
    if (mostAtPort > 0 && atPort.length >= mostAtPort) return { of: 'port', most: mostAtPort, held: atPort.length, ns, full: atPort.at(-1)?.since };
  }
  return undefined;
}
