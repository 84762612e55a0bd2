/** Findings about a place that lets nothing pass, in words. */
import { bondOptions, bridgeOption, portOption } from '../../cures/linux.ts';
import type { Cure } from '../../cures/types.ts';
import { s } from '../../units.ts';
import type { Cause, PlaceFacts } from '../cause.ts';
import { isGroup } from '../outages.ts';
import type { Network } from '../network.ts';
import type { Draft, Evidence, Sure } from '../types.ts';
import { ordered } from './groups.ts';
import { bridgeOf, instant, length, ofEvent, ofSent, onMachine, portOf, sentences } from './phrases.ts';
import { sentList } from './stations.ts';

export function placeDraft(net: Network, causes: readonly Cause[]): Draft | undefined {
  const all = causes.filter((c): c is Cause & { place: PlaceFacts } => c.place !== undefined);
  const [first] = all;
  if (!first) return undefined;
  const f = first.place;
  // Asked late in an outage, the record knows of more announcements.
  const announced = all.map((c) => c.place.announcements ?? []).reduce((most, one) => (one.length > most.length ? one : most), []);
  const evidence: Evidence[] = [
    ...(f.since ? [ofEvent(f.since.ns, f.since.event, `${f.at}: ${f.since.value}`)] : []),
    ...(f.foundNs !== undefined && f.foundEvent !== undefined ? [ofEvent(f.foundNs, f.foundEvent, `${f.bond ?? ''}: another slave`)] : []),
    ...announced.map((a) => ofSent(a.sent, a.parting && `lost at ${a.parting.at}`)),
  ];
  const draft = (sure: Sure, what: string, cures: readonly Cure[] = []): Draft => ({ kind: first.kind, sure, where: first.where, what, cures, evidence: ordered(evidence) });
  const master = net.device(f.at)?.master ?? net.story.topology.movables.flatMap((m) => m.places).find((p) => `${p.node}:${p.port}` === f.at)?.bridge;
  const bridge = master === undefined ? undefined : `${net.nodeOf(f.at)}:${master}`;
  const since = f.since && f.since.ns > 1e9 ? ` since ${instant(f.since.ns)}` : '';
  const lostAnnouncement = announced.length > 0 ? `${sentList(announced)}, and lost there as well.` : undefined;
  switch (first.kind) {
    case 'vlan-missing': return draft('certain', sentences(
      `${portOf(net, f.at)} ${f.vlan ? `does not carry VLAN ${f.vlan}` : 'takes no untagged frames'}: what comes in or should leave there in that VLAN is dropped before the bridge learns from it (ingress filtering).`,
      lostAnnouncement, 'So the bridge goes on believing in where it heard the station before, and no further announcement would help.'), vlanCures(net, f, bridge));
    case 'port-not-forwarding': return draft('certain', sentences(
      `${portOf(net, f.at)} came up at ${f.since ? instant(f.since.ns) : 'its bridge'} under spanning tree, and listens and learns for ${length(2 * Number((bridge && net.option(bridge, 'forward_delay', f.since?.ns ?? 0)) ?? 15e9))} (twice forward_delay) before it forwards. Until then nothing passes it.`,
      lostAnnouncement ?? undefined, announced.length > 0 ? 'Nobody announces the station again once the port forwards.' : undefined), stpCures(net, f, bridge));
    case 'flood-withheld': return isGroup(first.outage.probe.to) ? draft('certain', `${portOf(net, f.at)} takes no multicast that no table names (mcast_flood off), and ${first.outage.probe.to} is in no table: bridges flood it, whoever has joined it.`, bridge === undefined ? [] : onMachine(portOption({ bridge: net.nameOf(bridge), port: net.nameOf(f.at), option: 'mcast_flood', value: true }), net.nodeOf(bridge), net.nameOf(bridge))) : draft('certain', `${portOf(net, f.at)} takes no frames for stations that its bridge does not know (flood off), and the bridge does not know this one.`, bridge === undefined ? [] : onMachine(portOption({ bridge: net.nameOf(bridge), port: net.nameOf(f.at), option: 'flood', value: true }), net.nodeOf(bridge), net.nameOf(bridge)));
    case 'broadcast-withheld': return draft('certain', sentences(
      `${portOf(net, f.at)} takes no broadcasts (bcast_flood off), so ARP requests for ${f.address ?? 'the address'} do not come as far as the machine that has it.`,
      'Who knows its MAC already reaches it, and whom it asks itself learns it from its request: seen from within all is well.'),
    [...(bridge === undefined ? [] : onMachine(portOption({ bridge: net.nameOf(bridge), port: net.nameOf(f.at), option: 'bcast_flood', value: true }), net.nodeOf(bridge), net.nameOf(bridge)))]);
    case 'size-limit': return f.limit !== undefined ? draft('certain', sentences(
      `The cable at ${f.at} takes multicast of up to ${f.limit} bytes, though its MTU is ${f.mtu ?? 0}; the datagrams are ${f.bytes ?? 0} bytes long with their headers${f.longest === undefined ? '' : `, and leave in fragments of up to ${f.longest}`}. What is longer vanishes there, and nobody is told; unicast of that length passes.`,
      f.longest !== undefined && 'Of a datagram that lacks a fragment nothing is delivered.'),
    [{ where: 'corosync.conf', lines: [`netmtu: ${f.limit - (outageFamily(first) === 6 ? 48 : 28)}`], note: 'or whatever makes the program send smaller datagrams; IPoIB takes multicast of up to 2044 bytes in connected mode' }, { where: 'ip', lines: [`ip link set dev ${net.nameOf(sender(first))} mtu ${f.limit}`], note: `on ${net.nodeOf(sender(first))}: its kernel then cuts longer ones into pieces that pass` }]) : draft('certain', sentences(
      `${f.at} has an MTU of ${f.mtu ?? 0} bytes; the datagrams are ${f.bytes ?? 0} bytes long with their headers. A bridge drops what is longer than the MTU of the port where it should leave, and tells nobody; smaller ones pass.`),
    [{ where: 'ip', lines: [`ip link set dev ${net.nameOf(f.at)} mtu ${f.bytes ?? 1500}`], note: `on ${net.nodeOf(f.at)}, and on every port between the two: the MTU of one segment is one number` }, { where: 'corosync.conf', lines: [`netmtu: ${(f.mtu ?? 1500) - 28}`], note: 'or send smaller datagrams' }]);
    case 'port-locked': return draft('certain', sentences(
      `${portOf(net, f.at)} is locked${since}: it takes frames only from stations that its bridge's FDB has behind it by an entry, and there is none for ${lockedOut(net, first)}. A frame of another is dropped before the bridge learns from it, whatever it is; what is for that machine leaves there all the same.`),
    lockCures(net, f, first, bridge));
    case 'link-down': return draft('certain', f.why === 'no-slave' ? `${f.at} has no slave, and is down${since}: whatever it should send or take is dropped until it has one and is up again.` : `${f.at} has no carrier${since}, and there is no other way.`);
    case 'silent-cut': return draft(f.bond === undefined || f.since ? 'certain' : 'likely', sentences(
      placeWords(net, f, since),
      f.bond !== undefined && bondBlind(net, f)), f.bond === undefined ? [] : watchCures(net, f, first));
    case 'bond-flaps': return draft('certain', sentences(placeWords(net, f, since), f.bond !== undefined && `${f.bond} leaves that path and goes back to it: ${f.changes ?? 0} changes of slave. ${flapWords(net, f)}`), f.bond === undefined ? [] : onMachine(bondOptions(net.nameOf(f.bond), [['arp_validate', 'all']]), net.nodeOf(f.bond), net.nameOf(f.bond)));
    case 'failover-detection': return draft('certain', sentences(
      placeWords(net, f, since), f.returnedNs !== undefined && `Its carrier was back at ${instant(f.returnedNs)}, before ${f.bond ?? 'the bond'} gave it up: ${watchWords(net, f)}, and waits ${length(Number(option(net, f, 'downdelay') ?? 0))} more (downdelay).`, f.foundNs !== undefined && `${f.bond ?? 'The bond'} went on using ${f.slave === undefined ? 'it' : net.nameOf(f.slave)} until ${instant(f.foundNs)}${f.since && f.since.ns > 1e9 && f.since.ns < f.foundNs ? `, ${length(f.foundNs - f.since.ns)} later` : ''}: ${watchWords(net, f)}.`));
    case 'lacp-renegotiation': return draft('certain', `${f.at} was in no LACP group yet when the other side already sent into it: the side that is ready first waits for nobody.`);
    default: return undefined;
  }
}

