/** Findings about a group that a bridge does not forward to a member, in words. */
import { bridgeOption, bridgeOptions, portOption } from '../../cures/linux.ts';
import { QUERIER_ON_A_SWITCH, SWITCH_LINES } from '../../cures/switches.ts';
import type { Cure } from '../../cures/types.ts';
import type { OptionValue } from '../../topology.ts';
import { s } from '../../units.ts';
import type { Cause, GroupFacts, KnownQuery } from '../cause.ts';
import type { Network } from '../network.ts';
import type { Draft, Evidence } from '../types.ts';
import { forEachCures, forEachSentences } from './for-each.ts';
import { limitCures, limitSentences } from './limits.ts';
import { givenUpCures, givenUpSentences } from './malformed-queries.ts';
import { bridgeOf, instant, length, list, ofEvent, ofFrame, onMachine, portOf, possessive, sentences, unique } from './phrases.ts';
import { readingEvidence } from './readings.ts';

/** The other-querier-present interval by the RFC's figures; longer, and a bridge believes in the dead. */
const USUAL_QUERIER_NS = 255e9;

type Group = readonly (Cause & { readonly group: GroupFacts })[];

export function groupDraft(net: Network, causes: readonly Cause[]): Draft | undefined {
  const group = causes.filter((c): c is Cause & { group: GroupFacts } => c.group !== undefined);
  const [first] = group;
  const draft = first && groupDraftOf(net, first, group);
  const asks = first?.group.asks;
  return draft && asks ? { ...draft, what: `${asks.who} asks for ${asks.address} by ${first.group.group}, the group of all who have such an address (RFC 4291), and its questions do not arrive. ${draft.what}` } : draft;
}

function groupDraftOf(net: Network, first: Group[number], group: Group): Draft | undefined {
  switch (first.kind) {
    case 'membership-expired': return expired(net, group);
    case 'queries-unanswered': return unanswered(net, group);
    case 'query-withheld': return withheld(net, group);
    case 'strict-no-querier': return strict(net, group);
    case 'never-joined': return neverJoined(net, group);
    case 'report-lost': case 'report-suppressed': return noReport(net, group);
    case 'group-limit': return limited(net, group);
    case 'query-names-no-group': return abandoned(net, group);
    case 'fast-leave': return fastLeave(net, group);
    case 'group-left-behind': return leftBehind(net, group);
    case 'flushed-with-port': return flushed(net, group);
    default: return undefined;
  }
}

const factsOf = (causes: Group): GroupFacts => (causes[0] as Group[number]).group;
const portsOf = (causes: Group): string[] => unique(causes.map((c) => c.group.port));
const places = (causes: Group): string => { const ports = portsOf(causes); const [one = ''] = ports; return ports.length === 1 ? one : `${one}${ports.slice(1).map((p) => `, ${p}`).join('')}`; };

/** Each removal once: a port whose member joins again may lose it again. */
function removals(causes: Group): { port: string; ns: number; event: number; facts: GroupFacts }[] {
  const seen = new Map<string, { port: string; ns: number; event: number; facts: GroupFacts }>();
  for (const { group } of causes) if (group.removed) seen.set(`${group.port} ${group.removed.ns}`, { port: group.port, ns: group.removed.ns, event: group.removed.event, facts: group });
  return [...seen.values()].sort((a, b) => a.ns - b.ns);
}

function removedSentence(net: Network, causes: Group): string {
  const f = factsOf(causes);
  const all = removals(causes);
  const at = list(all.map((r) => `${net.nameOf(r.port)} (at ${instant(r.ns)})`));
  return `${bridgeOf(net, f.bridge)} removed ${f.group} from its MDB at port${all.length > 1 ? 's' : ''} ${at}`;
}

