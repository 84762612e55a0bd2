/**
 * What an interface refuses beyond a bridge's own options, as data: printed in a plan, and as programs for tc. An
 * interface drops the frame that a rule names and passes everything else.
 */
import { assemble, type BpfInstruction, type BpfLine, type Direction, VERDICT } from './netlink/index.ts';
import { parseMac } from './wire/index.ts';

export type FrameRule =
  /** What comes in: these ethertypes alone pass. Frames with a length in that place (BPDUs) have none, and pass. */
  | { readonly rule: 'passes-only'; readonly etherTypes: readonly number[] }
  /** What goes out: multicast and broadcast with an IP packet of more bytes than this is dropped, and nobody is told. */
  | { readonly rule: 'multicast-limit'; readonly ipBytes: number }
  /**
   * What goes out: IGMP and MLD come from the switch's CPU alone, or from the bridge itself, whose MAC this is. Mute: not
   * its general queries either.
   */
  | { readonly rule: 'membership-by-cpu'; readonly bridgeMac: string; readonly muteQuerier: boolean };

export const directionOf = ({ rule }: FrameRule): Direction => (rule === 'passes-only' ? 'ingress' : 'egress');

/** SO_MARK of frames that a switch's CPU sends: "WW". */
export const CPU_MARK = 0x5757;

/** Ethertypes by the names that people use; others are given as numbers. */
export const ETHERTYPES = { IPv4: 0x0800, ARP: 0x0806, RARP: 0x8035, IPv6: 0x86dd, LACP: 0x8809, LLDP: 0x88cc } as const;
export type EtherTypeName = keyof typeof ETHERTYPES;
const NAME_OF = new Map<number, string>(Object.entries(ETHERTYPES).map(([name, number]) => [number, name]));
export const etherTypeText = (number: number): string => NAME_OF.get(number) ?? `0x${number.toString(16).padStart(4, '0')}`;

export function describeRule(rule: FrameRule): string {
  switch (rule.rule) {
    case 'passes-only': return `takes no ethertypes but ${rule.etherTypes.map(etherTypeText).join(', ')}`;
    case 'multicast-limit': return `drops outgoing multicast of more than ${rule.ipBytes} bytes (IP)`;
    case 'membership-by-cpu': return `lets out no IGMP and MLD but the switch CPU's${rule.muteQuerier ? ', and no general queries of the bridge' : ` and the bridge's own`}`;
  }
}

const ETHERNET_HEADER = 14;
const PASS = 'pass', DROP = 'drop';
/** Values below are lengths of 802.3 frames. */
const LOWEST_ETHERTYPE = 0x0600;

/** The rule as a program for tc. */
export const programOf = (rule: FrameRule): BpfInstruction[] =>
  assemble([...linesOf(rule), { label: DROP }, { end: VERDICT.drop }, { label: PASS }, { end: VERDICT.next }]);

/** Each way ends at `pass` or `drop`; what runs on is dropped. */
function linesOf(rule: FrameRule): BpfLine[] {
  switch (rule.rule) {
    case 'passes-only':
      return [
        { load: 'half', at: 12 },
        { test: 'above', value: LOWEST_ETHERTYPE - 1, else: PASS },
        ...rule.etherTypes.map((value): BpfLine => ({ test: 'equal', value, then: PASS })),
      ];
    case 'multicast-limit':
      return [
        { load: 'byte', at: 0 },
        { test: 'any-bit', value: 1, else: PASS },
        { load: 'length' },
        { test: 'above', value: rule.ipBytes + ETHERNET_HEADER, else: PASS },
      ];
    case 'membership-by-cpu': {
      const mac = new DataView(Uint8Array.from(parseMac(rule.bridgeMac)).buffer);
      return [
        { load: 'mark' },
        { test: 'equal', value: CPU_MARK, then: PASS },
        ...membership({ yes: 'membership', no: PASS }),
        { label: 'membership' },
        { load: 'word', at: 6 },
        { test: 'equal', value: mac.getUint32(0), else: DROP },
        { load: 'half', at: 10 },
        { test: 'equal', value: mac.getUint16(4), else: DROP },
        ...(rule.muteQuerier ? generalQuery({ yes: DROP, no: PASS }) : [{ goTo: PASS } as const]),
      ];
    }
  }
}

