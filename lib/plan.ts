/**
 * A topology compiled to ordered steps: what gets applied, printed and exported. Pure: the same topology, seed and
 * scale give the same plan, and nothing is touched.
 */
import { directionOf, type FrameRule } from './frame-filter.ts';
import { BRIDGE_DEFAULTS } from './kernel-defaults.ts';
import { BOND_TABLE, PORT_TABLE, scaledBridgeOptions, scaledOptions, SLAVE_TABLE } from './plan-options.ts';
import type { NeighbourTableParameters } from './netlink/neighbour.ts';
import { macFor } from './seed.ts';
import { bridgeOptionsLike, hasCpu, portOptionsLike, rulesLike, type SwitchLike } from './switch-like.ts';
import { allDevices, type At, at, type DeviceSpec, type EndSpec, type NodeSpec, type Options, type Topology } from './topology.ts';
import { isDuration } from './units.ts';

export type Step =
  | { readonly do: 'namespace'; readonly node: string }
  /** A file below /proc/sys, slash separated, in the node's namespace. */
  | { readonly do: 'sysctl'; readonly node: string; readonly key: string; readonly value: string }
  | { readonly do: 'bridge' | 'bond' | 'dummy'; readonly node: string; readonly name: string; readonly mac: string; readonly mtuBytes?: number; readonly options: Options }
  | { readonly do: 'vlan'; readonly node: string; readonly name: string; readonly over: string; readonly id: number; readonly mac?: string; readonly mtuBytes?: number }
  | { readonly do: 'veth'; readonly a: VethEnd; readonly b: VethEnd }
  | { readonly do: 'master'; readonly node: string; readonly name: string; readonly master: string }
  /** Bridge port options. */
  | { readonly do: 'port'; readonly node: string; readonly name: string; readonly options: Options }
  /** Frames that an interface drops, beyond what a bridge can be told: classifiers of tc, in this order. */
  | { readonly do: 'filters'; readonly node: string; readonly name: string; readonly rules: readonly FrameRule[] }
  /** A process of ours that does what a snooping switch's CPU does (lib/switch-cpu.ts): no command builds it. */
  | { readonly do: 'switch-cpu'; readonly node: string; readonly name: string; readonly ports: readonly string[]; readonly suppresses: SwitchLike['suppressesReports'] }
  /** Bond slave options. */
  | { readonly do: 'slave'; readonly node: string; readonly name: string; readonly options: Options }
  /** Bond options that name a slave, so wait until it is there (primary, active_slave). */
  | { readonly do: 'bond-options'; readonly node: string; readonly name: string; readonly options: Options }
  /** A VLAN of a port, or (self) of the bridge. */
  | { readonly do: 'vlan-member'; readonly node: string; readonly name: string; readonly id: number; readonly pvid: boolean; readonly untagged: boolean; readonly self: boolean }
  | { readonly do: 'address'; readonly node: string; readonly name: string; readonly address: string }
  /** Timers of a device's neighbour entries, in ms by the names of NEIGHBOUR_TABLE_PARAMETERS. */
  | { readonly do: 'neighbour-timers'; readonly node: string; readonly device: string; readonly family: 'inet' | 'inet6'; readonly timersMs: NeighbourTableParameters }
  | { readonly do: 'up'; readonly node: string; readonly name: string }
  | { readonly do: 'route'; readonly node: string; readonly to: string; readonly via?: string; readonly device?: string }
  | { readonly do: 'neighbour'; readonly node: string; readonly device: string; readonly address: string; readonly mac: string }
  /**
   * Wait until operstate is UP and, for a bridge port (master is its bridge), its state is forwarding; where the bridge
   * speaks STP (mayBlock) blocking is an end too. withinMs: how long that may take, from the bridge's own timers.
   */
  | { readonly do: 'ready'; readonly node: string; readonly name: string; readonly master?: string; readonly mayBlock?: true; readonly withinMs: number };

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

/**
 * Host timers that no option of ours covers, as sysctls in ms with the kernel's defaults (igmp.c, mcast.c, arp.c,
 * ndisc.c): set only in a scaled run, so that they scale too.
 */
const SCALED_CONF = [
  { key: 'net/ipv4/conf/default/igmpv2_unsolicited_report_interval', value: 10_000, ipv6: false },
  { key: 'net/ipv4/conf/default/igmpv3_unsolicited_report_interval', value: 1_000, ipv6: false },
  { key: 'net/ipv6/conf/default/mldv1_unsolicited_report_interval', value: 10_000, ipv6: true },
  { key: 'net/ipv6/conf/default/mldv2_unsolicited_report_interval', value: 1_000, ipv6: true },
] as const;
/**
 * The same for neighbour entries, by rtnetlink: sysctls count delay_first_probe_time and gc_stale_time in whole seconds.
 * A namespace has no neigh/default of its own (arp.c registers it for init_net only), so each device is told.
 */
