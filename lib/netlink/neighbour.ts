/**
 * Requests about neighbours (ARP, ND), forwarding entries of bridges, and the neighbour tables' timers.
 * Sources: net/core/neighbour.c, net/bridge/br_fdb.c (br_fdb_add), include/uapi/linux/neighbour.h, ip-neighbour(8), bridge(8).
 */
import { AF, NDA, NDTA, NLM_F, NTF, NUD, RTM } from './constants.ts';
import { PayloadWriter, type NetlinkRequest } from './message.ts';
import { ipToBytes, macToBytes } from './text.ts';

/** struct ndmsg. */
function header(writer: PayloadWriter, family: number, index: number, state: number, flags: number): PayloadWriter {
  return writer.struct(12, (view, at) => {
    view.setUint8(at, family);
    view.setInt32(at + 4, index, true);
    view.setUint16(at + 8, state, true);
    view.setUint8(at + 10, flags);
  });
}

export interface Neighbour {
  readonly index: number;
  readonly address: string;
  readonly mac: string;
  /** permanent by default. */
  readonly state?: 'permanent' | 'reachable' | 'stale' | 'noarp' | 'delay' | 'probe';
  readonly router?: boolean;
}

function neighbour(flags: number, verb: string, { index, address, mac, state = 'permanent', router }: Neighbour): NetlinkRequest {
  const ip = ipToBytes(address);
  const writer = header(new PayloadWriter(64), ip.length === 4 ? AF.INET : AF.INET6, index, NUD[state], router ? NTF.router : 0);
  writer.bytes(NDA.DST, ip).bytes(NDA.LLADDR, macToBytes(mac));
  return { type: RTM.NEWNEIGH, flags, payload: writer.finish(), description: `ip neighbour ${verb} ${address} lladdr ${mac} dev ${String(index)} nud ${state}` };
}
/** `ip neighbour add` (EEXIST when it is there). */
export const neighbourAdd = (entry: Neighbour): NetlinkRequest => neighbour(NLM_F.CREATE | NLM_F.EXCL, 'add', entry);
/** `ip neighbour replace`. */
export const neighbourReplace = (entry: Neighbour): NetlinkRequest => neighbour(NLM_F.CREATE | NLM_F.REPLACE, 'replace', entry);

/** `ip neighbour delete`: the entry goes to failed and is collected later. */
export function neighbourDelete({ index, address }: Pick<Neighbour, 'index' | 'address'>): NetlinkRequest {
  const ip = ipToBytes(address);
  const writer = header(new PayloadWriter(64), ip.length === 4 ? AF.INET : AF.INET6, index, NUD.permanent, 0).bytes(NDA.DST, ip);
  return { type: RTM.DELNEIGH, flags: 0, payload: writer.finish(), description: `ip neighbour delete ${address} dev ${String(index)}` };
}

/** Neighbours of a family; `bridge` gives the forwarding entries of all bridges (and of devices that keep their own). */
export function neighbourDump(family: 'inet' | 'inet6' | 'bridge', filter: { readonly index?: number; readonly master?: number } = {}): NetlinkRequest {
  const code = family === 'inet' ? AF.INET : family === 'inet6' ? AF.INET6 : AF.BRIDGE;
  const writer = new PayloadWriter(64);
  // FDB dumps are filtered by the header's index (a strict-checking kernel), the others by attributes.
  header(writer, code, family === 'bridge' ? filter.index ?? 0 : 0, 0, 0);
  if (family !== 'bridge' && filter.index !== undefined) writer.u32(NDA.IFINDEX, filter.index);
  if (filter.master !== undefined) writer.u32(NDA.MASTER, filter.master);
  return { type: RTM.GETNEIGH, flags: NLM_F.DUMP, payload: writer.finish(), description: family === 'bridge' ? 'bridge fdb show' : `ip neighbour show (${family})` };
}

export interface FdbEntry {
  /** Of the port; of the bridge itself with `self`. */
  readonly index: number;
  readonly mac: string;
  readonly vlan?: number;
  /**
   * permanent: a local address, frames go up. static: never ages. dynamic: ages. As in bridge(8).
   */
  readonly entry: 'permanent' | 'static' | 'dynamic';
  /** Does not move to another port. */
  readonly sticky?: boolean;
  /** In the device's own table (NTF_SELF) instead of the bridge's (NTF_MASTER). */
  readonly self?: boolean;
}
/** ndm_state of each kind of entry as `bridge` sends it; br_fdb_add looks for PERMANENT first, then NOARP, then REACHABLE. */
export const FDB_STATES = { permanent: NUD.permanent | NUD.noarp, static: NUD.noarp | NUD.reachable, dynamic: NUD.reachable } as const;

