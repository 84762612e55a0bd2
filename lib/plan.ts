/**
 * A topology compiled to ordered steps: what gets applied, printed and exported. Pure: the same topology, seed and
 * scale give the same plan, and nothing is touched.
 */
import { macFor } from './seed.ts';
import { allDevices, at, type DeviceSpec, type EndSpec, type NodeSpec, type Options, type Topology } from './topology.ts';
import { isDuration, times } from './units.ts';

export type Step =
  | { readonly do: 'namespace'; readonly node: string }
  /** A file below /proc/sys, slash separated, in the node's namespace. */
  | { readonly do: 'sysctl'; readonly node: string; readonly key: string; readonly value: string }
  | { readonly do: 'bridge' | 'bond' | 'dummy'; readonly node: string; readonly name: string; readonly mac: string; readonly mtuBytes?: number; readonly options: Options }
  | { readonly do: 'vlan'; readonly node: string; readonly name: string; readonly over: string; readonly id: number; readonly mac?: string }
  | { readonly do: 'veth'; readonly a: VethEnd; readonly b: VethEnd }
  | { readonly do: 'master'; readonly node: string; readonly name: string; readonly master: string }
  /** Bridge port options. */
  | { readonly do: 'port'; readonly node: string; readonly name: string; readonly options: Options }
  /** Bond slave options. */
  | { readonly do: 'slave'; readonly node: string; readonly name: string; readonly options: Options }
  /** Bond options that name a slave, so wait until it is there (primary, active_slave). */
  | { readonly do: 'bond-options'; readonly node: string; readonly name: string; readonly options: Options }
  /** A VLAN of a port, or (self) of the bridge. */
  | { readonly do: 'vlan-member'; readonly node: string; readonly name: string; readonly id: number; readonly pvid: boolean; readonly untagged: boolean; readonly self: boolean }
  | { readonly do: 'address'; readonly node: string; readonly name: string; readonly address: string }
  | { readonly do: 'up'; readonly node: string; readonly name: string }
  | { readonly do: 'route'; readonly node: string; readonly to: string; readonly via?: string; readonly device?: string }
  | { readonly do: 'neighbour'; readonly node: string; readonly device: string; readonly address: string; readonly mac: string }
  /** Wait until operstate is UP and, for a bridge port, its state is forwarding. */
  | { readonly do: 'ready'; readonly node: string; readonly name: string; readonly master?: string };

export interface VethEnd { readonly node: string; readonly name: string; readonly mac: string; readonly mtuBytes?: number }

export interface Plan {
  readonly seed: number;
  /** Protocol time runs this many times faster than the kernel's clock: every timer below is already divided by it. */
  readonly scale: number;
  readonly steps: readonly Step[];
}

export interface PlanOptions {
  seed: number;
  /** Default 1. */
  scale?: number;
}

/** Options that name a slave: the kernel refuses them before the slave is there. */
const NAMES_A_SLAVE = new Set(['primary', 'active_slave']);

/** Kernel timers that no option of ours covers, as sysctls: set only in a scaled run, so that they scale too. */
const SCALED_SYSCTLS: readonly { key: string; value: number; ipv6: boolean }[] = [
  { key: 'net/ipv4/conf/default/igmpv2_unsolicited_report_interval', value: 10_000, ipv6: false },
  { key: 'net/ipv4/conf/default/igmpv3_unsolicited_report_interval', value: 1_000, ipv6: false },
  { key: 'net/ipv4/neigh/default/base_reachable_time_ms', value: 30_000, ipv6: false },
  { key: 'net/ipv4/neigh/default/retrans_time_ms', value: 1_000, ipv6: false },
  { key: 'net/ipv6/conf/default/mldv1_unsolicited_report_interval', value: 10_000, ipv6: true },
  { key: 'net/ipv6/conf/default/mldv2_unsolicited_report_interval', value: 1_000, ipv6: true },
  { key: 'net/ipv6/neigh/default/base_reachable_time_ms', value: 30_000, ipv6: true },
];

