/** What can be said of each thing that a scenario draws, and what the word for it returns. */
import type { BridgeSpec, Options, OptionValue, QuerierVersion } from './topology.ts';
import type { SwitchLike } from './switch-like.ts';
import type { Duration } from './units.ts';

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
