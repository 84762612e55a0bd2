/**
 * Requests about network devices. Sources: net/core/rtnetlink.c, drivers/net/veth.c, rtnetlink(7), ip-link(8).
 *
 * Devices are named by index or by name. Indices can be chosen at creation, so a whole topology can be built
 * in one batch without asking the kernel in between; in a namespace of our own nobody else takes them.
 */
import {
  AF, IFF, IFLA, IFLA_BRIDGE, IFLA_INET6_ADDR_GEN_MODE, IFLA_INFO, NLM_F, RTEXT_FILTER, RTM, VETH_INFO_PEER,
} from './constants.ts';
import { PayloadWriter, type NetlinkRequest } from './message.ts';
import {
  BRIDGE_PORT_OPTIONS, encodeOptions, LINK_OPTIONS, SLAVE_OPTIONS, type BondOptions, type BondSlaveOptions, type BridgeOptions,
  type BridgePortOptions, type MacvlanOptions, type Options, type OptionTable, type VlanOptions,
} from './options/index.ts';
import { macToBytes } from './text.ts';

/** A device's index, or its name. */
export type Device = number | string;

/** Finds the index of a device that an option names (bond primary, backup port). */
export type IndexOf = (device: string) => number;

/** What can be said of a device at its creation. */
export interface LinkAtCreation {
  /** Index to take; the kernel chooses when absent. EBUSY when it is taken. */
  readonly index?: number;
  readonly mac?: string;
  readonly mtu?: number;
  readonly up?: boolean;
  /** Index of the bridge or bond to join. Bonds take only devices that are down. */
  readonly master?: number;
  /** Make the device in the namespace of this descriptor instead. */
  readonly netnsFd?: number;
  readonly txQueueLength?: number;
  readonly txQueues?: number;
  readonly rxQueues?: number;
}

/** IFLA_INET6_ADDR_GEN_MODE. none: no link-local address when the device comes up. */
export const ADDR_GEN_MODES = { eui64: 0, none: 1, 'stable-privacy': 2, random: 3 } as const;

/** What can be changed later. The kernel ignores some of these at creation (address generation, renaming). */
export interface LinkChange {
  readonly name?: string;
  readonly mac?: string;
  readonly mtu?: number;
  readonly up?: boolean;
  /** Index of the master; 0: leave it. */
  readonly master?: number;
  /** Carrier as the driver pretends (dummy, macvlan: yes; veth: EOPNOTSUPP). */
  readonly carrier?: boolean;
  readonly netnsFd?: number;
  readonly addrGenMode?: keyof typeof ADDR_GEN_MODES;
  readonly txQueueLength?: number;
  readonly arp?: boolean;
  readonly multicast?: boolean;
  readonly allmulticast?: boolean;
  readonly promiscuous?: boolean;
}

/** A device to make: its kind, its options, and what every device has. */
export type NewLink = LinkAtCreation & { readonly name: string } & (
  | { readonly kind: 'bridge'; readonly options?: BridgeOptions }
  | { readonly kind: 'bond'; readonly options?: BondOptions }
  | { readonly kind: 'dummy'; readonly options?: Record<string, never> }
  /** `lower`: index of the device below. */
  | { readonly kind: 'vlan'; readonly lower: number; readonly options: VlanOptions & { id: number } }
  | { readonly kind: 'macvlan'; readonly lower: number; readonly options?: MacvlanOptions }
  /**
   * `index` of the peer is taken only if the near end has one too (veth_newlink). The peer can neither be up at once
   * (veth_open: ENOTCONN, it has no peer yet) nor join a master at creation.
   */
  | { readonly kind: 'veth'; readonly peer: Omit<LinkAtCreation, 'master' | 'up'> & { readonly name: string } }
);

const IFINFO = 16;

/** A kind goes without a terminating zero, as iproute2 sends it. */
const kindName = (writer: PayloadWriter, attribute: number, kind: string): PayloadWriter => writer.bytes(attribute, new TextEncoder().encode(kind));

