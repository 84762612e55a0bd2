/** Findings about a station that a bridge believes elsewhere, in words. */
import { bondOptions, bridgeOption } from '../../cures/linux.ts';
import { SWITCH_LINES } from '../../cures/switches.ts';
import type { Cure } from '../../cures/types.ts';
import { s } from '../../units.ts';
import type { Announcement, Cause, Moved, StationFacts } from '../cause.ts';
import type { Network } from '../network.ts';
import type { Draft, Evidence, Sure } from '../types.ts';
import { ETHER_TYPE } from '../../wire/ethernet.ts';
import { ordered } from './groups.ts';
import { bridgeOf, instant, length, list, ofEvent, ofSent, onMachine, portOf, sentences } from './phrases.ts';
import { stationEvidence } from './readings.ts';

export function stationDraft(net: Network, causes: readonly Cause[]): Draft | undefined {
  const all = causes.filter((c): c is Cause & { station: StationFacts } => c.station !== undefined);
  // Asked late in an outage, the record knows of more announcements.
  const first = all.reduce<(typeof all)[number] | undefined>((most, c) => (most && most.station.announcements.length >= c.station.announcements.length ? most : c), undefined);
  if (!first) return undefined;
  const f = first.station;
  const draft = (sure: Sure, what: string, cures: readonly Cure[], more: readonly Evidence[] = []): Draft => ({ kind: first.kind, sure, where: first.where, what, cures, evidence: ordered([...stationFacts(net, f), ...more]) });
  switch (first.kind) {
    case 'failover-unannounced': return draft('certain', sentences(movedSentence(f.moved), belief(net, f), silence(net, f), bondWords(net, f), ending(net, f)), failoverCures(net, f));
    case 'lacp-no-partner': return draft('certain', sentences(
      `${first.where} speaks LACP (802.3ad), and nobody answers: it has no partner, so each link is an aggregator of its own and one of them is used, as in active-backup, but without announcements.`,
      movedSentence(f.moved), belief(net, f), silence(net, f), ending(net, f)), lacpCures(net, f, first.where));
    case 'migration-unannounced': return draft('certain', sentences(movedSentence(f.moved), belief(net, f), silence(net, f), ending(net, f)), announceCures(net, f));
    case 'announcement-too-early': return draft('certain', sentences(
      `${sentList(f.announcements)} before ${net.nodeOf(f.station)}'s port was in its bridge${f.moved ? ` (${f.moved.at}, at ${instant(f.moved.ns)})` : ''}: the frame${f.announcements.length > 1 ? 's' : ''} went no further.`,
      belief(net, f), silence(net, f, true), ending(net, f)), announceCures(net, f), f.announcements.map((a) => ofSent(a.sent, 'before the port was in its bridge')));
    case 'announcement-filtered': return draft(f.drawn === true ? 'certain' : 'likely', sentences(
      movedSentence(f.moved), `${sentList(f.announcements)}. By the tables ${f.announcements.length > 1 ? 'they' : 'it'} reached ${bridgeOf(net, f.bridge)}, whose FDB has not moved ${f.mac} all the same: it drops this ethertype (0x${hex(f.announcements[0]?.sent.etherType)}) before it learns. RARP is 0x8035${f.announcements[0]?.sent.etherType === ETHER_TYPE.rarp ? ', which not every switch takes; a gratuitous ARP (0x0806) every one does' : '; 0x0835 is a known fault of an old QEMU'}.`,
      belief(net, f), ending(net, f)), [...announceCures(net, f), ...SWITCH_LINES.passesOnly.cures, { where: 'tcpdump', lines: [`tcpdump -e -n -i ${net.nameOf(f.should)} ether proto 0x${hex(f.announcements[0]?.sent.etherType)}`], note: `on ${net.nodeOf(f.should)}: are they on its wire?` }], f.announcements.map((a) => ofSent(a.sent)));
    case 'announcement-lost': return draft(f.announcements.some((a) => a.parting) ? 'likely' : 'possible', sentences(movedSentence(f.moved), `${sentList(f.announcements)}${lostAt(net, f.announcements)}.`, belief(net, f), ending(net, f)), announceCures(net, f), f.announcements.map((a) => ofSent(a.sent, a.parting && `lost at ${a.parting.at}: ${a.parting.why}`)));
    case 'mac-leaked': return draft(f.leak ? 'certain' : 'likely', sentences(
      `${bridgeOf(net, f.bridge)} learned ${f.mac} (${net.nodeOf(f.station)}) behind ${net.nameOf(f.believed)} at ${instant(f.learned.ns)}, while ${net.nodeOf(f.station)} was behind ${net.nameOf(f.should)}: the frame was not ${net.nodeOf(f.station)}'s.`,
      f.leak ? `It was sent from ${f.leak.from} at ${instant(f.leak.ns)}: ${f.leak.line.replace(/^\S+ > \S+\s+/, '')}.` : 'Who sent it is not on record: two machines with one MAC, a loop, or a migration target that speaks too early look like this.',
      'A switch believes the latest frame, so what is for that station goes where nobody takes it, until the station itself sends again.', ending(net, f)),
    [{ where: 'bridge', lines: [`bridge link set dev ${net.nameOf(f.believed)} learning off`], note: `on ${net.nodeOf(f.believed)}: for a port that leads to a migration target that is only prepared` },
      { where: 'tcpdump', lines: [`tcpdump -e -n -i ${net.nameOf(f.believed)} ether src ${f.mac}`], note: `on ${net.nodeOf(f.believed)}: who sends with that address there` }], f.leak ? [ofSent(f.leak, 'not the station itself')] : []);
    default: return undefined;
  }
}

