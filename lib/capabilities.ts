/** What a kernel must be able to do for a scenario: read off its topology, or said by it. Asking a kernel is harness/agent/capabilities.ts. */
import { filtersLike } from './switch-like.ts';
import { allDevices, type Topology } from './topology.ts';

export type Capability = 'bridge' | 'snooping' | 'vlan-filtering' | 'bonding' | 'vlan' | 'veth' | 'dummy' | 'macvlan' | 'netem' | 'clsact' | 'cls_bpf' | 'ipv6';

/** The kernel's option behind each, and the module where it can be one of its own. */
const KERNEL: Readonly<Record<Capability, { readonly option: string; readonly module?: string }>> = {
  bridge: { option: 'CONFIG_BRIDGE', module: 'bridge' },
  snooping: { option: 'CONFIG_BRIDGE_IGMP_SNOOPING' },
  'vlan-filtering': { option: 'CONFIG_BRIDGE_VLAN_FILTERING' },
  bonding: { option: 'CONFIG_BONDING', module: 'bonding' },
  vlan: { option: 'CONFIG_VLAN_8021Q', module: '8021q' },
  veth: { option: 'CONFIG_VETH', module: 'veth' },
  dummy: { option: 'CONFIG_DUMMY', module: 'dummy' },
  macvlan: { option: 'CONFIG_MACVLAN', module: 'macvlan' },
  netem: { option: 'CONFIG_NET_SCH_NETEM', module: 'sch_netem' },
  clsact: { option: 'CONFIG_NET_SCH_INGRESS', module: 'sch_ingress' },
  cls_bpf: { option: 'CONFIG_NET_CLS_BPF', module: 'cls_bpf' },
  ipv6: { option: 'CONFIG_IPV6', module: 'ipv6' },
};

export const CAPABILITIES = Object.keys(KERNEL) as Capability[];
/** The module that brings it; undefined for what is compiled into another. */
export const moduleOf = (capability: Capability): string | undefined => KERNEL[capability].module;
/** What to do where it is missing. */
export const cureOf = (capability: Capability): string => {
  const module = moduleOf(capability);
  return `it needs ${KERNEL[capability].option}: choose another kernel (--kernel)${module === undefined ? '' : `, or load its module ${module}`}`;
};

/** What a topology needs, and what the story says that it needs besides. */
export function neededBy(topology: Topology, said: readonly Capability[] = []): Capability[] {
  const needs = new Set<Capability>(said);
  for (const device of topology.devices) {
    needs.add(device.kind === 'bond' ? 'bonding' : device.kind);
    if (device.kind === 'bridge' && Object.keys(device.options).some((o) => o.startsWith('mcast_'))) needs.add('snooping');
    if (device.kind === 'bridge' && device.options['vlan_filtering'] === true) needs.add('vlan-filtering');
  }
  if (allDevices(topology).some((d) => d.multicastLimitBytes !== undefined || (d.kind === 'bridge' && d.like !== undefined && filtersLike(d.like)))) needs.add('clsact').add('cls_bpf');
  if (topology.links.length > 0) needs.add('veth');
  if (topology.nodes.some((n) => n.ipv6)) needs.add('ipv6');
  return [...needs];
}
