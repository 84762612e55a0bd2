/** Options of VLAN devices (8021q), macvlan, veth and dummy. Sources: if_link.h, net/8021q/vlan_netlink.c, drivers/net/macvlan.c. */
import type { OptionsOf, OptionTable } from './types.ts';

const vlanFlag = { kind: 'boolean', wire: 'bit', attribute: 2, ipBoolean: ['off', 'on'] } as const;

export const VLAN_OPTIONS = {
  id: { kind: 'integer', wire: 'u16', attribute: 1, ip: 'id', range: { min: 0, max: 4_095, outside: 'refused', source: 'vlan_validate, VLAN_VID_MASK' }, note: 'only when the device is made' },
  reorder_hdr: { ...vlanFlag, bit: 0, ip: 'reorder_hdr' },
  gvrp: { ...vlanFlag, bit: 1, ip: 'gvrp' },
  loose_binding: { ...vlanFlag, bit: 2, ip: 'loose_binding' },
  mvrp: { ...vlanFlag, bit: 3, ip: 'mvrp' },
  bridge_binding: { ...vlanFlag, bit: 4, ip: 'bridge_binding', since: '5.2' },
  protocol: { kind: 'name', wire: 'be16', attribute: 5, ip: 'protocol', values: { '802.1Q': 0x8100, '802.1ad': 0x88a8 }, note: 'only when the device is made' },
} as const satisfies OptionTable;
export type VlanOptions = OptionsOf<typeof VLAN_OPTIONS>;

export const MACVLAN_OPTIONS = {
  mode: { kind: 'name', wire: 'u32', attribute: 1, ip: 'mode', values: { private: 1, vepa: 2, bridge: 4, passthru: 8, source: 16 } },
  flags: { kind: 'integer', wire: 'u16', attribute: 2, range: { min: 0, max: 3, outside: 'refused', source: 'macvlan_validate' }, note: '1: nopromisc, 2: nodst' },
} as const satisfies OptionTable;
export type MacvlanOptions = OptionsOf<typeof MACVLAN_OPTIONS>;

/** A veth has a peer and no options; a dummy neither. */
export const VETH_OPTIONS = {} as const satisfies OptionTable;
export const DUMMY_OPTIONS = {} as const satisfies OptionTable;