/** struct ifinfomsg. */
function linkHeader(writer: PayloadWriter, family: number, index: number, flags = 0, change = 0): PayloadWriter {
  return writer.struct(IFINFO, (view, at) => {
    view.setUint8(at, family);
    view.setInt32(at + 4, index, true);
    view.setUint32(at + 8, flags >>> 0, true);
    view.setUint32(at + 12, change >>> 0, true);
  });
}

function flagChange(change: LinkChange): [flags: number, mask: number] {
  let flags = 0, mask = 0;
  const say = (wanted: boolean | undefined, bit: number | undefined): void => {
    if (wanted === undefined || bit === undefined) return;
    mask |= bit;
    if (wanted) flags |= bit;
  };
  say(change.up, IFF['UP']);
  say(change.arp === undefined ? undefined : !change.arp, IFF['NOARP']);
  say(change.multicast, IFF['MULTICAST']);
  say(change.allmulticast, IFF['ALLMULTI']);
  say(change.promiscuous, IFF['PROMISC']);
  return [flags, mask];
}

function commonAttributes(writer: PayloadWriter, link: LinkChange & LinkAtCreation): void {
  if (link.mac !== undefined) writer.bytes(IFLA.ADDRESS, macToBytes(link.mac));
  if (link.mtu !== undefined) writer.u32(IFLA.MTU, link.mtu);
  if (link.master !== undefined) writer.u32(IFLA.MASTER, link.master);
  if (link.netnsFd !== undefined) writer.u32(IFLA.NET_NS_FD, link.netnsFd);
  if (link.txQueueLength !== undefined) writer.u32(IFLA.TXQLEN, link.txQueueLength);
  if (link.txQueues !== undefined) writer.u32(IFLA.NUM_TX_QUEUES, link.txQueues);
  if (link.rxQueues !== undefined) writer.u32(IFLA.NUM_RX_QUEUES, link.rxQueues);
}

/** `ip link add`. */
export function linkAdd(link: NewLink, indexOf?: IndexOf): NetlinkRequest {
  const writer = new PayloadWriter();
  const [flags, mask] = flagChange(link);
  linkHeader(writer, AF.UNSPEC, link.index ?? 0, flags, mask);
  writer.text(IFLA.IFNAME, link.name);
  commonAttributes(writer, link);
  if ('lower' in link) writer.u32(IFLA.LINK, link.lower);
  writer.nest(IFLA.LINKINFO, () => {
    kindName(writer, IFLA_INFO.KIND, link.kind);
    if (link.kind === 'veth') {
      const { peer } = link;
      writer.nest(IFLA_INFO.DATA, () => writer.nest(VETH_INFO_PEER, () => {
        linkHeader(writer, AF.UNSPEC, peer.index ?? 0);
        writer.text(IFLA.IFNAME, peer.name);
        commonAttributes(writer, peer);
      }));
    } else if (link.options) {
      const options: Options = link.options;
      const table: OptionTable = LINK_OPTIONS[link.kind];
      writer.nest(IFLA_INFO.DATA, () => { encodeOptions(writer, table, options, indexOf); });
    }
  });
  return {
    type: RTM.NEWLINK, flags: NLM_F.CREATE | NLM_F.EXCL, payload: writer.finish(),
    description: `ip link add name ${link.name} type ${link.kind}${link.kind === 'veth' ? ` peer name ${link.peer.name}` : ''}`,
  };
}

/** A request about an existing device: header, and the name when there is no index. */
function existing(device: Device, flags = 0, mask = 0, family: number = AF.UNSPEC): PayloadWriter {
  const writer = linkHeader(new PayloadWriter(), family, typeof device === 'number' ? device : 0, flags, mask);
  if (typeof device === 'string') writer.text(IFLA.IFNAME, device);
  return writer;
}

/** `ip link set`. To rename, name the device by its index. */
export function linkSet(device: Device, change: LinkChange): NetlinkRequest {
  if (change.name !== undefined && typeof device === 'string') throw new TypeError(`to rename ${device}, name it by its index`);
  const writer = existing(device, ...flagChange(change));
  if (change.name !== undefined) writer.text(IFLA.IFNAME, change.name);
  commonAttributes(writer, change);
  if (change.carrier !== undefined) writer.u8(IFLA.CARRIER, change.carrier ? 1 : 0);
  const mode = change.addrGenMode;
  if (mode !== undefined) {
    writer.nest(IFLA.AF_SPEC, () => writer.nest(AF.INET6, () => writer.u8(IFLA_INET6_ADDR_GEN_MODE, ADDR_GEN_MODES[mode])));
  }
  return { type: RTM.NEWLINK, flags: 0, payload: writer.finish(), description: `ip link set dev ${String(device)} ${words(change)}` };
}