export function macOf(topology: Topology, seed: number, where: { node: string; device: string }): string {
  const device = allDevices(topology).find((d) => d.node === where.node && d.name === where.device);
  if (!device) throw new Error(`no device ${at(where)} in this topology`);
  // A VLAN device takes the MAC of what it lies over.
  if (device.kind === 'vlan' && !device.mac) return macOf(topology, seed, { node: where.node, device: device.over });
  return device.mac ?? macFor(seed, where.node, where.device);
}

const scaled = (options: Options, scale: number): Options =>
  Object.fromEntries(Object.entries(options).map(([key, value]) => [key, isDuration(value) ? times(value, 1 / scale) : value]));

function sysctlsOf(node: NodeSpec, scale: number): Step[] {
  const set = (key: string, value: string): Step => ({ do: 'sysctl', node: node.name, key, value });
  const steps: Step[] = [];
  if (!node.ipv6) for (const which of ['all', 'default']) steps.push(set(`net/ipv6/conf/${which}/disable_ipv6`, '1'));
  // Duplicate address detection would keep an address unusable for a second, and nobody here picks addresses twice.
  else for (const which of ['all', 'default']) steps.push(set(`net/ipv6/conf/${which}/accept_dad`, '0'));
  if (node.igmpVersion) steps.push(set('net/ipv4/conf/all/force_igmp_version', String(node.igmpVersion)));
  if (node.mldVersion) steps.push(set('net/ipv6/conf/all/force_mld_version', String(node.mldVersion)));
  if (node.forwarding) {
    steps.push(set('net/ipv4/ip_forward', '1'));
    if (node.ipv6) steps.push(set('net/ipv6/conf/all/forwarding', '1'));
  }
  if (scale !== 1)
    for (const timer of SCALED_SYSCTLS) if (!timer.ipv6 || node.ipv6) steps.push(set(timer.key, String(Math.max(1, Math.round(timer.value / scale)))));
  for (const [key, value] of Object.entries(node.sysctls ?? {})) steps.push(set(key.includes('/') ? key : key.replaceAll('.', '/'), value));
  return steps;
}

