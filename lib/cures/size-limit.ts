/** What sets datagrams right that are longer than the path's multicast carries. */
import type { Cure } from './types.ts';

/**
 * `packetBytes`: the longest IP packet of multicast, as a search finds it. corosync takes the headers of IP and UDP, and of
 * its encryption, off netmtu by itself (totemudp_net_mtu_adjust).
 */
export const shorterDatagrams = (packetBytes: number): readonly Cure[] => [
  { where: 'corosync.conf', lines: ['totem {', `  netmtu: ${packetBytes}`, '}'], note: 'the longest IP packet, headers included; the same on all nodes, which then start anew; for transports udp and udpu' },
  { where: 'ip', lines: [`ip link set dev ib0 mtu ${packetBytes}`], note: 'then unicast is as short as multicast: all of IPoIB at the datagram size' },
  { where: 'sysfs', lines: ['echo datagram > /sys/class/net/ib0/mode'], note: 'out of connected mode: MTU and multicast limit are one number again' },
];
