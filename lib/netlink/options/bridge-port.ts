/**
 * Options of a bridge port: IFLA_BRPORT_*, in IFLA_PROTINFO of an AF_BRIDGE RTM_SETLINK or in IFLA_INFO_SLAVE_DATA.
 * Keys are bridge(8)'s words. Sources: if_link.h, net/bridge/br_netlink.c (br_port_policy, br_setport), br_sysfs_if.c.
 */
import type { OptionsOf, OptionTable } from './types.ts';

const bool8 = { kind: 'boolean', wire: 'u8', ipBoolean: ['off', 'on'] } as const;

/** BR_STATE_* (if_bridge.h). */
export const PORT_STATES = { disabled: 0, listening: 1, learning: 2, forwarding: 3, blocking: 4 } as const;
export type PortState = keyof typeof PORT_STATES;

export const BRIDGE_PORT_OPTIONS = {
  state: {
    kind: 'name', wire: 'u8', attribute: 1, ip: 'state', bridge: 'state', sysfs: 'brport/state', values: PORT_STATES, ipNumber: true,
    note: 'EBUSY with kernel STP, ENETDOWN without carrier (br_set_port_state); sysfs is read-only',
  },
  priority: {
    kind: 'integer', wire: 'u16', attribute: 2, ip: 'priority', bridge: 'priority', sysfs: 'brport/priority',
    range: { min: 0, max: 63, outside: 'refused', source: 'br_stp_set_port_priority, BR_MAX_PORT_PRIORITY' },
  },
  cost: {
    kind: 'integer', wire: 'u32', attribute: 3, ip: 'cost', bridge: 'cost', sysfs: 'brport/path_cost',
    range: { min: 1, max: 65_535, outside: 'refused', source: 'br_stp_set_path_cost, BR_{MIN,MAX}_PATH_COST' },
  },
  hairpin: { ...bool8, attribute: 4, ip: 'hairpin', bridge: 'hairpin', sysfs: 'brport/hairpin_mode' },
  guard: { ...bool8, attribute: 5, ip: 'guard', bridge: 'guard', sysfs: 'brport/bpdu_guard' },
  root_block: { ...bool8, attribute: 6, ip: 'root_block', bridge: 'root_block', sysfs: 'brport/root_block' },
  fastleave: { ...bool8, attribute: 7, ip: 'fastleave', bridge: 'fastleave', sysfs: 'brport/multicast_fast_leave' },
  learning: { ...bool8, attribute: 8, ip: 'learning', bridge: 'learning', sysfs: 'brport/learning' },
  flood: { ...bool8, attribute: 9, ip: 'flood', bridge: 'flood', sysfs: 'brport/unicast_flood' },
  proxy_arp: { ...bool8, attribute: 10, ip: 'proxy_arp', sysfs: 'brport/proxyarp' },
  proxy_arp_wifi: { ...bool8, attribute: 12, ip: 'proxy_arp_wifi', sysfs: 'brport/proxyarp_wifi' },
  mcast_router: {
    kind: 'name', wire: 'u8', attribute: 25, ip: 'mcast_router', bridge: 'mcast_router', sysfs: 'brport/multicast_router', ipNumber: true,
    values: { disabled: 0, learned: 1, permanent: 2, temporary: 3 },
  },
  mcast_flood: { ...bool8, attribute: 27, ip: 'mcast_flood', bridge: 'mcast_flood', sysfs: 'brport/multicast_flood' },
  mcast_to_unicast: { ...bool8, attribute: 28, ip: 'mcast_to_unicast', bridge: 'mcast_to_unicast', sysfs: 'brport/multicast_to_unicast' },
  vlan_tunnel: { ...bool8, attribute: 29, ip: 'vlan_tunnel', bridge: 'vlan_tunnel' },
  bcast_flood: { ...bool8, attribute: 30, ip: 'bcast_flood', bridge: 'bcast_flood', sysfs: 'brport/broadcast_flood' },
  group_fwd_mask: {
    kind: 'integer', wire: 'u16', attribute: 31, ip: 'group_fwd_mask', sysfs: 'brport/group_fwd_mask',
    note: 'bit 1 (pause) is refused: BR_GROUPFWD_MACPAUSE',
  },
  neigh_suppress: { ...bool8, attribute: 32, ip: 'neigh_suppress', bridge: 'neigh_suppress', sysfs: 'brport/neigh_suppress' },
  isolated: { ...bool8, attribute: 33, ip: 'isolated', bridge: 'isolated', sysfs: 'brport/isolated' },
  backup_port: { kind: 'device', wire: 'u32', attribute: 34, ip: 'backup_port', bridge: 'backup_port', sysfs: 'brport/backup_port' },
  mcast_eht_hosts_limit: { kind: 'integer', wire: 'u32', attribute: 37, sysfs: 'brport/multicast_eht_hosts_limit', since: '5.12', range: { min: 1, outside: 'refused', source: 'br_multicast_eht_set_hosts_limit' } },
  locked: { ...bool8, attribute: 39, ip: 'locked', bridge: 'locked', since: '5.18' },
  mab: { ...bool8, attribute: 40, since: '6.2', note: 'wants locked; `bridge` has it since 6.2' },
  mcast_max_groups: { kind: 'integer', wire: 'u32', attribute: 42, since: '6.3', note: '0: no limit; `bridge` has it since 6.3' },
  neigh_vlan_suppress: { ...bool8, attribute: 43, since: '6.4' },
} as const satisfies OptionTable;

export type BridgePortOptions = OptionsOf<typeof BRIDGE_PORT_OPTIONS>;
