/** Kinds of frames that claims speak of: a name for the report and a test on the decoded frame. */
import { type Duration, formatDuration } from './units.ts';
import { formatIp, type Frame, isGratuitous, isMulticastMac, isSelfRarp, type GroupRecord, parseIp, totemType, type TotemType } from './wire/index.ts';

export interface FrameKind {
  /** As in "at least 2 IGMP general queries". */
  readonly what: string;
  matches(frame: Frame): boolean;
}

const kind = (what: string, matches: (frame: Frame) => boolean): FrameKind => ({ what, matches });
export type MembershipVersion = 'IGMPv1' | 'IGMPv2' | 'IGMPv3' | 'MLDv1' | 'MLDv2';
const versionOf = (frame: Frame): string | undefined => {
  const message = frame.igmp ?? frame.mld;
  return message && 'version' in message ? `${frame.igmp ? 'IGMP' : 'MLD'}v${message.version}` : undefined;
};
/** As decoded frames spell it, however the story does: FF15:0::5:5 is ff15::5:5. */
const spelt = (address: string): string => formatIp(parseIp(address));
const sourceMac = (frame: Frame): string | undefined => frame.eth?.src;

/** A membership report for the group, of any IGMP or MLD version or of one; a leave is none. */
export const report = (group: string, from?: { mac: string; name: string }, version?: MembershipVersion): FrameKind => {
  const asked = spelt(group);
  return kind(`${version ? `${version} ` : ''}reports for ${group}${from ? ` from ${from.name}` : ''}`, (f) => {
    if (from && sourceMac(f) !== from.mac) return false;
    const message = f.igmp ?? f.mld;
    if (message?.type !== 'report') return false;
    if (version !== undefined && version !== versionOf(f)) return false;
    return 'records' in message ? message.records.some((r) => r.group === asked && listens(r)) : message.group === asked;
  });
};

/** Does the record say that somebody listens? "include nothing" is a leave, "exclude nothing" is everything. */
const listens = ({ type, sources }: GroupRecord): boolean => type === 'is-exclude' || type === 'to-exclude' || (type !== 'block' && sources.length > 0);

/** IGMPv2 leaves, MLDv1 dones, and records of IGMPv3 and MLDv2 by which nobody listens any more. */
export const leave = (group: string, from?: { mac: string; name: string }): FrameKind => {
  const asked = spelt(group);
  return kind(`leaves of ${group}${from ? ` from ${from.name}` : ''}`, (f) => {
    if (from && sourceMac(f) !== from.mac) return false;
    const message = f.igmp ?? f.mld;
    if (message?.type === 'leave' || message?.type === 'done') return message.group === asked;
    return message?.type === 'report' && 'records' in message && message.records.some((r) => r.group === asked && r.type === 'to-include' && r.sources.length === 0);
  });
};

/** Records about a group in IGMPv3 and MLDv2 reports: "block" of these sources, in whatever order. Without sources: of any. */
export const groupRecord = (type: GroupRecord['type'], group: string, sources?: readonly string[]): FrameKind => {
  const [asked, wanted] = [spelt(group), sources?.map(spelt).sort().join()];
  return kind(`${type} records for ${group}${sources === undefined ? '' : ` from ${sources.join(', ') || 'no source'}`}`, (f) => {
    const message = f.igmp ?? f.mld;
    return message?.type === 'report' && 'records' in message &&
      message.records.some((r) => r.type === type && r.group === asked && (wanted === undefined || [...r.sources].sort().join() === wanted));
  });
};

/** Queries of IGMPv3 and MLDv2 for one source of a group, among others or alone. */
export const sourceQuery = (group: string, source: string): FrameKind => {
  const [asked, from] = [spelt(group), spelt(source)];
  return kind(`queries for ${source} in ${group}`, (f) => {
    const message = f.igmp ?? f.mld;
    return message?.type === 'query' && message.group === asked && 'sources' in message && message.sources.includes(from);
  });
};

/** General queries, IGMP or MLD. */
export const generalQuery = (version?: MembershipVersion): FrameKind =>
  kind(`${version ?? 'IGMP or MLD'} general queries`, (f) => {
    const message = f.igmp ?? f.mld;
    if (message?.type !== 'query') return false;
    if (message.group !== '0.0.0.0' && message.group !== '::') return false;
    return version === undefined || version === versionOf(f);
  });

/** Queries for one group, not for its sources: asked of those who may be left when somebody has left it. */
export const groupQuery = (group: string, version?: MembershipVersion): FrameKind => {
  const asked = spelt(group);
  return kind(`${version ?? (group.includes(':') ? 'MLD' : 'IGMP')} queries for ${group}`, (f) => {
    const message = f.igmp ?? f.mld;
    return message?.type === 'query' && message.group === asked && !('sources' in message && message.sources.length > 0) && (version === undefined || version === versionOf(f));
  });
};

/** Who has this address? By multicast to its solicited-node group, or (a neighbour once known) to its MAC. */
export const neighbourSolicitation = (target: string, how?: 'multicast' | 'unicast', from?: { mac: string; name: string }): FrameKind => {
  const asked = spelt(target);
  return kind(`${how ? `${how} ` : ''}neighbour solicitations for ${target}${from ? ` from ${from.name}` : ''}`, (f) =>
    f.icmpv6?.type === 'neighbor-solicitation' && f.icmpv6.target === asked && (!from || sourceMac(f) === from.mac)
    && (how === undefined || (how === 'multicast') === (f.eth !== undefined && isMulticastMac(f.eth.dst))));
};