const hex = (type: number | undefined): string => (type ?? 0).toString(16).padStart(4, '0');

function stationFacts(net: Network, f: StationFacts): Evidence[] {
  return [
    ofEvent(f.learned.ns, f.learned.event, `${bridgeOf(net, f.bridge)}: FDB entry ${f.mac} behind ${f.learned.value}`),
    ...(f.moved ? movedEvidence(f.moved) : []),
    ...(f.reading ? stationEvidence(net, f.reading, f.bridge, f.mac) : []),
    ...(f.endedBy ? [ofEvent(f.endedBy.ns, f.endedBy.event, `${bridgeOf(net, f.bridge)}: FDB entry ${f.mac} ${f.endedBy.value === 'absent' ? 'removed' : `behind ${f.endedBy.value}`}`)] : []),
  ];
}

export const movedEvidence = (moved: Moved): Evidence[] => [
  ...(moved.after ? [ofEvent(moved.after.change.ns, moved.after.change.event, `${moved.after.label}: ${moved.after.change.value}`)] : []),
  ofEvent(moved.ns, moved.event, moved.by === 'bond' ? `${moved.at}: active slave ${moved.to ?? 'none'}` : `${moved.at} is in its bridge`),
];

export function movedSentence(moved: Moved | undefined): string | undefined {
  if (!moved) return undefined;
  if (moved.by === 'migration') return `The guest was plugged in at ${moved.at} at ${instant(moved.ns)}.`;
  const why = moved.after ? `${moved.after.label} ${moved.after.change.value === 'lowerlayerdown' ? 'lost its carrier' : 'went down'} at ${instant(moved.after.change.ns)}, and ` : '';
  return `${why}${moved.at} moved from ${moved.from ?? 'none'} to ${moved.to ?? 'none'} at ${instant(moved.ns)}${moved.after ? `, ${length(moved.ns - moved.after.change.ns)} later` : ''}.`;
}

const belief = (net: Network, f: StationFacts): string =>
  `${bridgeOf(net, f.bridge)} goes on sending what is for ${f.mac} (${net.nodeOf(f.station)}) to ${net.nameOf(f.believed)}, where its FDB has it since ${instant(f.learned.ns)}; the way there is now by ${net.nameOf(f.should)}.`;

function silence(net: Network, f: StationFacts, besides = false): string {
  const heard = f.reading?.bridges[f.bridge]?.stations?.find((x) => x.mac === f.mac);
  const last = heard && f.reading ? ` It last heard that address at ${instant(f.reading.ns - heard.heardMsAgo * 1e6)}.` : '';
  return `No ${besides ? 'other ' : ''}frame from that address has come there by ${net.nameOf(f.should)} since, or the entry would have moved.${last}`;
}

function bondWords(net: Network, f: StationFacts): string | undefined {
  const bond = f.moved?.by === 'bond' ? f.moved.at : undefined;
  if (bond === undefined) return `Nothing announces a station when a bond leaves a link out of its hash.`;
  const own = net.nodeOf(bond) === net.nodeOf(f.station);
  if (!own) return `Bonding announces the addresses of ${net.nameOf(bond)} and of VLANs over it, never those of guests behind a bridge.`;
  const notices = Number(net.option(bond, 'num_peer_notif', f.moved?.ns ?? 0));
  if (net.nameOf(f.station) === net.nameOf(bond)) return `The address is the bond's own, and it announces nothing: num_grat_arp is ${notices}.`;
  if (net.kind(f.station) === 'bridge') {
    const snoops = net.option(f.station, 'mcast_snooping', f.moved?.ns ?? 0) !== false;
    return `The address is on ${net.nameOf(f.station)}, over the bond: a bridge does not pass the bond's notice on (br_device_event), so there is no gratuitous ARP; ${snoops ? 'and its membership report, which would have taught the switches, was not sent again (resend_igmp 0).' : 'and as it does not snoop (mcast_snooping 0), it has no membership of its own to report again either.'}`;
  }
  return undefined;
}

