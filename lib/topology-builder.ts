/** The words a scenario draws its network with. Each returns a reference, which the lab turns into a live thing. */
import type { BondSpec, DeviceSpec, EndSpec, LinkSpec, MovableSpec, NodeRole, NodeSpec, Options, QuerierSpec, Topology } from './topology.ts';
import { inLargeSubnet, small, SMALL_HOSTS } from './topology-addresses.ts';
import type { NodeOptions, BridgeOptions, GuestOptions, QuerierOptions, BridgeRef, LinkRef, GuestRef, QuerierRef, HostRef, Ref, Plug, PlugOptions, TopologyDefaults } from './topology-words.ts';
import { s } from './units.ts';

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

  /** A port that stands for itself, as a real card does and no veth (a dummy): its carrier is the story's, `bridge.portLosesCarrier(name)`. */
  card(name: string, { on, port }: { on: BridgeRef; port?: Options }): void {
    this.#devices.push(defined({ kind: 'dummy' as const, node: on.node, name, master: on.name, addresses: [], port }));
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
