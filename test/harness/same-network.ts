/**
 * Is the network that stands the one that was planned? A snapshot is what the kernel says of each node, read by
 * programs that had no part in building it; it is compared with a plan, or with another builder's snapshot.
 */
import { BRIDGE_DEFAULTS, PORT_DEFAULTS } from '../../lib/kernel-defaults.ts';
import { directionOf, programOf } from '../../lib/frame-filter.ts';
import { bpfText } from '../../lib/netlink/index.ts';
import { fromSysfs, type OptionTable } from '../../lib/netlink/options/index.ts';
import { BOND_TABLE, BRIDGE_TABLE, netlinkOptions, PORT_TABLE, specOf, UNIT_NS } from '../../lib/plan-options.ts';
import type { Plan, Step, VethEnd } from '../../lib/plan.ts';
import type { Options } from '../../lib/topology.ts';

/** Runs a program in a node's network namespace and returns its standard output. */
export type RunIn = (node: string, program: string, args: readonly string[]) => Promise<string>;

export interface DeviceSnapshot {
  readonly kind: string;
  readonly mac: string;
  readonly mtu: number;
  readonly up: boolean;
  readonly operstate: string;
  readonly master?: string;
  /** Of its own, and of what it is linked to in that one's namespace. */
  readonly index: number;
  readonly peerIndex?: number;
  /** "192.0.2.1/24", sorted. */
  readonly addresses: readonly string[];
  /** Number of a VLAN device. */
  readonly vlanId?: number;
  /** Files below /sys/class/net/NAME: "bridge/forward_delay" → "0". */
  readonly settings: Readonly<Record<string, string>>;
  /** VLANs of a port: "10 pvid untagged". */
  readonly vlans: readonly string[];
  /** Filters of tc, of those that the plan gives some: "egress 1 2,40 0 0 12,6 0 0 2". */
  readonly filters: readonly string[];
}

export interface NodeSnapshot {
  readonly devices: Readonly<Record<string, DeviceSnapshot>>;
  /** "192.0.2.0/24 via 192.0.2.9 dev eth0", those of addresses left out. */
  readonly routes: readonly string[];
  /** "eth0 192.0.2.9 02:…", permanent ones. */
  readonly neighbours: readonly string[];
  /** "eth0 arp_cache": base_reachable, retrans, gc_stale and delay_probe, ms. */
  readonly neighbourTimers: Readonly<Record<string, readonly (number | undefined)[]>>;
  readonly sysctls: Readonly<Record<string, string>>;
}
export type Snapshot = Readonly<Record<string, NodeSnapshot>>;

/** Every new namespace has these, whoever makes it. */
const NOT_OURS = /^(lo|tunl0|gre0|gretap0|erspan0|sit0|ip6tnl0|ip6_vti0|ip_vti0|ip6gre0)$/;
const MARK = '=====';

/** All nodes of a plan as they stand. */
export async function snapshotOf(plan: Plan, runIn: RunIn): Promise<Snapshot> {
  const nodes: Record<string, NodeSnapshot> = {};
  for (const step of plan.steps) if (step.do === 'namespace') nodes[step.node] = await nodeSnapshot(plan, step.node, runIn);
  return nodes;
}

interface IpAddr {
  ifname: string; ifindex: number; link_index?: number; flags: string[]; mtu: number; master?: string; operstate: string; address: string;
  linkinfo?: { info_kind?: string; info_data?: { id?: number } };
  addr_info: { local: string; prefixlen: number; scope: string; protocol?: string }[];
}
interface IpRoute { dst: string; gateway?: string; dev?: string; protocol?: string; type?: string }
interface IpNtable { name: string; dev?: string; base_reachable?: number; retrans?: number; gc_stale?: number; delay_probe?: number }
interface IpNeigh { dst: string; dev: string; lladdr?: string }
interface BridgeVlan { ifname: string; vlans: { vlan: number; flags?: string[] }[] }

