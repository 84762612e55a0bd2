/** A frame in one line, in the words of network engineers. */
import { isIpv6Text } from './address.ts';
import { ARP_OPERATION, isGratuitous, isSelfRarp, type Arp } from './arp.ts';
import { hex16 } from './bytes.ts';
import { ETHER_TYPE, MAX_8023_LENGTH, type EthernetHeader } from './ethernet.ts';
import type { Frame } from './frame.ts';
import type { GroupRecord } from './group-records.ts';
import type { Icmp } from './icmp.ts';
import type { Icmpv6 } from './icmpv6.ts';
import type { Igmp } from './igmp.ts';
import { isFragmentV4 } from './ipv4.ts';
import { fragmentOfV6 } from './ipv6.ts';
import { describeLacpState, type Lacpdu, type LacpParty } from './lacp.ts';
import type { Mld } from './mld.ts';
import type { Bpdu, BridgeId } from './stp.ts';
import { totemType } from './totem.ts';

const seconds = (ms: number): string => `${ms / 1000} s`;

function describeArp(arp: Arp): string {
  const operation = arp.operation;
  if (isSelfRarp(arp)) return `RARP announcement of ${arp.senderMac}`;
  if (isGratuitous(arp)) {
    const form = operation === ARP_OPERATION.request ? 'request' : 'reply';
    return `gratuitous ARP ${form}: ${arp.senderIp} is at ${arp.senderMac}`;
  }
  switch (operation) {
    case ARP_OPERATION.request:
      return `ARP request: who has ${arp.targetIp}, asks ${arp.senderIp} (${arp.senderMac})`;
    case ARP_OPERATION.reply:
      return `ARP reply: ${arp.senderIp} is at ${arp.senderMac}`;
    case ARP_OPERATION.reverseRequest:
      return `RARP request: address of ${arp.targetMac}, asks ${arp.senderMac}`;
    case ARP_OPERATION.reverseReply:
      return `RARP reply: ${arp.targetMac} has ${arp.targetIp}`;
    default:
      return `ARP operation ${operation} of ${arp.senderMac}`;
  }
}

const describeRecord = ({ type, group, sources }: GroupRecord): string =>
  `${group} ${type.replace('-', ' ')} {${sources.join(', ')}}`;

/** IGMP and MLD say the same things; `any` is the group address of a general query. */
function describeMembership(name: string, message: Exclude<Igmp, { type: 'other' }> | Mld, from: string): string {
  const said = `${name} ${message.type} ${from}`;
  if (message.type !== 'query') {
    return `${said}: ${'records' in message ? message.records.map(describeRecord).join('; ') : message.group}`;
  }
  const general = message.group === '0.0.0.0' || message.group === '::';
  const what = [general ? 'general' : message.group];
  if ('maxResponseMs' in message) what.push(`answer within ${seconds(message.maxResponseMs)}`);
  if ('queryIntervalMs' in message) {
    if (message.sources.length > 0) what.push(`sources {${message.sources.join(', ')}}`);
    what.push(`interval ${seconds(message.queryIntervalMs)}`, `robustness ${message.qrv}`);
    if (message.suppressRouterSide) what.push('suppress router side');
  }
  return `${said}: ${what.join(', ')}`;
}

function describeIcmp(message: Icmp): string {
  switch (message.type) {
    case 'echo-request':
    case 'echo-reply':
      return `ICMP ${message.type.replace('-', ' ')} id ${message.id} sequence ${message.sequence}`;
    case 'unreachable':
      return `ICMP unreachable (code ${message.code})`;
    case 'time-exceeded':
      return `ICMP time exceeded (code ${message.code})`;
    case 'redirect':
      return `ICMP redirect to ${message.gateway}`;
    case 'other':
      return `ICMP type ${message.icmpType} code ${message.code}`;
  }
}

function describeIcmpv6(message: Icmpv6): string {
  const macs = 'options' in message ? message.options.flatMap((option) => ('mac' in option ? [option.mac] : [])) : [];
  const mac = macs[0] === undefined ? '' : ` (${macs[0]})`;
  switch (message.type) {
    case 'echo-request':
    case 'echo-reply':
      return `ICMPv6 ${message.type.replace('-', ' ')} id ${message.id} sequence ${message.sequence}`;
    case 'router-solicitation':
      return `router solicitation${mac}`;
    case 'router-advertisement':
      return `router advertisement${mac}, lifetime ${message.lifetimeS} s`;
    case 'neighbor-solicitation':
      return `neighbor solicitation: who has ${message.target}${mac}`;
    case 'neighbor-advertisement': {
      const flags = (['router', 'solicited', 'override'] as const).filter((flag) => message[flag]);
      return `neighbor advertisement: ${message.target}${mac}${flags.map((flag) => `, ${flag}`).join('')}`;
    }
    case 'other':
      return `ICMPv6 type ${message.icmpType} code ${message.code}`;
  }
}

