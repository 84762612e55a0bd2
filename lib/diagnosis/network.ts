/**
 * The network as the record shows it at one instant: who is plugged into whom, which ports forward, which slaves a bond
 * uses, where a station is. Device facts and notices of the record; what they do not tell is the topology's.
 */
import { BOND_DEFAULTS, BRIDGE_DEFAULTS, PORT_DEFAULTS } from '../kernel-defaults.ts';
import { activeSlaveKey, fdbKey, linkKey, mdbKey, portKey, routerKey } from '../state-keys.ts';
import { macOf } from '../plan.ts';
import { type At, at, type DeviceSpec, type EndSpec, allDevices } from '../topology.ts';
import { isDuration } from '../units.ts';
import { type Change, changeAt, type Facts, type Story } from './story.ts';

export type AnyDevice = DeviceSpec | EndSpec;

export interface Vlan { readonly id: number; readonly untagged: boolean; readonly pvid: boolean }

export class Network {
  readonly story: Story;
  readonly #devices = new Map<string, AnyDevice>();
  readonly #peers = new Map<string, string>();
  readonly #byMac = new Map<string, string>();
  readonly #inNode = new Map<string, AnyDevice[]>();

  constructor(story: Story) {
    this.story = story;
    const { topology } = story;
    for (const device of allDevices(topology)) {
      this.#devices.set(this.label(device), device);
      this.#inNode.set(device.node, [...(this.#inNode.get(device.node) ?? []), device]);
    }
    for (const { a, b } of topology.links) {
      this.#peers.set(this.label(a), this.label(b));
      this.#peers.set(this.label(b), this.label(a));
    }
  }