async function nodeSnapshot(plan: Plan, node: string, runIn: RunIn): Promise<NodeSnapshot> {
  const filtered = plan.steps.flatMap((step) => (step.do === 'filters' && step.node === node ? [step.name] : []));
  const keys = plan.steps.flatMap((step) => (step.do === 'sysctl' && step.node === node ? [step.key] : []));
  // Its own /sys, because that shows the namespace of whoever mounted it.
  const script = `
    mount -t sysfs sysfs /sys
    ip -j -d addr show; echo ${MARK}
    bridge -j vlan show; echo ${MARK}
    ip -j route show; echo ${MARK}
    ip -j -6 route show 2>/dev/null; echo ${MARK}
    ip -j neigh show nud permanent; echo ${MARK}
    ip -j ntable show; echo ${MARK}
    for device in ${filtered.join(' ')}; do for way in ingress egress; do tc filter show dev $device $way | sed -n "s/^filter.* pref \\([0-9]*\\) bpf .* direct-action .* bytecode '\\(.*\\)'.*/$device $way \\1 \\2/p"; done; done; echo ${MARK}
    cd /sys/class/net && for f in */bridge/* */brport/* */bonding/*; do [ -f "$f" ] && [ -r "$f" ] && case $f in *flush) ;; *) echo "$f $(cat "$f" 2>/dev/null)" ;; esac; done; echo ${MARK}
    for key do [ -r "/proc/sys/$key" ] && echo "$key $(cat "/proc/sys/$key")"; done; :`;
  const output = await runIn(node, 'unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script, 'snapshot', ...keys]);
  const [addr = '', vlan = '', route4 = '', route6 = '', neigh = '', ntable = '', tc = '', files = '', sysctls = ''] = output.split(`${MARK}\n`);
  const json = <T>(text: string): T[] => (text.trim() === '' ? [] : (JSON.parse(text) as T[]));

  const settings = new Map<string, Record<string, string>>();
  for (const line of files.split('\n')) {
    const match = /^([^/]+)\/(\S+) ?(.*)$/.exec(line);
    if (!match) continue;
    const [, device = '', file = '', value = ''] = match;
    settings.set(device, { ...settings.get(device), [file]: value });
  }
  const vlans = new Map(json<BridgeVlan>(vlan).map((v) => [v.ifname, v.vlans.map((x) => [x.vlan, ...(x.flags ?? []).map((f) => (f === 'Egress Untagged' ? 'untagged' : f.toLowerCase())).sort()].join(' '))]));
  const devices: Record<string, DeviceSnapshot> = {};
  for (const d of json<IpAddr>(addr)) {
    if (NOT_OURS.test(d.ifname)) continue;
    devices[d.ifname] = {
      kind: d.linkinfo?.info_kind ?? 'none', mac: d.address, mtu: d.mtu, up: d.flags.includes('UP'), operstate: d.operstate, index: d.ifindex,
      ...(d.master === undefined ? {} : { master: d.master }),
      ...(d.link_index === undefined ? {} : { peerIndex: d.link_index }),
      ...(d.linkinfo?.info_data?.id === undefined ? {} : { vlanId: d.linkinfo.info_data.id }),
      // Link-local ones come by themselves.
      addresses: d.addr_info.filter((a) => a.scope !== 'link').map((a) => `${a.local}/${a.prefixlen}`).sort(),
      settings: settings.get(d.ifname) ?? {},
      vlans: vlans.get(d.ifname) ?? [],
      filters: tc.split('\n').flatMap((line) => (line.startsWith(`${d.ifname} `) ? [line.slice(d.ifname.length + 1)] : [])).sort(),
    };
  }
  return {
    devices,
    routes: [...json<IpRoute>(route4), ...json<IpRoute>(route6)].filter((r) => r.protocol !== 'kernel').map((r) => [r.dst, r.gateway && `via ${r.gateway}`, r.dev && `dev ${r.dev}`].filter(Boolean).join(' ')).sort(),
    neighbours: json<IpNeigh>(neigh).map((n) => `${n.dev} ${n.dst} ${n.lladdr ?? ''}`).sort(),
    neighbourTimers: Object.fromEntries(json<IpNtable>(ntable).flatMap(({ dev, name, base_reachable, retrans, gc_stale, delay_probe }) => (dev === undefined ? [] : [[`${dev} ${name}`, [base_reachable, retrans, gc_stale, delay_probe]]]))),
    sysctls: Object.fromEntries(sysctls.split('\n').filter(Boolean).map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1).replaceAll('\t', ' ')])),
  };
}

/** At HZ=100, the slowest. */
const TICK_MS = 10;

/** Runs on its own, whoever builds: timers, and numbers that follow from the order in which a namespace made its devices. */
const VOLATILE = /(_timer|topology_change|topology_change_detected|tcn_timer|\/ifindex)$/;

