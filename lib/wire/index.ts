/** Frames as bytes, types and words: `decodeFrame`, `describeFrame`, and builders of complete frames. */
export * from './address.ts';
export * from './build.ts';
export { concat, fromHex, internetChecksum, toHex, WireError } from './bytes.ts';
export { describeFrame } from './describe.ts';
export { decodeFrame, type DecodeOptions, type Frame, type Layers } from './frame.ts';
export { ARP_OPERATION, isGratuitous, isSelfRarp, type Arp } from './arp.ts';
export { ETHER_TYPE, MIN_FRAME_BYTES, vlanTag, type EthernetHeader, type Llc, type VlanTag } from './ethernet.ts';
export { GROUP_RECORD_TYPES, type GroupRecord, type GroupRecordType } from './group-records.ts';
export type { Icmp } from './icmp.ts';
export type { Icmpv6, NdOption } from './icmpv6.ts';
export type { Igmp } from './igmp.ts';
export { hasRouterAlertV4, IP_PROTOCOL, isFragmentV4, type Ipv4Header, type Ipv4Option } from './ipv4.ts';
export { fragmentOfV6, hasRouterAlertV6, type Ipv6Extension, type Ipv6Header, type Ipv6Option } from './ipv6.ts';
export { describeLacpState, type LacpParty, type LacpState, type Lacpdu } from './lacp.ts';
export { LINK_TYPE, type CookedDirection, type CookedHeader } from './link-type.ts';
export type { Mld } from './mld.ts';
export type { Bpdu, BridgeId, StpPortRole } from './stp.ts';
export type { Udp, UdpChecksum } from './udp.ts';