  label(device: { node: string; name: string }): string { return at({ node: device.node, device: device.name }); }
  device(label: string): AnyDevice | undefined { return this.#devices.get(label); }
  peer(label: string): string | undefined { return this.#peers.get(label); }
  nodeOf(label: string): string { return label.slice(0, label.indexOf(':')); }
  nameOf(label: string): string { return label.slice(label.indexOf(':') + 1); }
  role(node: string): string { return this.story.topology.nodes.find((n) => n.name === node)?.role ?? 'host'; }

  mac(label: string): string { return macOf(this.story.topology, this.story.seed, { node: this.nodeOf(label), device: this.nameOf(label) }); }

  /** Whose MAC it is; a bond's is its slaves' as well. */
  stationOf(mac: string): string | undefined {
    if (this.#byMac.size === 0) for (const [label, device] of this.#devices) if (device.addresses.length > 0 || device.kind === 'bridge') this.#byMac.set(this.mac(label), label);
    return this.#byMac.get(mac);
  }

  /** The device that has an address. */
  ownerOf(address: string): string | undefined {
    for (const [label, device] of this.#devices) if (device.addresses.some((a) => a.split('/')[0] === address)) return label;
    return undefined;
  }

  /** The device by which a machine sends to an address in one of its own subnets. */
  deviceTowards(node: string, address: string): string | undefined {
    const near = this.#inNode.get(node)?.find((d) => d.addresses.some((a) => sameSubnet(a, address)));
    return near && this.label(near);
  }

  facts(label: string, ns: number): Facts { return changeAt(this.story.devices.get(label), ns)?.value ?? {}; }
  change(key: string, ns: number): Change<string> | undefined { return changeAt(this.story.states.get(key), ns); }
  state(key: string, ns: number): string | undefined { return this.change(key, ns)?.value; }

  /** The bridge or bond that a device is in. */
  master(label: string, ns: number): string | undefined {
    const { master } = this.facts(label, ns);
    const name = master === undefined ? this.device(label)?.master : master;
    return typeof name === 'string' ? `${this.nodeOf(label)}:${name}` : undefined;
  }

  members(master: string, ns: number): string[] {
    return (this.#inNode.get(this.nodeOf(master)) ?? []).map((d) => this.label(d)).filter((label) => label !== master && this.master(label, ns) === master);
  }

  kind(label: string): AnyDevice['kind'] | undefined { return this.device(label)?.kind; }

  /** VLAN devices over a device, by tag. */
  vlanOver(label: string, id: number): string | undefined {
    const found = this.#inNode.get(this.nodeOf(label))?.find((d) => d.kind === 'vlan' && d.over === this.nameOf(label) && d.id === id);
    return found && this.label(found);
  }

  /** An option as the kernel holds it, times in protocol nanoseconds; else as drawn, else the kernel's default. */
  option(label: string, name: string, ns: number): string | number | boolean | undefined {
    const device = this.device(label);
    const held = (this.facts(label, ns)['options'] as Facts | undefined)?.[name];
    const drawn = device?.kind === 'bridge' || device?.kind === 'bond' ? device.options[name] : undefined;
    const usual = (device?.kind === 'bond' ? BOND_DEFAULTS : BRIDGE_DEFAULTS)[name];
    if (typeof held === 'number' && isDuration(usual)) return held * 1e6 * this.story.scale;
    if (typeof held === 'string' || typeof held === 'number' || typeof held === 'boolean') return held;
    const value = drawn ?? usual;
    return isDuration(value) ? value.ns : typeof value === 'object' ? undefined : value;
  }

  /** A switch of a bridge's port. */
  portOption(label: string, name: string, ns: number): unknown {
    const told = this.facts(label, ns)['port'] as Facts | undefined;
    const drawn = this.device(label)?.port;
    if (told) return told[name] ?? PORT_DEFAULTS[name];
    return drawn?.[name] ?? PORT_DEFAULTS[name];
  }

  portState(label: string, ns: number): string { return this.state(portKey(label), ns) ?? 'forwarding'; }
  portStateChange(label: string, ns: number): Change<string> | undefined { return this.change(portKey(label), ns); }

  /** Administratively up and with a carrier, as far as the record knows. */
  linkUp(label: string, ns: number): boolean {
    const operstate = this.state(linkKey(label), ns);
    return !(operstate === 'down' || operstate === 'lowerlayerdown' || operstate === 'notpresent') && this.facts(label, ns)['up'] !== false;
  }
  linkChange(label: string, ns: number): Change<string> | undefined { return this.change(linkKey(label), ns); }

  /** The longest IP packet of a group or for all that a cable takes, where it takes longer ones for one station. */
  multicastLimit(label: string): number { return this.device(label)?.multicastLimitBytes ?? Infinity; }
  mtu(label: string, ns: number): number { const { mtu } = this.facts(label, ns); return typeof mtu === 'number' ? mtu : (this.device(label)?.mtuBytes ?? 1500); }

  activeSlave(bond: string, ns: number): Change<string> | undefined { return this.change(activeSlaveKey(bond), ns); }
  bondMode(bond: string, ns: number): string { return String(this.option(bond, 'mode', ns) ?? 'balance-rr'); }

  /** Slaves that a bond sends by and takes frames from. */
  usableSlaves(bond: string, ns: number): string[] {
    const slaves = this.members(bond, ns);
    const mode = this.bondMode(bond, ns);
    if (mode === 'active-backup' || mode === 'balance-tlb' || mode === 'balance-alb') {
      const active = this.activeSlave(bond, ns)?.value;
      return slaves.filter((s) => this.nameOf(s) === active);
    }
    const up = slaves.filter((s) => (this.facts(s, ns)['slave'] as Facts | undefined)?.['mii'] !== 'down');
    if (mode !== '802.3ad') return up;
    const aggregator = (this.facts(bond, ns)['lacp'] as Facts | undefined)?.['aggregator'];
    const slave = (s: string): Facts | undefined => this.facts(s, ns)['slave'] as Facts | undefined;
    const chosen = up.filter((s) => aggregator === undefined || slave(s)?.['aggregator'] === aggregator);
    // In the group, but not collecting and distributing yet: bonding has such a slave as a backup.
    const ready = chosen.filter((s) => slave(s)?.['state'] !== 'backup');
    return ready.length > 0 ? ready : chosen.length > 0 ? chosen : up;
  }

  /** The MAC of the partner that an LACP bond agreed with; undefined without one. */
  lacpPartner(bond: string, ns: number): string | undefined {
    const partner = (this.facts(bond, ns)['lacp'] as Facts | undefined)?.['partner'];
    return typeof partner === 'string' && partner !== '00:00:00:00:00:00' ? partner : undefined;
  }

  filtersVlans(bridge: string, ns: number): boolean { return this.option(bridge, 'vlan_filtering', ns) === true; }

  /** VLANs of a port (or of the bridge itself) where its bridge filters them. */
  vlansOf(label: string, bridge: string, ns: number): Vlan[] {
    const pvid = Number(this.option(bridge, 'vlan_default_pvid', ns) ?? 1);
    const own = (this.device(label)?.vlans ?? []).map((v) => ({ id: v.id, untagged: v.untagged === true, pvid: v.pvid === true }));
    // The default PVID is there from the begin; another PVID takes its place, and leaves its membership.
    return pvid > 0 && !own.some((v) => v.id === pvid) ? [{ id: pvid, untagged: true, pvid: !own.some((v) => v.pvid) }, ...own] : own;
  }

  fdb(bridge: string, mac: string, vlan: number, ns: number): Change<string> | undefined {
    const found = this.change(fdbKey(bridge, mac, vlan), ns);
    return found?.value === 'absent' ? undefined : found;
  }
  fdbChanges(bridge: string, mac: string, vlan: number): readonly Change<string>[] { return this.story.states.get(fdbKey(bridge, mac, vlan)) ?? []; }
  mdbChanges(bridge: string, port: string, group: string, vlan: number): readonly Change<string>[] { return this.story.states.get(mdbKey(bridge, this.nameOf(port), group, vlan)) ?? []; }

  /** Ports of a bridge (itself among them) that its MDB holds for a group, at an instant. */
  groupPorts(bridge: string, group: string, vlan: number, ns: number): string[] {
    const prefix = `${bridge} MDB ${group} on `;
    const sourced = `${bridge} MDB ${group} from `;
    const suffix = vlan ? ` VLAN ${vlan}` : '';
    const ports = new Set<string>();
    for (const [key, changes] of this.story.states) {
      if (!key.startsWith(prefix) && !key.startsWith(sourced)) continue;
      const rest = key.slice(key.lastIndexOf(' on ') + 4);
      if (suffix !== '' ? !rest.endsWith(suffix) : rest.includes(' VLAN ')) continue;
      if (changeAt(changes, ns)?.value === 'present') ports.add(`${this.nodeOf(bridge)}:${suffix === '' ? rest : rest.slice(0, -suffix.length)}`);
    }
    return [...ports];
  }

  /** What a bridge's MDB holds at an instant: each group, or source of one, at each port, in the order in which they came. */
  entries(bridge: string, ns: number): { what: string; port: string; since: Change<string> }[] {
    const prefix = `${bridge} MDB `;
    const held = [...this.story.states].flatMap(([key, changes]) => {
      const since = key.startsWith(prefix) ? changeAt(changes, ns) : undefined;
      if (since === undefined || since.value === 'absent') return [];
      const [what = '', port = ''] = key.slice(prefix.length).split(' on ');
      const [name = '', vlan = ''] = port.split(' VLAN ');
      return [{ what: `${what} ${vlan}`, port: `${this.nodeOf(bridge)}:${name}`, since }];
    });
    return held.sort((a, b) => a.since.ns - b.since.ns);
  }

  routerPort(bridge: string, port: string, ns: number): Change<string> | undefined {
    const found = this.change(routerKey(bridge, this.nameOf(port)), ns);
    return found?.value === 'present' ? found : undefined;
  }

  /** Where something is plugged in, for sentences: "hv2", "port bob of vmbr0". */
  portName(label: string): string {
    const master = this.device(label)?.master;
    return master === undefined ? label : `port ${this.nameOf(label)} of ${this.bridgeName(`${this.nodeOf(label)}:${master}`)}`;
  }

  /** A switch is one bridge in a node of its name: said once. */
  bridgeName(bridge: string): string { const [node, name] = [this.nodeOf(bridge), this.nameOf(bridge)]; return node === name ? node : bridge; }
}

export const where = (label: string): At => ({ node: label.slice(0, label.indexOf(':')), device: label.slice(label.indexOf(':') + 1) });

/** Is an address in the subnet of another with its prefix length? */
export function sameSubnet(withPrefix: string, address: string): boolean {
  const [base = '', length = ''] = withPrefix.split('/');
  if (base.includes(':') !== address.includes(':')) return false;
  const bits = (text: string): string => (text.includes(':') ? expand6(text) : text.split('.').map((o) => Number(o).toString(2).padStart(8, '0')).join(''));
  const n = Number(length);
  return bits(base).slice(0, n) === bits(address).slice(0, n);
}

function expand6(text: string): string {
  const [head = '', tail] = text.split('::');
  const words = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [a, b] = [words(head), words(tail ?? '')];
  const all = tail === undefined ? a : [...a, ...Array.from({ length: Math.max(0, 8 - a.length - b.length) }, () => '0'), ...b];
  return all.map((w) => Number.parseInt(w, 16).toString(2).padStart(16, '0')).join('');
}
