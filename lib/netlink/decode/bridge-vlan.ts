/** RTM_NEWVLAN: VLANs of bridges and ports with their options. Source: net/bridge/br_vlan.c, br_vlan_options.c. */
import { BRIDGE_VLAN_INFO, BRIDGE_VLANDB, BRIDGE_VLANDB_ENTRY, BRIDGE_VLANDB_GOPTS, RTM } from '../constants.ts';
import { type Attributes, eachAttribute, type NetlinkMessage, parseAttributes, readUnsigned, viewOf } from '../message.ts';
import { decodeOptions, type OptionValue, PORT_VLAN_OPTIONS, VLAN_MULTICAST_OPTIONS } from '../options/index.ts';

export interface BridgeVlanEntry {
  /** Of the bridge, or of the port. */
  readonly index: number;
  readonly vid: number;
  /** Last of a range of VLANs that are alike. */
  readonly end?: number;
  /** global: of the VLAN on its bridge. Otherwise of the VLAN on that port. */
  readonly global: boolean;
  readonly pvid?: boolean;
  readonly untagged?: boolean;
  readonly options: Readonly<Record<string, OptionValue>>;
}

const endOf = (attributes: Attributes, type: number): { end?: number } => {
  const bytes = attributes.get(type);
  return bytes ? { end: readUnsigned(bytes) } : {};
};

/** Decodes RTM_NEWVLAN, RTM_DELVLAN and the answers to `vlanDump`. */
export function decodeBridgeVlans(message: NetlinkMessage): BridgeVlanEntry[] {
  if (message.type !== RTM.NEWVLAN && message.type !== RTM.DELVLAN) throw new TypeError(`not a VLAN message: type ${String(message.type)}`);
  const index = viewOf(message.bytes).getUint32(4, true);
  const entries: BridgeVlanEntry[] = [];
  eachAttribute(message.bytes, 8, (type, value) => {
    const attributes = parseAttributes(value);
    if (type === BRIDGE_VLANDB.GLOBAL_OPTIONS) {
      const vid = attributes.get(BRIDGE_VLANDB_GOPTS.ID);
      if (vid) entries.push({ index, vid: readUnsigned(vid), ...endOf(attributes, BRIDGE_VLANDB_GOPTS.RANGE), global: true, options: decodeOptions(VLAN_MULTICAST_OPTIONS, attributes) });
    } else if (type === BRIDGE_VLANDB.ENTRY) {
      const info = attributes.get(BRIDGE_VLANDB_ENTRY.INFO);
      if (!info) return;
      const flags = readUnsigned(info.subarray(0, 2));
      entries.push({
        index, vid: readUnsigned(info.subarray(2, 4)), ...endOf(attributes, BRIDGE_VLANDB_ENTRY.RANGE), global: false,
        pvid: (flags & BRIDGE_VLAN_INFO.PVID) !== 0, untagged: (flags & BRIDGE_VLAN_INFO.UNTAGGED) !== 0, options: decodeOptions(PORT_VLAN_OPTIONS, attributes),
      });
    }
  });
  return entries;
}
