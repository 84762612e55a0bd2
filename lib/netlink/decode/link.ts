/** RTM_NEWLINK and RTM_DELLINK to objects. Source: net/core/rtnetlink.c (rtnl_fill_ifinfo), net/bridge/br_netlink.c. */
import { AF, BRIDGE_VLAN_INFO, IFF, IFLA, IFLA_BRIDGE, IFLA_INFO, RTM, USER_HZ } from '../constants.ts';
import {
  eachAttribute, parseAttributes, readSigned32, readText, readUnsigned, viewOf, type Attributes, type NetlinkMessage,
} from '../message.ts';
import {
  BOND_LINK_STATES, BOND_SLAVE_STATES, BRIDGE_PORT_OPTIONS, decodeOptions, LINK_OPTIONS, nameOf, PORT_STATES, SLAVE_OPTIONS,
  type OptionTable, type OptionValue,
} from '../options/index.ts';
import { ipFromBytes, macFromBytes } from '../text.ts';

/** RFC 2863 ifOperStatus, IF_OPER_* (linux/if.h). */
export const OPERSTATES = ['unknown', 'notpresent', 'down', 'lowerlayerdown', 'testing', 'dormant', 'up'] as const;
export type Operstate = (typeof OPERSTATES)[number];

/** Times the kernel tells in clock_t, in ms. */
export const clockMs = (ticks: number): number => ticks * (1_000 / USER_HZ);

/** struct rtnl_link_stats64, the part that says something about virtual devices. Counts since the device was made. */
export interface LinkStats {
  readonly rxPackets: number; readonly txPackets: number;
  readonly rxBytes: number; readonly txBytes: number;
  readonly rxErrors: number; readonly txErrors: number;
  readonly rxDropped: number; readonly txDropped: number;
  readonly multicast: number; readonly collisions: number;
  readonly txCarrierErrors: number; readonly rxNoHandler: number;
}

export interface QuerierState {
  /** Whom the bridge takes for the querier; its own address when it is the querier itself. */
  readonly address: string;
  /** Port behind which the querier is; absent when it is the bridge. */
  readonly port?: number;
  /** Time left until the other querier is given up, ms; absent when no such timer runs. */
  readonly otherTimerMs?: number;
}

/** What a bridge tells besides its options. Times left in ms; 0 when the timer does not run. */
export interface BridgeState {
  readonly bridgeId?: string;
  readonly rootId?: string;
  readonly rootPort?: number;
  readonly rootPathCost?: number;
  readonly topologyChange?: boolean;
  readonly topologyChangeDetected?: boolean;
  readonly helloTimerMs?: number;
  readonly tcnTimerMs?: number;
  readonly topologyChangeTimerMs?: number;
  readonly gcTimerMs?: number;
  readonly querier?: { readonly ipv4?: QuerierState; readonly ipv6?: QuerierState };
  readonly fdbLearned?: number;
}

/** What a port tells besides its options. */
export interface BridgePortState {
  readonly rootId?: string;
  readonly bridgeId?: string;
  readonly designatedPort?: number;
  readonly designatedCost?: number;
  readonly id?: number;
  readonly number?: number;
  readonly messageAgeTimerMs?: number;
  readonly forwardDelayTimerMs?: number;
  readonly holdTimerMs?: number;
  readonly mcastGroups?: number;
}

/** What an 802.3ad bond tells of its active aggregator (IFLA_BOND_AD_INFO). */
export interface BondState {
  readonly aggregator?: number;
  readonly ports?: number;
  readonly actorKey?: number;
  readonly partnerKey?: number;
  readonly partnerMac?: string;
}

export interface BondSlaveState {
  readonly state: (typeof BOND_SLAVE_STATES)[number] | 'unknown';
  readonly miiStatus: (typeof BOND_LINK_STATES)[number] | 'unknown';
  readonly linkFailures: number;
  readonly permanentMac?: string;
  readonly aggregator?: number;
  /** LACP port state bits, IEEE 802.1AX: 1 activity, 2 timeout, 4 aggregation, 8 synchronization, 16 collecting, 32 distributing, 64 defaulted, 128 expired. */
  readonly actorPortState?: number;
  readonly partnerPortState?: number;
}

