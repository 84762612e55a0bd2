/**
 * A frame from what a line says, where there is no hex dump. Bytes end where the line's knowledge ends, as in a capture
 * that was cut: what nobody told is not made up. `lacking` names it.
 */
import { BROADCAST_MAC, isMulticastIp, multicastMac, ZERO_MAC } from '../../wire/address.ts';
import { ARP_OPERATION, encodeArp } from '../../wire/arp.ts';
import { encodeEthernet, ETHER_TYPE } from '../../wire/ethernet.ts';
import { encodeIcmp } from '../../wire/icmp.ts';
import { encodeIcmpv6, type Icmpv6 } from '../../wire/icmpv6.ts';
import { encodeIgmp, type Igmp } from '../../wire/igmp.ts';
import { encodeIpv4, IP_PROTOCOL, ROUTER_ALERT_V4 } from '../../wire/ipv4.ts';
import { encodeIpv6, ROUTER_ALERT_V6 } from '../../wire/ipv6.ts';
import { encodeLacp, SLOW_PROTOCOLS_MAC } from '../../wire/lacp.ts';
import { LINK_TYPE } from '../../wire/link-type.ts';
import { encodeMld, type Mld } from '../../wire/mld.ts';
import { BRIDGE_GROUP_MAC, encodeStp, STP_LLC } from '../../wire/stp.ts';
import { encodeUdp } from '../../wire/udp.ts';
import type { IpFacts, MembershipFacts, StpFacts, TextFacts } from './facts.ts';

export interface Rebuilt {
  readonly bytes: Uint8Array;
  readonly linkType: number;
  /** What the line does not tell and the frame would. */
  readonly lacking: readonly string[];
}

interface Payload {
  readonly bytes: Uint8Array;
  readonly etherType?: number;
  readonly llc?: boolean;
  /** Where the protocol itself says it. */
  readonly dst?: string;
  readonly lacking: string[];
}

/** Undefined when the line names no protocol that we know and no link addresses. */
export function rebuildFrame(facts: TextFacts): Rebuilt | undefined {
  const payload = payloadOf(facts) ?? (facts.link && { bytes: new Uint8Array(0), lacking: ['what the frame carries'] });
  if (payload === undefined) return undefined;
  const { link } = facts;
  if (link?.src === undefined && facts.ip && payload.bytes.length > 0)
    return { bytes: payload.bytes, linkType: LINK_TYPE.rawIp, lacking: payload.lacking };
  const lacking = [...payload.lacking];
  const src = link?.src ?? facts.arp?.senderMac;
  const dst = link?.dst ?? payload.dst;
  if (src === undefined) lacking.push('the source MAC (tcpdump -e shows it)');
  if (dst === undefined) lacking.push('the destination MAC (tcpdump -e shows it)');
  const etherType = link?.etherType ?? payload.etherType;
  const head = {
    dst: dst ?? ZERO_MAC,
    src: src ?? ZERO_MAC,
    vlans: link?.vlans ?? [],
  };
  if (payload.llc === true)
    return { bytes: encodeEthernet({ ...head, llc: STP_LLC }, payload.bytes), linkType: LINK_TYPE.ethernet, lacking };
  if (etherType === undefined) return undefined;
  return { bytes: encodeEthernet({ ...head, etherType }, payload.bytes), linkType: LINK_TYPE.ethernet, lacking };
}

function payloadOf(facts: TextFacts): Payload | undefined {
  if (facts.arp) return arpPayload(facts);
  if (facts.lacp) return lacpPayload(facts);
  if (facts.stp) return stpPayload(facts.stp);
  if (facts.ip?.src === undefined || facts.ip.dst === undefined) return undefined;
  const { src, dst } = facts.ip;
  return ipPayload(facts, { ...facts.ip, src, dst });
}

function arpPayload({ arp, link }: TextFacts): Payload | undefined {
  if (arp === undefined) return undefined;
  const reverse = arp.operation === ARP_OPERATION.reverseRequest || arp.operation === ARP_OPERATION.reverseReply;
  const senderMac = arp.senderMac ?? link?.src;
  const { senderIp = reverse ? '0.0.0.0' : undefined, targetIp = reverse ? '0.0.0.0' : undefined } = arp;
  const lacking: string[] = [];
  if (senderMac === undefined) lacking.push('the asker’s MAC (tcpdump -e shows it)');
  // A reply's line leaves out to whom it speaks.
  if (targetIp === undefined) lacking.push('the address that the reply is for');
  const etherType = reverse ? ETHER_TYPE.rarp : ETHER_TYPE.arp;
  const asked = arp.operation === ARP_OPERATION.request || arp.operation === ARP_OPERATION.reverseRequest;
  const bytes = encodeArp({
    operation: arp.operation,
    senderMac: senderMac ?? ZERO_MAC,
    senderIp: senderIp ?? '0.0.0.0',
    targetMac: arp.targetMac ?? (asked ? ZERO_MAC : (link?.dst ?? ZERO_MAC)),
    targetIp: targetIp ?? '0.0.0.0',
  });
  return { bytes, etherType, ...(asked && { dst: BROADCAST_MAC }), lacking };
}

