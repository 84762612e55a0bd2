/** What this kernel can do, found by asking it: each device kind is made once in a namespace of no other use. */
import { existsSync } from 'node:fs';
import { decodeLink, linkAdd, linkDelete, linkGet, type NetlinkRequest } from '../../lib/netlink/index.ts';
import type { Topology } from '../../lib/topology.ts';
import { createNamespace } from '../system/native/namespaces.ts';
import { NetlinkSocket } from '../system/native/netlink-socket.ts';

export type Capability = 'bridge' | 'snooping' | 'bonding' | 'vlan' | 'veth' | 'dummy' | 'ipv6';
export const CAPABILITIES: readonly Capability[] = ['bridge', 'snooping', 'bonding', 'vlan', 'veth', 'dummy', 'ipv6'];

/** What to do about a missing one. */
const CURE: Record<Capability, string> = {
  bridge: 'CONFIG_BRIDGE (module bridge)', snooping: 'CONFIG_BRIDGE_IGMP_SNOOPING', bonding: 'CONFIG_BONDING (module bonding)',
  vlan: 'CONFIG_VLAN_8021Q (module 8021q)', veth: 'CONFIG_VETH (module veth)', dummy: 'CONFIG_DUMMY (module dummy)', ipv6: 'CONFIG_IPV6',
};
export const cureOf = (capability: Capability): string => `${CURE[capability]}: choose another kernel (--kernel), or load the module`;

/** Missing ones with the kernel's answer. */
export function probeCapabilities(): { present: Capability[]; missing: Partial<Record<Capability, string>> } {
  const missing: Partial<Record<Capability, string>> = {};
  using namespace = createNamespace();
  using netlink = new NetlinkSocket(namespace.fd);
  const make = (capability: Capability, request: NetlinkRequest): boolean => {
    try {
      netlink.request([request]);
      return true;
    } catch (error) {
      missing[capability] = error instanceof Error ? error.message : String(error);
      return false;
    }
  };
  if (make('bridge', linkAdd({ kind: 'bridge', name: 'probe-br', index: 10 }))) {
    const options = netlink.get(linkGet(10), decodeLink).options ?? {};
    if (!('mcast_snooping' in options)) missing.snooping = 'the bridge has no multicast options';
  } else missing.snooping = 'no bridge, no snooping';
  make('bonding', linkAdd({ kind: 'bond', name: 'probe-bond', index: 11 }));
  if (make('veth', linkAdd({ kind: 'veth', name: 'probe-v0', index: 12, peer: { name: 'probe-v1', index: 13 } }))) {
    make('vlan', linkAdd({ kind: 'vlan', name: 'probe-vlan', index: 14, lower: 12, options: { id: 1 } }));
    netlink.request([linkDelete(12)]);
  } else missing.vlan = 'no device to lay a VLAN over';
  make('dummy', linkAdd({ kind: 'dummy', name: 'probe-dummy', index: 15 }));
  if (!existsSync('/proc/sys/net/ipv6')) missing.ipv6 = 'there is no /proc/sys/net/ipv6';
  return { present: CAPABILITIES.filter((c) => !(c in missing)), missing };
}

/** What a topology needs of a kernel. */
export function neededBy(topology: Topology): Capability[] {
  const needs = new Set<Capability>();
  for (const device of topology.devices) {
    needs.add(device.kind === 'bond' ? 'bonding' : device.kind);
    if (device.kind === 'bridge' && Object.keys(device.options).some((o) => o.startsWith('mcast_'))) needs.add('snooping');
  }
  if (topology.links.length > 0) needs.add('veth');
  if (topology.nodes.some((n) => n.ipv6)) needs.add('ipv6');
  return [...needs];
}
