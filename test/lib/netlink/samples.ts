/** A value for every option that differs from the default and that its kernel code takes. Multiples of 20 ms survive HZ=250's jiffies. */
import type { OptionValue } from '../../../lib/netlink/index.ts';

export const BRIDGE_SAMPLES: Readonly<Record<string, OptionValue>> = {
  forward_delay: 7_000, hello_time: 3_000, max_age: 12_000, ageing_time: 120_000, stp_state: true, priority: 4_096,
  vlan_filtering: true, vlan_protocol: '802.1ad', group_fwd_mask: 16_384, group_address: '01:80:c2:00:00:0d', fdb_flush: true,
  mcast_router: 'permanent', mcast_snooping: false, mcast_query_use_ifaddr: true, mcast_querier: true, mcast_hash_elasticity: 8,
  mcast_hash_max: 1_024, mcast_last_member_count: 5, mcast_startup_query_count: 4, mcast_last_member_interval: 2_020,
  mcast_membership_interval: 130_040, mcast_querier_interval: 3_600_000, mcast_query_interval: 62_500, mcast_query_response_interval: 5_060,
  mcast_startup_query_interval: 7_500, nf_call_iptables: true, nf_call_ip6tables: true, nf_call_arptables: true, vlan_default_pvid: 77,
  vlan_stats_enabled: true, mcast_stats_enabled: true, mcast_igmp_version: 3, mcast_mld_version: 2, vlan_stats_per_port: true,
  no_linklocal_learn: true, mcast_vlan_snooping: true, mst_enable: true, fdb_max_learned: 99,
};

export const BRIDGE_PORT_SAMPLES: Readonly<Record<string, OptionValue>> = {
  state: 'blocking', priority: 17, cost: 444, hairpin: true, guard: true, root_block: true, fastleave: true, learning: false, flood: false,
  proxy_arp: true, proxy_arp_wifi: true, mcast_router: 'permanent', mcast_flood: false, mcast_to_unicast: true, vlan_tunnel: true,
  bcast_flood: false, group_fwd_mask: 16_384, neigh_suppress: true, isolated: true, backup_port: 1, mcast_eht_hosts_limit: 33, locked: true,
  mab: true, mcast_max_groups: 12, neigh_vlan_suppress: true,
};

export const BOND_SAMPLES: Readonly<Record<string, OptionValue>> = {
  mode: '802.3ad', active_slave: 'lo', miimon: 100, updelay: 200, downdelay: 300, use_carrier: false, arp_interval: 250,
  arp_ip_target: ['192.0.2.1', '192.0.2.2'], arp_validate: 'filter_active', arp_all_targets: 'all', primary: 'lo', primary_reselect: 'failure',
  fail_over_mac: 'follow', xmit_hash_policy: 'layer3+4', resend_igmp: 7, num_peer_notif: 9, all_slaves_active: true, min_links: 2,
  lp_interval: 4_000, packets_per_slave: 12, lacp_rate: 'fast', ad_select: 'count', ad_actor_sys_prio: 4_321, ad_user_port_key: 123,
  ad_actor_system: '02:00:00:00:00:aa', tlb_dynamic_lb: false, peer_notif_delay: 500, lacp_active: false, missed_max: 5,
  ns_ip6_target: ['2001:db8::1', '2001:db8::2'], coupled_control: false,
};

export const VLAN_SAMPLES: Readonly<Record<string, OptionValue>> = {
  id: 42, reorder_hdr: false, gvrp: true, loose_binding: true, mvrp: true, bridge_binding: true, protocol: '802.1ad',
};
export const MACVLAN_SAMPLES: Readonly<Record<string, OptionValue>> = { mode: 'passthru' };
export const BOND_SLAVE_SAMPLES: Readonly<Record<string, OptionValue>> = { queue_id: 6, prio: -3 };