function lacpPayload({ lacp }: TextFacts): Payload | undefined {
  if (lacp === undefined) return undefined;
  const base = { etherType: ETHER_TYPE.slowProtocols, dst: SLOW_PROTOCOLS_MAC };
  const { actor, partner, version, collectorMaxDelay = 0 } = lacp;
  if (actor === undefined || partner === undefined)
    return { ...base, bytes: Uint8Array.of(1, version), lacking: ['actor and partner (tcpdump -v shows them)'] };
  return { ...base, bytes: encodeLacp({ version, actor, partner, collectorMaxDelay }), lacking: [] };
}

function stpPayload(stp: StpFacts): Payload {
  const base = { llc: true, dst: BRIDGE_GROUP_MAC };
  if (stp.type === 'topology-change') return { ...base, bytes: encodeStp({ type: 'topology-change' }), lacking: [] };
  const { bridge, root, rootPathCost, messageAgeMs, maxAgeMs, helloMs, forwardDelayMs } = stp;
  const versions = { configuration: [0, 0, 0, 0], rapid: [0, 0, 2, 2] } as const;
  if (
    !bridge ||
    !root ||
    rootPathCost === undefined ||
    messageAgeMs === undefined ||
    maxAgeMs === undefined ||
    helloMs === undefined ||
    forwardDelayMs === undefined
  ) {
    return { ...base, bytes: Uint8Array.from(versions[stp.type]), lacking: ['root and times (tcpdump -v shows them)'] };
  }
  const flag = (name: RegExp): boolean => stp.flags?.some((word) => name.test(word)) ?? false;
  const common = {
    topologyChange: flag(/^Topology change$/i),
    topologyChangeAcknowledged: flag(/ACK$/i),
    root,
    rootPathCost,
    bridge: { priority: bridge.priority, mac: bridge.mac },
    port: bridge.port,
    messageAgeMs,
    maxAgeMs,
    helloMs,
    forwardDelayMs,
  };
  if (stp.type === 'configuration')
    return { ...base, bytes: encodeStp({ type: 'configuration', ...common }), lacking: [] };
  const rapid = {
    version: 2,
    proposal: flag(/^Proposal$/i),
    agreement: flag(/^Agreement$/i),
    learning: flag(/^Learn$/i),
    forwarding: flag(/^Forward$/i),
    role: stp.role ?? 'unknown',
  };
  return { ...base, bytes: encodeStp({ type: 'rapid', ...rapid, ...common }), lacking: [] };
}

type Ends = IpFacts & { src: string; dst: string };

function ipPayload(facts: TextFacts, ip: Ends): Payload {
  const { bytes, protocol, lacking } = transportOf(facts, ip);
  const dst = isMulticastIp(ip.dst) ? multicastMac(ip.dst) : undefined;
  const rest = { ...(dst !== undefined && { dst }), lacking };
  if (ip.version === 6) {
    const listener = facts.mld !== undefined;
    const header = {
      src: ip.src,
      dst: ip.dst,
      protocol,
      hopLimit: ip.ttl ?? (listener ? 1 : facts.neighbor || facts.router ? 255 : 64),
    };
    return {
      bytes: encodeIpv6(
        { ...header, ...(listener && { extensions: [{ type: 'hop-by-hop', options: [ROUTER_ALERT_V6] }] }) },
        bytes,
      ),
      etherType: ETHER_TYPE.ipv6,
      ...rest,
    };
  }
  const header = {
    src: ip.src,
    dst: ip.dst,
    protocol,
    ttl: ip.ttl ?? (facts.igmp ? 1 : 64),
    ...(ip.tos !== undefined && { tos: ip.tos }),
    ...(ip.identification !== undefined && { identification: ip.identification }),
    ...(ip.dontFragment !== undefined && { dontFragment: ip.dontFragment }),
    ...(ip.fragment && { fragmentOffset: ip.fragment.offset, moreFragments: ip.fragment.more }),
    ...(facts.igmp && facts.igmp.version > 1 && { options: [ROUTER_ALERT_V4] }),
  };
  return { bytes: encodeIpv4(header, bytes), etherType: ETHER_TYPE.ipv4, ...rest };
}

