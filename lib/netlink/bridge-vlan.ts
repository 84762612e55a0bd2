/** Requests about a bridge's VLANs as such (RTM_NEWVLAN): their multicast options. Sources: net/bridge/br_vlan.c, br_vlan_options.c, bridge(8). */
import { AF, BRIDGE_VLAN_INFO, BRIDGE_VLANDB, BRIDGE_VLANDB_DUMP_FLAGS, BRIDGE_VLANDB_DUMPF_GLOBAL, BRIDGE_VLANDB_ENTRY, BRIDGE_VLANDB_GOPTS, NLM_F, RTM } from './constants.ts';
import { PayloadWriter, type NetlinkRequest } from './message.ts';
import { encodeOptions, type Options, PORT_VLAN_OPTIONS, type PortVlanOptions, VLAN_MULTICAST_OPTIONS, type VlanMulticastOptions } from './options/index.ts';

export interface VlanRange {
  /** Index of the bridge, or of the port. */
  readonly index: number;
  readonly vid: number;
  /** Last of a range. */
  readonly end?: number;
}

/** struct br_vlan_msg. */
const header = (index: number): PayloadWriter => new PayloadWriter(160).struct(8, (view, at) => {
  view.setUint8(at, AF.BRIDGE);
  view.setUint32(at + 4, index, true);
});
const words = (options: Options): string => Object.entries(options).map(([key, value]) => `${key} ${String(value)}`).join(' ');
const range = ({ vid, end }: VlanRange): string => (end === undefined ? String(vid) : `${String(vid)}-${String(end)}`);

/** `bridge vlan global set`: multicast options of a VLAN, whatever the port. */
export function vlanMulticastSet(vlan: VlanRange, options: VlanMulticastOptions): NetlinkRequest {
  const writer = header(vlan.index);
  writer.nest(BRIDGE_VLANDB.GLOBAL_OPTIONS, () => {
    writer.u16(BRIDGE_VLANDB_GOPTS.ID, vlan.vid);
    if (vlan.end !== undefined) writer.u16(BRIDGE_VLANDB_GOPTS.RANGE, vlan.end);
    encodeOptions(writer, VLAN_MULTICAST_OPTIONS, options);
  });
  return { type: RTM.NEWVLAN, flags: 0, payload: writer.finish(), description: `bridge vlan global set vid ${range(vlan)} dev ${String(vlan.index)} ${words(options)}` };
}

/** `bridge vlan set`: options of a VLAN that the port (or the bridge itself) is a member of already. */
export function portVlanSet(vlan: VlanRange, options: PortVlanOptions): NetlinkRequest {
  const writer = header(vlan.index);
  writer.nest(BRIDGE_VLANDB.ENTRY, () => {
    // struct bridge_vlan_info {flags, vid}
    const info = new Uint8Array(4);
    new DataView(info.buffer).setUint16(0, BRIDGE_VLAN_INFO.ONLY_OPTS, true);
    new DataView(info.buffer).setUint16(2, vlan.vid, true);
    writer.bytes(BRIDGE_VLANDB_ENTRY.INFO, info);
    if (vlan.end !== undefined) writer.u16(BRIDGE_VLANDB_ENTRY.RANGE, vlan.end);
    encodeOptions(writer, PORT_VLAN_OPTIONS, options);
  });
  return { type: RTM.NEWVLAN, flags: 0, payload: writer.finish(), description: `bridge vlan set vid ${range(vlan)} dev ${String(vlan.index)} ${words(options)}` };
}

/** `bridge vlan global show` (global), `bridge -d vlan show` (of bridges and ports). */
export function vlanDump(what: 'global' | 'ports'): NetlinkRequest {
  const writer = header(0).u32(BRIDGE_VLANDB_DUMP_FLAGS, what === 'global' ? BRIDGE_VLANDB_DUMPF_GLOBAL : 0);
  return { type: RTM.GETVLAN, flags: NLM_F.DUMP, payload: writer.finish(), description: what === 'global' ? 'bridge vlan global show' : 'bridge -d vlan show' };
}
