/** The words a scenario draws its network with. Each returns a reference, which the lab turns into a live thing. */
import type { BondSpec, BridgeSpec, DeviceSpec, DummySpec, EndSpec, LinkSpec, MovableSpec, NodeRole, NodeSpec, Options, OptionValue, QuerierSpec, QuerierVersion, Topology } from './topology.ts';
import type { SwitchLike } from './switch-like.ts';
import { type Duration, s } from './units.ts';

/** What node-making words share. */
export interface NodeOptions {
  ipv6?: boolean;
  igmpVersion?: 1 | 2 | 3;
  mldVersion?: 1 | 2;
  forwarding?: boolean;
  sysctls?: Record<string, string>;
}

/** Bridge options under the kernel's names (ip-link(8)), with the common ones named for people as well. */
export interface BridgeOptions {
  /** mcast_snooping. */
  snooping?: boolean;
  /** mcast_querier: the bridge's own querier. */
  querier?: boolean;
  /** mcast_querier_interval: how long the bridge believes in another querier after its last query. */
  otherQuerier?: Duration;
  /** Any other option by the kernel's name: { mcast_query_interval: s(125), ageing_time: s(300), stp_state: true }. */
  options?: Record<string, OptionValue>;
  /** A switch of another make: { noFloodFallback, dropsUnknownMulticast, fastLeave, suppressesReports, passesOnly } (docs/switches.md). */
  like?: SwitchLike;
  addresses?: string[];
  mac?: string;
  mtuBytes?: number;
  vlans?: BridgeSpec['vlans'];
}

export type BondMode = 'balance-rr' | 'active-backup' | 'balance-xor' | 'broadcast' | '802.3ad' | 'balance-tlb' | 'balance-alb';

export interface BondOptions {
  mode: BondMode;
  miimon?: Duration;
  /** Any other option by the kernel's name: { lacp_rate: 'fast', primary: 'eth1', num_peer_notif: 1 }. */
  options?: Record<string, OptionValue>;
  /** The bridge that the bond is a port of. */
  on?: BridgeRef;
  port?: Options;
  addresses?: string[];
  mac?: string;
  vlans?: BridgeSpec['vlans'];
}

export interface GuestOptions extends NodeOptions {
  on: BridgeRef;
  /** Further bridges that the guest can move to. */
  movesTo?: BridgeRef[];
  /** It can freeze, and lose its carrier: its card is a namespace of its own, as where it moves. */
  crashes?: boolean;
  /** Default: the next free ones of 192.0.2.0/24 and, with IPv6, 2001:db8::/64. [] for none. */
  addresses?: string[];
  mac?: string;
  /** Options of the guest's bridge port: { mcast_flood: false, fastleave: true }. */
  port?: Options;
  vlans?: BridgeSpec['vlans'];
  mtuBytes?: number;
  /** Longest IP packet of multicast that its cable carries, both ways, below the MTU: as IPoIB's connected mode has it. */
  multicastLimitBytes?: number;
}

export interface QuerierOptions extends NodeOptions {
  on: BridgeRef;
  /** Further bridges that it can move to, where the querier is a guest. */
  movesTo?: BridgeRef[];
  version?: QuerierVersion;
  queryInterval?: Duration;
  responseInterval?: Duration;
  /** Source address of its queries: "0.0.0.0" is what a switch without an address sends. Default: the machine's own. */
  source?: string;
  /** Take a source that nobody accepts queries from (an MLD querier's global address): the story is about it. */
  anySource?: true;
  addresses?: string[];
  /** Default: follows from the seed. MLD elects by the link-local address, which follows from this. */
  mac?: string;
}