function transportOf(facts: TextFacts, ip: Ends): { bytes: Uint8Array; protocol: number; lacking: string[] } {
  const ends = { src: ip.src, dst: ip.dst };
  if (facts.igmp) {
    const { message, lacking } = igmpOf(facts.igmp);
    return { bytes: encodeIgmp(message), protocol: IP_PROTOCOL.igmp, lacking };
  }
  if (facts.mld) {
    const { message, lacking } = mldOf(facts.mld);
    return { bytes: encodeMld(message, ends), protocol: IP_PROTOCOL.icmpv6, lacking };
  }
  if (facts.udp) {
    const { srcPort, dstPort, length = 0 } = facts.udp;
    const payload = new Uint8Array(Math.min(length, 0xffff - 8));
    return {
      bytes: encodeUdp({ srcPort, dstPort }, payload, ends),
      protocol: IP_PROTOCOL.udp,
      lacking: length > 0 ? ['the payload'] : [],
    };
  }
  if (facts.echo) {
    const { type, id, sequence, length = 8, version } = facts.echo;
    const message = { type, id, sequence, data: new Uint8Array(Math.min(Math.max(0, length - 8), 0xffff - 28)) };
    const bytes = version === 4 ? encodeIcmp(message) : encodeIcmpv6(message, ends);
    return {
      bytes,
      protocol: version === 4 ? IP_PROTOCOL.icmp : IP_PROTOCOL.icmpv6,
      lacking: length > 8 ? ['the payload'] : [],
    };
  }
  const discovery = discoveryOf(facts);
  if (discovery) return { bytes: encodeIcmpv6(discovery, ends), protocol: IP_PROTOCOL.icmpv6, lacking: [] };
  // 59 is "no next header"; of IPv4's numbers 255 is reserved.
  return {
    bytes: new Uint8Array(0),
    protocol: ip.protocol ?? (ip.version === 6 ? 59 : 255),
    lacking: ['what the packet carries'],
  };
}

function discoveryOf({ neighbor, router }: TextFacts): Icmpv6 | undefined {
  if (neighbor?.type === 'neighbor-solicitation') {
    const { target, mac } = neighbor;
    return {
      type: 'neighbor-solicitation',
      target,
      options: mac === undefined ? [] : [{ type: 'source-link-layer', mac }],
    };
  }
  if (neighbor) {
    const { target, mac, flags = [] } = neighbor;
    return {
      type: 'neighbor-advertisement',
      target,
      router: flags.includes('router'),
      solicited: flags.includes('solicited'),
      override: flags.includes('override'),
      options: mac === undefined ? [] : [{ type: 'target-link-layer', mac }],
    };
  }
  return router === 'router-solicitation' ? { type: 'router-solicitation', options: [] } : undefined;
}

/** RFC 3376 section 8.3: tcpdump prints the response time where it is another. */
const USUAL_RESPONSE_MS = 10_000;
const NO_RECORDS = 'the group records (tcpdump -v shows them)';
/** No -v prints it: 0 stands for "not told". */
const NO_INTERVAL = 'the querier’s interval and robustness (a hex dump shows them)';

function igmpOf(said: MembershipFacts): { message: Igmp; lacking: string[] } {
  const group = said.group ?? '0.0.0.0';
  if (said.type === 'leave') return { message: { type: 'leave', version: 2, group }, lacking: [] };
  if (said.type === 'report') {
    if (said.version !== 3) return { message: { type: 'report', version: said.version, group }, lacking: [] };
    return {
      message: { type: 'report', version: 3, records: said.records ?? [] },
      lacking: said.records ? [] : [NO_RECORDS],
    };
  }
  const maxResponseMs = Math.max(100, said.maxResponseMs ?? USUAL_RESPONSE_MS);
  if (said.version === 1) return { message: { type: 'query', version: 1, group }, lacking: [] };
  if (said.version === 2) return { message: { type: 'query', version: 2, group, maxResponseMs }, lacking: [] };
  const rest = { suppressRouterSide: false, qrv: 0, queryIntervalMs: 0, sources: said.sources ?? [] };
  return { message: { type: 'query', version: 3, group, maxResponseMs, ...rest }, lacking: [NO_INTERVAL] };
}

function mldOf(said: MembershipFacts): { message: Mld; lacking: string[] } {
  const group = said.group ?? '::';
  if (said.type === 'leave')
    return {
      message: { type: 'done', version: 1, group },
      lacking: said.group === undefined ? ['the group (tcpdump -v shows it)'] : [],
    };
  if (said.type === 'report') {
    if (said.version === 1)
      return {
        message: { type: 'report', version: 1, group },
        lacking: said.group === undefined ? ['the group (tcpdump -v shows it)'] : [],
      };
    return {
      message: { type: 'report', version: 2, records: said.records ?? [] },
      lacking: said.records ? [] : [NO_RECORDS],
    };
  }
  const maxResponseMs = said.maxResponseMs ?? USUAL_RESPONSE_MS;
  if (said.version === 1) return { message: { type: 'query', version: 1, group, maxResponseMs }, lacking: [] };
  const rest = { suppressRouterSide: false, qrv: 0, queryIntervalMs: 0, sources: said.sources ?? [] };
  return { message: { type: 'query', version: 2, group, maxResponseMs, ...rest }, lacking: [NO_INTERVAL] };
}
