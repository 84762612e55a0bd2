import { BOND_OPTIONS, BOND_SLAVE_OPTIONS } from './bond.ts';
import { BRIDGE_OPTIONS } from './bridge.ts';
import { BRIDGE_PORT_OPTIONS } from './bridge-port.ts';
import { DUMMY_OPTIONS, MACVLAN_OPTIONS, VETH_OPTIONS, VLAN_OPTIONS } from './others.ts';
import type { OptionTable } from './types.ts';

/** Tables by IFLA_INFO_KIND. */
export const LINK_OPTIONS = {
  bridge: BRIDGE_OPTIONS, bond: BOND_OPTIONS, vlan: VLAN_OPTIONS, macvlan: MACVLAN_OPTIONS, veth: VETH_OPTIONS, dummy: DUMMY_OPTIONS,
} as const satisfies Record<string, OptionTable>;
export type LinkKind = keyof typeof LINK_OPTIONS;

/** Tables by IFLA_INFO_SLAVE_KIND. */
export const SLAVE_OPTIONS = { bridge: BRIDGE_PORT_OPTIONS, bond: BOND_SLAVE_OPTIONS } as const satisfies Record<string, OptionTable>;

export * from './types.ts';
export * from './bridge.ts';
export * from './bridge-port.ts';
export * from './bond.ts';
export * from './vlan-multicast.ts';
export * from './others.ts';
export * from './convert.ts';