const SCALED_NEIGH = { base_reachable_time: 30_000, retrans_time: 1_000, gc_staletime: 60_000, delay_probe_time: 5_000 } as const;

/** How long a device may take to be ready, beyond what its bridge's timers ask for: linkwatch, LACP, a slow machine. */
const READY_MS = 15_000;

/** The MAC that a device is made with. A bond's slaves take the bond's when they join, unless fail_over_mac says otherwise. */
export function macOf(topology: Topology, seed: number, where: At): string {
  return macAt(new Map(allDevices(topology).map((d) => [at({ node: d.node, device: d.name }), d])), seed, where);
}

function macAt(byPlace: ReadonlyMap<string, DeviceSpec | EndSpec>, seed: number, where: At): string {
  const device = byPlace.get(at(where));
  if (!device) throw new Error(`no device ${at(where)} in this topology`);
  // A VLAN device takes the MAC of what it lies over.
  if (device.kind === 'vlan' && !device.mac) return macAt(byPlace, seed, { node: where.node, device: device.over });
  return device.mac ?? macFor(seed, where.node, where.device);
}

const shrunk = (value: number, scale: number): string => String(Math.max(1, Math.round(value / scale)));
const slashed = (key: string): string => (key.includes('/') ? key : key.replaceAll('.', '/'));
/** Sysctls of one device wait until it is there. */
export const namesDevice = (key: string): boolean => /^net\/[^/]+\/(conf|neigh)\/(?!all\/|default\/|lo\/)/.test(key);

/** What the node's devices inherit, so before there are any. */
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
  if (scale !== 1) for (const { key, value, ipv6 } of SCALED_CONF) if (!ipv6 || node.ipv6) steps.push(set(key, shrunk(value, scale)));
  for (const [key, value] of Object.entries(node.sysctls ?? {})) if (!namesDevice(slashed(key))) steps.push(set(slashed(key), value));
  return steps;
}

/** Those of single devices, once they are there. */
function deviceSysctlsOf(node: NodeSpec, devices: readonly (DeviceSpec | EndSpec)[], scale: number): Step[] {
  const set = (key: string, value: string): Step => ({ do: 'sysctl', node: node.name, key, value });
  const steps: Step[] = [];
  if (scale !== 1) {
    const timersMs = Object.fromEntries(Object.entries(SCALED_NEIGH).map(([timer, ms]) => [timer, Math.max(1, Math.round(ms / scale))]));
    // Only who has an address resolves neighbours.
    for (const { name } of devices.filter((d) => d.addresses.length > 0))
      for (const family of node.ipv6 ? (['inet', 'inet6'] as const) : (['inet'] as const)) steps.push({ do: 'neighbour-timers', node: node.name, device: name, family, timersMs });
  }
  for (const [key, value] of Object.entries(node.sysctls ?? {})) if (namesDevice(slashed(key))) steps.push(set(slashed(key), value));
  return steps;
}

