/** Requests about a bridge's multicast database. Sources: net/bridge/br_mdb.c, include/uapi/linux/if_bridge.h, bridge(8). */
import { AF, BR_MDB_ENTRY, ETH_P, MDBA_SET_ENTRY, MDBA_SET_ENTRY_ATTRS, MDBE_ATTR_SOURCE, NLM_F, RTM } from './constants.ts';
import { PayloadWriter, type NetlinkRequest } from './message.ts';
import { ipToBytes, macToBytes } from './text.ts';

export interface MdbSetting {
  /** Index of the bridge. */
  readonly bridge: number;
  /** Index of the port; of the bridge itself for a group the host wants. */
  readonly port: number;
  /** "239.192.5.5", "ff15::5"; a MAC for layer 2 groups (since 5.11). */
  readonly group: string;
  readonly source?: string;
  readonly vlan?: number;
  /** permanent: does not time out. */
  readonly state?: 'temporary' | 'permanent';
}

function mdb(type: number, flags: number, verb: string, { bridge, port, group, source, vlan = 0, state = 'temporary' }: MdbSetting): NetlinkRequest {
  const link = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(group);
  const address = link ? macToBytes(group) : ipToBytes(group);
  // struct br_port_msg, then struct br_mdb_entry.
  const writer = new PayloadWriter(96).struct(8, (view, at) => {
    view.setUint8(at, AF.BRIDGE);
    view.setUint32(at + 4, bridge, true);
  });
  const entry = new Uint8Array(BR_MDB_ENTRY.SIZE);
  const view = new DataView(entry.buffer);
  view.setUint32(BR_MDB_ENTRY.IFINDEX, port, true);
  view.setUint8(BR_MDB_ENTRY.STATE, state === 'permanent' ? 1 : 0);
  view.setUint16(BR_MDB_ENTRY.VID, vlan, true);
  entry.set(address, BR_MDB_ENTRY.ADDRESS);
  view.setUint16(BR_MDB_ENTRY.PROTO, link ? 0 : address.length === 4 ? ETH_P.IP : ETH_P.IPV6, false);
  writer.bytes(MDBA_SET_ENTRY, entry);
  if (source !== undefined) writer.nest(MDBA_SET_ENTRY_ATTRS, () => writer.bytes(MDBE_ATTR_SOURCE, ipToBytes(source)));
  return { type, flags, payload: writer.finish(), description: `bridge mdb ${verb} dev ${String(bridge)} port ${String(port)} grp ${group}${source === undefined ? '' : ` src ${source}`}${vlan ? ` vid ${String(vlan)}` : ''} ${state}` };
}
/** `bridge mdb add` (EEXIST when it is there). */
export const mdbAdd = (entry: MdbSetting): NetlinkRequest => mdb(RTM.NEWMDB, NLM_F.CREATE | NLM_F.EXCL, 'add', entry);
/** `bridge mdb del`. */
export const mdbDelete = (entry: MdbSetting): NetlinkRequest => mdb(RTM.DELMDB, 0, 'del', entry);

/** Entries and router ports of all bridges of the namespace, timers included. The dump knows no filter by bridge: `decodeMdb` names it. */
export function mdbDump(): NetlinkRequest {
  const writer = new PayloadWriter(16).struct(8, (view, at) => { view.setUint8(at, AF.BRIDGE); });
  return { type: RTM.GETMDB, flags: NLM_F.DUMP, payload: writer.finish(), description: 'bridge mdb show' };
}
