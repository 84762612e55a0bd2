/**
 * Options of a bridge: IFLA_BR_* in IFLA_INFO_DATA.
 * Sources: include/uapi/linux/if_link.h, net/bridge/br_netlink.c (br_policy, br_changelink), br_sysfs_br.c, ip-link(8).
 * All intervals are clock_t (1/100 s) on every interface; membership expiry itself runs on the timer wheel. The kernel
 * keeps them in jiffies, rounded down: at HZ=250 only multiples of 20 ms read back as they were set.
 */
import type { OptionsOf, OptionTable } from './types.ts';

const cs = { kind: 'duration', unit: 'cs' } as const;
/** STP timers are u32, multicast timers u64. */
const stpTime = { ...cs, wire: 'u32' } as const;
const mcastTime = { ...cs, wire: 'u64' } as const;
const bool8 = { kind: 'boolean', wire: 'u8' } as const;
const int8 = { kind: 'integer', wire: 'u8' } as const;
const int16 = { kind: 'integer', wire: 'u16' } as const;
const int32 = { kind: 'integer', wire: 'u32' } as const;
const boolopt = { kind: 'boolean', wire: 'bit', attribute: 46 } as const;

export const BRIDGE_OPTIONS = {
  forward_delay: {
    ...stpTime, attribute: 1, ip: 'forward_delay', sysfs: 'bridge/forward_delay',
    range: { min: 2_000, max: 30_000, outside: 'refused', source: 'br_set_forward_delay, BR_{MIN,MAX}_FORWARD_DELAY', when: 'stp_state is on' },
    note: 'delays nothing without STP (br_make_forwarding): with it a new port listens and learns for this time each',
  },
  hello_time: {
    ...stpTime, attribute: 2, ip: 'hello_time', sysfs: 'bridge/hello_time',
    range: { min: 1_000, max: 10_000, outside: 'refused', source: 'br_set_hello_time, BR_{MIN,MAX}_HELLO_TIME' },
  },
  max_age: {
    ...stpTime, attribute: 3, ip: 'max_age', sysfs: 'bridge/max_age',
    range: { min: 6_000, max: 40_000, outside: 'refused', source: 'br_set_max_age, BR_{MIN,MAX}_MAX_AGE' },
  },
  ageing_time: { ...stpTime, attribute: 4, ip: 'ageing_time', sysfs: 'bridge/ageing_time' },
  stp_state: {
    kind: 'boolean', wire: 'u32', attribute: 5, ip: 'stp_state', sysfs: 'bridge/stp_state',
    note: 'reads back true for kernel STP (1) and for a user-space daemon (2)',
  },
  priority: { ...int16, attribute: 6, ip: 'priority', sysfs: 'bridge/priority', range: { min: 0, max: 65_535, outside: 'refused', source: 'the width of the attribute' } },
  vlan_filtering: { ...bool8, attribute: 7, ip: 'vlan_filtering', sysfs: 'bridge/vlan_filtering' },
  vlan_protocol: {
    kind: 'name', wire: 'be16', attribute: 8, ip: 'vlan_protocol', sysfs: 'bridge/vlan_protocol', sysfsValue: 'hex',
    values: { '802.1Q': 0x8100, '802.1ad': 0x88a8 },
  },
  group_fwd_mask: {
    ...int16, attribute: 9, ip: 'group_fwd_mask', sysfs: 'bridge/group_fwd_mask',
    note: 'bits 0 (STP), 1 (pause) and 2 (LACP) are refused with EINVAL: BR_GROUPFWD_RESTRICTED',
  },
  group_address: {
    kind: 'mac', wire: 'mac', attribute: 20, ip: 'group_address', sysfs: 'bridge/group_addr',
    note: '01:80:c2:00:00:0X only, not 1 to 3: br_changelink, is_link_local_ether_addr',
  },
  fdb_flush: { kind: 'boolean', wire: 'flag', attribute: 21, ip: 'fdb_flush', sysfs: 'bridge/flush', writeOnly: true },
  mcast_router: {
    kind: 'name', wire: 'u8', attribute: 22, ip: 'mcast_router', sysfs: 'bridge/multicast_router', ipNumber: true,
    values: { disabled: 0, learned: 1, permanent: 2 },
    note: 'MDB_RTR_TYPE_*; a port knows a fourth, temporary',
  },
  mcast_snooping: { ...bool8, attribute: 23, ip: 'mcast_snooping', sysfs: 'bridge/multicast_snooping' },
  mcast_query_use_ifaddr: { ...bool8, attribute: 24, ip: 'mcast_query_use_ifaddr', sysfs: 'bridge/multicast_query_use_ifaddr' },
  mcast_querier: { ...bool8, attribute: 25, ip: 'mcast_querier', sysfs: 'bridge/multicast_querier' },
  mcast_hash_elasticity: {
    ...int32, attribute: 26, ip: 'mcast_hash_elasticity', sysfs: 'bridge/hash_elasticity', writeOnly: true,
    note: 'ignored since 5.0 (a resizable hash table); reads back 16',
  },
  mcast_hash_max: { ...int32, attribute: 27, ip: 'mcast_hash_max', sysfs: 'bridge/hash_max', note: 'a power of two is wanted before 5.0' },
  mcast_last_member_count: { ...int32, attribute: 28, ip: 'mcast_last_member_count', sysfs: 'bridge/multicast_last_member_count' },
  mcast_startup_query_count: { ...int32, attribute: 29, ip: 'mcast_startup_query_count', sysfs: 'bridge/multicast_startup_query_count' },
  mcast_last_member_interval: { ...mcastTime, attribute: 30, ip: 'mcast_last_member_interval', sysfs: 'bridge/multicast_last_member_interval' },
  mcast_membership_interval: { ...mcastTime, attribute: 31, ip: 'mcast_membership_interval', sysfs: 'bridge/multicast_membership_interval' },
  mcast_querier_interval: {
    ...mcastTime, attribute: 32, ip: 'mcast_querier_interval', sysfs: 'bridge/multicast_querier_interval',
    note: 'the other-querier-present interval: how long a silent outside querier is believed in',
  },
  mcast_query_interval: {
    ...mcastTime, attribute: 33, ip: 'mcast_query_interval', sysfs: 'bridge/multicast_query_interval',
    range: { min: 1_000, max: 86_400_000, outside: 'clamped', source: 'br_multicast_set_query_intvl, BR_MULTICAST_QUERY_INTVL_{MIN,MAX}', when: 'lower bound since 5.16, upper since 6.16' },
  },
  mcast_query_response_interval: { ...mcastTime, attribute: 34, ip: 'mcast_query_response_interval', sysfs: 'bridge/multicast_query_response_interval' },
  mcast_startup_query_interval: {
    ...mcastTime, attribute: 35, ip: 'mcast_startup_query_interval', sysfs: 'bridge/multicast_startup_query_interval',
    range: { min: 1_000, max: 86_400_000, outside: 'clamped', source: 'br_multicast_set_startup_query_intvl, BR_MULTICAST_STARTUP_QUERY_INTVL_{MIN,MAX}', when: 'lower bound since 5.16, upper since 6.16' },
  },
  nf_call_iptables: { ...bool8, attribute: 36, ip: 'nf_call_iptables', sysfs: 'bridge/nf_call_iptables', note: 'needs br_netfilter built in or loaded' },
  nf_call_ip6tables: { ...bool8, attribute: 37, ip: 'nf_call_ip6tables', sysfs: 'bridge/nf_call_ip6tables', note: 'as nf_call_iptables' },
  nf_call_arptables: { ...bool8, attribute: 38, ip: 'nf_call_arptables', sysfs: 'bridge/nf_call_arptables', note: 'as nf_call_iptables' },
  vlan_default_pvid: {
    ...int16, attribute: 39, ip: 'vlan_default_pvid', sysfs: 'bridge/default_pvid',
    range: { min: 0, max: 4_094, outside: 'refused', source: '__br_vlan_set_default_pvid, br_validate' },
    note: 'set with vlan_filtering off, or EPERM',
  },
  vlan_stats_enabled: { ...bool8, attribute: 41, ip: 'vlan_stats_enabled', sysfs: 'bridge/vlan_stats_enabled' },
  mcast_stats_enabled: { ...bool8, attribute: 42, ip: 'mcast_stats_enabled', sysfs: 'bridge/multicast_stats_enabled' },
  mcast_igmp_version: {
    ...int8, attribute: 43, ip: 'mcast_igmp_version', sysfs: 'bridge/multicast_igmp_version',
    range: { min: 2, max: 3, outside: 'refused', source: 'br_multicast_set_igmp_version' },
  },
  mcast_mld_version: {
    ...int8, attribute: 44, ip: 'mcast_mld_version', sysfs: 'bridge/multicast_mld_version',
    range: { min: 1, max: 2, outside: 'refused', source: 'br_multicast_set_mld_version' },
  },
  vlan_stats_per_port: { ...bool8, attribute: 45, ip: 'vlan_stats_per_port', sysfs: 'bridge/vlan_stats_per_port', since: '4.20', note: 'EBUSY while a port has a VLAN' },
  no_linklocal_learn: { ...boolopt, bit: 0, ip: 'no_linklocal_learn', sysfs: 'bridge/no_linklocal_learn', since: '5.0' },
  mcast_vlan_snooping: { ...boolopt, bit: 1, ip: 'mcast_vlan_snooping', since: '5.15', note: 'wants vlan_filtering to take effect' },
  mst_enable: { ...boolopt, bit: 2, since: '5.18', note: 'refused while a VLAN exists on a port' },
  fdb_max_learned: { ...int32, attribute: 49, since: '6.7', note: '0: no limit; `ip` has it since 6.8' },
} as const satisfies OptionTable;

export type BridgeOptions = OptionsOf<typeof BRIDGE_OPTIONS>;
