/**
 * Why datagrams and pings of a variant were lost, from its record: each outage's datagrams are sent through the tables as
 * they stood (walk.ts), the place where they left their way is asked for its history, and equal causes become one finding.
 */
import type { Cause, Context } from './cause.ts';
import { isAlwaysFlooded } from './groups.ts';
import { entryExpired, neverJoined, notFlooded, notInTable } from './group-causes.ts';
import { atTheHost } from './host-causes.ts';
import { isInherent, KINDS } from './kinds.ts';
import { givenUp } from './malformed-queries.ts';
import { keepsOldMac } from './neighbour-causes.ts';
import { Network } from './network.ts';
import { isGroup, isMember, joinsOf, type Outage, outagesOf, samplesOf } from './outages.ts';
import { longestPacket, placeCause } from './place-causes.ts';
import { believedElsewhere } from './station-causes.ts';
import { neighbourKey } from '../state-keys.ts';
import { formatIpv6, parseIpv6 } from '../wire/address.ts';
import { readStory, type StoryInput } from './story.ts';
import type { Affected, Draft, Finding } from './types.ts';
import { type Parting, partingOf, type Sending, walk, type Way, waysTo } from './walk.ts';
import { groupDraft } from './words/groups.ts';
import { hostDraft } from './words/hosts.ts';
import { neighbourDraft } from './words/neighbours.ts';
import { instant, ofEvent } from './words/phrases.ts';
import { placeDraft } from './words/places.ts';
import { stationDraft } from './words/stations.ts';

/** Of an outage that has several causes one after the other, those count that explain so much of it. */
const SHARE = 0.05;

export function diagnose(input: StoryInput): Finding[] {
  const story = readStory(input);
  const ctx: Context = { story, net: new Network(story) };
  const found = new Map<string, Cause[]>();
  for (const probe of story.probes)
    for (const outage of outagesOf(story, probe))
      for (const cause of causesOf(ctx, outage)) {
        const id = cause.group ? `${cause.kind}|${cause.key}` : `${cause.kind}|${cause.where}|${cause.key}`;
        found.set(id, [...(found.get(id) ?? []), cause]);
      }
  return [...found.values()].flatMap((causes): Finding[] => {
    const draft = draftOf(ctx, causes);
    return draft ? [finding(draft, causes)] : [];
  });
}

function draftOf({ net }: Context, causes: readonly Cause[]): Draft | undefined {
  return groupDraft(net, causes) ?? stationDraft(net, causes) ?? placeDraft(net, causes) ?? neighbourDraft(net, causes) ?? hostDraft(net, causes) ?? standstill(net, causes);
}

function finding({ key: _key, ...draft }: Draft, causes: readonly Cause[]): Finding {
  const outages = [...new Set(causes.map((c) => c.outage))];
  return { ...draft, title: KINDS[draft.kind], affects: outages.map(affected) };
}

const seconds = (ns: number): number => Math.round(ns / 1e3) / 1e6;
const affected = (o: Outage): Affected => ({ flow: o.probe.name, receiver: o.probe.receiver, fromS: seconds(o.fromNs), toS: seconds(o.toNs), lost: o.lost.length, open: o.open });

/** The causes of an outage, each once for each place; what belongs to a failover goes with the failover. */
export function causesOf(ctx: Context, outage: Outage): Cause[] {
  const samples = samplesOf(outage);
  const shares = new Map<string, { cause: Cause; stands: number }>();
  for (const { ns, stands } of samples) {
    const cause = causeAt(ctx, outage, ns);
    const id = `${cause.kind}|${cause.where}|${cause.key}`;
    const before = shares.get(id);
    shares.set(id, { cause: before && told(before.cause) >= told(cause) ? before.cause : cause, stands: (before?.stands ?? 0) + stands });
  }
  let all = [...shares.values()].filter((x) => x.stands >= SHARE * outage.lost.length);
  const real = all.filter((x) => !isInherent(x.cause.kind) && x.cause.kind !== 'unexplained');
  if (real.length > 0) all = real;
  const explained = all.filter((x) => x.cause.kind !== 'unexplained');
  if (explained.reduce((sum, x) => sum + x.stands, 0) >= outage.lost.length / 2) all = explained;
  return all.sort((a, b) => b.stands - a.stands).map((x) => x.cause);
}