export function compilePlan(topology: Topology, options: PlanOptions): Plan {
  const { seed, scale = 1 } = options;
  const steps: Step[] = [];
  const mac = (node: string, device: string): string => macOf(topology, seed, { node, device });

  for (const node of topology.nodes) steps.push({ do: 'namespace', node: node.name }, ...sysctlsOf(node, scale));

  // Masters first, so that each cable can be plugged when it is there; what lies over another device last.
  const first = topology.devices.filter((d) => d.kind !== 'vlan');
  for (const device of first) {
    const { node, name, mtuBytes } = device;
    const own = device.kind === 'dummy' ? {} : device.options;
    const early = Object.fromEntries(Object.entries(own).filter(([key]) => !NAMES_A_SLAVE.has(key)));
    steps.push({ do: device.kind as 'bridge' | 'bond' | 'dummy', node, name, mac: mac(node, name), ...(mtuBytes ? { mtuBytes } : {}), options: scaled(early, scale) });
  }
  for (const { a, b } of topology.links) {
    const end = (e: EndSpec): VethEnd => ({ node: e.node, name: e.name, mac: mac(e.node, e.name), ...(e.mtuBytes ? { mtuBytes: e.mtuBytes } : {}) });
    steps.push({ do: 'veth', a: end(a), b: end(b) });
  }
  for (const device of topology.devices)
    if (device.kind === 'vlan') steps.push({ do: 'vlan', node: device.node, name: device.name, over: device.over, id: device.id, ...(device.mac ? { mac: device.mac } : {}) });

  const devices: (DeviceSpec | EndSpec)[] = allDevices(topology);
  const kindOf = (node: string, name: string): string | undefined => devices.find((d) => d.node === node && d.name === name)?.kind;
  const plug = (device: DeviceSpec | EndSpec): void => {
    if (!device.master) return;
    const { node, name, master } = device;
    steps.push({ do: 'master', node, name, master });
    if (kindOf(node, master) === 'bridge') {
      if (device.port && Object.keys(device.port).length > 0) steps.push({ do: 'port', node, name, options: scaled(device.port, scale) });
    } else if (device.slave && Object.keys(device.slave).length > 0) steps.push({ do: 'slave', node, name, options: scaled(device.slave, scale) });
  };
  // Slaves before the bond becomes a port: a bond takes its features and its MAC from its slaves.
  const bondsLast = (d: DeviceSpec | EndSpec): number => (d.kind === 'bond' ? 1 : 0);
  for (const device of [...devices].sort((x, y) => bondsLast(x) - bondsLast(y))) plug(device);
  for (const device of topology.devices) {
    if (device.kind !== 'bond') continue;
    const late = Object.fromEntries(Object.entries(device.options).filter(([key]) => NAMES_A_SLAVE.has(key)));
    if (Object.keys(late).length > 0) steps.push({ do: 'bond-options', node: device.node, name: device.name, options: late });
  }
  for (const device of devices)
    for (const vlan of device.vlans ?? [])
      steps.push({ do: 'vlan-member', node: device.node, name: device.name, id: vlan.id, pvid: vlan.pvid ?? false, untagged: vlan.untagged ?? false, self: device.kind === 'bridge' });
  for (const device of devices)
    for (const address of device.addresses) steps.push({ do: 'address', node: device.node, name: device.name, address });

  // Bridges up before their ports, so that a port's first carrier already finds its bridge running.
  const order = (d: DeviceSpec | EndSpec): number => (d.kind === 'bridge' ? 0 : d.kind === 'vlan' ? 3 : d.kind === 'bond' ? 1 : 2);
  const rising = devices.filter((d) => d.up !== false && !isUnplugged(topology, d)).sort((x, y) => order(x) - order(y));
  for (const device of rising) steps.push({ do: 'up', node: device.node, name: device.name });

  for (const node of topology.nodes) {
    for (const route of node.routes ?? []) steps.push({ do: 'route', node: node.name, ...route });
    for (const { device, address, of } of node.neighbours ?? []) steps.push({ do: 'neighbour', node: node.name, device, address, mac: mac(of.node, of.device) });
  }
  for (const device of rising) {
    const bridge = device.master && kindOf(device.node, device.master) === 'bridge' ? device.master : undefined;
    if (waitsForCarrier(topology, device)) steps.push({ do: 'ready', node: device.node, name: device.name, ...(bridge ? { master: bridge } : {}) });
  }
  return { seed, scale, steps };
}

/** An end whose link is not in use yet: the place that a movable guest has not moved to. */
function isUnplugged(topology: Topology, device: DeviceSpec | EndSpec): boolean {
  return topology.movables.some((m) => m.places.slice(1).some((p) => (device.node === p.node && device.name === p.port) || (device.node === m.nic && device.name === p.uplink)));
}

/** A veth has carrier when both ends are up; a master when a member has. What can never come up is not waited for. */
function waitsForCarrier(topology: Topology, device: DeviceSpec | EndSpec): boolean {
  if (device.kind === 'end') {
    const link = topology.links.find((l) => l.a === device || l.b === device);
    return link !== undefined && [link.a, link.b].every((e) => e.up !== false && !isUnplugged(topology, e));
  }
  if (device.kind === 'dummy') return false;
  if (device.kind === 'vlan') return topology.devices.some((d) => d.node === device.node && d.name === device.over && waitsForCarrier(topology, d)) || endsUp(topology, device.node, device.over);
  return allDevices(topology).some((d) => d.node === device.node && d.master === device.name && d !== device && waitsForCarrier(topology, d));
}
const endsUp = (topology: Topology, node: string, name: string): boolean =>
  topology.links.some((l) => [l.a, l.b].some((e) => e.node === node && e.name === name && waitsForCarrier(topology, e)));