function ending(net: Network, f: StationFacts): string | undefined {
  const ageing = Number(net.option(f.bridge, 'ageing_time', f.learned.ns) ?? 300e9);
  if (!f.endedBy) return `It ends when the station sends a frame, when somebody asks for it by broadcast, or when ${bridgeOf(net, f.bridge)} forgets it (ageing_time ${length(ageing)} after the last frame).`;
  return f.endedBy.value === 'absent' ? `It ended at ${instant(f.endedBy.ns)}, when the entry was forgotten (ageing_time ${length(ageing)}) and the bridge flooded.` : `It ended at ${instant(f.endedBy.ns)}, when a frame from that address came by ${f.endedBy.value}.`;
}

/** QEMU's rounds are five of the same frame: said once, with their number. */
export function sentList(announcements: readonly Announcement[]): string {
  const kinds = new Map<string, Announcement[]>();
  for (const a of announcements) { const what = a.sent.line.replace(/^\S+ > \S+\s+/, ''); kinds.set(what, [...(kinds.get(what) ?? []), a]); }
  return list([...kinds].map(([what, all]) => {
    const [first, last] = [all[0] as Announcement, all.at(-1) as Announcement];
    return `"${what}" was sent from ${first.sent.from} ${all.length === 1 ? `at ${instant(first.sent.ns)}` : `${all.length} times from ${instant(first.sent.ns)} to ${instant(last.sent.ns)}`}`;
  }));
}

function lostAt(net: Network, announcements: readonly Announcement[]): string {
  const lost = announcements.find((a) => a.parting);
  return lost?.parting ? `, and lost at ${portOf(net, lost.parting.at)}` : ', and the bridge did not learn from it';
}

function failoverCures(net: Network, f: StationFacts): Cure[] {
  const bond = f.moved?.by === 'bond' ? f.moved.at : undefined;
  const own = bond !== undefined && net.nodeOf(bond) === net.nodeOf(f.station);
  const address = net.device(f.station)?.addresses.find((a) => !a.includes(':'))?.split('/')[0];
  if (own && net.nameOf(f.station) === net.nameOf(bond)) return onMachine(bondOptions(net.nameOf(bond), [['num_grat_arp', '1']]), net.nodeOf(bond), net.nameOf(bond));
  if (own && net.kind(f.station) === 'bridge') return onMachine([...bondOptions(net.nameOf(bond), [['resend_igmp', '1']]), ...bridgeOption({ bridge: net.nameOf(f.station), option: 'mcast_snooping', value: true })], net.nodeOf(bond), '');
  return [
    { where: 'arping', lines: [`while sleep 5; do arping -q -U -c 1 -I ${net.nameOf(f.station)} ${address ?? 'ADDRESS'}; done`], note: `in ${net.nodeOf(f.station)}: each is a frame by which switches learn; bounds the outage by its interval` },
    ...(bond === undefined ? [] : [{ where: 'ifcfg', lines: ['BONDING_OPTS="mode=802.3ad miimon=100 lacp_rate=fast"'], note: `in /etc/sysconfig/network-scripts/ifcfg-${net.nameOf(bond)} on ${net.nodeOf(bond)}, with both links in one port channel of the switch (or of an MLAG pair): a group's MACs need not be learned anew` }]),
    ...onMachine(bridgeOption({ bridge: net.nameOf(f.bridge), option: 'ageing_time', value: s(30) }), net.nodeOf(f.bridge), net.nameOf(f.bridge)).slice(0, 2).map((c) => ({ ...c, note: `${c.note ?? ''}; bounds the outage, at the cost of more flooding` })),
  ];
}

function lacpCures(net: Network, f: StationFacts, bond: string): Cure[] {
  return [
    { where: 'sysfs', lines: [`grep -A 3 'Partner Mac' /proc/net/bonding/${net.nameOf(bond)}`], note: `on ${net.nodeOf(bond)}: 00:00:00:00:00:00 is nobody` },
    ...failoverCures(net, f).slice(0, 1),
  ];
}

function announceCures(net: Network, f: StationFacts): Cure[] {
  const guest = net.nodeOf(f.station);
  const address = net.device(f.station)?.addresses.find((a) => !a.includes(':'))?.split('/')[0];
  return [
    { where: 'libvirt', lines: [`virsh qemu-monitor-command --hmp ${guest} announce_self`], note: 'once the tap is in its bridge: QEMU sends RARP for each of the guest\'s cards, five times by default (announce-rounds)' },
    { where: 'arping', lines: [`arping -U -c 3 -I ${net.nameOf(f.station)} ${address ?? 'ADDRESS'}`], note: `in ${guest}, after the move` },
  ];
}