const sender = (cause: Cause): string => `${cause.outage.probe.from}:${cause.outage.probe.device}`;
const outageFamily = (cause: Cause): 4 | 6 => (cause.outage.probe.to.includes(':') ? 6 : 4);

function placeWords(net: Network, f: PlaceFacts, since: string): string {
  if (f.why === 'port-state') return `${portOf(net, f.at)} is ${f.state ?? 'not forwarding'}${since}, and both ends of its cable keep their carrier: frames vanish there.`;
  if (f.why === 'no-flood') return `${portOf(net, f.at)} lets nothing out${since}, and both ends of its cable keep their carrier: frames vanish there, one way.`;
  if (f.why === 'no-slave') return `${f.at} uses none of its slaves${since}: what comes in by them is dropped.`;
  if (f.why === 'inactive-slave') return `${f.at} is an idle slave: a bond drops what comes in by it.`;
  return `${f.at} is down${since}.`;
}

/** Who speaks at the locked port: the sender, or of a ping the one who answers. */
function lockedOut(net: Network, { outage, place }: Cause): string {
  const station = lockedStation(net, outage.probe, place);
  return `${net.mac(station)} (${net.nodeOf(station)})`;
}

const lockedStation = (net: Network, probe: Cause['outage']['probe'], place: PlaceFacts | undefined): string => {
  const sender = `${probe.from}:${probe.device}`;
  const owner = net.ownerOf(probe.to);
  return place?.station === sender && owner !== undefined ? owner : sender;
};

