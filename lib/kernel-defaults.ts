/**
 * What the kernel sets when nobody asks, for the options that stories depend on. Drawings leave these values out, and
 * a scaled run must divide them although the topology does not name them.
 * Sources: br_device.c (br_dev_setup), br_multicast.c (br_multicast_ctx_init), br_if.c (new_nbp), bond_options.c and
 * bond_main.c (bond_check_params). A test reads the bridge's back.
 */
import type { Options } from './topology.ts';
import { ms, s } from './units.ts';

/** Bridge timers that hold protocol time without spanning tree. */
export const BRIDGE_TIMERS: Options = {
  ageing_time: s(300),
  forward_delay: s(15),
  mcast_last_member_interval: s(1),
  mcast_membership_interval: s(260),
  mcast_querier_interval: s(255),
  mcast_query_interval: s(125),
  mcast_query_response_interval: s(10),
  mcast_startup_query_interval: s(31.25),
};

/** Bridge timers of the spanning tree. */
export const STP_TIMERS: Options = { hello_time: s(2), max_age: s(20) };

export const BRIDGE_DEFAULTS: Options = {
  ...BRIDGE_TIMERS,
  ...STP_TIMERS,
  stp_state: false,
  priority: 32_768,
  vlan_filtering: false,
  vlan_protocol: '802.1Q',
  vlan_default_pvid: 1,
  group_fwd_mask: 0,
  mcast_snooping: true,
  mcast_querier: false,
  mcast_query_use_ifaddr: false,
  mcast_router: 'learned',
  mcast_last_member_count: 2,
  mcast_startup_query_count: 2,
  mcast_igmp_version: 2,
  mcast_mld_version: 1,
  mcast_stats_enabled: false,
  no_linklocal_learn: false,
};

export const PORT_DEFAULTS: Options = {
  priority: 32,
  hairpin: false,
  guard: false,
  root_block: false,
  fastleave: false,
  learning: true,
  flood: true,
  mcast_router: 'learned',
  mcast_flood: true,
  mcast_to_unicast: false,
  bcast_flood: true,
  neigh_suppress: false,
  isolated: false,
  locked: false,
};

export const BOND_DEFAULTS: Options = {
  mode: 'balance-rr',
  miimon: ms(0),
  updelay: ms(0),
  downdelay: ms(0),
  use_carrier: true,
  arp_interval: ms(0),
  arp_validate: 'none',
  arp_all_targets: 'any',
  primary_reselect: 'always',
  fail_over_mac: 'none',
  xmit_hash_policy: 'layer2',
  resend_igmp: 1,
  num_peer_notif: 1,
  peer_notif_delay: ms(0),
  all_slaves_active: false,
  min_links: 0,
  lp_interval: s(1),
  packets_per_slave: 1,
  lacp_rate: 'slow',
  lacp_active: true,
  ad_select: 'stable',
  tlb_dynamic_lb: true,
  missed_max: 2,
};