export interface BridgeRef { readonly kind: 'bridge'; readonly node: string; readonly name: string }
export interface BondRef { readonly kind: 'bond'; readonly node: string; readonly name: string }
export interface VlanRef { readonly kind: 'vlan'; readonly node: string; readonly name: string }
export interface LinkRef { readonly kind: 'link'; readonly name: string; readonly a: { node: string; device: string }; readonly b: { node: string; device: string } }
export interface GuestRef { readonly kind: 'guest'; readonly node: string; readonly device: string }
export interface QuerierRef { readonly kind: 'querier'; readonly node: string; readonly device: string }
/** A namespace that holds devices of its own: a hypervisor, a switch with its uplinks, an outside host. */
export interface HostRef {
  readonly kind: 'host';
  readonly node: string;
  bridge(name: string, options?: BridgeOptions): BridgeRef;
  bond(name: string, options: BondOptions): BondRef;
  vlan(name: string, options: { over: string | BondRef | BridgeRef; id: number; on?: BridgeRef; addresses?: string[] }): VlanRef;
}
export type Ref = BridgeRef | BondRef | VlanRef | LinkRef | GuestRef | QuerierRef | HostRef;

/** Where a cable goes: a host (a plain interface), a bridge (a port) or a bond (a slave). */
export type Plug = HostRef | BridgeRef | BondRef;
export interface PlugOptions {
  /** Interface name in that node; default: the other end's node. */
  name?: string;
  addresses?: string[];
  port?: Options;
  slave?: Options;
  mac?: string;
  up?: boolean;
  vlans?: BridgeSpec['vlans'];
}

export interface TopologyDefaults {
  /** Nodes speak IPv6 unless they say otherwise. Default off: a silent IPv4 host stays silent. */
  ipv6?: boolean;
}

const bridgeOptions = (o: BridgeOptions): Options => ({
  // As virtualization writes it down. Without STP no forward delay delays anything (br_make_forwarding); with STP on, 0 is
  // not allowed: there the kernel's 15 s stay unless the scenario says otherwise.
  ...(o.options?.['stp_state'] === true ? {} : { forward_delay: s(0), stp_state: false }),
  ...(o.snooping === undefined ? {} : { mcast_snooping: o.snooping }),
  ...(o.querier === undefined ? {} : { mcast_querier: o.querier }),
  ...(o.otherQuerier === undefined ? {} : { mcast_querier_interval: o.otherQuerier }),
  ...o.options,
});

const defined = <T extends object>(o: T): T => Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined)) as T;

/** Hosts that 192.0.2.0/24 serves here; a few are left for addresses that scenarios name. */
const SMALL_HOSTS = 250;
/** The n-th handed-out address: a placeholder where there are too many for the /24. */
const small = (n: number): string => (n <= SMALL_HOSTS ? `192.0.2.${n}/24` : `#${n}`);
const large = (n: number): string => `198.18.${n >> 8}.${n & 255}/15`;

