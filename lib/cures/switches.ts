/**
 * What makes a switch of another make behave as the words of lib/switch-like.ts say, and what sets it right, in the
 * switch's own language. docs/switches.md has the same lines with what each does; a test compares the two. VLAN 10 and
 * 192.0.2.250 stand for the administrator's own. Where a note says "not verified", no manual was at hand to look the line up.
 */
import type { SwitchLike } from '../switch-like.ts';
import type { Cure } from './types.ts';

export interface SwitchLines {
  /** Lines by which a switch behaves so. */
  readonly causes: readonly Cure[];
  /** Lines by which it no longer does, or by which nobody is hurt by it. */
  readonly cures: readonly Cure[];
}

/** An IGMP querier on the LAN: what every snooping switch needs where no multicast router asks. */
export const QUERIER_ON_A_SWITCH: readonly Cure[] = [
  { where: 'Cisco IOS', lines: ['ip igmp snooping querier', 'ip igmp snooping querier address 192.0.2.250'], note: 'it speaks IGMPv1 and IGMPv2 and yields to a router; the second line, not verified, where the VLAN interface has no address' },
  { where: 'Cisco NX-OS', lines: ['vlan configuration 10', '  ip igmp snooping querier 192.0.2.250'], note: 'not verified' },
  { where: 'JunOS', lines: ['set protocols igmp-snooping vlan v10 l2-querier source-address 192.0.2.250'], note: 'switches with the newer layer 2 software, since 13.2' },
  { where: 'JunOS', lines: ['set protocols igmp interface vlan.10 version 2'], note: 'where the switch has an address in the VLAN (irb.10 with the newer layer 2 software)' },
  { where: 'Netgear', lines: ['set igmp', 'set igmp querier'], note: 'global configuration of managed switches; querier lines for a VLAN and an address follow in its manual' },
  { where: 'HPE Comware', lines: ['vlan 10', ' igmp-snooping enable', ' igmp-snooping querier', ' igmp-snooping general-query source-ip 192.0.2.250'], note: 'without an address it asks from 0.0.0.0' },
  { where: 'Dell OS9', lines: ['interface vlan 10', ' ip igmp snooping querier'], note: 'the VLAN interface needs an address' },
];

export const SWITCH_LINES: Readonly<Record<keyof SwitchLike, SwitchLines>> = {
  noFloodFallback: {
    causes: [
      { where: 'Cisco NX-OS', lines: ['ip igmp snooping'], note: 'the default, with optimized multicast flooding: what nobody asked for goes to router ports alone, so without a querier nowhere' },
      { where: 'Dell OS9', lines: ['no ip igmp snooping flood'], note: 'on some series to router ports alone, and nowhere if there are none' },
    ],
    cures: [...QUERIER_ON_A_SWITCH, { where: 'Cisco IOS', lines: ['ip igmp snooping vlan 10 mrouter interface gigabitethernet1/0/48'], note: 'towards the switch that the receivers or the querier are on, on each switch; a querier is the better cure' }],
  },
  dropsUnknownMulticast: {
    causes: [
      { where: 'Cisco IOS', lines: ['interface gigabitethernet1/0/1', ' switchport block multicast'], note: 'of each port by itself; on many models only multicast that is not IP (not verified)' },
      { where: 'Netgear', lines: ['Block Unknown MultiCast Address: Enable'], note: 'web interface, Switching > Multicast' },
      { where: 'HPE Comware', lines: ['vlan 10', ' igmp-snooping drop-unknown'], note: 'off by default: unknown multicast is flooded' },
      { where: 'Dell OS9', lines: ['no ip igmp snooping flood'], note: 'on some series at once, router ports or not' },
    ],
    cures: [
      ...QUERIER_ON_A_SWITCH,
      { where: 'Netgear', lines: ['Block Unknown MultiCast Address: Disable'], note: 'then it floods; with a querier this is not needed' },
      { where: 'HPE Comware', lines: ['vlan 10', ' undo igmp-snooping drop-unknown'], note: 'then it floods; with a querier this is not needed; the undo form is not verified' },
    ],
  },
  fastLeave: {
    causes: [
      { where: 'Cisco IOS', lines: ['ip igmp snooping vlan 10 immediate-leave'], note: 'IGMPv2 only, and for one host a port' },
      { where: 'Cisco NX-OS', lines: ['vlan configuration 10', '  ip igmp snooping fast-leave'], note: 'not verified' },
      { where: 'JunOS', lines: ['set protocols igmp-snooping vlan v10 immediate-leave'], note: 'keeps track of hosts: of IGMPv3 hosts all of them, of IGMPv2 hosts those whose report was not suppressed' },
      { where: 'Netgear', lines: ['interface 1/0/1', ' set igmp fast-leave'], note: 'or for a VLAN: set igmp fast-leave 10' },
      { where: 'HPE Comware', lines: ['interface gigabitethernet1/0/1', ' igmp-snooping fast-leave'] },
    ],
    cures: [
      { where: 'Cisco IOS', lines: ['no ip igmp snooping vlan 10 immediate-leave'] },
      { where: 'JunOS', lines: ['delete protocols igmp-snooping vlan v10 immediate-leave'], note: 'or let all hosts speak IGMPv3' },
      { where: 'Netgear', lines: ['interface 1/0/1', ' no set igmp fast-leave'], note: 'of each port with more than one receiver behind it; the no form is not verified' },
      { where: 'HPE Comware', lines: ['interface gigabitethernet1/0/1', ' undo igmp-snooping fast-leave'], note: 'the undo form is not verified' },
    ],
  },
  suppressesReports: {
    causes: [
      { where: 'Cisco IOS', lines: ['ip igmp snooping report-suppression'], note: 'the default; of IGMPv1 and IGMPv2 only, and not where the query is of IGMPv3' },
      { where: 'Cisco NX-OS', lines: ['ip igmp snooping report-suppression', 'ip igmp snooping v3-report-suppression'], note: 'the second of IGMPv3 as well' },
      { where: 'JunOS', lines: ['set protocols igmp-snooping vlan v10 proxy source-address 192.0.2.250'], note: 'proxy reporting: 0.0.0.0 is the source without the address' },
      { where: 'Netgear', lines: ['vlan database', ' set igmp report-suppression 10'], note: 'off by default' },
    ],
    cures: [
      { where: 'Cisco IOS', lines: ['no ip igmp snooping report-suppression'] },
      { where: 'Cisco NX-OS', lines: ['no ip igmp snooping report-suppression', 'no ip igmp snooping v3-report-suppression'] },
      { where: 'Netgear', lines: ['vlan database', ' no set igmp report-suppression 10'] },
    ],
  },
  passesOnly: {
    causes: [{ where: 'Cisco IOS', lines: ['mac access-list extended KNOWN', ' permit any any 0x8035 0x0', ' deny any any', 'interface gigabitethernet1/0/1', ' mac access-group KNOWN in'], note: 'such a list holds for frames that are not IP; ARP is treated differently from model to model; not verified' }],
    cures: [{ where: 'Cisco IOS', lines: ['mac access-list extended KNOWN', ' permit any any 0x0835 0x0'], note: 'before the deny; the better cure is a guest whose announcement is an RARP or an ARP; not verified' }],
  },
};