/** How much the record knew by then of what was sent to put it right. */
const told = (cause: Cause): number => (cause.station?.announcements ?? cause.place?.announcements ?? []).length;

/** Why one datagram was lost. The record's notices come a little after the fact, so the tables around the instant are asked too. */
export function causeAt(ctx: Context, outage: Outage, ns: number): Cause {
  const { probe } = outage;
  const { slackNs } = ctx.story;
  if (isGroup(probe.to)) {
    const receiver = receiverOf(ctx, outage);
    const between = unpluggedAround(ctx, outage, receiver, ns);
    if (between) return between;
    if (isMember(ctx.story, probe, ns) === false) return neverJoined(ctx, outage, receiver, ns);
    for (const at of [ns, ns + slackNs, ns - slackNs]) {
      const cause = groupCause(ctx, outage, receiver, at);
      if (cause) return cause;
    }
    return atTheHost(ctx, outage, receiver);
  }
  const legs = legsOf(ctx, outage);
  for (const leg of legs) {
    const between = unpluggedAround(ctx, outage, leg.to, ns) ?? unpluggedAround(ctx, outage, leg.from, ns);
    if (between) return between;
  }
  for (const at of [ns, ns + slackNs, ns - slackNs])
    for (const leg of legs) {
      const cause = stationCause(ctx, outage, leg, at);
      if (cause) return cause;
    }
  for (const leg of legs) {
    const cause = keepsOldMac(ctx, outage, leg, ns);
    if (cause) return cause;
  }
  const [first] = legs;
  return first ? atTheHost(ctx, outage, first.to) : { kind: 'unexplained', where: probe.from, key: probe.to, host: { machine: probe.from, group: undefined, to: probe.to, port: probe.port, sent: outage.lost.length }, outage };
}

/** The device by which a receiver hears a group: where it joined, else the one that has its address. */
function receiverOf({ story, net }: Context, { probe }: Outage): string {
  const join = joinsOf(story, probe)[0];
  if (join) return `${join.who}:${join.device}`;
  return [...story.topology.links.flatMap((l) => [l.a, l.b]), ...story.topology.devices].filter((d) => d.node === probe.receiver && d.addresses.length > 0).map((d) => net.label(d))[0] ?? `${probe.receiver}:eth0`;
}

function groupCause(ctx: Context, outage: Outage, receiver: string, ns: number): Cause | undefined {
  const { net } = ctx;
  const { probe } = outage;
  const from = `${probe.from}:${probe.device}`;
  const ways = waysTo(net, from, receiver, ns);
  if (ways.length === 0) return away(ctx, outage, receiver, ns) ?? withoutSlaves(ctx, outage, [from, receiver], ns);
  const parting = firstParting(ctx, ways, { from, to: receiver }, { to: 'group', group: probe.to }, ns, outage);
  if (!parting) {
    const hop = ways[0]?.path.hops.find((h) => h.out !== undefined && entryExpired(ctx, h.out, h.bridge, probe.to, receiver, ns));
    return hop?.out === undefined ? undefined : notInTable(ctx, outage, { at: hop.out, why: 'not-in-mdb', hop }, receiver, ns);
  }
  // A table that was flushed with its port is no riddle.
  if (parting.why === 'not-in-mdb' && !passable(ctx, parting.at, ns)) return placeCause(ctx, outage, { ...parting, why: net.linkUp(parting.at, ns) ? 'port-state' : 'link-down' }, receiver, ns);
  if (parting.why === 'not-in-mdb') return notInTable(ctx, outage, parting, receiver, ns);
  const abandoned = parting.why === 'port-state' || parting.why === 'no-flood' ? givenUp(ctx, outage, parting, receiver, ns) : undefined;
  if (abandoned) return abandoned;
  // In no table ever: the port's flag alone decides.
  if (parting.why === 'no-flood' && isAlwaysFlooded(probe.to)) return placeCause(ctx, outage, parting, receiver, ns);
  if (parting.why === 'no-flood' && parting.decision && (['flood', 'bcast_flood'].some((flag) => net.portOption(parting.at, flag, ns) !== false))) return notFlooded(ctx, outage, parting, ns);
  return placeCause(ctx, outage, parting, receiver, ns);
}

