/**
 * Options of a bond (IFLA_BOND_* in IFLA_INFO_DATA) and of its slaves (IFLA_BOND_SLAVE_* in IFLA_INFO_SLAVE_DATA).
 * Sources: if_link.h, drivers/net/bonding/bond_netlink.c (bond_policy), bond_options.c (bond_opts: ranges, unsuppmodes,
 * flags), bond_sysfs.c, Documentation/networking/bonding.rst.
 *
 * The driver takes what it takes in a fixed order, and some settings exclude each other: arp_interval refuses the modes
 * below and clears miimon; miimon clears arp_interval; updelay and downdelay want miimon and are rounded down to a
 * multiple of it.
 */
import { BOND_MODES, type BondMode, type OptionsOf, type OptionTable } from './types.ts';

const ms = { kind: 'duration', unit: 'ms', wire: 'u32' } as const;
const intMax = { min: 0, max: 0x7fff_ffff, outside: 'refused', source: 'bond_intmax_tbl' } as const;
const bool8 = { kind: 'boolean', wire: 'u8' } as const;
const failover: readonly BondMode[] = ['active-backup', 'balance-tlb', 'balance-alb'];
const arpMonitored: readonly BondMode[] = ['balance-rr', 'active-backup', 'balance-xor', 'broadcast'];
const lacp: readonly BondMode[] = ['802.3ad'];