export interface PortVlan { readonly vid: number; readonly end?: number; readonly pvid: boolean; readonly untagged: boolean }

export interface Link {
  readonly index: number;
  readonly name: string;
  /** IFLA_INFO_KIND: "bridge", "veth"; absent for physical devices and the loopback. */
  readonly kind?: string;
  readonly mac?: string;
  readonly permanentMac?: string;
  readonly mtu?: number;
  readonly operstate?: Operstate;
  readonly carrier?: boolean;
  /** Administratively up: IFF_UP. */
  readonly up: boolean;
  /** As `ip` prints them: "UP", "LOWER_UP", "NO-CARRIER" is not a flag and not here. */
  readonly flags: readonly string[];
  readonly rawFlags: number;
  readonly master?: number;
  /** The device below (VLAN, macvlan) or the peer (veth); in another namespace when `lowerNamespace` is there. */
  readonly lower?: number;
  readonly lowerNamespace?: number;
  readonly carrierChanges?: number;
  readonly carrierUps?: number;
  readonly carrierDowns?: number;
  /** Settings by the option table's names and units; device values are indices. */
  readonly options?: Readonly<Record<string, OptionValue>>;
  readonly bridge?: BridgeState;
  readonly bond?: BondState;
  /** IFLA_INFO_SLAVE_KIND: "bridge" for a port, "bond" for a slave. */
  readonly slaveKind?: string;
  readonly slaveOptions?: Readonly<Record<string, OptionValue>>;
  /** STP state of a port: forwarding, learning, … */
  readonly portState?: string;
  readonly port?: BridgePortState;
  readonly slave?: BondSlaveState;
  readonly stats?: LinkStats;
  /** From `bridgeVlanDump` only. */
  readonly vlans?: readonly PortVlan[];
  /** The message spoke of the device as a port of its bridge (family AF_BRIDGE): a DELLINK then means "left the bridge". */
  readonly bridgeFamily: boolean;
}