function reportSentence(net: Network, causes: Group): string {
  const f = factsOf(causes);
  const all = removals(causes);
  const seen = all.filter((r) => r.facts.lastReport);
  if (seen.length === all.length) return `The last reports there came at ${list(seen.map((r) => `${instant(r.facts.lastReport?.ns ?? 0)} (${net.nameOf(r.port)})`))}.`;
  return `Of the reports there is no capture; by that timer the last of them came about ${list(unique(all.map((r) => length(Math.max(0, r.ns - f.intervalNs)))))} into the story, or up to a step of the timer wheel before.`;
}

const asks = (q: KnownQuery): string => `${q.from}'s, at ${instant(q.ns)}`;

/** Why it does not flood in the members' stead. */
function believes(net: Network, f: GroupFacts): string | undefined {
  const { querier } = f;
  if (!querier) return undefined;
  if (querier.own) return 'It forwards by its MDB all the same, because its own querier is switched on.';
  const who = querier.address === undefined ? 'a querier' : `the querier ${querier.address}`;
  const left = querier.leftNs === undefined ? '' : `, and goes on doing so for ${length(Math.max(0, querier.leftNs))} more`;
  return `It does not flood instead: it believes in ${who}${querier.port === undefined ? '' : ` behind port ${net.nameOf(querier.port)}`}${left} (mcast_querier_interval ${length(f.querierIntervalNs)}).`;
}

function groupEvidence(net: Network, causes: Group): Evidence[] {
  const f = factsOf(causes);
  const evidence: Evidence[] = [];
  for (const { group } of causes) {
    if (group.joined) evidence.push(ofEvent(group.joined.ns, group.joined.event, `${group.joined.who} joins ${group.group}`));
    if (group.lastReport) evidence.push(ofFrame(group.lastReport, 'the last report at this port'));
    if (group.removed) evidence.push(ofEvent(group.removed.ns, group.removed.event, `${bridgeOf(net, group.bridge)}: MDB entry ${group.group} on ${net.nameOf(group.port)} removed`));
    if (group.limit?.full) evidence.push(ofEvent(group.limit.full.ns, group.limit.full.event, `${bridgeOf(net, group.bridge)}: the last entry for which there was room`));
    for (const query of group.asked ?? []) evidence.push(query.frame ? ofFrame(query.frame, 'to the group, and it names none') : ofEvent(query.ns, query.event ?? 0, `${query.from} asks for ${group.group}, and names no group`));
    if (group.stopped) evidence.push(ofEvent(group.stopped.ns, group.stopped.event, `${group.port}: nothing leaves there any more`));
    if (group.left) evidence.push(ofEvent(group.left.ns, group.left.event, `${group.left.who} leaves ${group.group}`));
    if (group.other) evidence.push(ofEvent(group.other.change.ns, group.other.change.event, `${bridgeOf(net, group.bridge)}: MDB entry ${group.group} on ${net.nameOf(group.other.port)}`));
    if (group.heard) evidence.push(ofFrame(group.heard, 'heard by the member, which then kept its own back'));
    if (group.reading) evidence.push(...readingEvidence(net, group.reading, group.bridge, group.group));
  }
  for (const query of f.asked ? [] : [f.lastQuery, f.nextQuery]) if (query) evidence.push(query.frame ? ofFrame(query.frame, query === f.lastQuery ? 'the last query before' : 'the next query') : ofEvent(query.ns, query.event ?? 0, `${query.from} sends a general query`));
  return ordered(evidence);
}

/** Each once, in order of time; of many the first ones. */
export function ordered(evidence: readonly Evidence[], most = 14): Evidence[] {
  const once = [...new Map(evidence.map((e) => [`${e.event ?? ''}/${e.frame ?? ''}/${e.text}`, e])).values()];
  return once.sort((a, b) => (a.atS ?? 0) - (b.atS ?? 0)).slice(0, most);
}