const passable = ({ net }: Context, port: string, ns: number): boolean => net.linkUp(port, ns) && (net.kind(port) === 'bridge' || net.portState(port, ns) === 'forwarding');

interface Leg { readonly from: string; readonly to: string; readonly address: string }

/** There, and of a ping back. */
function legsOf({ net }: Context, { probe }: Outage): Leg[] {
  const to = net.ownerOf(probe.to);
  if (to === undefined) return [];
  const from = net.deviceTowards(probe.from, probe.to) ?? `${probe.from}:${probe.device}`;
  const own = net.device(from)?.addresses.find((a) => a.includes(':') === probe.to.includes(':'))?.split('/')[0] ?? '';
  return [{ from, to, address: probe.to }, ...(probe.kind === 'ping' ? [{ from: to, to: from, address: own }] : [])];
}

function stationCause(ctx: Context, outage: Outage, { from, to, address }: Leg, ns: number): Cause | undefined {
  const { net } = ctx;
  const ways = waysTo(net, from, to, ns);
  if (ways.length === 0) return away(ctx, outage, to, ns) ?? away(ctx, outage, from, ns) ?? withoutSlaves(ctx, outage, [from, to], ns);
  if (!knowsMac(ctx, from, address, ns)) {
    const solicited = solicitedNode(address);
    const asked = firstParting(ctx, ways, { from, to }, solicited === undefined ? { to: 'everybody' } : { to: 'group', group: solicited }, ns);
    if (asked?.why === 'no-flood' && solicited !== undefined && net.portOption(asked.at, 'flood', ns) !== false) return notFlooded(ctx, outage, asked, ns, solicited);
    if (asked?.why === 'no-flood' && net.portOption(asked.at, 'flood', ns) !== false) return { kind: 'broadcast-withheld', where: asked.at, key: address, place: { at: asked.at, why: asked.why, address }, outage };
    if (asked?.why === 'not-in-mdb' && solicited !== undefined && passable(ctx, asked.at, ns)) return notInTable(ctx, outage, asked, to, ns, solicited);
    if (asked) return placeCause(ctx, outage, asked, to, ns);
  }
  const sending: Sending = { to: 'station', mac: net.mac(to) };
  const parting = firstParting(ctx, ways, { from, to }, sending, ns, outage);
  return parting && partingCause(ctx, outage, parting, to, ns);
}

/** The first of the ways on which the frame was lost. A host cuts what is larger than its own device takes into pieces of that size. */
function firstParting({ net }: Context, ways: readonly Way[], { from, to }: Pick<Leg, 'from' | 'to'>, sending: Sending, ns: number, outage?: Outage): Parting | undefined {
  const bytes = outage ? longestPacket(outage, net.mtu(from, ns)) : 0;
  for (const { path, leg } of ways) {
    const went = walk(net, from, sending, ns, bytes, leg);
    // By that leg it came another way.
    if (leg && went.taken.has(to)) continue;
    const parting = partingOf(net, path, went, from);
    if (parting) return parting;
  }
  return undefined;
}

function partingCause(ctx: Context, outage: Outage, parting: Parting, to: string, ns: number): Cause {
  if (parting.decision?.by === 'fdb' && (parting.why === 'elsewhere' || parting.why === 'same-port')) return believedElsewhere(ctx, outage, parting, to, ns);
  return placeCause(ctx, outage, parting, to, ns);
}

/** The group by which IPv6 asks for an address (RFC 4291 section 2.7.1). */
function solicitedNode(address: string): string | undefined {
  if (!address.includes(':')) return undefined;
  const bytes = parseIpv6(address);
  return formatIpv6(Uint8Array.from([...parseIpv6('ff02::1:ff00:0').subarray(0, 13), ...bytes.subarray(13)]));
}

