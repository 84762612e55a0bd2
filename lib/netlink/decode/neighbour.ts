/** RTM_NEWNEIGH and RTM_DELNEIGH to neighbours and forwarding entries; RTM_NEWNEIGHTBL. Source: net/core/neighbour.c, net/bridge/br_fdb.c. */
import { AF, NDA, NDTA, NTF, NUD, RTM } from '../constants.ts';
import { parseAttributes, readText, readUnsigned, viewOf, type NetlinkMessage } from '../message.ts';
import { NEIGHBOUR_TABLE_PARAMETERS } from '../neighbour.ts';
import { nameOf } from '../options/index.ts';
import { ipFromBytes, macFromBytes } from '../text.ts';
import { clockMs } from './link.ts';

/** An entry of the ARP or ND cache. */
export interface NeighbourEntry {
  readonly table: 'neighbour';
  readonly index: number;
  readonly address: string;
  readonly mac?: string;
  /** reachable, stale, delay, probe, failed, incomplete, permanent, noarp. */
  readonly state: string;
  readonly flags: readonly string[];
  /** Age of the last confirmation, use and change, ms. */
  readonly confirmedMs?: number;
  readonly usedMs?: number;
  readonly updatedMs?: number;
  readonly probes?: number;
}

/** An entry of a bridge's forwarding database. */
export interface ForwardingEntry {
  readonly table: 'fdb';
  /** Of the port; of the bridge for its own addresses. */
  readonly index: number;
  readonly mac: string;
  /** Index of the bridge; absent for a device's own table (`self`). */
  readonly bridge?: number;
  readonly vlan?: number;
  /** permanent: local, frames go up. static: does not age. dynamic: learned, ages. stale: a learned one that has aged but is still there. */
  readonly entry: 'permanent' | 'static' | 'dynamic' | 'stale' | 'unknown';
  readonly flags: readonly string[];
  /** Age of the last use and change, ms. Learned entries age from the last change seen from the address. */
  readonly usedMs?: number;
  readonly updatedMs?: number;
}

const ENTRIES: Readonly<Record<number, ForwardingEntry['entry']>> = {
  [NUD.permanent]: 'permanent', [NUD.noarp]: 'static', [NUD.reachable]: 'dynamic', [NUD.stale]: 'stale',
};

/** Decodes RTM_NEWNEIGH or RTM_DELNEIGH; family AF_BRIDGE gives a forwarding entry. */
export function decodeNeighbour(message: NetlinkMessage): NeighbourEntry | ForwardingEntry {
  if (message.type !== RTM.NEWNEIGH && message.type !== RTM.DELNEIGH) throw new TypeError(`not a neighbour message: type ${String(message.type)}`);
  const view = viewOf(message.bytes);
  const family = view.getUint8(0), index = view.getInt32(4, true), state = view.getUint16(8, true), bits = view.getUint8(10);
  const attributes = parseAttributes(message.bytes, 12);
  const mac = attributes.get(NDA.LLADDR), cache = attributes.get(NDA.CACHEINFO);
  const flags = Object.entries(NTF).filter(([, bit]) => bits & bit).map(([name]) => name);
  // struct nda_cacheinfo {confirmed, used, updated, refcnt}: ages in clock_t.
  const age = (at: number): number => (cache ? clockMs(readUnsigned(cache.subarray(at, at + 4))) : 0);
  const ages = cache && { usedMs: age(4), updatedMs: age(8) };

  if (family === AF.BRIDGE) {
    const bridge = attributes.get(NDA.MASTER), vlan = attributes.get(NDA.VLAN);
    return {
      table: 'fdb', index, mac: mac ? macFromBytes(mac) : '', entry: ENTRIES[state] ?? 'unknown', flags,
      ...(bridge && { bridge: readUnsigned(bridge) }), ...(vlan && { vlan: readUnsigned(vlan) }), ...ages,
    };
  }
  const address = attributes.get(NDA.DST), probes = attributes.get(NDA.PROBES);
  return {
    table: 'neighbour', index, address: address ? ipFromBytes(address) : '', state: nameOf(NUD, state), flags,
    ...(mac?.length === 6 && { mac: macFromBytes(mac) }), ...(cache && { confirmedMs: age(0) }), ...ages, ...(probes && { probes: readUnsigned(probes) }),
  };
}

/** Parameters of one table on one device (the defaults without an index); times in ms. */
export interface NeighbourTable { readonly name: string; readonly index?: number; readonly parameters: Readonly<Record<string, number>> }

/** Decodes RTM_NEWNEIGHTBL; undefined when the message holds no parameters. */
export function decodeNeighbourTable(message: NetlinkMessage): NeighbourTable | undefined {
  const attributes = parseAttributes(message.bytes, 4);
  const name = attributes.get(NDTA.NAME), nest = attributes.get(NDTA.PARMS);
  if (!nest) return undefined;
  const values = parseAttributes(nest);
  const index = values.get(1);
  const parameters: Record<string, number> = {};
  for (const [key, { attribute }] of Object.entries(NEIGHBOUR_TABLE_PARAMETERS)) {
    const value = values.get(attribute);
    if (value) parameters[key] = readUnsigned(value);
  }
  return { name: name ? readText(name) : '', ...(index && { index: readUnsigned(index) }), parameters };
}