export function compilePlan(topology: Topology, options: PlanOptions): Plan {
  const { seed, scale = 1 } = options;
  const steps: Step[] = [];
  const devices: (DeviceSpec | EndSpec)[] = allDevices(topology);
  const byPlace = new Map(devices.map((d) => [at({ node: d.node, device: d.name }), d]));
  const mac = (node: string, device: string): string => macAt(byPlace, seed, { node, device });

  for (const node of topology.nodes) steps.push({ do: 'namespace', node: node.name }, ...sysctlsOf(node, scale));

  // Masters first, so that each cable can be plugged when it is there; what lies over another device last.
  const first = topology.devices.filter((d) => d.kind !== 'vlan');
  for (const device of first) {
    const { node, name, mtuBytes } = device;
    steps.push({ do: device.kind, node, name, mac: mac(node, name), ...(mtuBytes ? { mtuBytes } : {}), options: ownOptions(device, scale) });
  }
  for (const { a, b } of topology.links) {
    const end = (e: EndSpec): VethEnd => ({ node: e.node, name: e.name, mac: mac(e.node, e.name), ...(e.mtuBytes ? { mtuBytes: e.mtuBytes } : {}) });
    steps.push({ do: 'veth', a: end(a), b: end(b) });
  }
  for (const device of topology.devices)
    if (device.kind === 'vlan') steps.push({ do: 'vlan', node: device.node, name: device.name, over: device.over, id: device.id, ...(device.mac ? { mac: device.mac } : {}), ...(device.mtuBytes ? { mtuBytes: device.mtuBytes } : {}) });

  const masterOf = (d: DeviceSpec | EndSpec): DeviceSpec | EndSpec | undefined => (d.master === undefined ? undefined : byPlace.get(at({ node: d.node, device: d.master })));
  const byNode = new Map(topology.nodes.map((n): [string, (DeviceSpec | EndSpec)[]] => [n.name, []]));
  for (const device of devices) byNode.get(device.node)?.push(device);
  for (const node of topology.nodes) steps.push(...deviceSysctlsOf(node, byNode.get(node.name) ?? [], scale));

  // Slaves before the bond becomes a port: a bond takes its features and its MAC from its slaves.
  const bondsLast = (d: DeviceSpec | EndSpec): number => (d.kind === 'bond' ? 1 : 0);
  for (const { node, name, master } of [...devices].sort((x, y) => bondsLast(x) - bondsLast(y))) if (master) steps.push({ do: 'master', node, name, master });
  // Options after all masters: some name another port (backup_port).
  for (const device of devices) {
    const { node, name, slave = {} } = device;
    const master = masterOf(device);
    const kind = master?.kind;
    const port: Options = { ...(master?.kind === 'bridge' && master.like ? portOptionsLike(master.like) : {}), ...device.port };
    if (kind === 'bridge' && Object.keys(port).length > 0) steps.push({ do: 'port', node, name, options: scaledOptions(PORT_TABLE, port, scale) });
    if (kind === 'bond' && Object.keys(slave).length > 0) steps.push({ do: 'slave', node, name, options: scaledOptions(SLAVE_TABLE, slave, scale) });
  }
  for (const device of devices) {
    const master = masterOf(device);
    const rules = [
      ...(master?.kind === 'bridge' && master.like ? rulesLike(master.like, master.options, mac(master.node, master.name)) : []),
      ...(device.multicastLimitBytes === undefined ? [] : [{ rule: 'multicast-limit' as const, ipBytes: device.multicastLimitBytes }]),
    ].sort((a, b) => directionOf(a).localeCompare(directionOf(b)));
    if (rules.length > 0) steps.push({ do: 'filters', node: device.node, name: device.name, rules });
  }
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

  for (const bridge of topology.devices)
    if (bridge.kind === 'bridge' && bridge.like && hasCpu(bridge.like))
      steps.push({ do: 'switch-cpu', node: bridge.node, name: bridge.name, ports: devices.filter((d) => masterOf(d) === bridge).map((d) => d.name), suppresses: bridge.like.suppressesReports });

  for (const node of topology.nodes) {
    for (const route of node.routes ?? []) steps.push({ do: 'route', node: node.name, ...route });
    for (const { device, address, of } of node.neighbours ?? []) steps.push({ do: 'neighbour', node: node.name, device, address, mac: mac(of.node, of.device) });
  }
  for (const device of rising) {
    if (!waitsForCarrier(topology, device)) continue;
    const master = masterOf(device);
    const bridge = master?.kind === 'bridge' ? master : device.kind === 'bridge' ? device : undefined;
    const port = bridge && bridge !== device ? { master: bridge.name, ...(bridge.options['stp_state'] === true ? { mayBlock: true as const } : {}) } : {};
    steps.push({ do: 'ready', node: device.node, name: device.name, ...port, withinMs: READY_MS + (bridge ? 2 * forwardDelayMs(bridge, scale) : 0) });
  }
  return { seed, scale, steps };
}

/** Options that a device is made with. */
function ownOptions(device: Exclude<DeviceSpec, { kind: 'vlan' }>, scale: number): Options {
  if (device.kind === 'dummy') return {};
  if (device.kind === 'bridge') return scaledBridgeOptions(device.like ? { ...device.options, ...bridgeOptionsLike(device.like, device.options) } : device.options, scale);
  return scaledOptions(BOND_TABLE, Object.fromEntries(Object.entries(device.options).filter(([key]) => !NAMES_A_SLAVE.has(key))), scale);
}

/** With STP a new port listens and learns for this long each; without, it forwards at once (br_make_forwarding in net/bridge/br_stp.c). */
function forwardDelayMs(bridge: Extract<DeviceSpec, { kind: 'bridge' }>, scale: number): number {
  if (bridge.options['stp_state'] !== true) return 0;
  const delay = { ...BRIDGE_DEFAULTS, ...scaledBridgeOptions(bridge.options, scale) }['forward_delay'];
  return isDuration(delay) ? delay.ns / 1e6 : 0;
}

/** An end whose link is not in use yet: the place that a movable guest has not moved to. */
export function isUnplugged(topology: Topology, device: { node: string; name: string }): boolean {
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