/** Has the sender a MAC for the address, by a permanent entry or one that its kernel keeps? */
function knowsMac({ story, net }: Context, from: string, address: string, ns: number): boolean {
  const node = story.topology.nodes.find((n) => n.name === net.nodeOf(from));
  if (node?.neighbours?.some((e) => e.address === address)) return true;
  const state = net.state(neighbourKey(from, address), ns);
  return state !== undefined && !['failed', 'incomplete', 'absent'].includes(state);
}

/** Unplugged as the frame was under way, and plugged in again soon: it met neither the one place nor the other. */
function unpluggedAround(ctx: Context, outage: Outage, station: string, ns: number): Cause | undefined {
  const { story: { devices, topology, slackNs }, net } = ctx;
  const plugs = topology.movables.filter((m) => m.guest === net.nodeOf(station)).flatMap((m) => m.places.map((p) => `${m.nic}:${p.uplink}`));
  const changes = plugs.flatMap((plug) => devices.get(plug) ?? []).filter((c) => c.ns > 1e9 && Math.abs(c.ns - ns) <= slackNs);
  // Before each change and after it.
  for (const at of changes.flatMap((c) => [c.ns - 1, c.ns])) {
    const cause = away(ctx, outage, station, at);
    if (cause?.kind === 'guest-standstill') return cause;
  }
  return undefined;
}

/** Plugged in nowhere: a guest on its way. Or plugged in, and its own card takes nothing: it hangs. */
function away({ story, net }: Context, outage: Outage, station: string, ns: number): Cause | undefined {
  if (!story.topology.movables.some((m) => m.guest === net.nodeOf(station))) return undefined;
  const plugged = story.topology.movables.filter((m) => m.guest === net.nodeOf(station)).some((m) => m.places.some((p) => net.master(`${m.nic}:${p.uplink}`, ns) !== undefined));
  if (!plugged) return { kind: 'guest-standstill', where: net.nodeOf(station), key: '', outage };
  const hung = story.topology.movables.find((m) => m.guest === net.nodeOf(station) && net.master(`${m.nic}:card`, ns) === undefined);
  return hung && { kind: 'guest-hangs', where: net.nodeOf(station), key: '', place: { at: `${hung.nic}:card`, why: 'not-in-bridge', station }, outage };
}

/** A bond from which the last slave was released leads nowhere. */
function withoutSlaves({ story, net }: Context, outage: Outage, ends: readonly string[], ns: number): Cause | undefined {
  const bond = ends.find((end) => net.kind(end) === 'bond' && net.members(end, ns).length === 0);
  return bond === undefined ? undefined : { kind: 'link-down', where: bond, key: '', place: { at: bond, why: 'no-slave', since: net.linkChange(bond, ns + story.slackNs) }, outage };
}

function standstill(net: Network, causes: readonly Cause[]): Draft | undefined {
  const [first] = causes;
  if (first?.kind === 'guest-hangs') return hangs(net, first);
  if (first?.kind !== 'guest-standstill') return undefined;
  return { kind: 'guest-standstill', sure: 'certain', where: first.where, what: `${first.where} was plugged in nowhere: it stood still on its way from one host to the other.`, evidence: [], cures: [] };
}

/** Its port forwards and has its carrier, so no table and no bond notices. */
function hangs(net: Network, { where, place, outage }: Cause): Draft {
  const since = (net.story.devices.get(place?.at ?? '') ?? []).findLast((c) => c.ns <= outage.fromNs + net.story.slackNs);
  const at = since && since.ns > 1e9 ? ` at ${instant(since.ns)}` : '';
  const what = `${where} hangs: from its card nothing goes in or out since it stopped${at}, while its port keeps its carrier and forwards. Nobody is told: it sends no leave, and what bridges hold of it stays until their timers run out.`;
  const evidence = since && since.ns > 1e9 ? [ofEvent(since.ns, since.event, `${place?.at ?? where}: taken off its guest`)] : [];
  return { kind: 'guest-hangs', sure: 'certain', where, what, evidence, cures: [{ where: 'virsh', lines: [`virsh reset ${where}`], note: 'or whatever the hypervisor has to start it again; a watchdog device in the guest does it by itself' }] };
}