/** Somebody must ask: the bridge, or a switch. */
export function querierCures(net: Network, f: GroupFacts): Cure[] {
  const [node, name] = [net.nodeOf(f.bridge), net.nameOf(f.bridge)];
  const believed = f.querierIntervalNs > USUAL_QUERIER_NS;
  const options: [string, OptionValue][] = [...(f.ownQuerier ? [] : [['mcast_querier', true] as [string, OptionValue]]), ...(believed ? [['mcast_querier_interval', s(255)] as [string, OptionValue]] : [])];
  return [...(options.length === 0 ? [] : onMachine(bridgeOptions(name, options), node, name)), ...QUERIER_ON_A_SWITCH];
}

function expired(net: Network, causes: Group): Draft {
  const f = factsOf(causes);
  const silent = f.lastQuery
    ? f.nextQuery && f.nextQuery.ns - (removals(causes)[0]?.ns ?? 0) < 60e9
      ? `The last general query was ${asks(f.lastQuery)}; the next one, ${asks(f.nextQuery)}, came too late for an answer.`
      : `Nobody asked any more: the last general query was ${asks(f.lastQuery)}, ${length((removals(causes)[0]?.ns ?? f.lastQuery.ns) - f.lastQuery.ns)} before.`
    : 'No general query is on record: nobody ever asked.';
  const stuck = f.querier && !f.querier.own && !f.ownQuerier;
  return {
    kind: 'membership-expired', sure: removals(causes).length > 0 && f.querier ? 'certain' : 'likely', where: places(causes),
    what: sentences(
      `${removedSentence(net, causes)}: ${length(f.intervalNs)} (mcast_membership_interval) had passed since the last report.`,
      reportSentence(net, causes),
      silent, 'Hosts report again only when they are asked.',
      f.ownQuerier ? `${bridgeOf(net, f.bridge)} has its own querier switched on (mcast_querier 1).` : `${bridgeOf(net, f.bridge)} does not ask itself (mcast_querier 0).`,
      believes(net, f),
      stuck && `Its own querier, switched on now, would keep silent until that one is given up: shorten mcast_querier_interval as well, or have a querier ask.`,
    ),
    evidence: groupEvidence(net, causes), cures: querierCures(net, f),
  };
}

function unanswered(net: Network, causes: Group): Draft {
  const f = factsOf(causes);
  return {
    kind: 'queries-unanswered', sure: 'likely', where: list(unique(causes.map((c) => c.group.receiver))),
    what: sentences(
      `${removedSentence(net, causes)}, for the last report was older than ${length(f.intervalNs)} (mcast_membership_interval).`,
      f.lastQuery && `General queries went on (the last was ${asks(f.lastQuery)}), and by the bridges' tables they reached ${list(unique(causes.map((c) => c.group.receiver)))}; no report came back.`,
      'A host that is a member and does not answer has its queries dropped, most often by its own firewall.',
    ),
    evidence: groupEvidence(net, causes),
    cures: [
      { where: 'iptables', lines: ['iptables -A INPUT -p igmp -j ACCEPT', 'iptables -A INPUT -m addrtype --dst-type MULTICAST -j ACCEPT'], note: `on ${list(unique(causes.map((c) => c.group.receiver)))}, before the rule that drops; IGMP queries go to 224.0.0.1` },
      { where: 'nftables', lines: ['nft add rule inet filter input ip protocol igmp accept', 'nft add rule inet filter input meta pkttype multicast accept'], note: 'the same for nft' },
    ],
  };
}

function withheld(net: Network, causes: Group): Draft {
  const f = factsOf(causes);
  const [at = ''] = unique(causes.map((c) => c.where));
  const bridge = net.device(at)?.master;
  return {
    kind: 'query-withheld', sure: 'certain', where: at,
    what: sentences(
      `${removedSentence(net, causes)}: ${length(f.intervalNs)} after the last report.`,
      f.lastQuery && `${f.lastQuery.from} did ask, last at ${instant(f.lastQuery.ns)}, but its query was not passed on at ${portOf(net, at)}: general queries go to 224.0.0.1 (ff02::1), which no MDB names, so they are flooded, and this port takes no such flood (mcast_flood off).`,
      'The bridge\'s own queries are sent to every port.',
    ),
    evidence: groupEvidence(net, causes),
    cures: bridge === undefined ? querierCures(net, f) : [...onMachine(portOption({ bridge, port: net.nameOf(at), option: 'mcast_flood', value: true }), net.nodeOf(at), bridge), ...querierCures(net, f)],
  };
}

