/**
 * The declared network, as data. A node is a network namespace; devices live in nodes; a link is a veth pair.
 * Guests, switches, hypervisors and queriers are nodes in a role. Nothing here touches a machine.
 */
import type { SwitchLike } from './switch-like.ts';
import { type Duration } from './units.ts';

/** An option's value by the kernel's name: a duration, a number, a switch, an enumerated name, or a list of addresses. */
export type OptionValue = Duration | number | boolean | string | readonly string[];
export type Options = Readonly<Record<string, OptionValue>>;

export type NodeRole = 'guest' | 'hypervisor' | 'switch' | 'router' | 'querier' | 'host' | 'nic';

export interface NodeSpec {
  readonly name: string;
  readonly role: NodeRole;
  /** Off: disable_ipv6 on every device, so that no router solicitation or MLD report speaks for the node. */
  readonly ipv6: boolean;
  /** Highest IGMP version the node's hosts speak (net.ipv4.conf.all.force_igmp_version); absent: the kernel's 3. */
  readonly igmpVersion?: 1 | 2 | 3;
  readonly mldVersion?: 1 | 2;
  /** Forwards between its devices. */
  readonly forwarding?: boolean;
  /** Further sysctls below net., slash or dot separated, as text. */
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Permanent neighbour entries: no ARP for these. */
  readonly neighbours?: readonly { readonly device: string; readonly address: string; readonly of: { readonly node: string; readonly device: string } }[];
  readonly routes?: readonly { readonly to: string; readonly via?: string; readonly device?: string }[];
}

export type DeviceKind = 'bridge' | 'bond' | 'vlan' | 'dummy';

interface DeviceCommon {
  readonly node: string;
  readonly name: string;
  /** Default: follows from the seed. */
  readonly mac?: string;
  readonly mtuBytes?: number;
  /** With prefix length: "192.0.2.1/24". */
  readonly addresses: readonly string[];
  /** A bridge or bond in the same node that this device is put in. */
  readonly master?: string;
  /** Bridge port options (mcast_flood, learning, fastleave …) by the kernel's name, where the master is a bridge. */
  readonly port?: Options;
  /** Bond slave options (queue_id, prio), where the master is a bond. */
  readonly slave?: Options;
  /** VLANs of the port (or of the bridge itself) where the bridge filters VLANs. */
  readonly vlans?: readonly { readonly id: number; readonly pvid?: boolean; readonly untagged?: boolean }[];
  /** What leaves by this device as multicast or broadcast is at most so long (IP packet); longer ones vanish. */
  readonly multicastLimitBytes?: number;
  /** false: built but left down. */
  readonly up?: boolean;
}

export interface BridgeSpec extends DeviceCommon {
  readonly kind: 'bridge';
  readonly options: Options;
  /** A switch that is not Linux, and what it does differently. */
  readonly like?: SwitchLike;
}
export interface BondSpec extends DeviceCommon { readonly kind: 'bond'; readonly options: Options }
export interface VlanSpec extends DeviceCommon { readonly kind: 'vlan'; readonly over: string; readonly id: number }
export interface DummySpec extends DeviceCommon { readonly kind: 'dummy' }
export type DeviceSpec = BridgeSpec | BondSpec | VlanSpec | DummySpec;

/** One end of a veth pair. */
export interface EndSpec extends DeviceCommon { readonly kind: 'end' }

export interface LinkSpec {
  readonly name: string;
  readonly a: EndSpec;
  readonly b: EndSpec;
}

/** A node that sends general queries itself, by its own timers (frames of ours, not the kernel's). */
export interface QuerierSpec {
  readonly node: string;
  readonly device: string;
  readonly version: QuerierVersion;
  /** Time from one general query to the next; RFC default 125 s. */
  readonly queryInterval: Duration;
  /** Maximum response time in the query; RFC default 10 s. */
  readonly responseInterval: Duration;
  /** Source address; "0.0.0.0" is what a switch without an address sends. Default: the node's own. */
  readonly source?: string;
  /** The story is about a source that nobody takes queries from: validation lets it pass. */
  readonly anySource?: true;
}
export type QuerierVersion = 'IGMPv1' | 'IGMPv2' | 'IGMPv3' | 'MLDv1' | 'MLDv2';

/** A machine whose network card is a namespace of its own, so that it can move between bridges, or crash: eth0 keeps its carrier, as a virtio card does. */
export interface MovableSpec {
  readonly guest: string;
  /** The namespace that stands for the guest's network card. */
  readonly nic: string;
  /** Places in order; the first is where it starts. */
  readonly places: readonly { readonly node: string; readonly bridge: string; readonly port: string; readonly uplink: string }[];
}

export interface Topology {
  readonly nodes: readonly NodeSpec[];
  readonly devices: readonly DeviceSpec[];
  readonly links: readonly LinkSpec[];
  readonly queriers: readonly QuerierSpec[];
  readonly movables: readonly MovableSpec[];
}

/** Where a device or a port is. */
export interface At { readonly node: string; readonly device: string }
export const at = (where: At): string => `${where.node}:${where.device}`;

export const endsOf = (topology: Topology): EndSpec[] => topology.links.flatMap((link) => [link.a, link.b]);
export const allDevices = (topology: Topology): (DeviceSpec | EndSpec)[] => [...topology.devices, ...endsOf(topology)];
export const findDevice = (topology: Topology, where: At): DeviceSpec | EndSpec | undefined =>
  allDevices(topology).find((d) => d.node === where.node && d.name === where.device);