/** Present values only: keeps objects small and comparisons simple. */
function present<T extends object>(object: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

const numberAt = (attributes: Attributes, type: number): number | undefined => {
  const bytes = attributes.get(type);
  return bytes && readUnsigned(bytes);
};
const timerAt = (attributes: Attributes, type: number): number | undefined => {
  const ticks = numberAt(attributes, type);
  return ticks === undefined ? undefined : clockMs(ticks);
};
const macAt = (attributes: Attributes, type: number): string | undefined => {
  const bytes = attributes.get(type);
  return bytes?.length === 6 ? macFromBytes(bytes) : undefined;
};
/** struct ifla_bridge_id as `ip` prints it: "8000.02:00:00:00:00:01". */
const bridgeIdAt = (attributes: Attributes, type: number): string | undefined => {
  const bytes = attributes.get(type);
  if (!bytes) return undefined;
  const priority = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
  return `${priority.toString(16).padStart(4, '0')}.${macFromBytes(bytes.subarray(2))}`;
};

/** IFLA_BR_MCAST_QUERIER_STATE (since 5.15). BRIDGE_QUERIER_*: 1 to 3 IPv4, 5 to 7 IPv6. */
export function decodeQuerierState(bytes: Uint8Array): { ipv4?: QuerierState; ipv6?: QuerierState } {
  const attributes = parseAttributes(bytes);
  const one = (at: number): QuerierState | undefined => {
    const address = attributes.get(at);
    return address && present<QuerierState>({ address: ipFromBytes(address), port: numberAt(attributes, at + 1), otherTimerMs: timerAt(attributes, at + 2) });
  };
  return present({ ipv4: one(1), ipv6: one(5) });
}

/** IFLA_INFO_DATA of a bridge, the read-only part: IFLA_BR_*. */
function bridgeState(data: Attributes): BridgeState {
  const querier = data.get(47);
  const topologyChange = numberAt(data, 14), detected = numberAt(data, 15);
  return present<BridgeState>({
    rootId: bridgeIdAt(data, 10), bridgeId: bridgeIdAt(data, 11), rootPort: numberAt(data, 12), rootPathCost: numberAt(data, 13),
    topologyChange: topologyChange === undefined ? undefined : topologyChange !== 0,
    topologyChangeDetected: detected === undefined ? undefined : detected !== 0,
    helloTimerMs: timerAt(data, 16), tcnTimerMs: timerAt(data, 17), topologyChangeTimerMs: timerAt(data, 18), gcTimerMs: timerAt(data, 19),
    querier: querier && decodeQuerierState(querier), fdbLearned: numberAt(data, 48),
  });
}

/** IFLA_BRPORT_*, the read-only part. */
const portState = (data: Attributes): BridgePortState => present<BridgePortState>({
  rootId: bridgeIdAt(data, 13), bridgeId: bridgeIdAt(data, 14), designatedPort: numberAt(data, 15), designatedCost: numberAt(data, 16),
  id: numberAt(data, 17), number: numberAt(data, 18), messageAgeTimerMs: timerAt(data, 21), forwardDelayTimerMs: timerAt(data, 22),
  holdTimerMs: timerAt(data, 23), mcastGroups: numberAt(data, 41),
});

/** IFLA_BOND_AD_INFO_*. */
function bondState(data: Attributes): BondState | undefined {
  const info = data.get(23);
  if (!info) return undefined;
  const ad = parseAttributes(info);
  return present<BondState>({ aggregator: numberAt(ad, 1), ports: numberAt(ad, 2), actorKey: numberAt(ad, 3), partnerKey: numberAt(ad, 4), partnerMac: macAt(ad, 5) });
}

/** IFLA_BOND_SLAVE_*. */
const bondSlaveState = (data: Attributes): BondSlaveState => present<BondSlaveState>({
  state: BOND_SLAVE_STATES[numberAt(data, 1) ?? -1] ?? 'unknown', miiStatus: BOND_LINK_STATES[numberAt(data, 2) ?? -1] ?? 'unknown',
  linkFailures: numberAt(data, 3) ?? 0, permanentMac: macAt(data, 4), aggregator: numberAt(data, 6),
  actorPortState: numberAt(data, 7), partnerPortState: numberAt(data, 8),
});

function linkStats(bytes: Uint8Array): LinkStats {
  const at = (field: number): number => readUnsigned(bytes.subarray(field * 8, field * 8 + 8));
  return {
    rxPackets: at(0), txPackets: at(1), rxBytes: at(2), txBytes: at(3), rxErrors: at(4), txErrors: at(5), rxDropped: at(6), txDropped: at(7),
    multicast: at(8), collisions: at(9), txCarrierErrors: at(17), rxNoHandler: at(23),
  };
}

/** IFLA_BRIDGE_VLAN_INFO in IFLA_AF_SPEC; the two halves of a range become one entry. */
function portVlans(spec: Uint8Array): PortVlan[] {
  const vlans: PortVlan[] = [];
  eachAttribute(spec, 0, (type, value) => {
    if (type !== IFLA_BRIDGE.VLAN_INFO) return;
    const flags = readUnsigned(value.subarray(0, 2)), vid = readUnsigned(value.subarray(2, 4));
    const last = vlans.at(-1);
    if (flags & BRIDGE_VLAN_INFO.RANGE_END && last) { vlans[vlans.length - 1] = { ...last, end: vid }; return; }
    vlans.push({ vid, pvid: (flags & BRIDGE_VLAN_INFO.PVID) !== 0, untagged: (flags & BRIDGE_VLAN_INFO.UNTAGGED) !== 0 });
  });
  return vlans;
}

const tableOf = (tables: Readonly<Record<string, OptionTable>>, kind: string): OptionTable | undefined => (Object.hasOwn(tables, kind) ? tables[kind] : undefined);

/** Decodes RTM_NEWLINK or RTM_DELLINK. The result keeps no view of the receive buffer. */
export function decodeLink(message: NetlinkMessage): Link {
  if (message.type !== RTM.NEWLINK && message.type !== RTM.DELLINK) throw new TypeError(`not a link message: type ${String(message.type)}`);
  const { bytes } = message;
  const view = viewOf(bytes);
  const bridgeFamily = view.getUint8(0) === AF.BRIDGE;
  const rawFlags = view.getUint32(8, true);
  const attributes = parseAttributes(bytes, 16);

  const name = attributes.get(IFLA.IFNAME), master = attributes.get(IFLA.MASTER), lower = attributes.get(IFLA.LINK);
  const namespace = attributes.get(IFLA.LINK_NETNSID), stats = attributes.get(IFLA.STATS64), carrier = numberAt(attributes, IFLA.CARRIER);
  const operstate = numberAt(attributes, IFLA.OPERSTATE), info = attributes.get(IFLA.LINKINFO);
  const spec = bridgeFamily ? attributes.get(IFLA.AF_SPEC) : undefined;

  let kind: string | undefined, slaveKind: string | undefined, data: Attributes | undefined, slaveData: Attributes | undefined;
  if (info) {
    const linkInfo = parseAttributes(info);
    const kindBytes = linkInfo.get(IFLA_INFO.KIND), slaveBytes = linkInfo.get(IFLA_INFO.SLAVE_KIND);
    const dataBytes = linkInfo.get(IFLA_INFO.DATA), slaveDataBytes = linkInfo.get(IFLA_INFO.SLAVE_DATA);
    kind = kindBytes && readText(kindBytes);
    slaveKind = slaveBytes && readText(slaveBytes);
    data = dataBytes && parseAttributes(dataBytes);
    slaveData = slaveDataBytes && parseAttributes(slaveDataBytes);
  }
  // A port's notification of family AF_BRIDGE carries its settings in IFLA_PROTINFO instead.
  const protinfo = bridgeFamily ? attributes.get(IFLA.PROTINFO) : undefined;
  if (protinfo && !slaveData) { slaveKind = 'bridge'; slaveData = parseAttributes(protinfo); }

  const table = kind === undefined ? undefined : tableOf(LINK_OPTIONS, kind);
  const slaveTable = slaveKind === undefined ? undefined : tableOf(SLAVE_OPTIONS, slaveKind);
  const isPort = slaveKind === 'bridge' && slaveData;
  const state = isPort && slaveData?.get(BRIDGE_PORT_OPTIONS.state.attribute);
  return present<Link>({
    index: view.getInt32(4, true), name: name ? readText(name) : '', kind, mac: macAt(attributes, IFLA.ADDRESS), permanentMac: macAt(attributes, IFLA.PERM_ADDRESS),
    mtu: numberAt(attributes, IFLA.MTU), operstate: operstate === undefined ? undefined : OPERSTATES[operstate] ?? 'unknown',
    carrier: carrier === undefined ? undefined : carrier !== 0, up: (rawFlags & 1) !== 0,
    flags: Object.keys(IFF).filter((flag) => rawFlags & (IFF[flag] ?? 0)), rawFlags,
    master: master && readUnsigned(master), lower: lower && readUnsigned(lower), lowerNamespace: namespace && readSigned32(namespace),
    carrierChanges: numberAt(attributes, IFLA.CARRIER_CHANGES), carrierUps: numberAt(attributes, IFLA.CARRIER_UP_COUNT),
    carrierDowns: numberAt(attributes, IFLA.CARRIER_DOWN_COUNT),
    options: table && data && decodeOptions(table, data), bridge: kind === 'bridge' && data ? bridgeState(data) : undefined,
    bond: kind === 'bond' && data ? bondState(data) : undefined,
    slaveKind, slaveOptions: slaveTable && slaveData && decodeOptions(slaveTable, slaveData),
    portState: state ? nameOf(PORT_STATES, readUnsigned(state)) : undefined, port: isPort && slaveData ? portState(slaveData) : undefined,
    slave: slaveKind === 'bond' && slaveData ? bondSlaveState(slaveData) : undefined,
    stats: stats && linkStats(stats), vlans: spec && portVlans(spec), bridgeFamily,
  });
}
