/**
 * Complete Ethernet frames, ready to send: what a querier asks, what a host reports, what a guest announces. Frames are
 * padded to the 60 bytes Ethernet asks for. Times are in ms.
 */
import {
  ALL_HOSTS,
  ALL_IGMPV3_ROUTERS,
  ALL_MLDV2_ROUTERS,
  ALL_NODES_V6,
  ALL_ROUTERS,
  ALL_ROUTERS_V6,
  BROADCAST_MAC,
  isMulticastIp,
  linkLocal,
  multicastMac,
  ZERO_MAC,
  type Ipv4Address,
  type Ipv6Address,
  type Mac,
  isIpv6Text,
} from './address.ts';
import { ARP_OPERATION, encodeArp, type Arp } from './arp.ts';
import { encodeEthernet, ETHER_TYPE, padFrame, type VlanTag } from './ethernet.ts';
import type { GroupRecord } from './group-records.ts';
import { encodeIgmp, type Igmp } from './igmp.ts';
import { encodeIpv4, IP_PROTOCOL, ROUTER_ALERT_V4, type Ipv4Input } from './ipv4.ts';
import { encodeIpv6, ROUTER_ALERT_V6, type Ipv6Input } from './ipv6.ts';
import { encodeLacp, SLOW_PROTOCOLS_MAC, type Lacpdu } from './lacp.ts';
import { encodeMld, type Mld } from './mld.ts';
import { BRIDGE_GROUP_MAC, encodeStp, STP_LLC, type Bpdu } from './stp.ts';
import { encodeUdp } from './udp.ts';

/** What every builder takes. */
export interface FrameOptions {
  srcMac: Mac;
  /** Outermost first; none when left out. */
  vlans?: readonly VlanTag[];
  /** In place of the MAC that the protocol says. */
  dstMac?: Mac;
}

function frame(options: FrameOptions, dst: Mac, etherType: number, payload: Uint8Array): Uint8Array {
  const { srcMac: src, vlans = [], dstMac = dst } = options;
  return padFrame(encodeEthernet({ dst: dstMac, src, vlans, etherType }, payload));
}

const macOf = (group: string, dstMac: Mac | undefined): Mac => {
  if (dstMac !== undefined) return dstMac;
  if (!isMulticastIp(group)) throw new RangeError(`${group} is no group: dstMac says where the frame goes`);
  return multicastMac(group);
};

/** An IPv4 packet in a frame; the MAC follows from a multicast destination, else `dstMac` is needed. */
export function ipv4Frame(options: FrameOptions, header: Ipv4Input, payload: Uint8Array): Uint8Array {
  return frame(options, macOf(header.dst, options.dstMac), ETHER_TYPE.ipv4, encodeIpv4(header, payload));
}

/** An IPv6 packet in a frame; the MAC follows from a multicast destination, else `dstMac` is needed. */
export function ipv6Frame(options: FrameOptions, header: Ipv6Input, payload: Uint8Array): Uint8Array {
  return frame(options, macOf(header.dst, options.dstMac), ETHER_TYPE.ipv6, encodeIpv6(header, payload));
}

/**
 * TTL 1 always; router alert and, from version 3 on, TOS 0xc0 (RFC 2236 section 2, RFC 3376 section 4).
 * Version 1 came before router alert, so its messages go without.
 */
function igmpFrame(options: FrameOptions, src: Ipv4Address, dst: Ipv4Address, message: Igmp): Uint8Array {
  const version = message.type === 'other' ? 1 : message.version;
  const header: Ipv4Input = { src, dst, protocol: IP_PROTOCOL.igmp, ttl: 1, tos: version === 3 ? 0xc0 : 0 };
  if (version > 1) header.options = [ROUTER_ALERT_V4];
  return ipv4Frame(options, header, encodeIgmp(message));
}

/** RFC 3376 section 8.3, RFC 3810 section 9.3. */
const QUERY_RESPONSE_INTERVAL_MS = 10_000;
/** RFC 3376 section 8.2, RFC 3810 section 9.2. */
const QUERY_INTERVAL_MS = 125_000;
/** RFC 3376 section 8.1, RFC 3810 section 9.1. */
const ROBUSTNESS = 2;

interface QueryOptions extends FrameOptions {
  /** Without a group it is a general query. */
  group?: string;
  /** Longest time to answer, ms; 10 s when left out. */
  maxResponse?: number;
  /** Only in the newest version: asks for these sources of the group. */
  sources?: readonly string[];
  /** Querier's robustness variable, 2 when left out. */
  qrv?: number;
  /** How often this querier asks, ms; 125 s when left out. */
  queryInterval?: number;
  /** The S flag. */
  suppressRouterSide?: boolean;
}

