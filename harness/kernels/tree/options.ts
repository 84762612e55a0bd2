/** What a kernel must be built with, on top of its tree's defconfig: all that stories use is built in, since a kernel of one's own has no module folder to carry along. */
import type { Wanted } from '../../../lib/kernel-config.ts';

export type TreeArch = 'uml' | 'x86';

/** The network stack that stories exercise, and what the agent needs to run in an initramfs. */
const STACK: Wanted = {
  BLK_DEV_INITRD: 'y', DEVTMPFS: 'y', TMPFS: 'y', PROC_FS: 'y', SYSFS: 'y', PRINTK: 'y', BINFMT_ELF: 'y', BINFMT_SCRIPT: 'y',
  NAMESPACES: 'y', NET_NS: 'y', UTS_NS: 'y', IPC_NS: 'y', PID_NS: 'y', SYSVIPC: 'y', POSIX_MQUEUE: 'y',
  FUTEX: 'y', EPOLL: 'y', EVENTFD: 'y', SIGNALFD: 'y', TIMERFD: 'y', SHMEM: 'y', HIGH_RES_TIMERS: 'y', BPF_SYSCALL: 'y',
  NET: 'y', PACKET: 'y', UNIX: 'y', INET: 'y', IP_MULTICAST: 'y', IPV6: 'y',
  NETDEVICES: 'y', VETH: 'y', DUMMY: 'y', MACVLAN: 'y', BONDING: 'y', VLAN_8021Q: 'y',
  BRIDGE: 'y', BRIDGE_IGMP_SNOOPING: 'y', BRIDGE_VLAN_FILTERING: 'y',
  NET_SCHED: 'y', NET_SCH_NETEM: 'y', NET_SCH_INGRESS: 'y', NET_CLS_BPF: 'y', NET_CLS_ACT: 'y',
  // The host firewall of case B6, with nft and with iptables.
  NETFILTER: 'y', NETFILTER_ADVANCED: 'y', NF_CONNTRACK: 'y', NF_TABLES: 'y', NF_TABLES_INET: 'y', NF_TABLES_IPV4: 'y', NF_TABLES_IPV6: 'y', NFT_CT: 'y', NFT_FIB_IPV4: 'y', NFT_FIB_IPV6: 'y', NFT_FIB_INET: 'y', NFT_COMPAT: 'y', NFT_REJECT: 'y',
  NETFILTER_XTABLES: 'y', NETFILTER_XT_MATCH_CONNTRACK: 'y', NETFILTER_XT_MATCH_ADDRTYPE: 'y', NETFILTER_XT_MATCH_PKTTYPE: 'y', NETFILTER_XT_MATCH_STATE: 'y', NETFILTER_XT_MATCH_MULTIPORT: 'y', NETFILTER_XT_MATCH_COMMENT: 'y', IP_NF_IPTABLES: 'y', IP_NF_FILTER: 'y', IP6_NF_IPTABLES: 'y', IP6_NF_FILTER: 'y',
  // Built in, they would make devices of their own at boot.
  MODULES: 'n',
};

/** What no story needs, and what takes long to build; where a tree insists on one of these it may have it. */
const SPARED: Wanted = {
  DEBUG_INFO_NONE: 'y', SOUND: 'n', EXT4_FS: 'n', SCSI: 'n', MD: 'n', QUOTA: 'n', AUTOFS4_FS: 'n', AUTOFS_FS: 'n', ISO9660_FS: 'n', BLK_DEV_LOOP: 'n', BLK_DEV_NBD: 'n',
};

export const SPARES: Readonly<Record<TreeArch, Wanted>> = {
  uml: { ...SPARED, UML_NET: 'n', REISERFS_FS: 'n', MCONSOLE: 'n' },
  x86: {
    ...SPARED,
    DRM: 'n', USB_SUPPORT: 'n', WLAN: 'n', WIRELESS: 'n', ETHERNET: 'n', ATA: 'n', HID: 'n', INPUT_MOUSE: 'n', PCCARD: 'n', IOMMU_SUPPORT: 'n', I2C: 'n', SUSPEND: 'n', HIBERNATION: 'n',
    NFS_FS: 'n', CIFS: 'n', MACINTOSH_DRIVERS: 'n', SECURITY_SELINUX: 'n', PROFILING: 'n', KPROBES: 'n', FTRACE: 'n', VIRTUALIZATION: 'n', THERMAL: 'n', CPU_FREQ: 'n', HYPERVISOR_GUEST: 'n',
  },
};

/** Each must be so in the kernel that is built. */
export const OPTIONS: Readonly<Record<TreeArch, Wanted>> = {
  uml: {
    ...STACK,
    UML_TIME_TRAVEL_SUPPORT: 'y', SSL: 'y', NULL_CHAN: 'y',
    // The host's random numbers must not come in.
    HW_RANDOM: 'n', UML_RANDOM: 'n',
    // Its disks have a helper process, which outlives a killed kernel.
    BLK_DEV_UBD: 'n',
  },
  x86: {
    ...STACK,
    // The agent's channel is the second serial port; the local APIC's timer is not used in virtual time (docs/virtual-time.md).
    SERIAL_8250: 'y', SERIAL_8250_CONSOLE: 'y', HPET_TIMER: 'y', HZ_250: 'y',
    // How a machine that was stopped is told its job.
    FW_CFG_SYSFS: 'y',
  },
};

/** The make target, and the file that it leaves, below the build folder. */
export const TARGET: Readonly<Record<TreeArch, { readonly arch: string; readonly target: string; readonly image: string }>> = {
  uml: { arch: 'um', target: 'linux', image: 'linux' },
  x86: { arch: 'x86_64', target: 'bzImage', image: 'arch/x86/boot/bzImage' },
};

/** What building takes beside make: [program or header, what it belongs to]. */
export const TOOLS: Readonly<Record<TreeArch, readonly string[]>> = {
  uml: ['make', 'gcc', 'ld', 'flex', 'bison', 'bc'],
  x86: ['make', 'gcc', 'ld', 'flex', 'bison', 'bc'],
};