/** `ip link set dev X type KIND …`: change options of a bridge, bond, macvlan or VLAN device. */
export function linkSetOptions(device: Device, kind: 'bridge', options: BridgeOptions, indexOf?: IndexOf): NetlinkRequest;
export function linkSetOptions(device: Device, kind: 'bond', options: BondOptions, indexOf?: IndexOf): NetlinkRequest;
export function linkSetOptions(device: Device, kind: 'vlan', options: VlanOptions, indexOf?: IndexOf): NetlinkRequest;
export function linkSetOptions(device: Device, kind: 'macvlan', options: MacvlanOptions, indexOf?: IndexOf): NetlinkRequest;
export function linkSetOptions(device: Device, kind: keyof typeof LINK_OPTIONS, options: Options, indexOf?: IndexOf): NetlinkRequest {
  const writer = existing(device);
  writer.nest(IFLA.LINKINFO, () => {
    kindName(writer, IFLA_INFO.KIND, kind);
    writer.nest(IFLA_INFO.DATA, () => { encodeOptions(writer, LINK_OPTIONS[kind], options, indexOf); });
  });
  return { type: RTM.NEWLINK, flags: 0, payload: writer.finish(), description: `ip link set dev ${String(device)} type ${kind} ${words(options)}` };
}

/** `ip link set dev X type bridge_slave|bond_slave …`. The device must have its master already. */
export function slaveSetOptions(device: Device, kind: 'bridge', options: BridgePortOptions, indexOf?: IndexOf): NetlinkRequest;
export function slaveSetOptions(device: Device, kind: 'bond', options: BondSlaveOptions, indexOf?: IndexOf): NetlinkRequest;
export function slaveSetOptions(device: Device, kind: keyof typeof SLAVE_OPTIONS, options: Options, indexOf?: IndexOf): NetlinkRequest {
  const writer = existing(device);
  writer.nest(IFLA.LINKINFO, () => {
    kindName(writer, IFLA_INFO.SLAVE_KIND, kind);
    writer.nest(IFLA_INFO.SLAVE_DATA, () => { encodeOptions(writer, SLAVE_OPTIONS[kind], options, indexOf); });
  });
  return { type: RTM.NEWLINK, flags: 0, payload: writer.finish(), description: `ip link set dev ${String(device)} type ${kind}_slave ${words(options)}` };
}

/** `bridge link set dev X …`: options of a port, through its bridge. Wants the index. */
export function bridgePortSet(index: number, options: BridgePortOptions, indexOf?: IndexOf): NetlinkRequest {
  const writer = linkHeader(new PayloadWriter(), AF.BRIDGE, index);
  writer.nest(IFLA.PROTINFO, () => { encodeOptions(writer, BRIDGE_PORT_OPTIONS, options, indexOf); });
  return { type: RTM.SETLINK, flags: 0, payload: writer.finish(), description: `bridge link set dev ${String(index)} ${words(options)}` };
}

/** `ip link delete`. The peer of a veth goes too, whatever namespace it is in. */
export function linkDelete(device: Device): NetlinkRequest {
  return { type: RTM.DELLINK, flags: 0, payload: existing(device).finish(), description: `ip link delete dev ${String(device)}` };
}

export interface LinkFilter {
  /** Leave the statistics out: smaller and quicker. */
  readonly skipStats?: boolean;
  /** Bridge VLANs of ports; `compressed` gives ranges. Only with family AF_BRIDGE, which `bridgeVlanDump` uses. */
  readonly vlans?: 'each' | 'compressed';
  /** Devices with this master only (dumps). */
  readonly master?: number;
  /** Devices of this kind only (dumps). */
  readonly kind?: string;
}