/** What a query says of time, and what the newest version of each protocol says beyond that: the same of IGMP and MLD. */
const timedBy = ({ maxResponse = QUERY_RESPONSE_INTERVAL_MS }: QueryOptions) => ({ maxResponseMs: maxResponse });
const robust = ({
  sources = [],
  qrv = ROBUSTNESS,
  suppressRouterSide = false,
  queryInterval = QUERY_INTERVAL_MS,
}: QueryOptions) => ({ suppressRouterSide, qrv, queryIntervalMs: queryInterval, sources: [...sources] });

export interface IgmpQueryOptions extends QueryOptions {
  version: 1 | 2 | 3;
  /** The querier's address; 0.0.0.0 is a bridge that asks without taking part in the election. */
  source: Ipv4Address;
  /** The message names no group though it goes to one: mrouted 4.0 and 4.1 asked so (issue 46). Bridges that snoop drop it. */
  namesNoGroup?: boolean;
}

/** A general query goes to 224.0.0.1, one for a group to the group (RFC 2236 section 9). Version 1 knows no group. */
export function igmpQuery(options: IgmpQueryOptions): Uint8Array {
  const { version, source, group, sources = [] } = options;
  const timed = timedBy(options);
  if (version === 1 && group !== undefined) throw new RangeError('an IGMPv1 query asks for no group');
  if (version < 3 && sources.length > 0) throw new RangeError(`an IGMPv${version} query asks for no sources`);
  const asked = options.namesNoGroup ? '0.0.0.0' : (group ?? '0.0.0.0');
  const message: Igmp =
    version === 1
      ? { type: 'query', version, group: asked }
      : version === 2
        ? { type: 'query', version, group: asked, ...timed }
        : { type: 'query', version, group: asked, ...timed, ...robust(options) };
  return igmpFrame(options, source, group ?? ALL_HOSTS, message);
}

export interface IgmpReportOptions extends FrameOptions {
  version: 1 | 2;
  source: Ipv4Address;
  group: Ipv4Address;
}

/** "I listen to this group": goes to the group itself (RFC 2236 section 9). */
export function igmpReport({ version, source, group, ...options }: IgmpReportOptions): Uint8Array {
  return igmpFrame(options, source, group, { type: 'report', version, group });
}

/** IGMPv2's "I no longer listen": goes to all routers. */
export function igmpLeave({ source, group, ...options }: Omit<IgmpReportOptions, 'version'>): Uint8Array {
  return igmpFrame(options, source, ALL_ROUTERS, { type: 'leave', version: 2, group });
}

export interface GroupRecordsOptions extends FrameOptions {
  source: string;
  records: readonly GroupRecord[];
}

/** IGMPv3's report of any kind of change or state: goes to 224.0.0.22. */
export function igmpV3Report({ source, records, ...options }: GroupRecordsOptions): Uint8Array {
  return igmpFrame(options, source, ALL_IGMPV3_ROUTERS, { type: 'report', version: 3, records: [...records] });
}

/** Hop limit 1 and a hop-by-hop router alert (RFC 2710 section 3, RFC 3810 section 5). */
function mldFrame(options: FrameOptions, src: Ipv6Address, dst: Ipv6Address, message: Mld): Uint8Array {
  const extensions: Ipv6Input['extensions'] = [{ type: 'hop-by-hop', options: [ROUTER_ALERT_V6] }];
  const header: Ipv6Input = { src, dst, protocol: IP_PROTOCOL.icmpv6, hopLimit: 1, extensions };
  return ipv6Frame(options, header, encodeMld(message, { src, dst }));
}

export interface MldQueryOptions extends QueryOptions {
  version: 1 | 2;
  /** Link-local; that of `srcMac` when left out. :: never wins the election. */
  source?: Ipv6Address;
}

/** A general query goes to ff02::1, one for a group to the group (RFC 3810 section 5.1.15). */
export function mldQuery(options: MldQueryOptions): Uint8Array {
  const { version, group, sources = [] } = options;
  const timed = timedBy(options);
  if (version < 2 && sources.length > 0) throw new RangeError('an MLDv1 query asks for no sources');
  const asked = group ?? '::';
  const message: Mld =
    version === 1
      ? { type: 'query', version, group: asked, ...timed }
      : { type: 'query', version, group: asked, ...timed, ...robust(options) };
  return mldFrame(options, options.source ?? linkLocal(options.srcMac), group ?? ALL_NODES_V6, message);
}

export interface MldReportOptions extends FrameOptions {
  /** Link-local; that of `srcMac` when left out. */
  source?: Ipv6Address;
  group: Ipv6Address;
}