function inLargeSubnet(topology: Topology, hosts: number): Topology {
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

export class TopologyBuilder {
  readonly #nodes: NodeSpec[] = [];
  readonly #devices: DeviceSpec[] = [];
  readonly #links: LinkSpec[] = [];
  readonly #queriers: QuerierSpec[] = [];
  readonly #movables: MovableSpec[] = [];
  readonly #defaults: Required<TopologyDefaults>;
  #hosts = 0;

  constructor(defaults: TopologyDefaults = {}) {
    this.#defaults = { ipv6: defaults.ipv6 ?? false };
  }

  /** A bridge in a namespace of its own: a switch. */
  bridge(name: string, options: BridgeOptions & NodeOptions = {}): BridgeRef {
    this.#node(name, 'switch', options);
    return this.#bridge(name, name, options);
  }

  /** A machine that holds bridges, bonds and links of its own. */
  hypervisor(name: string, options: NodeOptions = {}): HostRef {
    return this.#host(name, 'hypervisor', options);
  }

  /** A machine on the network, such as an outside host. */
  host(name: string, options: NodeOptions = {}): HostRef {
    return this.#host(name, 'host', options);
  }

  router(name: string, options: NodeOptions = {}): HostRef {
    return this.#host(name, 'router', { forwarding: true, ...options });
  }

  guest(name: string, options: GuestOptions): GuestRef {
    const node = this.#node(name, 'guest', options);
    this.#plug(name, options, defined({
      kind: 'end' as const, node: name, name: 'eth0', addresses: options.addresses ?? this.nextAddresses(node.ipv6), mac: options.mac, mtuBytes: options.mtuBytes, multicastLimitBytes: options.multicastLimitBytes,
    }));
    return { kind: 'guest', node: name, device: 'eth0' };
  }

  /** A multicast querier: real general queries, by RFC timers, until it falls silent. */
  querier(name: string, options: QuerierOptions): QuerierRef {
    const version = options.version ?? 'IGMPv3';
    const node = this.#node(name, 'querier', { ipv6: version.startsWith('MLD') || undefined, ...options });
    this.#plug(name, options, defined({ kind: 'end' as const, node: name, name: 'eth0', addresses: options.addresses ?? this.nextAddresses(node.ipv6), mac: options.mac }));
    this.#queriers.push(defined({
      node: name, device: 'eth0', version, queryInterval: options.queryInterval ?? s(125), responseInterval: options.responseInterval ?? s(10), source: options.source, anySource: options.anySource,
    }));
    return { kind: 'querier', node: name, device: 'eth0' };
  }

  /** A cable between two plugs. */
  link(a: Plug, b: Plug, options: { a?: PlugOptions; b?: PlugOptions; mtuBytes?: number; multicastLimitBytes?: number; name?: string } = {}): LinkRef {
    const end = (plug: Plug, other: Plug, o: PlugOptions): EndSpec => defined({
      kind: 'end', node: plug.node, name: o.name ?? other.node, addresses: o.addresses ?? [],
      master: plug.kind === 'host' ? undefined : plug.name, port: o.port, slave: o.slave, mac: o.mac, up: o.up, vlans: o.vlans, mtuBytes: options.mtuBytes, multicastLimitBytes: options.multicastLimitBytes,
    });
    const [from, to] = [end(a, b, options.a ?? {}), end(b, a, options.b ?? {})];
    const name = options.name ?? this.#linkName(`${from.node}-${to.node}`);
    this.#links.push({ name, a: from, b: to });
    return { kind: 'link', name, a: { node: from.node, device: from.name }, b: { node: to.node, device: to.name } };
  }

  /** A node asks nobody for this address: its neighbour entry is permanent. */
  knows(who: HostRef | GuestRef, address: string, of: { node: string; device: string }, device?: string): void {
    const index = this.#nodes.findIndex((n) => n.name === who.node);
    const node = this.#nodes[index];
    if (!node) throw new Error(`knows: ${who.node} is not a node of this topology`);
    const entry = { device: device ?? (who.kind === 'guest' ? who.device : 'eth0'), address, of };
    this.#nodes[index] = { ...node, neighbours: [...(node.neighbours ?? []), entry] };
  }

  /**
   * The next free documentation addresses: 192.0.2.0/24 (TEST-NET-1); with IPv6 2001:db8::/64 too. Where more than 250
   * were handed out, `build` moves all of them to 198.18.0.0/15 (RFC 2544), so that they stay in one subnet.
   */
  nextAddresses(ipv6 = false): string[] {
    const n = ++this.#hosts;
    const v4 = small(n);
    return ipv6 ? [v4, `2001:db8::${n.toString(16)}/64`] : [v4];
  }

  build(): Topology {
    const drawn = { nodes: this.#nodes, devices: this.#devices, links: this.#links, queriers: this.#queriers, movables: this.#movables };
    return this.#hosts <= SMALL_HOSTS ? drawn : inLargeSubnet(drawn, this.#hosts);
  }

  /** Parallel cables between two nodes: "hv1-sw1", "hv1-sw1-2". */
  #linkName(base: string): string {
    let name = base;
    for (let n = 2; this.#links.some((link) => link.name === name); n++) name = `${base}-${n}`;
    return name;
  }

  #node(name: string, role: NodeRole, o: NodeOptions): NodeSpec {
    const node: NodeSpec = defined({
      name, role, ipv6: o.ipv6 ?? this.#defaults.ipv6, igmpVersion: o.igmpVersion, mldVersion: o.mldVersion, forwarding: o.forwarding, sysctls: o.sysctls,
    });
    this.#nodes.push(node);
    return node;
  }

  /** The cable of a machine to its bridge, by a card of its own where it can move or crash. */
  #plug(name: string, o: Pick<GuestOptions, 'on' | 'movesTo' | 'crashes' | 'port' | 'vlans' | 'mtuBytes' | 'multicastLimitBytes'>, eth0: EndSpec): void {
    const moves = o.movesTo ?? [];
    const port = (on: BridgeRef, index: number): EndSpec => defined({
      kind: 'end', node: on.node, name: index > 0 && moves.slice(0, index - 1).concat(o.on).some((b) => b.node === on.node) ? `${name}.${index}` : name,
      addresses: [], master: on.name, port: o.port, vlans: o.vlans, mtuBytes: o.mtuBytes, multicastLimitBytes: o.multicastLimitBytes,
    });
    if (moves.length === 0 && !o.crashes) {
      this.#links.push({ name, a: eth0, b: port(o.on, 0) });
      return;
    }
    // The card's own namespace: a two-port wire whose guest side never loses carrier, however often the other side is replugged.
    const nic = `${name}.nic`;
    this.#node(nic, 'nic', { ipv6: false });
    this.#bridge(nic, 'wire', { snooping: false, options: { ageing_time: s(0) } });
    this.#links.push({ name, a: eth0, b: { kind: 'end', node: nic, name: 'card', addresses: [], master: 'wire', port: { learning: false } } });
    const places = [o.on, ...moves].map((on, index) => {
      const uplink = `tap${index}`;
      const there = port(on, index);
      const { master: _master, port: _port, vlans: _vlans, ...loose } = there;
      this.#links.push({
        name: `${name}.${index}`,
        a: { kind: 'end', node: nic, name: uplink, addresses: [], ...(index === 0 ? { master: 'wire', port: { learning: false } } : {}) },
        b: index === 0 ? there : loose,
      });
      return { node: on.node, bridge: on.name, port: there.name, uplink };
    });
    this.#movables.push({ guest: name, nic, places });
  }

  #host(name: string, role: NodeRole, options: NodeOptions): HostRef {
    this.#node(name, role, options);
    return {
      kind: 'host',
      node: name,
      bridge: (bridge, o = {}) => this.#bridge(name, bridge, o),
      bond: (bond, o) => {
        this.#devices.push(defined({
          kind: 'bond', node: name, name: bond, options: defined({ mode: o.mode, miimon: o.miimon, ...o.options }) as Options,
          addresses: o.addresses ?? [], mac: o.mac, master: o.on?.name, port: o.port, vlans: o.vlans,
        } satisfies { [K in keyof BondSpec]: BondSpec[K] | undefined }));
        return { kind: 'bond', node: name, name: bond };
      },
      vlan: (vlan, o) => {
        const over = typeof o.over === 'string' ? o.over : o.over.name;
        this.#devices.push(defined({ kind: 'vlan', node: name, name: vlan, over, id: o.id, master: o.on?.name, addresses: o.addresses ?? [] }));
        return { kind: 'vlan', node: name, name: vlan };
      },
    };
  }

  #bridge(node: string, name: string, o: BridgeOptions): BridgeRef {
    this.#devices.push(defined({ kind: 'bridge', node, name, options: bridgeOptions(o), like: o.like, addresses: o.addresses ?? [], mac: o.mac, mtuBytes: o.mtuBytes, vlans: o.vlans }));
    return { kind: 'bridge', node, name };
  }
}

/** Draw a network: the callback names its parts and returns those that the story needs. */
export function topology<R extends Record<string, Ref>>(draw: (t: TopologyBuilder) => R, defaults: TopologyDefaults = {}): { topology: Topology; refs: R } {
  const builder = new TopologyBuilder(defaults);
  const refs = draw(builder);
  return { topology: builder.build(), refs };
}
export type { DummySpec };