function lockCures(net: Network, f: PlaceFacts, cause: Cause, bridge: string | undefined): Cure[] {
  const vlan = f.vlan === undefined ? '' : ` vlan ${f.vlan}`;
  const on = `on ${net.nodeOf(f.at)}`;
  return [
    { where: 'bridge', lines: [`bridge fdb replace ${net.mac(lockedStation(net, cause.outage.probe, cause.place))} dev ${net.nameOf(f.at)} master static${vlan}`], note: `${on}: lets this station in, as hostapd does once it has authenticated (802.1X)` },
    ...(bridge === undefined ? [] : [{ where: 'bridge' as const, lines: [`bridge link set dev ${net.nameOf(f.at)} locked off`], note: `${on}: lets everybody in` }]),
  ];
}

const option = (net: Network, f: PlaceFacts, name: string): string | number | boolean | undefined => (f.bond === undefined ? undefined : net.option(f.bond, name, f.since?.ns ?? 1e9));

function watchWords(net: Network, f: PlaceFacts): string {
  const [miimon, arp] = [Number(option(net, f, 'miimon') ?? 0), Number(option(net, f, 'arp_interval') ?? 0)];
  return miimon > 0 ? `it looks at carriers every ${length(miimon)} (miimon)` : arp > 0 ? `it asks by ARP every ${length(arp)} (arp_interval), and a slave is down after more than two and a half intervals without an answer` : 'it does not watch its links';
}

function bondBlind(net: Network, f: PlaceFacts): string {
  const [miimon, arp, validate] = [Number(option(net, f, 'miimon') ?? 0), Number(option(net, f, 'arp_interval') ?? 0), String(option(net, f, 'arp_validate') ?? 'none')];
  const slave = f.slave === undefined ? 'its slave' : net.nameOf(f.slave);
  if (f.bond !== undefined && net.bondMode(f.bond, f.since?.ns ?? 1e9) === '802.3ad')
    return net.lacpPartner(f.bond, f.since?.ns ?? 1e9) === undefined ? `${f.bond} stays on ${slave}: it speaks LACP and has no partner, so no LACPDU is missed, and the carrier (miimon ${length(miimon)}) is good.` : `${f.bond} stays on ${slave}: LACPDUs still pass.`;
  if (arp > 0 && validate === 'none') return `${f.bond ?? ''} stays on ${slave}: its ARP monitor (arp_interval ${length(arp)}) takes any frame that comes in for a sign of life (arp_validate none), so a neighbour's broadcasts hide the dead path.`;
  if (arp > 0) return `${f.bond ?? ''} stays on ${slave}, though its ARP monitor is on (arp_validate ${validate}).`;
  return miimon > 0 ? `${f.bond ?? ''} stays on ${slave}: it looks at the carrier only (miimon ${length(miimon)}), and the carrier is good. It has another link, which it does not use.` : `${f.bond ?? ''} stays on ${slave}: it does not watch its links at all.`;
}