function describeLacp(pdu: Lacpdu): string {
  const party = ({ system, key, port, state }: LacpParty): string =>
    `${system} key ${key} port ${port} [${describeLacpState(state)}]`;
  return `LACP actor ${party(pdu.actor)} partner ${party(pdu.partner)}`;
}

function describeStp(bpdu: Bpdu): string {
  if (bpdu.type === 'topology-change') return 'STP topology change notification';
  const bridge = ({ priority, mac }: BridgeId): string => `${hex16(priority).slice(2)}.${mac}`;
  const flags = [bpdu.topologyChange ? ' topology change' : ''];
  if (bpdu.type === 'rapid') {
    flags.push(` ${bpdu.role}`);
    for (const flag of ['proposal', 'agreement', 'learning', 'forwarding'] as const)
      if (bpdu[flag]) flags.push(` ${flag}`);
  }
  const name = bpdu.type === 'configuration' ? 'STP' : bpdu.version === 2 ? 'RSTP' : 'MSTP';
  const cost = `root ${bridge(bpdu.root)} cost ${bpdu.rootPathCost}`;
  return `${name} ${cost} bridge ${bridge(bpdu.bridge)} port ${hex16(bpdu.port)}${flags.join('')}`;
}

function describeIp(frame: Frame): string | undefined {
  const ip = frame.ipv4 ?? frame.ipv6;
  if (!ip) return undefined;
  if (frame.igmp && frame.igmp.type !== 'other') {
    return describeMembership(`IGMPv${frame.igmp.version}`, frame.igmp, ip.src);
  }
  if (frame.mld) return describeMembership(`MLDv${frame.mld.version}`, frame.mld, ip.src);
  const between = `${ip.src} > ${ip.dst}`;
  if (frame.icmp) return `${between} ${describeIcmp(frame.icmp)}`;
  if (frame.icmpv6) return `${between} ${describeIcmpv6(frame.icmpv6)}`;
  if (frame.igmp) return `${between} IGMP type ${hex16(frame.igmp.code)}`;
  const piece = frame.ipv6 ? fragmentOfV6(frame.ipv6) : undefined;
  const offset = piece?.offset ?? frame.ipv4?.fragmentOffset ?? 0;
  const cut = (piece ?? (frame.ipv4 && isFragmentV4(frame.ipv4))) ? `, fragment at ${offset}` : '';
  if (frame.udp) {
    const host = (address: string): string => (isIpv6Text(address) ? `[${address}]` : address);
    const { srcPort, dstPort, length } = frame.udp;
    const totem = frame.payload && totemType(frame.payload);
    return `UDP ${host(ip.src)}:${srcPort} > ${host(ip.dst)}:${dstPort}, ${length - 8} bytes${cut}${totem === undefined ? '' : `, totem ${totem}`}`;
  }
  return `${frame.ipv4 ? 'IPv4' : 'IPv6'} ${between} protocol ${ip.protocol}, ${frame.payload?.length ?? 0} bytes${cut}`;
}

function describeBody(frame: Frame): string {
  if (frame.arp) return describeArp(frame.arp);
  if (frame.lacp) return describeLacp(frame.lacp);
  if (frame.stp) return describeStp(frame.stp);
  const ip = describeIp(frame);
  if (ip !== undefined) return ip;
  const bytes = `${frame.payload?.length ?? 0} bytes`;
  const type = frame.eth?.etherType ?? frame.cooked?.etherType;
  if (type === undefined) return bytes;
  if (type <= MAX_8023_LENGTH && frame.eth?.llc) {
    return `802.3 LLC ${hex16(frame.eth.llc.dsap)} > ${hex16(frame.eth.llc.ssap)}, ${bytes}`;
  }
  const known = Object.entries(ETHER_TYPE).find(([name, value]) => value === type && name !== 'mistypedRarp');
  return `EtherType ${hex16(type)}${known ? ` (${known[0]})` : ''}, ${bytes}`;
}

function describeLink(frame: Frame): string {
  const tags = (eth: EthernetHeader): string => eth.vlans.map((tag) => ` vlan ${tag.id}`).join('');
  if (frame.eth) return `${frame.eth.src} > ${frame.eth.dst}${tags(frame.eth)}  `;
  if (frame.cooked) return `${frame.cooked.src ?? 'no MAC'} ${frame.cooked.direction}  `;
  return '';
}

/** "52:54:00:00:00:02 > 01:00:5e:00:00:16  IGMPv3 report 10.0.0.2: 239.1.2.3 to exclude {}", problems in brackets. */
export function describeFrame(frame: Frame): string {
  const problems = frame.problems.length > 0 ? `  [${frame.problems.join('; ')}]` : '';
  return `${describeLink(frame)}${describeBody(frame)}${problems}`;
}