function strict(net: Network, causes: Group): Draft {
  const f = factsOf(causes);
  const ports = portsOf(causes);
  const [port = ''] = ports;
  return {
    kind: 'strict-no-querier', sure: 'certain', where: places(causes),
    what: sentences(
      `${bridgeOf(net, f.bridge)} knows of no querier${f.lastQuery ? ` (the last general query was ${asks(f.lastQuery)}, and it believes in a silent one for ${length(f.querierIntervalNs)}, mcast_querier_interval)` : ''}, so it does not go by its MDB and floods ${f.group} as it does unknown multicast.`,
      `${ports.length > 1 ? 'Ports' : 'Port'} ${list(ports.map((p) => net.nameOf(p)))} take${ports.length > 1 ? '' : 's'} no such flood (mcast_flood off), so nothing of the group leaves there, member or not.`,
      f.removed?.value === 'absent' && `The membership itself expired at ${instant(f.removed.ns)}.`,
    ),
    evidence: groupEvidence(net, causes),
    cures: [...querierCures(net, f), ...onMachine(portOption({ bridge: net.nameOf(f.bridge), port: net.nameOf(port), option: 'mcast_flood', value: true }), net.nodeOf(f.bridge), net.nameOf(f.bridge))],
  };
}

function neverJoined(net: Network, causes: Group): Draft {
  const f = factsOf(causes);
  const receiver = unique(causes.map((c) => c.group.receiver));
  const device = net.nameOf(causes[0]?.where ?? '');
  const told = f.reading?.machines[f.receiver]?.groups[device];
  return {
    kind: 'never-joined', sure: told ? 'certain' : 'likely', where: causes[0]?.where ?? '',
    what: sentences(
      `${list(receiver)} is not a member of ${f.group}: ${told ? `its kernel's groups on ${device} are ${told.length === 0 ? 'none' : list(told)}` : 'no socket of it joined the group on record'}.`,
      `A kernel drops a group that it has not joined before any socket sees it, even where the frames arrive${f.port === '' ? '' : `, and no report came to ${portOf(net, f.port)}`}.`,
    ),
    evidence: f.reading ? [ofEvent(f.reading.ns, f.reading.event, `${f.receiver}: groups on ${device}: ${(told ?? []).join(', ') || 'none'}`)] : [],
    cures: [
      { where: 'ip', lines: [`ip maddress show dev ${device}`], note: `on ${list(receiver)}: what is joined; the program has to join ${f.group} (IP_ADD_MEMBERSHIP), on the interface by which it comes` },
      { where: 'bridge', lines: [`bridge mdb add dev ${net.nameOf(f.bridge)} port ${net.nameOf(f.port)} grp ${f.group} permanent`], note: `on ${net.nodeOf(f.bridge)}, for a receiver that cannot report: the bridge then forwards without a membership; the receiver's kernel must still take the group` },
    ],
  };
}