/** How two snapshots differ, one line each: "sw1.devices.hv1.mtu: 1500, 1400". Peers are compared by name. */
export function differencesBetween(a: Snapshot, b: Snapshot): string[] {
  const found: string[] = [];
  const walk = (path: string, x: unknown, y: unknown): void => {
    if (VOLATILE.test(path) || /\.(index|peerIndex)$/.test(path)) return;
    if (typeof x === 'object' && x !== null && typeof y === 'object' && y !== null) {
      for (const key of new Set([...Object.keys(x), ...Object.keys(y)])) walk(`${path === '' ? '' : `${path}.`}${key}`, (x as Record<string, unknown>)[key], (y as Record<string, unknown>)[key]);
    } else if (x !== y) found.push(`${path}: ${JSON.stringify(x)}, ${JSON.stringify(y)}`);
  };
  walk('', a, b);
  return found;
}

type Optioned = Extract<Step, { do: 'bridge' | 'bond' | 'dummy' }>;
type Made = Optioned | Extract<Step, { do: 'vlan' }>;

/** How what stands differs from the plan; [] when it is the planned network, no more and no less. */
export function differencesFrom(plan: Plan, actual: Snapshot): string[] {
  const found: string[] = [];
  const check = (where: string, what: string, wanted: unknown, is: unknown): void => {
    if (JSON.stringify(wanted) !== JSON.stringify(is)) found.push(`${where}: ${what} is ${JSON.stringify(is)}, planned ${JSON.stringify(wanted)}`);
  };
  const of = <D extends Step['do']>(what: D, node?: string): Extract<Step, { do: D }>[] =>
    plan.steps.filter((step): step is Extract<Step, { do: D }> => step.do === what && (node === undefined || ('node' in step && step.node === node)));
  const device = (node: string, name: string): DeviceSnapshot | undefined => actual[node]?.devices[name];

  for (const { node } of of('namespace')) {
    const is = actual[node];
    if (!is) { found.push(`${node}: there is no such namespace`); continue; }
    const made = plan.steps.filter((step): step is Made => 'node' in step && step.node === node && ['bridge', 'bond', 'dummy', 'vlan'].includes(step.do));
    const optioned = (kind: string): Optioned[] => made.filter((step): step is Optioned => step.do === kind);
    const ends = of('veth').flatMap(({ a, b }) => [a, b]).filter((end) => end.node === node);
    check(node, 'the list of devices', [...made, ...ends].map((d) => d.name).sort(), Object.keys(is.devices).sort());

    const masters = new Map(of('master', node).map((step) => [step.name, step.master]));
    const bonds = new Map(optioned('bond').map((step) => [step.name, step]));
    const bridges = new Set(optioned('bridge').map((step) => step.name));
    const all: (Made | VethEnd)[] = [...made, ...ends];
    for (const wanted of all) {
      const { name } = wanted;
      const where = `${node}:${name}`;
      const d = device(node, name);
      if (!d) continue;
      check(where, 'kind', 'do' in wanted ? wanted.do : 'veth', d.kind);
      const bond = bonds.get(masters.get(name) ?? '');
      const follows = bond && (bond.options['fail_over_mac'] ?? 'none') === 'none' ? bond.mac : wanted.mac;
      if (follows !== undefined) check(where, 'MAC', follows.toLowerCase(), d.mac);
      if (wanted.mtuBytes !== undefined) check(where, 'MTU', wanted.mtuBytes, d.mtu);
      else if (!('do' in wanted) && !bond) check(where, 'MTU', 1500, d.mtu);
      check(where, 'master', masters.get(name), d.master);
      check(where, 'up', of('up', node).some((s) => s.name === name) || bond !== undefined, d.up);
      check(where, 'addresses', of('address', node).filter((s) => s.name === name).map((s) => s.address).sort(), d.addresses);
      if ('do' in wanted && wanted.do === 'vlan') check(where, 'VLAN id', wanted.id, d.vlanId);
      if ('do' in wanted && wanted.do === 'bridge') found.push(...settingsDiffer(where, BRIDGE_TABLE, { ...BRIDGE_DEFAULTS, ...wanted.options }, wanted.options, d));
      if ('do' in wanted && wanted.do === 'bond') {
        const late = of('bond-options', node).find((s) => s.name === name)?.options ?? {};
        found.push(...settingsDiffer(where, BOND_TABLE, { ...wanted.options, ...late }, { ...wanted.options, ...late }, d));
      }
      if (bridges.has(masters.get(name) ?? '')) {
        const options = of('port', node).find((s) => s.name === name)?.options ?? {};
        found.push(...settingsDiffer(where, PORT_TABLE, { ...PORT_DEFAULTS, ...options }, options, d));
      }
      const rules = of('filters', node).find((s) => s.name === name)?.rules ?? [];
      check(where, 'the list of filters', rules.map((rule, n) => `${directionOf(rule)} ${n + 1} ${bpfText(programOf(rule))}`).sort(), d.filters);
      const members = of('vlan-member', node).filter((s) => s.name === name);
      for (const m of members) {
        const text = [m.id, ...(m.pvid ? ['pvid'] : []), ...(m.untagged ? ['untagged'] : [])].join(' ');
        if (!d.vlans.includes(text)) found.push(`${where}: VLAN ${text} is missing, there are ${d.vlans.join(', ') || 'none'}`);
      }
    }
    check(node, 'the list of routes', of('route', node).map((r) => [r.to, r.via && `via ${r.via}`, r.device && `dev ${r.device}`].filter(Boolean).join(' ')).sort(),
      // A route by next hop alone gets its device from the kernel.
      is.routes.map((text) => (of('route', node).some((r) => r.device === undefined && text.startsWith(`${r.to} via ${r.via ?? ''} dev `)) ? text.replace(/ dev \S+$/, '') : text)).sort());
    check(node, 'the list of neighbours', of('neighbour', node).map((n) => `${n.device} ${n.address} ${n.mac}`).sort(), is.neighbours);
    for (const { device: dev, family, timersMs: wanted } of of('neighbour-timers', node)) {
      const planned = [wanted.base_reachable_time, wanted.retrans_time, wanted.gc_staletime, wanted.delay_probe_time];
      const told = is.neighbourTimers[`${dev} ${family === 'inet' ? 'arp_cache' : 'ndisc_cache'}`] ?? [];
      // Kept in ticks of the kernel's HZ, rounded up.
      if (planned.some((value, i) => Math.abs((told[i] ?? -Infinity) - (value ?? 0)) > TICK_MS)) check(`${node}:${dev}`, `${family} neighbour timers`, planned, told);
    }
    for (const { key, value } of of('sysctl', node)) if (is.sysctls[key] !== undefined || !key.endsWith('disable_ipv6')) check(node, key, value, is.sysctls[key]);
    for (const { name, master, mayBlock } of of('ready', node)) {
      check(`${node}:${name}`, 'operstate', 'UP', device(node, name)?.operstate);
      const state = device(node, name)?.settings['brport/state'];
      if (master !== undefined && !(state === '3' || (mayBlock && state === '4'))) found.push(`${node}:${name}: port state is ${String(state)}, planned 3 (forwarding)`);
    }
  }
  for (const { a, b } of of('veth')) {
    const [x, y] = [device(a.node, a.name), device(b.node, b.name)];
    if (x && y && (x.peerIndex !== y.index || y.peerIndex !== x.index)) found.push(`${a.node}:${a.name}: it is not linked to ${b.node}:${b.name}`);
  }
  return found;
}

/** `explicit`: options that the plan names, which must be readable; the kernel's defaults may be absent in an older kernel. */
function settingsDiffer(where: string, table: OptionTable, wanted: Options, explicit: Options, { settings }: DeviceSnapshot): string[] {
  return Object.entries(netlinkOptions(wanted)).flatMap(([key, value]) => {
    const spec = specOf(table, key);
    if (value === undefined || !spec?.sysfs || spec.writeOnly) return [];
    const text = settings[spec.sysfs];
    const is = text === undefined ? undefined : fromSysfs(table, key, text);
    if (is === undefined) return key in explicit ? [`${where}: ${key} cannot be read, planned ${JSON.stringify(value)}`] : [];
    // A timer is kept in ticks of the kernel's HZ, and reads back up to one count of its unit off.
    if (spec.kind === 'duration' && typeof is === 'number' && typeof value === 'number' && Math.abs(is - value) <= UNIT_NS[spec.unit] / 1e6) return [];
    const plain = (v: unknown): string => JSON.stringify(typeof v === 'string' ? v.toLowerCase() : v);
    return plain(is) === plain(value) ? [] : [`${where}: ${key} is ${plain(is)}, planned ${plain(value)}`];
  });
}
