/**
 * Numbers of the kernel's user interface that more than one file here needs.
 * Sources: include/uapi/linux/{netlink,rtnetlink,if_link,if_bridge,neighbour,if_addr,if}.h.
 * Numbers of options (IFLA_BR_*, IFLA_BRPORT_*, IFLA_BOND_*, …) are in `options/`.
 */

export const NLMSG = { NOOP: 1, ERROR: 2, DONE: 3, OVERRUN: 4 } as const;

/** nlmsg_flags. REPLACE and ROOT share a bit (0x100), as do EXCL and MATCH (0x200): the meaning depends on the message. */
export const NLM_F = {
  REQUEST: 0x1, MULTI: 0x2, ACK: 0x4, ECHO: 0x8, DUMP_INTR: 0x10, DUMP_FILTERED: 0x20,
  ROOT: 0x100, MATCH: 0x200, DUMP: 0x300,
  REPLACE: 0x100, EXCL: 0x200, CREATE: 0x400, APPEND: 0x800,
  /** In an NLMSG_ERROR: the request's payload is left out; attributes follow. */
  CAPPED: 0x100, ACK_TLVS: 0x200,
} as const;

/** nla_type: the two topmost bits are flags. */
export const NLA_F_NESTED = 0x8000;
export const NLA_TYPE_MASK = 0x3fff;

export const NLMSGERR_ATTR = { MSG: 1, OFFS: 2, COOKIE: 3, POLICY: 4, MISS_TYPE: 5, MISS_NEST: 6 } as const;

export const RTM = {
  NEWLINK: 16, DELLINK: 17, GETLINK: 18, SETLINK: 19,
  NEWADDR: 20, DELADDR: 21, GETADDR: 22,
  NEWROUTE: 24, DELROUTE: 25, GETROUTE: 26,
  NEWNEIGH: 28, DELNEIGH: 29, GETNEIGH: 30,
  NEWQDISC: 36, NEWTFILTER: 44,
  NEWNEIGHTBL: 64, GETNEIGHTBL: 66, SETNEIGHTBL: 67,
  NEWMDB: 84, DELMDB: 85, GETMDB: 86,
  NEWVLAN: 112, DELVLAN: 113, GETVLAN: 114,
} as const;

export const AF = { UNSPEC: 0, INET: 2, BRIDGE: 7, INET6: 10, NETLINK: 16, PACKET: 17 } as const;

export const ETH_P = { IP: 0x0800, ARP: 0x0806, IPV6: 0x86dd, '802.1Q': 0x8100, '802.1ad': 0x88a8 } as const;

/** Multicast groups of NETLINK_ROUTE (enum rtnetlink_groups), by the name used in `subscribe`. */
export const RTNLGRP = {
  link: 1, neigh: 3, 'ipv4-address': 5, 'ipv4-route': 7, 'ipv6-address': 9, 'ipv6-route': 11, mdb: 26,
} as const;
export type NotificationGroup = keyof typeof RTNLGRP;

export const IFLA = {
  ADDRESS: 1, BROADCAST: 2, IFNAME: 3, MTU: 4, LINK: 5, QDISC: 6, STATS: 7, MASTER: 10, PROTINFO: 12, TXQLEN: 13,
  OPERSTATE: 16, LINKMODE: 17, LINKINFO: 18, NET_NS_PID: 19, STATS64: 23, AF_SPEC: 26, GROUP: 27, NET_NS_FD: 28,
  EXT_MASK: 29, PROMISCUITY: 30, NUM_TX_QUEUES: 31, NUM_RX_QUEUES: 32, CARRIER: 33, CARRIER_CHANGES: 35,
  LINK_NETNSID: 37, EVENT: 44, CARRIER_UP_COUNT: 47, CARRIER_DOWN_COUNT: 48, PERM_ADDRESS: 54,
} as const;

export const IFLA_INFO = { KIND: 1, DATA: 2, XSTATS: 3, SLAVE_KIND: 4, SLAVE_DATA: 5 } as const;
export const VETH_INFO_PEER = 1;
export const IFLA_INET6_ADDR_GEN_MODE = 8;

export const IFLA_BRIDGE = { FLAGS: 0, MODE: 1, VLAN_INFO: 2 } as const;
export const BRIDGE_FLAGS = { MASTER: 1, SELF: 2 } as const;
export const BRIDGE_VLAN_INFO = { MASTER: 1, PVID: 2, UNTAGGED: 4, RANGE_BEGIN: 8, RANGE_END: 16, BRENTRY: 32, ONLY_OPTS: 64 } as const;

export const BRIDGE_VLANDB = { ENTRY: 1, GLOBAL_OPTIONS: 2 } as const;
export const BRIDGE_VLANDB_ENTRY = { INFO: 1, RANGE: 2 } as const;
export const BRIDGE_VLANDB_GOPTS = { ID: 1, RANGE: 2 } as const;
export const BRIDGE_VLANDB_DUMP_FLAGS = 1;
export const BRIDGE_VLANDB_DUMPF_GLOBAL = 2;

