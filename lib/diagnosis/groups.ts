/**
 * Whether a bridge forwards a group by its MDB or floods it (br_multicast_querier_exists, net/bridge/br_private.h and
 * br_multicast.c): by the table while it counts a querier as present, its own or one that it heard, and not before one
 * response interval has passed since the first of them. What a kernel was asked at the time outweighs what is computed.
 */
import type { Network } from './network.ts';
import type { BridgeReading, QuerierReading, Reading } from './story.ts';

export interface Querier {
  readonly own: boolean;
  readonly address?: string;
  /** "vmbr0:core". */
  readonly port?: string;
  /** How long it is still believed in without another query, ns. */
  readonly leftNs?: number;
  /** The kernel said so, in this reading. */
  readonly reading?: Reading;
}

export interface GroupDecision {
  readonly byTable: boolean;
  /** Whom it counts as a querier; undefined: nobody. */
  readonly querier?: Querier;
  readonly snooping: boolean;
  /** Ports in the table and router ports. */
  readonly members: readonly string[];
}

const isV6 = (group: string): boolean => group.includes(':');
/** 224.0.0.x and ff02::1 are flooded whatever the table says (RFC 4541 sections 2.1.2 and 3; br_multicast_ipv6_rcv): other link-local groups of IPv6 are groups as any. */
export const isAlwaysFlooded = (group: string): boolean => group.startsWith('224.0.0.') || /^ff02::1$/i.test(group);

export function groupDecision(net: Network, bridge: string, group: string, vlan: number, ns: number): GroupDecision {
  const snooping = net.option(bridge, 'mcast_snooping', ns) !== false;
  const ports = net.members(bridge, ns);
  const members = [...new Set([...net.groupPorts(bridge, group, vlan, ns), ...ports.filter((p) => net.routerPort(bridge, p, ns) || ['permanent'].includes(String(net.portOption(p, 'mcast_router', ns))))])];
  if (!snooping || isAlwaysFlooded(group)) return { byTable: false, snooping, members };
  const querier = querierAt(net, bridge, group, ns);
  return { byTable: querier !== undefined, snooping, members, ...(querier ? { querier } : {}) };
}

/** A reading of the bridge's multicast tables near an instant, the nearest one. */
export function readingNear(net: Network, bridge: string, ns: number, withinNs: number): { reading: Reading; bridge: BridgeReading } | undefined {
  const near = net.story.readings
    .flatMap((reading) => { const told = reading.bridges[bridge]; return told?.groups ? [{ reading, bridge: told, apart: Math.abs(reading.ns - ns) }] : []; })
    .sort((a, b) => a.apart - b.apart)[0];
  return near && near.apart <= withinNs ? near : undefined;
}

/** Whom the bridge counts as present: heard, or its own since long enough. */
export function querierAt(net: Network, bridge: string, group: string, ns: number): Querier | undefined {
  const family = isV6(group) ? 'ipv6' : 'ipv4';
  const response = Number(net.option(bridge, 'mcast_query_response_interval', ns) ?? 10e9);
  const own = net.option(bridge, 'mcast_querier', ns) === true;
  const ownSince = own ? sinceWhen(net, bridge, ns) : undefined;
  const routers = net.members(bridge, ns).flatMap((port) => { const since = net.routerPort(bridge, port, ns); return since ? [{ port, since }] : []; });
  const settled = (sinceNs: number): boolean => ns - sinceNs >= response || sinceNs < 1e9;

  // Asked at a time from which on nothing happened that would change the answer.
  const near = readingNear(net, bridge, ns, Infinity);
  const told: QuerierReading | undefined = near?.bridge.querier?.[family];
  if (near && told && told.leftMs !== undefined && told.port !== undefined) {
    const left = told.leftMs * 1e6 - (ns - near.reading.ns);
    const since = routers.find((r) => net.nameOf(r.port) === told.port)?.since.ns;
    // Before the reading it may have been another one's turn: believed in as long as its port is a router port.
    if (left > 0 && (near.reading.ns <= ns ? left > 0 : since !== undefined && since <= ns) && (since === undefined || settled(since)))
      return { own: false, address: told.address, port: `${net.nodeOf(bridge)}:${told.port}`, leftNs: left, ...(Math.abs(near.reading.ns - ns) < 5e9 ? { reading: near.reading } : {}) };
  }
  const heard = routers.find((r) => settled(r.since.ns));
  // A router port may be one for another reason than a querier: a kernel that was just asked knows better.
  const denied = near !== undefined && near.reading.ns <= ns && ns - near.reading.ns < 2e9 && told?.leftMs === undefined;
  if (heard && !denied) return { own: false, port: heard.port };
  if (own && ownSince !== undefined && settled(ownSince)) return { own: true, ...(told ? { address: told.address } : {}) };
  return undefined;
}

/** The first query of a bridge's own querier leaves when it is switched on, unless the bridge believes in another one then. */
export function ownQuery(net: Network, bridge: string, ns: number): { ns: number; event: number } | undefined {
  if (net.option(bridge, 'mcast_querier', ns) !== true) return undefined;
  const since = sinceWhen(net, bridge, ns);
  const change = (net.story.devices.get(bridge) ?? []).find((c) => c.ns === since);
  if (!change || since < 1e9 || net.members(bridge, since).some((port) => net.routerPort(bridge, port, since))) return undefined;
  return { ns: change.ns, event: change.event };
}

/** When the bridge's own querier was switched on. */
function sinceWhen(net: Network, bridge: string, ns: number): number {
  const changes = net.story.devices.get(bridge) ?? [];
  let since = 0;
  for (const change of changes) {
    if (change.ns > ns) break;
    const on = (change.value['options'] as Record<string, unknown> | undefined)?.['mcast_querier'] === true;
    if (!on) since = Infinity;
    else if (since === Infinity) since = change.ns;
  }
  return since;
}