interface Ways { readonly yes: string; readonly no: string }
const IP_PROTOCOL_IGMP = 2, HOP_BY_HOP = 0, ICMPV6 = 58;
/** Of IPv6: next header, first destination word, next header in the hop-by-hop header that MLD comes with, ICMPv6 type, group. */
const V6 = { next: 20, destination: 38, afterOptions: 54, type: 62, group: 70 } as const;

/** Is it IGMP or MLD? */
const membership = ({ yes, no }: Ways): BpfLine[] => [
  { load: 'half', at: 12 },
  { test: 'equal', value: ETHERTYPES.IPv4, else: 'not-ipv4' },
  { load: 'byte', at: 23 },
  { test: 'equal', value: IP_PROTOCOL_IGMP, then: yes, else: no },
  { label: 'not-ipv4' },
  { test: 'equal', value: ETHERTYPES.IPv6, else: no },
  { load: 'byte', at: V6.next },
  { test: 'equal', value: HOP_BY_HOP, else: no },
  { load: 'byte', at: V6.afterOptions },
  { test: 'equal', value: ICMPV6, else: no },
  { load: 'byte', at: V6.type },
  // Query, report, done; version 2 report.
  { test: 'equal', value: 130, then: yes },
  { test: 'equal', value: 131, then: yes },
  { test: 'equal', value: 132, then: yes },
  { test: 'equal', value: 143, then: yes, else: no },
];

/** A general query as the Linux bridge makes them: an IPv4 header of 24 bytes, a hop-by-hop header of 8. */
const generalQuery = ({ yes, no }: Ways): BpfLine[] => [
  { load: 'half', at: 12 },
  { test: 'equal', value: ETHERTYPES.IPv4, else: 'mld' },
  { load: 'byte', at: 38 },
  { test: 'equal', value: 0x11, else: no },
  { load: 'word', at: 42 },
  { test: 'equal', value: 0, then: yes, else: no },
  { label: 'mld' },
  { load: 'byte', at: V6.type },
  { test: 'equal', value: 130, else: no },
  ...[0, 4, 8].flatMap((more): BpfLine[] => [{ load: 'word', at: V6.group + more }, { test: 'equal', value: 0, else: no }]),
  { load: 'word', at: V6.group + 12 },
  { test: 'equal', value: 0, then: yes, else: no },
];

/** For a packet socket: what a snooping switch hands to its CPU. IGMP and MLD, 224.0.0.0/24 and ff02::1, whole. */
export const puntedToCpu = (): BpfInstruction[] => assemble([
  ...membership({ yes: 'take', no: 'other' }),
  { label: 'other' },
  { load: 'half', at: 12 },
  { test: 'equal', value: ETHERTYPES.IPv4, else: 'ipv6' },
  { load: 'word', at: 30 },
  { and: 0xffff_ff00 },
  { test: 'equal', value: 0xe000_0000, then: 'take', else: 'leave' },
  { label: 'ipv6' },
  { test: 'equal', value: ETHERTYPES.IPv6, else: 'leave' },
  ...[0xff02_0000, 0, 0].flatMap((value, index): BpfLine[] => [{ load: 'word', at: V6.destination + 4 * index }, { test: 'equal', value, else: 'leave' }]),
  { load: 'word', at: V6.destination + 12 },
  { test: 'equal', value: 1, then: 'take', else: 'leave' },
  { label: 'take' },
  { end: 0xffff },
  { label: 'leave' },
  { end: 0 },
]);