function filterAttributes(writer: PayloadWriter, filter: LinkFilter): void {
  const mask = (filter.skipStats ? RTEXT_FILTER.SKIP_STATS : 0)
    | (filter.vlans === 'each' ? RTEXT_FILTER.BRVLAN : filter.vlans === 'compressed' ? RTEXT_FILTER.BRVLAN_COMPRESSED : 0);
  if (mask) writer.u32(IFLA.EXT_MASK, mask);
  if (filter.master !== undefined) writer.u32(IFLA.MASTER, filter.master);
  const { kind } = filter;
  if (kind !== undefined) writer.nest(IFLA.LINKINFO, () => kindName(writer, IFLA_INFO.KIND, kind));
}

/** One device; answered by one RTM_NEWLINK, or ENODEV. */
export function linkGet(device: Device, filter: Pick<LinkFilter, 'skipStats'> = {}): NetlinkRequest {
  const writer = existing(device);
  filterAttributes(writer, filter);
  return { type: RTM.GETLINK, flags: 0, payload: writer.finish(), description: `ip link show dev ${String(device)}` };
}

export function linkDump(filter: Omit<LinkFilter, 'vlans'> = {}): NetlinkRequest {
  const writer = linkHeader(new PayloadWriter(), AF.UNSPEC, 0);
  filterAttributes(writer, filter);
  return { type: RTM.GETLINK, flags: NLM_F.DUMP, payload: writer.finish(), description: 'ip link show' };
}

/** Bridges and ports with their VLANs: RTM_NEWLINK of family AF_BRIDGE. */
export function bridgeVlanDump(vlans: 'each' | 'compressed' = 'each'): NetlinkRequest {
  const writer = linkHeader(new PayloadWriter(), AF.BRIDGE, 0);
  filterAttributes(writer, { vlans });
  return { type: RTM.GETLINK, flags: NLM_F.DUMP, payload: writer.finish(), description: 'bridge vlan show' };
}

export interface BridgeVlan {
  /** Of the port, or of the bridge with `self`. */
  readonly index: number;
  readonly vid: number;
  /** Last VID of a range. */
  readonly end?: number;
  readonly pvid?: boolean;
  readonly untagged?: boolean;
  /** The bridge device itself, as `bridge vlan … self`. */
  readonly self?: boolean;
}

function bridgeVlan(type: number, verb: string, vlan: BridgeVlan): NetlinkRequest {
  const writer = linkHeader(new PayloadWriter(), AF.BRIDGE, vlan.index);
  const base = (vlan.pvid ? 2 : 0) | (vlan.untagged ? 4 : 0);
  // struct bridge_vlan_info {u16 flags, vid}; a range takes two.
  const info = (flags: number, vid: number): PayloadWriter =>
    writer.bytes(IFLA_BRIDGE.VLAN_INFO, Uint8Array.of(flags & 0xff, flags >> 8, vid & 0xff, vid >> 8));
  writer.nest(IFLA.AF_SPEC, () => {
    if (vlan.self) writer.u16(IFLA_BRIDGE.FLAGS, 2);
    if (vlan.end === undefined || vlan.end === vlan.vid) info(base, vlan.vid);
    else { info(base | 8, vlan.vid); info(base | 16, vlan.end); }
  });
  return {
    type, flags: 0, payload: writer.finish(),
    description: `bridge vlan ${verb} dev ${String(vlan.index)} vid ${String(vlan.vid)}${vlan.end === undefined ? '' : `-${String(vlan.end)}`}${vlan.self ? ' self' : ''}`,
  };
}
/** `bridge vlan add`. */
export const bridgeVlanAdd = (vlan: BridgeVlan): NetlinkRequest => bridgeVlan(RTM.SETLINK, 'add', vlan);
/** `bridge vlan delete`. */
export const bridgeVlanDelete = (vlan: BridgeVlan): NetlinkRequest => bridgeVlan(RTM.DELLINK, 'delete', vlan);

/** "up true mtu 1500": what a change says, for descriptions. */
function words(change: object): string {
  return Object.entries(change).filter(([, value]) => value !== undefined).map(([key, value]) => `${key} ${String(value)}`).join(' ');
}