function fdb(type: number, flags: number, verb: string, { index, mac, vlan, entry, sticky, self }: Omit<FdbEntry, 'entry'> & Partial<Pick<FdbEntry, 'entry'>>): NetlinkRequest {
  const writer = header(new PayloadWriter(64), AF.BRIDGE, index, FDB_STATES[entry ?? 'permanent'], (self ? NTF.self : NTF.master) | (sticky ? NTF.sticky : 0));
  writer.bytes(NDA.LLADDR, macToBytes(mac));
  if (vlan !== undefined) writer.u16(NDA.VLAN, vlan);
  return { type, flags, payload: writer.finish(), description: `bridge fdb ${verb} ${mac} dev ${String(index)} ${self ? 'self' : 'master'}${vlan === undefined ? '' : ` vlan ${String(vlan)}`}${entry ? ` ${entry}` : ''}` };
}
/** `bridge fdb add` (EEXIST when it is there). */
export const fdbAdd = (entry: FdbEntry): NetlinkRequest => fdb(RTM.NEWNEIGH, NLM_F.CREATE | NLM_F.EXCL, 'add', entry);
/** `bridge fdb replace`. */
export const fdbReplace = (entry: FdbEntry): NetlinkRequest => fdb(RTM.NEWNEIGH, NLM_F.CREATE | NLM_F.REPLACE, 'replace', entry);
/** `bridge fdb delete`. */
export const fdbDelete = (entry: Omit<FdbEntry, 'entry' | 'sticky'>): NetlinkRequest => fdb(RTM.DELNEIGH, 0, 'delete', entry);

/** Timers and counts of a neighbour table; times in ms. Number: NDTPA_*. */
export const NEIGHBOUR_TABLE_PARAMETERS = {
  base_reachable_time: { attribute: 4, wire: 'u64' },
  retrans_time: { attribute: 5, wire: 'u64' },
  gc_staletime: { attribute: 6, wire: 'u64' },
  delay_probe_time: { attribute: 7, wire: 'u64' },
  app_probes: { attribute: 9, wire: 'u32' },
  ucast_probes: { attribute: 10, wire: 'u32' },
  mcast_probes: { attribute: 11, wire: 'u32' },
  anycast_delay: { attribute: 12, wire: 'u64' },
  proxy_delay: { attribute: 13, wire: 'u64' },
  locktime: { attribute: 15, wire: 'u64' },
  mcast_reprobes: { attribute: 17, wire: 'u32' },
} as const;
export type NeighbourTableParameters = { readonly [K in keyof typeof NEIGHBOUR_TABLE_PARAMETERS]?: number };

/**
 * `ip ntable change`. Without an index: the defaults that new devices copy, which the kernel lets only the initial
 * network namespace change (lookup_neigh_parms; ENOENT elsewhere). So name the device.
 */
export function neighbourTableSet(family: 'inet' | 'inet6', parameters: NeighbourTableParameters, index?: number): NetlinkRequest {
  const writer = new PayloadWriter(128).struct(4, (view, at) => { view.setUint8(at, family === 'inet' ? AF.INET : AF.INET6); });
  const name = family === 'inet' ? 'arp_cache' : 'ndisc_cache';
  writer.text(NDTA.NAME, name);
  writer.nest(NDTA.PARMS, () => {
    if (index !== undefined) writer.u32(1, index);
    for (const [key, { attribute, wire }] of Object.entries(NEIGHBOUR_TABLE_PARAMETERS)) {
      const value = parameters[key as keyof NeighbourTableParameters];
      if (value !== undefined) writer[wire](attribute, value);
    }
  });
  const words = Object.entries(parameters).map(([key, value]) => `${key} ${String(value)}`).join(' ');
  return { type: RTM.SETNEIGHTBL, flags: 0, payload: writer.finish(), description: `ip ntable change name ${name}${index === undefined ? '' : ` dev ${String(index)}`} ${words}` };
}

/** Parameters of all tables and devices; read with `decodeNeighbourTable`. */
export function neighbourTableDump(family: 'inet' | 'inet6'): NetlinkRequest {
  const writer = new PayloadWriter(16).struct(4, (view, at) => { view.setUint8(at, family === 'inet' ? AF.INET : AF.INET6); });
  return { type: RTM.GETNEIGHTBL, flags: NLM_F.DUMP, payload: writer.finish(), description: `ip ntable show (${family})` };
}