export const BOND_OPTIONS = {
  mode: { kind: 'name', wire: 'u8', attribute: 1, ip: 'mode', sysfs: 'bonding/mode', sysfsValue: 'name', values: BOND_MODES, only: ['no slaves', 'down'] },
  active_slave: { kind: 'device', wire: 'u32', attribute: 2, ip: 'active_slave', sysfs: 'bonding/active_slave', modes: failover },
  miimon: { ...ms, attribute: 3, ip: 'miimon', sysfs: 'bonding/miimon', range: intMax },
  updelay: { ...ms, attribute: 4, ip: 'updelay', sysfs: 'bonding/updelay', range: intMax, note: 'rounded down to a multiple of miimon' },
  downdelay: { ...ms, attribute: 5, ip: 'downdelay', sysfs: 'bonding/downdelay', range: intMax, note: 'rounded down to a multiple of miimon' },
  use_carrier: { ...bool8, attribute: 6, ip: 'use_carrier', sysfs: 'bonding/use_carrier', note: 'only true is taken since 6.18' },
  arp_interval: { ...ms, attribute: 7, ip: 'arp_interval', sysfs: 'bonding/arp_interval', range: intMax, modes: arpMonitored },
  arp_ip_target: { kind: 'addresses', wire: 'list4', attribute: 8, ip: 'arp_ip_target', sysfs: 'bonding/arp_ip_target', maxCount: 16, note: 'BOND_MAX_ARP_TARGETS' },
  arp_validate: {
    kind: 'name', wire: 'u32', attribute: 9, ip: 'arp_validate', sysfs: 'bonding/arp_validate', sysfsValue: 'name', modes: arpMonitored,
    values: { none: 0, active: 1, backup: 2, all: 3, filter: 4, filter_active: 5, filter_backup: 6 },
  },
  arp_all_targets: { kind: 'name', wire: 'u32', attribute: 10, ip: 'arp_all_targets', sysfs: 'bonding/arp_all_targets', sysfsValue: 'name', values: { any: 0, all: 1 } },
  primary: { kind: 'device', wire: 'u32', attribute: 11, ip: 'primary', sysfs: 'bonding/primary', modes: failover },
  primary_reselect: { kind: 'name', wire: 'u8', attribute: 12, ip: 'primary_reselect', sysfs: 'bonding/primary_reselect', sysfsValue: 'name', values: { always: 0, better: 1, failure: 2 } },
  fail_over_mac: {
    kind: 'name', wire: 'u8', attribute: 13, ip: 'fail_over_mac', sysfs: 'bonding/fail_over_mac', sysfsValue: 'name', only: ['no slaves'],
    values: { none: 0, active: 1, follow: 2 }, note: 'acts in active-backup only; taken in every mode',
  },
  xmit_hash_policy: {
    kind: 'name', wire: 'u8', attribute: 14, ip: 'xmit_hash_policy', sysfs: 'bonding/xmit_hash_policy', sysfsValue: 'name',
    values: { layer2: 0, 'layer3+4': 1, 'layer2+3': 2, 'encap2+3': 3, 'encap3+4': 4, 'vlan+srcmac': 5 },
    note: 'acts in balance-xor, 802.3ad and balance-tlb; taken in every mode; vlan+srcmac since 5.12',
  },
  resend_igmp: { kind: 'integer', wire: 'u32', attribute: 15, ip: 'resend_igmp', sysfs: 'bonding/resend_igmp', range: { min: 0, max: 255, outside: 'refused', source: 'bond_resend_igmp_tbl' } },
  num_peer_notif: {
    kind: 'integer', wire: 'u8', attribute: 16, ip: 'num_grat_arp', sysfs: 'bonding/num_grat_arp',
    range: { min: 0, max: 255, outside: 'refused', source: 'bond_num_peer_notif_tbl' },
    note: 'also spelled num_unsol_na: one number for gratuitous ARP and unsolicited NA',
  },
  all_slaves_active: { ...bool8, attribute: 17, ip: 'all_slaves_active', sysfs: 'bonding/all_slaves_active' },
  min_links: { kind: 'integer', wire: 'u32', attribute: 18, ip: 'min_links', sysfs: 'bonding/min_links', range: intMax, note: 'acts in 802.3ad' },
  lp_interval: {
    kind: 'duration', unit: 's', wire: 'u32', attribute: 19, ip: 'lp_interval', sysfs: 'bonding/lp_interval',
    range: { min: 1_000, max: 0x7fff_ffff * 1_000, outside: 'refused', source: 'bond_lp_interval_tbl' }, note: 'acts in balance-tlb and balance-alb',
  },
  packets_per_slave: {
    kind: 'integer', wire: 'u32', attribute: 20, ip: 'packets_per_slave', sysfs: 'bonding/packets_per_slave', modes: ['balance-rr'],
    range: { min: 0, max: 65_535, outside: 'refused', source: 'bond_pps_tbl' }, note: '0: a random slave for each packet',
  },
  lacp_rate: { kind: 'name', wire: 'u8', attribute: 21, ip: 'lacp_rate', sysfs: 'bonding/lacp_rate', sysfsValue: 'name', values: { slow: 0, fast: 1 }, modes: lacp, only: ['down'] },
  ad_select: {
    kind: 'name', wire: 'u8', attribute: 22, ip: 'ad_select', sysfs: 'bonding/ad_select', sysfsValue: 'name', only: ['down'],
    values: { stable: 0, bandwidth: 1, count: 2 },
  },
  ad_actor_sys_prio: {
    kind: 'integer', wire: 'u16', attribute: 24, ip: 'ad_actor_sys_prio', sysfs: 'bonding/ad_actor_sys_prio', modes: lacp,
    range: { min: 1, max: 65_535, outside: 'refused', source: 'bond_ad_actor_sys_prio_tbl' },
  },
  ad_user_port_key: {
    kind: 'integer', wire: 'u16', attribute: 25, ip: 'ad_user_port_key', sysfs: 'bonding/ad_user_port_key', modes: lacp, only: ['down'],
    range: { min: 0, max: 1_023, outside: 'refused', source: 'bond_ad_user_port_key_tbl' },
  },
  ad_actor_system: { kind: 'mac', wire: 'mac', attribute: 26, ip: 'ad_actor_system', sysfs: 'bonding/ad_actor_system', modes: lacp, note: 'unicast only' },
  tlb_dynamic_lb: { ...bool8, attribute: 27, ip: 'tlb_dynamic_lb', sysfs: 'bonding/tlb_dynamic_lb', modes: ['balance-tlb', 'balance-alb'], only: ['down'], note: 'balance-alb since 5.0' },
  peer_notif_delay: {
    ...ms, attribute: 28, ip: 'peer_notify_delay', sysfs: 'bonding/peer_notif_delay', since: '5.3',
    range: { min: 0, max: 300_000, outside: 'refused', source: 'bond_peer_notif_delay_tbl' }, note: 'rounded down to a multiple of miimon',
  },
  lacp_active: { ...bool8, attribute: 29, ip: 'lacp_active', ipBoolean: ['off', 'on'], sysfs: 'bonding/lacp_active', since: '5.15', modes: lacp, only: ['down'] },
  missed_max: {
    kind: 'integer', wire: 'u8', attribute: 30, ip: 'arp_missed_max', sysfs: 'bonding/arp_missed_max', since: '5.17', modes: arpMonitored,
    range: { min: 1, max: 255, outside: 'refused', source: 'bond_missed_max_tbl' },
  },
  ns_ip6_target: { kind: 'addresses', wire: 'list6', attribute: 31, ip: 'ns_ip6_target', maxCount: 16, since: '5.18', note: 'BOND_MAX_NS_TARGETS' },
  coupled_control: { ...bool8, attribute: 32, sysfs: 'bonding/coupled_control', since: '6.9', modes: lacp, only: ['down'] },
} as const satisfies OptionTable;

export type BondOptions = OptionsOf<typeof BOND_OPTIONS>;

/** Settable options of a slave. What else a slave tells (state, link failures, aggregator) is in BondSlaveState. */
export const BOND_SLAVE_OPTIONS = {
  queue_id: { kind: 'integer', wire: 'u16', attribute: 5, ip: 'queue_id', sysfs: 'bonding_slave/queue_id', note: 'sysfs is read-only: the bond has bonding/queue_id' },
  prio: { kind: 'integer', wire: 's32', attribute: 9, ip: 'prio', since: '6.0', modes: failover },
} as const satisfies OptionTable;

export type BondSlaveOptions = OptionsOf<typeof BOND_SLAVE_OPTIONS>;

/** IFLA_BOND_SLAVE_STATE and _MII_STATUS (if_bonding.h: BOND_STATE_*, BOND_LINK_*). */
export const BOND_SLAVE_STATES = ['active', 'backup'] as const;
export const BOND_LINK_STATES = ['up', 'fail', 'down', 'back'] as const;
