/** The line against the bytes below it: the hex dump is the truth, the line a cross-check. */
import { isFragmentV4 } from '../../wire/ipv4.ts';
import { fragmentOfV6 } from '../../wire/ipv6.ts';
import type { Frame } from '../../wire/frame.ts';
import type { GroupRecord } from '../../wire/group-records.ts';
import { lacpStateOctet, type LacpParty } from '../../wire/lacp.ts';
import type { MembershipFacts, TextFacts } from './facts.ts';

export interface Comparison {
  /** So many of the line's words are in the bytes. */
  readonly agreed: number;
  readonly disagreed: readonly string[];
}

class Checks {
  agreed = 0;
  readonly disagreed: string[] = [];

  /** Nothing said is nothing to check. */
  check(what: string, said: unknown, is: unknown): void {
    if (said === undefined) return;
    const [a, b] = [plain(said), plain(is)];
    if (a === b) this.agreed++;
    else this.disagreed.push(`${what}: the line says ${a}, the bytes say ${b}`);
  }
}

const plain = (value: unknown): string =>
  value === undefined ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value);

const recordText = (records: readonly GroupRecord[]): string =>
  records.map(({ type, group, sources }) => `${group} ${type} {${sources.join(' ')}}`).join('; ');

const hex = (value: number | undefined): string | undefined =>
  value === undefined ? undefined : `0x${value.toString(16).padStart(4, '0')}`;

/** @param linkKnown the frame's link header came from the bytes, not from the line */
export function compareWithFrame(facts: TextFacts, frame: Frame, linkKnown: boolean): Comparison {
  const checks = new Checks();
  if (linkKnown) compareLink(checks, facts, frame);
  compareIp(checks, facts, frame);
  compareMembership(checks, 'IGMP', facts.igmp, frame.igmp?.type === 'other' ? undefined : frame.igmp);
  compareMembership(
    checks,
    'MLD',
    facts.mld && { ...facts.mld },
    frame.mld && { ...frame.mld, type: frame.mld.type === 'done' ? 'leave' : frame.mld.type },
  );
  if (facts.arp) {
    checks.check('ARP operation', facts.arp.operation, frame.arp?.operation);
    for (const field of ['senderMac', 'senderIp', 'targetMac', 'targetIp'] as const)
      checks.check(`ARP ${field}`, facts.arp[field], frame.arp?.[field]);
  }
  compareIcmp(checks, facts, frame);
  compareControl(checks, facts, frame);
  return checks;
}

function compareLink(checks: Checks, { link }: TextFacts, { eth, cooked }: Frame): void {
  if (link === undefined) return;
  checks.check('source MAC', link.src, eth?.src ?? cooked?.src);
  checks.check('destination MAC', link.dst, eth?.dst);
  if (link.llc !== true) checks.check('EtherType', hex(link.etherType), hex(eth?.etherType ?? cooked?.etherType));
  if (link.vlans.length > 0)
    checks.check('VLANs', link.vlans.map(({ id }) => id).join(), eth?.vlans.map(({ id }) => id).join());
}

function compareIp(checks: Checks, { ip, udp }: TextFacts, frame: Frame): void {
  if (ip === undefined) return;
  const is = ip.version === 4 ? frame.ipv4 : frame.ipv6;
  checks.check('source address', ip.src, is?.src);
  checks.check('destination address', ip.dst, is?.dst);
  checks.check('protocol', ip.protocol, is?.protocol);
  checks.check('TTL', ip.ttl, frame.ipv4?.ttl ?? frame.ipv6?.hopLimit);
  checks.check('identification', ip.identification, frame.ipv4?.identification);
  if (ip.fragment !== undefined) {
    const offset =
      frame.ipv4 && isFragmentV4(frame.ipv4)
        ? frame.ipv4.fragmentOffset
        : frame.ipv6 && fragmentOfV6(frame.ipv6)?.offset;
    checks.check('fragment offset', ip.fragment.offset, offset);
  }
  if (udp === undefined) return;
  checks.check('source port', udp.srcPort, frame.udp?.srcPort);
  checks.check('destination port', udp.dstPort, frame.udp?.dstPort);
  checks.check('UDP length', udp.length, frame.udp && frame.udp.length - 8);
}

interface Membership {
  type: string;
  version: number;
  group?: string;
  maxResponseMs?: number;
  sources?: string[];
  records?: GroupRecord[];
}

function compareMembership(
  checks: Checks,
  name: string,
  said: MembershipFacts | undefined,
  is: Membership | undefined,
): void {
  if (said === undefined) return;
  checks.check(`${name} type`, said.type, is?.type);
  checks.check(`${name} version`, said.version, is?.version);
  checks.check(`${name} group`, said.group, is?.group);
  // The line rounds to a tenth of a second.
  checks.check(`${name} response time`, said.maxResponseMs, is?.maxResponseMs);
  if (said.sources !== undefined && said.sources.length > 0)
    checks.check(`${name} sources`, said.sources.join(' '), is?.sources?.join(' '));
  checks.check(`${name} records`, said.recordCount, is?.records?.length);
  if (said.records !== undefined)
    checks.check(`${name} records`, recordText(said.records), recordText(is?.records ?? []));
}

function compareIcmp(checks: Checks, { echo, neighbor, router }: TextFacts, frame: Frame): void {
  if (echo) {
    const is = echo.version === 4 ? frame.icmp : frame.icmpv6;
    const asEcho = is && 'sequence' in is ? is : undefined;
    checks.check('ICMP type', echo.type, is?.type);
    checks.check('ICMP id', echo.id, asEcho?.id);
    checks.check('ICMP sequence', echo.sequence, asEcho?.sequence);
  }
  if (neighbor) {
    const is = frame.icmpv6 && 'target' in frame.icmpv6 ? frame.icmpv6 : undefined;
    checks.check('ICMPv6 type', neighbor.type, is?.type);
    checks.check('ICMPv6 target', neighbor.target, is?.target);
  }
  if (router) checks.check('ICMPv6 type', router, frame.icmpv6?.type);
}

const partyText = (party: LacpParty | undefined): string | undefined =>
  party &&
  `${party.system} priority ${party.systemPriority} key ${party.key} port ${party.port} priority ${party.portPriority} state ${lacpStateOctet(party.state)}`;

function compareControl(checks: Checks, { lacp, stp }: TextFacts, frame: Frame): void {
  if (lacp) {
    checks.check('LACP version', lacp.version, frame.lacp?.version);
    checks.check('LACP actor', partyText(lacp.actor), partyText(frame.lacp?.actor));
    checks.check('LACP partner', partyText(lacp.partner), partyText(frame.lacp?.partner));
  }
  if (stp) {
    checks.check('BPDU type', stp.type, frame.stp?.type);
    const is = frame.stp && frame.stp.type !== 'topology-change' ? frame.stp : undefined;
    checks.check('bridge', stp.bridge, is && { priority: is.bridge.priority, mac: is.bridge.mac, port: is.port });
    checks.check('root', stp.root, is && { priority: is.root.priority, mac: is.root.mac });
    checks.check('root path cost', stp.rootPathCost, is?.rootPathCost);
    checks.check('forward delay', stp.forwardDelayMs, is && Math.round(is.forwardDelayMs));
  }
}
