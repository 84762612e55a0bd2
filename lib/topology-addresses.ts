/** Addresses that a topology hands out: documentation addresses, and a larger subnet where those do not suffice. */
import type { DeviceSpec, EndSpec, Topology } from './topology.ts';

/** Hosts that 192.0.2.0/24 serves here; a few are left for addresses that scenarios name. */
export const SMALL_HOSTS = 250;
/** The n-th handed-out address: a placeholder where there are too many for the /24. */
export const small = (n: number): string => (n <= SMALL_HOSTS ? `192.0.2.${n}/24` : `#${n}`);
const large = (n: number): string => `198.18.${n >> 8}.${n & 255}/15`;

/** All that were handed out, in 198.18.0.0/15 instead: they stay in one subnet. */
export function inLargeSubnet(topology: Topology, hosts: number): Topology {
  if (hosts > 0xfffe) throw new RangeError(`${hosts} addresses were asked for; 198.18.0.0/16 has 65534`);
  const moved = new Map(Array.from({ length: hosts }, (_, i) => [small(i + 1), large(i + 1)]));
  const bare = new Map([...moved].map(([from, to]) => [from.split('/')[0], to.split('/')[0] ?? to]));
  const move = <D extends DeviceSpec | EndSpec>(d: D): D => ({ ...d, addresses: d.addresses.map((a) => moved.get(a) ?? a) });
  return {
    ...topology,
    nodes: topology.nodes.map((n) => (n.neighbours ? { ...n, neighbours: n.neighbours.map((e) => ({ ...e, address: bare.get(e.address) ?? e.address })) } : n)),
    devices: topology.devices.map(move),
    links: topology.links.map((l) => ({ ...l, a: move(l.a), b: move(l.b) })),
  };
}