/** MLDv1's "I listen to this group": goes to the group itself. */
export function mldReport({ source, group, ...options }: MldReportOptions): Uint8Array {
  return mldFrame(options, source ?? linkLocal(options.srcMac), group, { type: 'report', version: 1, group });
}

/** MLDv1's "I no longer listen": goes to all routers. */
export function mldDone({ source, group, ...options }: MldReportOptions): Uint8Array {
  return mldFrame(options, source ?? linkLocal(options.srcMac), ALL_ROUTERS_V6, { type: 'done', version: 1, group });
}

/** MLDv2's report: goes to ff02::16. */
export function mldV2Report({
  source,
  records,
  ...options
}: Omit<GroupRecordsOptions, 'source'> & { source?: Ipv6Address }): Uint8Array {
  const message: Mld = { type: 'report', version: 2, records: [...records] };
  return mldFrame(options, source ?? linkLocal(options.srcMac), ALL_MLDV2_ROUTERS, message);
}

/** Any ARP packet; broadcast unless `dstMac` says otherwise. */
export function arpFrame(arp: Arp, options: FrameOptions): Uint8Array {
  return frame(options, BROADCAST_MAC, ETHER_TYPE.arp, encodeArp(arp));
}

export interface GratuitousArpOptions extends Partial<FrameOptions> {
  mac: Mac;
  ip: Ipv4Address;
  /** Linux sends requests (arp_notify); some stacks send replies. "request" when left out. */
  form?: 'request' | 'reply';
}

/** A host announces its address by broadcast. RFC 5944 section 4.6: only the reply names a target MAC. */
export function gratuitousArp({ mac, ip, form = 'request', ...options }: GratuitousArpOptions): Uint8Array {
  const arp: Arp = {
    operation: ARP_OPERATION[form],
    senderMac: mac,
    senderIp: ip,
    targetMac: form === 'reply' ? mac : ZERO_MAC,
    targetIp: ip,
  };
  return arpFrame(arp, { srcMac: mac, ...options });
}

export interface RarpAnnouncementOptions extends Partial<FrameOptions> {
  /** The guest's. */
  mac: Mac;
  /** 0x8035 when left out; ETHER_TYPE.mistypedRarp models the QEMU fault. */
  etherType?: number;
}

/** What QEMU sends for a guest that has moved: a broadcast "request reverse" that tells switches where the MAC is. */
export function rarpAnnouncement({
  mac,
  etherType = ETHER_TYPE.rarp,
  ...options
}: RarpAnnouncementOptions): Uint8Array {
  const arp = { senderMac: mac, senderIp: '0.0.0.0', targetMac: mac, targetIp: '0.0.0.0' };
  const payload = encodeArp({ operation: ARP_OPERATION.reverseRequest, ...arp });
  return frame({ srcMac: mac, ...options }, BROADCAST_MAC, etherType, payload);
}

export interface UdpFrameOptions extends FrameOptions {
  /** Both of one family: it decides between IPv4 and IPv6. */
  source: string;
  destination: string;
  srcPort: number;
  dstPort: number;
  payload: Uint8Array;
  /** TTL or hop limit: 1 to a group, 64 else, as Linux has it. */
  ttl?: number;
}

/** A datagram to a group, or to a host whose MAC is `dstMac`. */
export function udpFrame({
  source,
  destination,
  payload,
  ttl,
  srcPort,
  dstPort,
  ...options
}: UdpFrameOptions): Uint8Array {
  const addresses = { src: source, dst: destination };
  const datagram = encodeUdp({ srcPort, dstPort }, payload, addresses);
  const hops = ttl ?? (isMulticastIp(destination) ? 1 : 64);
  if (isIpv6Text(destination)) {
    return ipv6Frame(options, { ...addresses, protocol: IP_PROTOCOL.udp, hopLimit: hops }, datagram);
  }
  return ipv4Frame(options, { ...addresses, protocol: IP_PROTOCOL.udp, ttl: hops }, datagram);
}

/** A LACPDU to the slow protocols' group. */
export function lacpFrame(pdu: Lacpdu, options: FrameOptions): Uint8Array {
  return frame(options, SLOW_PROTOCOLS_MAC, ETHER_TYPE.slowProtocols, encodeLacp(pdu));
}

/** A BPDU in an 802.3 frame to the bridge group. */
export function stpFrame(bpdu: Bpdu, { srcMac, vlans = [], dstMac = BRIDGE_GROUP_MAC }: FrameOptions): Uint8Array {
  return padFrame(encodeEthernet({ dst: dstMac, src: srcMac, vlans, llc: STP_LLC }, encodeStp(bpdu)));
}