const flapWords = (net: Network, f: PlaceFacts): string => `With arp_validate ${String(option(net, f, 'arp_validate') ?? 'none')} an idle slave counts as up with any frame that comes in, is preferred again (primary_reselect ${String(option(net, f, 'primary_reselect') ?? 'always')}), and is found dead again.`;

function watchCures(net: Network, f: PlaceFacts, cause: Cause): Cure[] {
  const bond = f.bond as string;
  if (net.bondMode(bond, f.since?.ns ?? 1e9) === '802.3ad' || net.bondMode(bond, f.since?.ns ?? 1e9) === 'balance-xor')
    return onMachine(bondOptions(net.nameOf(bond), [['lacp_rate', 'fast']]), net.nodeOf(bond), net.nameOf(bond));
  const target = cause.outage.probe.from === net.nodeOf(bond) ? cause.outage.probe.to : (addressOf(net, cause.outage.probe.from) ?? 'TARGET');
  return onMachine(bondOptions(net.nameOf(bond), [['arp_interval', '1000'], ['arp_ip_target', target], ['arp_validate', 'all']]), net.nodeOf(bond), net.nameOf(bond))
    .map((cure, i) => (i === 0 ? { ...cure, note: `${cure.note ?? ''}; the target is a machine behind the switches that always answers, such as the gateway; the bond needs an address` } : cure));
}

const addressOf = (net: Network, node: string): string | undefined => net.story.topology.links.flatMap((l) => [l.a, l.b]).find((e) => e.node === node && e.addresses.length > 0)?.addresses[0]?.split('/')[0];

function vlanCures(net: Network, f: PlaceFacts, bridge: string | undefined): Cure[] {
  const vid = f.vlan ?? 1;
  return [
    { where: 'bridge', lines: [`bridge vlan add dev ${net.nameOf(f.at)} vid ${vid}`], note: `on ${net.nodeOf(f.at)}, tagged; at once` },
    { where: '/etc/network/interfaces', lines: [`bridge-vids ${vid}`], note: `in the stanza of ${net.nameOf(f.at)} on ${net.nodeOf(f.at)} (ifupdown2)` },
    { where: 'systemd-networkd', lines: ['[BridgeVLAN]', `VLAN=${vid}`], note: `in the .network of ${net.nameOf(f.at)}, which has Bridge=${bridge === undefined ? '...' : net.nameOf(bridge)}` },
  ];
}

function stpCures(net: Network, f: PlaceFacts, bridge: string | undefined): Cure[] {
  if (bridge === undefined) return [];
  return [
    ...onMachine(bridgeOption({ bridge: net.nameOf(bridge), option: 'stp_state', value: false }), net.nodeOf(bridge), net.nameOf(bridge)).map((c, i) => (i === 0 ? { ...c, note: `${c.note ?? ''}; where no loop is possible (one uplink): without spanning tree a port forwards at once` } : c)),
    ...onMachine(bridgeOption({ bridge: net.nameOf(bridge), option: 'forward_delay', value: s(2) }), net.nodeOf(bridge), net.nameOf(bridge)).slice(0, 2).map((c) => ({ ...c, note: `${c.note ?? ''}; where spanning tree must stay: 4 s in place of 30 s, the least that the kernel takes` })),
    { where: 'mstpd', lines: [`mstpctl setportadminedge ${net.nameOf(bridge)} ${net.nameOf(f.at)} yes`], note: `on ${net.nodeOf(bridge)}, with a user-space RSTP: an edge port forwards at once` },
  ];
}

export const bridgeWords = bridgeOf;
