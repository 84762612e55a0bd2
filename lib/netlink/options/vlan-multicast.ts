/**
 * Multicast options of one VLAN of a bridge that snoops per VLAN (mcast_vlan_snooping): BRIDGE_VLANDB_GOPTS_MCAST_* in
 * BRIDGE_VLANDB_GLOBAL_OPTIONS of RTM_NEWVLAN; and of a VLAN on one port: BRIDGE_VLANDB_ENTRY_*. All since 5.15. Keys are
 * bridge(8)'s words, which are `ip link`'s for the bridge as a whole. Sources: if_bridge.h, br_vlan_options.c.
 */
import { PORT_STATES } from './bridge-port.ts';
import type { OptionsOf, OptionTable } from './types.ts';

const since = { since: '5.15' } as const;
const bool8 = { kind: 'boolean', wire: 'u8', ...since } as const;
const int32 = { kind: 'integer', wire: 'u32', ...since } as const;
const time = { kind: 'duration', unit: 'cs', wire: 'u64', ...since } as const;

export const VLAN_MULTICAST_OPTIONS = {
  mcast_snooping: { ...bool8, attribute: 3, bridge: 'mcast_snooping', note: 'on by default; the bridge\'s own mcast_snooping must be on as well' },
  mcast_igmp_version: { kind: 'integer', wire: 'u8', ...since, attribute: 4, bridge: 'mcast_igmp_version', range: { min: 2, max: 3, outside: 'refused', source: 'br_multicast_set_igmp_version' } },
  mcast_mld_version: { kind: 'integer', wire: 'u8', ...since, attribute: 5, bridge: 'mcast_mld_version', range: { min: 1, max: 2, outside: 'refused', source: 'br_multicast_set_mld_version' } },
  mcast_last_member_count: { ...int32, attribute: 6, bridge: 'mcast_last_member_count' },
  mcast_startup_query_count: { ...int32, attribute: 7, bridge: 'mcast_startup_query_count' },
  mcast_last_member_interval: { ...time, attribute: 8, bridge: 'mcast_last_member_interval' },
  mcast_membership_interval: { ...time, attribute: 10, bridge: 'mcast_membership_interval' },
  mcast_querier_interval: { ...time, attribute: 11, bridge: 'mcast_querier_interval' },
  mcast_query_interval: { ...time, attribute: 12, bridge: 'mcast_query_interval', range: { min: 1_000, max: 86_400_000, outside: 'clamped', source: 'br_multicast_set_query_intvl', when: 'upper bound since 6.16' } },
  mcast_query_response_interval: { ...time, attribute: 13, bridge: 'mcast_query_response_interval' },
  mcast_startup_query_interval: { ...time, attribute: 14, bridge: 'mcast_startup_query_interval', range: { min: 1_000, max: 86_400_000, outside: 'clamped', source: 'br_multicast_set_startup_query_intvl', when: 'upper bound since 6.16' } },
  mcast_querier: { ...bool8, attribute: 15, bridge: 'mcast_querier' },
} as const satisfies OptionTable;
export type VlanMulticastOptions = OptionsOf<typeof VLAN_MULTICAST_OPTIONS>;

/** Of a VLAN on one port, or of the bridge itself. */
export const PORT_VLAN_OPTIONS = {
  state: { kind: 'name', wire: 'u8', attribute: 3, bridge: 'state', since: '5.6', values: PORT_STATES, note: 'EBUSY with kernel STP (br_vlan_modify_state)' },
  mcast_router: { kind: 'name', wire: 'u8', ...since, attribute: 6, bridge: 'mcast_router', ipNumber: true, values: { disabled: 0, learned: 1, permanent: 2, temporary: 3 } },
} as const satisfies OptionTable;
export type PortVlanOptions = OptionsOf<typeof PORT_VLAN_OPTIONS>;