/** net_device flags (if.h), by `ip`'s spelling. Bits 16 to 18 exist in netlink only. */
export const IFF: Readonly<Record<string, number>> = {
  UP: 0x1, BROADCAST: 0x2, DEBUG: 0x4, LOOPBACK: 0x8, POINTOPOINT: 0x10, NOTRAILERS: 0x20, RUNNING: 0x40, NOARP: 0x80,
  PROMISC: 0x100, ALLMULTI: 0x200, MASTER: 0x400, SLAVE: 0x800, MULTICAST: 0x1000, PORTSEL: 0x2000, AUTOMEDIA: 0x4000,
  DYNAMIC: 0x8000, LOWER_UP: 0x10000, DORMANT: 0x20000, ECHO: 0x40000,
};

/** RTEXT_FILTER_*: what a link dump includes or leaves out. */
export const RTEXT_FILTER = { VF: 1, BRVLAN: 2, BRVLAN_COMPRESSED: 4, SKIP_STATS: 8 } as const;

export const IFA = { ADDRESS: 1, LOCAL: 2, LABEL: 3, BROADCAST: 4, CACHEINFO: 6, FLAGS: 8 } as const;
export const IFA_F = {
  SECONDARY: 0x1, NODAD: 0x2, OPTIMISTIC: 0x4, DADFAILED: 0x8, HOMEADDRESS: 0x10, DEPRECATED: 0x20, TENTATIVE: 0x40,
  PERMANENT: 0x80, MANAGETEMPADDR: 0x100, NOPREFIXROUTE: 0x200, MCAUTOJOIN: 0x400, STABLE_PRIVACY: 0x800,
} as const;

export const RTA = { DST: 1, SRC: 2, IIF: 3, OIF: 4, GATEWAY: 5, PRIORITY: 6, PREFSRC: 7, METRICS: 8, TABLE: 15 } as const;
export const RT_TABLE_MAIN = 254;
export const RTPROT = { KERNEL: 2, BOOT: 3, STATIC: 4 } as const;
export const RT_SCOPE = { UNIVERSE: 0, LINK: 253, HOST: 254 } as const;
/** rtm_type, by `ip route`'s spelling. */
export const RTN = { unicast: 1, local: 2, broadcast: 3, anycast: 4, multicast: 5, blackhole: 6, unreachable: 7, prohibit: 8 } as const;

export const NDA = { DST: 1, LLADDR: 2, CACHEINFO: 3, PROBES: 4, VLAN: 5, PORT: 6, VNI: 7, IFINDEX: 8, MASTER: 9, FLAGS_EXT: 15 } as const;
/** ndm_state by `ip neigh`'s spelling. */
export const NUD = {
  none: 0, incomplete: 0x01, reachable: 0x02, stale: 0x04, delay: 0x08, probe: 0x10, failed: 0x20, noarp: 0x40, permanent: 0x80,
} as const;
export const NTF = { use: 1, self: 2, master: 4, proxy: 8, extern_learn: 16, offload: 32, sticky: 64, router: 128 } as const;

export const NDTA = { NAME: 1, PARMS: 6 } as const;

export const MDBA = { MDB: 1, ROUTER: 2 } as const;
export const MDBA_SET_ENTRY = 1;
export const MDBA_SET_ENTRY_ATTRS = 2;
export const MDBE_ATTR_SOURCE = 1;
export const MDB_EATTR = { TIMER: 1, SRC_LIST: 2, GROUP_MODE: 3, SOURCE: 4, RTPROT: 5 } as const;
export const MDB_RTR_PATTR = { TIMER: 1, TYPE: 2, INET_TIMER: 3, INET6_TIMER: 4, VID: 5 } as const;
/** Offsets in struct br_mdb_entry. */
export const BR_MDB_ENTRY = { IFINDEX: 0, STATE: 4, FLAGS: 5, VID: 6, ADDRESS: 8, PROTO: 24, SIZE: 28 } as const;

/** Ticks a second of clock_t towards user space: 100 on every architecture wirewarp runs on (sysconf(_SC_CLK_TCK)). */
export const USER_HZ = 100;

export const TCA = { KIND: 1, OPTIONS: 2 } as const;
export const TCA_BPF = { OPS_LEN: 4, OPS: 5, FLAGS: 8 } as const;
export const TCA_BPF_FLAG_ACT_DIRECT = 1;
/** Where a qdisc goes. Of clsact: TC_H_CLSACT as parent and ffff: as its own; its two lists of filters. */
export const TC_H = { ROOT: 0xffff_ffff, CLSACT: 0xffff_fff1, CLSACT_HANDLE: 0xffff_0000, INGRESS_FILTERS: 0xffff_fff2, EGRESS_FILTERS: 0xffff_fff3 } as const;