/** Neighbour advertisements that nobody asked for: IPv6's announcement of an address. */
export const unsolicitedAdvertisement = (target: string, from?: { mac: string; name: string }): FrameKind => {
  const announced = spelt(target);
  return kind(`unsolicited neighbour advertisements of ${target}${from ? ` from ${from.name}` : ''}`, (f) =>
    f.icmpv6?.type === 'neighbor-advertisement' && !f.icmpv6.solicited && f.icmpv6.target === announced && (!from || sourceMac(f) === from.mac));
};

/** Queries that give so long to answer. */
export const givesToAnswer = (length: Duration): FrameKind =>
  kind(`queries that give ${formatDuration(length)} to answer`, (f) => {
    const message = f.igmp ?? f.mld;
    return message?.type === 'query' && 'maxResponseMs' in message && message.maxResponseMs === length.ns / 1e6;
  });

/** Announcements of an address by ARP: request or reply whose sender and target address are the same. */
export const gratuitousArp = (of?: { mac?: string; ip?: string }): FrameKind =>
  kind(`gratuitous ARPs${of?.ip ? ` of ${of.ip}` : of?.mac ? ` of ${of.mac}` : ''}`, (f) =>
    f.arp !== undefined && f.eth?.etherType === 0x0806 && isGratuitous(f.arp) && (!of?.ip || f.arp.senderIp === of.ip) && (!of?.mac || f.arp.senderMac === of.mac));

export const arpRequest = (forIp: string): FrameKind =>
  kind(`ARP requests for ${forIp}`, (f) => f.arp !== undefined && f.eth?.etherType === 0x0806 && f.arp.operation === 1 && f.arp.targetIp === forIp && f.arp.senderIp !== forIp);

/** QEMU's announcement: ethertype 0x8035, request reverse, for its own MAC. */
export const rarp = (mac?: string): FrameKind => kind(`RARP announcements${mac ? ` of ${mac}` : ''}`, (f) => f.eth?.etherType === 0x8035 && f.arp !== undefined && isSelfRarp(f.arp) && (!mac || f.arp.senderMac === mac));

export const etherType = (type: number, name?: string): FrameKind =>
  kind(`frames of ethertype 0x${type.toString(16).padStart(4, '0')}${name ? ` (${name})` : ''}`, (f) => f.eth?.etherType === type);

/** Frames without a VLAN's tag. */
export const untagged = (): FrameKind => kind('untagged frames', (f) => f.eth !== undefined && f.eth.vlans.length === 0);

/** Frames with this VLAN's tag. */
export const inVlan = (id: number): FrameKind => kind(`frames tagged VLAN ${id}`, (f) => f.eth?.vlans[0]?.id === id);

/** Datagrams of a flow, by destination address and, where several send there, by source address. */
export const udpTo = (address: string, source?: string): FrameKind => {
  const [asked, from] = [spelt(address), source === undefined ? undefined : spelt(source)];
  return kind(`datagrams to ${address}${source === undefined ? '' : ` from ${source}`}`, (f) =>
    f.udp !== undefined && (f.ipv4?.dst ?? f.ipv6?.dst) === asked && (from === undefined || (f.ipv4?.src ?? f.ipv6?.src) === from));
};

/** corosync's datagrams, of one type or of any, to a group or to one machine. */
export const totem = (type?: TotemType, way?: 'multicast' | 'unicast'): FrameKind =>
  kind(`${way ? `${way} ` : ''}totem ${type ?? 'datagrams'}${type ? 's' : ''}`, (f) => {
    if (!f.udp || !f.payload || !f.eth) return false;
    const found = totemType(f.payload);
    if (found === undefined || (type !== undefined && found !== type)) return false;
    return way === undefined || isGroupAddress(f.eth.dst) === (way === 'multicast');
  });

/** The first octet's lowest bit. */
const isGroupAddress = (mac: string): boolean => (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;

/** ICMP and ICMPv6 echo requests to an address. */
export const echoTo = (address: string): FrameKind => {
  const asked = spelt(address);
  return kind(`echo requests to ${address}`, (f) => (f.ipv4?.dst ?? f.ipv6?.dst) === asked && (f.icmp?.type === 'echo-request' || f.icmpv6?.type === 'echo-request'));
};

/** Word to a sender that a packet was too long: ICMP "fragmentation needed" (RFC 1191), ICMPv6 "packet too big" (RFC 8201). */
export const tooBig = (): FrameKind =>
  kind('messages that a packet was too big', (f) => (f.icmp?.type === 'unreachable' && f.icmp.code === 4) || (f.icmpv6?.type === 'other' && f.icmpv6.icmpType === 2));

/** BPDUs that tell of a topology change: notifications on their way to the root, and configurations with the flag. */
export const topologyChange = (): FrameKind => kind('BPDUs that tell of a topology change', (f) => f.stp !== undefined && (f.stp.type === 'topology-change' || f.stp.topologyChange));
export const lacp = (): FrameKind => kind('LACPDUs', (f) => f.lacp !== undefined);
/** LACPDUs whose sender calls itself that system, of that priority. */
export const lacpOf = (system: string, priority?: number): FrameKind =>
  kind(`LACPDUs of system ${priority === undefined ? '' : `${priority},`}${system}`, (f) => f.lacp?.actor.system === system && (priority === undefined || f.lacp.actor.systemPriority === priority));
export const from = (mac: string, name?: string): FrameKind => kind(`frames from ${name ?? mac}`, (f) => sourceMac(f) === mac);
export const to = (mac: string, name?: string): FrameKind => kind(`frames to ${name ?? mac}`, (f) => f.eth?.dst === mac);
export const any = (): FrameKind => kind('frames', () => true);

/** Both at once. */
export const and = (a: FrameKind, b: FrameKind): FrameKind => kind(`${a.what} that are ${b.what}`, (f) => a.matches(f) && b.matches(f));