function noReport(net: Network, causes: Group): Draft {
  const f = factsOf(causes);
  if (f.forEach && causes[0]?.kind === 'report-suppressed') return { kind: 'report-suppressed', sure: f.heard ? 'certain' : 'likely', where: places(causes), what: forEachSentences(net, causes.map((c) => c.group), believes(net, f)), evidence: groupEvidence(net, causes), cures: forEachCures(net, f) };
  const [first] = causes;
  const suppressed = first?.kind === 'report-suppressed';
  const who = list(unique(causes.map((c) => c.group.receiver)));
  const ports = `port${portsOf(causes).length > 1 ? 's' : ''} ${list(portsOf(causes).map((p) => net.nameOf(p)))}`;
  const entry = f.removed ? `${bridgeOf(net, f.bridge)} has had no entry for ${f.group} at ${ports} since ${instant(f.removed.ns)}` : `${possessive(bridgeOf(net, f.bridge))} MDB has had no entry for ${f.group} at ${ports} since ${who} joined${f.joined ? ` at ${instant(f.joined.ns)}` : ''}`;
  const asked = f.lastQuery && suppressed ? `It was asked at ${instant(f.lastQuery.ns)} (${f.lastQuery.from}).` : undefined;
  const other = f.heard ? `Another host's report reached ${who} at ${instant(f.heard.ns)}` : f.other ? `Another host, behind ${net.nameOf(f.other.port)}, reported at ${instant(f.other.change.ns)}` : undefined;
  return {
    kind: suppressed ? 'report-suppressed' : 'report-lost', sure: suppressed ? (f.heard ? 'certain' : 'likely') : f.lastReport ? 'possible' : 'likely', where: places(causes),
    what: sentences(
      `${entry}.`, asked,
      suppressed ? `${other ?? ''}, and in this version of the protocol (IGMPv2, MLDv1) a host that hears another's report keeps its own back. A snooping bridge should not let one member hear another, but as long as it does not count a querier as present, one response interval after its first query, it floods reports to everybody.`
        : f.lastReport ? `A report was seen there at ${instant(f.lastReport.ns)}, and the bridge did not take it.` : 'No report of it is on record there.',
      believes(net, f),
      f.nextQuery && f.nextQuery.ns > (f.lastQuery?.ns ?? 0) ? `It has another chance with the next general query (${asks(f.nextQuery)}).` : undefined,
    ),
    evidence: groupEvidence(net, causes),
    cures: suppressed
      ? onMachine(bridgeOption(f.group.includes(':') ? { bridge: net.nameOf(f.bridge), option: 'mcast_mld_version', value: 2 } : { bridge: net.nameOf(f.bridge), option: 'mcast_igmp_version', value: 3 }), net.nodeOf(f.bridge), net.nameOf(f.bridge))
      : [{ where: 'bridge', lines: [`bridge -d mdb show dev ${net.nameOf(f.bridge)}`, `tcpdump -ni ${net.nameOf(f.port)} igmp or icmp6`], note: `on ${net.nodeOf(f.bridge)}: join again meanwhile, and see whether the report comes as far` }],
  };
}
function limited(net: Network, causes: Group): Draft | undefined {
  const f = factsOf(causes);
  return f.limit && { kind: 'group-limit', sure: 'certain', where: places(causes), what: limitSentences(net, f, f.limit), evidence: groupEvidence(net, causes), cures: limitCures(net, f, f.limit) };
}

function abandoned(net: Network, causes: Group): Draft {
  const f = factsOf(causes);
  return { kind: 'query-names-no-group', sure: 'likely', where: f.port, what: givenUpSentences(net, f), evidence: groupEvidence(net, causes), cures: givenUpCures(net, f) };
}

function fastLeave(net: Network, causes: Group): Draft {
  const f = factsOf(causes);
  const { left } = f;
  return {
    kind: 'fast-leave', sure: f.fastleave ? 'certain' : 'likely', where: places(causes),
    what: sentences(
      left && `${left.who} left ${f.group} at ${instant(left.ns)}, and ${bridgeOf(net, f.bridge)} removed the group from its MDB at port ${net.nameOf(f.port)} at ${instant(f.removed?.ns ?? 0)}, though ${list(unique(causes.map((c) => c.group.receiver)))} behind the same port is still a member.`,
      f.fastleave ? 'The port has fast leave switched on: it takes the first leave for the last, and does not ask whether anybody else is there. It is meant for ports with one host.' : f.querier && !f.querier.own ? 'It does not ask who else is there, for it believes in another querier, and that one asked nobody in time: the membership was cut down to the last member query time (mcast_last_member_interval, twice).' : 'The bridge asked for other members (mcast_last_member_interval), and no answer came in time.',
      believes(net, f),
    ),
    evidence: groupEvidence(net, causes),
    cures: f.fastleave ? [...onMachine(portOption({ bridge: net.nameOf(f.bridge), port: net.nameOf(f.port), option: 'fastleave', value: false }), net.nodeOf(f.bridge), net.nameOf(f.bridge)), ...SWITCH_LINES.fastLeave.cures] : [],
  };
}

