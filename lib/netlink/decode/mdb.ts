/** RTM_NEWMDB, RTM_DELMDB and dumps of RTM_GETMDB. Source: net/bridge/br_mdb.c, include/uapi/linux/if_bridge.h. */
import { BR_MDB_ENTRY, ETH_P, MDB_EATTR, MDB_RTR_PATTR, MDBA, RTM } from '../constants.ts';
import { eachAttribute, parseAttributes, readUnsigned, viewOf, type NetlinkMessage } from '../message.ts';
import { ipFromBytes, macFromBytes } from '../text.ts';
import { clockMs } from './link.ts';

export interface MdbSource { readonly address: string; /** Time left, ms; 0 for a blocked source (EXCLUDE). */ readonly timerMs: number }

/** A group on one port. */
export interface MdbEntry {
  readonly bridge: number;
  /** Index of the port; of the bridge itself when the host has joined. */
  readonly port: number;
  /** Address of the group; a MAC for layer 2 groups. */
  readonly group: string;
  /** Set on entries for one source: (S,G). */
  readonly source?: string;
  /** 0: no VLAN. */
  readonly vlan: number;
  readonly state: 'temporary' | 'permanent';
  /** Until it expires, ms; 0 for permanent entries and for INCLUDE groups, whose sources have the timers. In a NEWMDB notification it is 0 or old (the timer is set after it): dump to know. */
  readonly timerMs?: number;
  readonly filterMode?: 'include' | 'exclude';
  readonly sources: readonly MdbSource[];
  /** offload, fast_leave, added_by_star_ex, blocked: `bridge`'s words for MDB_FLAGS_*. */
  readonly flags: readonly string[];
}

export interface RouterPort {
  readonly bridge: number;
  readonly port: number;
  /** MDB_RTR_TYPE_*: temp_query is learned from a query or PIM hello, temp is set and kept alive by one. */
  readonly type?: 'disabled' | 'temp_query' | 'permanent' | 'temp';
  /** Until the port is no router port any more, ms: the later of both families; one family each since 5.14. */
  readonly timerMs?: number;
  readonly ipv4TimerMs?: number;
  readonly ipv6TimerMs?: number;
  readonly vlan?: number;
}

export interface MdbMessage { readonly entries: readonly MdbEntry[]; readonly routers: readonly RouterPort[] }

const FLAGS = ['offload', 'fast_leave', 'added_by_star_ex', 'blocked'] as const;
const ROUTER_TYPES = ['disabled', 'temp_query', 'permanent', 'temp'] as const;

/** `info`: struct br_mdb_entry followed by MDBA_MDB_EATTR_*. */
function entryOf(bridge: number, info: Uint8Array): MdbEntry {
  const view = viewOf(info);
  const proto = view.getUint16(BR_MDB_ENTRY.PROTO, false), bits = view.getUint8(BR_MDB_ENTRY.FLAGS);
  const address = (length: number): Uint8Array => info.subarray(BR_MDB_ENTRY.ADDRESS, BR_MDB_ENTRY.ADDRESS + length);
  const attributes = parseAttributes(info, BR_MDB_ENTRY.SIZE);
  const timer = attributes.get(MDB_EATTR.TIMER), mode = attributes.get(MDB_EATTR.GROUP_MODE), source = attributes.get(MDB_EATTR.SOURCE);
  const sources: MdbSource[] = [];
  const list = attributes.get(MDB_EATTR.SRC_LIST);
  if (list) eachAttribute(list, 0, (_, nest) => {
    const values = parseAttributes(nest);
    const from = values.get(1), left = values.get(2);
    if (from) sources.push({ address: ipFromBytes(from), timerMs: left ? clockMs(readUnsigned(left)) : 0 });
  });
  return {
    bridge, port: view.getUint32(BR_MDB_ENTRY.IFINDEX, true),
    group: proto === ETH_P.IP ? ipFromBytes(address(4)) : proto === ETH_P.IPV6 ? ipFromBytes(address(16)) : macFromBytes(address(6)),
    ...(source && { source: ipFromBytes(source) }), vlan: view.getUint16(BR_MDB_ENTRY.VID, true),
    state: view.getUint8(BR_MDB_ENTRY.STATE) === 1 ? 'permanent' : 'temporary',
    ...(timer && { timerMs: clockMs(readUnsigned(timer)) }), ...(mode && { filterMode: mode[0] === 1 ? 'include' as const : 'exclude' as const }),
    sources, flags: FLAGS.filter((_, bit) => bits & (1 << bit)),
  };
}

/** `value`: u32 ifindex followed by MDBA_ROUTER_PATTR_*. */
function routerOf(bridge: number, value: Uint8Array): RouterPort {
  const attributes = parseAttributes(value, 4);
  const type = attributes.get(MDB_RTR_PATTR.TYPE), vlan = attributes.get(MDB_RTR_PATTR.VID);
  const name = type && ROUTER_TYPES[type[0] ?? -1];
  const ms = (number: number): number | undefined => { const left = attributes.get(number); return left && clockMs(readUnsigned(left)); };
  const timerMs = ms(MDB_RTR_PATTR.TIMER), ipv4TimerMs = ms(MDB_RTR_PATTR.INET_TIMER), ipv6TimerMs = ms(MDB_RTR_PATTR.INET6_TIMER);
  return {
    bridge, port: readUnsigned(value.subarray(0, 4)), ...(name && { type: name }), ...(timerMs !== undefined && { timerMs }),
    ...(ipv4TimerMs !== undefined && { ipv4TimerMs }), ...(ipv6TimerMs !== undefined && { ipv6TimerMs }), ...(vlan && { vlan: readUnsigned(vlan) }),
  };
}

/** Decodes RTM_NEWMDB, RTM_DELMDB and the answers to `mdbDump` (type RTM_GETMDB or RTM_NEWMDB by kernel). */
export function decodeMdb(message: NetlinkMessage): MdbMessage {
  if (message.type !== RTM.NEWMDB && message.type !== RTM.DELMDB && message.type !== RTM.GETMDB) throw new TypeError(`not an MDB message: type ${String(message.type)}`);
  const bridge = viewOf(message.bytes).getUint32(4, true);
  const entries: MdbEntry[] = [], routers: RouterPort[] = [];
  eachAttribute(message.bytes, 8, (type, value) => {
    if (type === MDBA.MDB) eachAttribute(value, 0, (_, entry) => { eachAttribute(entry, 0, (__, info) => { entries.push(entryOf(bridge, info)); }); });
    else if (type === MDBA.ROUTER) eachAttribute(value, 0, (_, port) => { routers.push(routerOf(bridge, port)); });
  });
  return { entries, routers };
}