function leftBehind(net: Network, causes: Group): Draft {
  const f = factsOf(causes);
  const { moved } = f;
  const bond = moved?.by === 'bond';
  const who = list(unique(causes.map((c) => c.group.receiver)));
  const how = !moved ? `${who} is behind another port now` : bond
    ? `${moved.at} moved from ${moved.from ?? 'none'} to ${moved.to ?? 'none'} at ${instant(moved.ns)}${moved.after ? `, after ${moved.after.label} lost its carrier at ${instant(moved.after.change.ns)}` : ''}`
    : `${who} was plugged in at ${moved.at} at ${instant(moved.ns)}`;
  return {
    kind: 'group-left-behind', sure: 'certain', where: (causes[0] as Group[number]).where,
    what: sentences(
      `${how}, and ${who} is reached by ${portOf(net, f.port, f.bridge)} since.`,
      f.oldPort !== undefined ? `${bridgeOf(net, f.bridge)} still has ${f.group} in its MDB at port ${net.nameOf(f.oldPort)} only: a membership is learned from a report, and nothing else moves it.` : `${bridgeOf(net, f.bridge)} has no entry for ${f.group} there: a membership is learned from a report, and none has come there.`,
      bond ? 'Bonding has the memberships of its own host reported again after a failover (resend_igmp), not those of guests behind a bridge.' : 'Announcements (RARP, gratuitous ARP) move FDB entries, not MDB entries; and the guest\'s kernel saw no change of carrier, so it does not report by itself.',
      believes(net, f),
      f.nextQuery ? `The next general query on record is ${asks(f.nextQuery)}; hosts answer within the response interval.` : 'No general query is on record after it.',
    ),
    evidence: [...(moved ? [ofEvent(moved.ns, moved.event, bond ? `${moved.at}: active slave ${moved.to ?? ''}` : `${moved.at} is in its bridge`)] : []), ...groupEvidence(net, causes)],
    cures: [
      ...(bond ? [{ where: 'sysfs', lines: [`echo 1 > /sys/class/net/${net.nameOf(moved.at)}/bonding/resend_igmp`], note: `on ${net.nodeOf(moved.at)}: for the host's own groups; 1 is the default` }] : []),
      { where: 'bridge', lines: [`bridge mdb add dev ${net.nameOf(f.bridge)} port ${net.nameOf(f.port)} grp ${f.group} temp`], note: `on ${net.nodeOf(f.bridge)}, when it has happened` },
      ...onMachine(bridgeOption({ bridge: net.nameOf(f.bridge), option: 'mcast_query_interval', value: s(30) }), net.nodeOf(f.bridge), net.nameOf(f.bridge)).slice(0, 3).map((cure) => ({ ...cure, note: `${cure.note ?? ''}; a shorter interval of whoever queries bounds the outage, at the cost of more reports` })),
    ],
  };
}

function flushed(net: Network, causes: Group): Draft {
  const f = factsOf(causes);
  return {
    kind: 'flushed-with-port', sure: 'certain', where: places(causes),
    what: sentences(`${removedSentence(net, causes)}, when the port itself went down or left the bridge: a bridge forgets the groups of such a port.`, 'The member does not know, and reports again only when it is asked or when its own link comes back.', believes(net, f), f.nextQuery && `The next general query on record is ${asks(f.nextQuery)}.`),
    evidence: groupEvidence(net, causes), cures: querierCures(net, f),
  };
}
