/** Why a station is not reached: a bridge believes it elsewhere, or a place on the way does not let frames pass. */
import type { Announcement, Cause, Context, Moved, PlaceFacts, StationFacts } from './cause.ts';
import { movedBetween } from './moves.ts';
import type { Outage } from './outages.ts';
import { activeSlaveKey } from '../state-keys.ts';
import { type Change, changeAt, type SentFrame } from './story.ts';
import { type Parting, partingOf, pathTo, type Sending, walk, wayTo } from './walk.ts';

/** So many changes of slave around an outage are no failover any more. */
const FLAPPING = 4;
const FLAP_WINDOW_NS = 30e9;

/** A bridge sends the station's frames by another port than the one behind which it is. */
export function believedElsewhere(ctx: Context, outage: Outage, parting: Parting, station: string, ns: number): Cause {
  const { net, story } = ctx;
  const bridge = parting.decision?.bridge ?? parting.at;
  const vlan = parting.decision?.vlan ?? 0;
  const mac = net.mac(station);
  const entry = parting.decision?.entry as Change<string>;
  const portWhen = (at: number): string | undefined => (pathTo(net, bridge, station, at) ?? pathTo(net, bridge, station, at, true))?.hops[0]?.out;
  const believed = `${net.nodeOf(bridge)}:${entry.value}`;
  const next = net.fdbChanges(bridge, mac, vlan).find((c) => c.ns > ns && c.value !== entry.value);
  const facts: StationFacts = {
    bridge, station, mac, believed, learned: entry, should: parting.at, vlan, announcements: [],
    reading: story.readings.filter((r) => r.bridges[bridge]?.stations && r.ns >= outage.fromNs).sort((a, b) => a.ns - b.ns)[0],
    ...(next ? { endedBy: next } : {}),
  };
  const cause = (kind: Cause['kind'], more: Partial<StationFacts> = {}, where = bridge): Cause => ({ kind, where, key: mac, station: { ...facts, ...more }, outage });

  // Learned while the station was somewhere else: the frame was not the station's.
  const slack = story.slackNs;
  const learnedAt = [entry.ns, entry.ns - slack, entry.ns + slack].map(portWhen);
  if (!learnedAt.includes(believed) && entry.ns > 1e9)
    return cause('mac-leaked', { leak: story.sent.findLast((f) => f.src === mac && f.ns <= entry.ns && entry.ns - f.ns <= 1e9) });

  const group = legOfGroup(ctx, outage, believed, station, ns);
  if (group) return group;

  const moved = movedBetween(ctx, station, bridge, Math.max(entry.ns, outage.lastDeliveredNs ?? 0), ns) ?? movedBetween(ctx, station, bridge, entry.ns, ns);
  // Until the bond itself noticed, nobody could have told.
  const blocked = blockedFrom(ctx, station, bridge, ns);
  const announcements = announcementsOf(ctx, station, bridge, moved, ns, vlan);
  if (blocked && blocked.why !== 'elsewhere') return { ...placeCause(ctx, outage, blocked, station, ns, announcements), outage };
  const sentLost = announcements.filter((a) => a.parting || !a.attached);
  if (sentLost.length > 0) {
    const [first] = sentLost as [Announcement];
    if (sentLost.every((a) => !a.attached)) return cause('announcement-too-early', { moved, announcements });
    const parting = (sentLost.find((a) => a.attached) ?? first).parting as Parting;
    if (parting.why === 'port-state' || parting.why === 'vlan') return { ...placeCause(ctx, outage, parting, station, first.sent.ns, announcements), outage };
    return cause('announcement-lost', { moved, announcements }, parting.at);
  }
  // By the tables they arrived, and yet the bridge has not moved the station.
  if (announcements.length > 0) return cause(announcements.some((a) => a.sent.etherType !== 0x0806 && a.sent.etherType !== 0x8035) ? 'announcement-filtered' : 'announcement-lost', { moved, announcements }, parting.at);
  if (moved?.by === 'bond' && net.bondMode(moved.at, ns) === '802.3ad' && net.lacpPartner(moved.at, ns) === undefined) return cause('lacp-no-partner', { moved }, moved.at);
  const bond = moved ? undefined : hashedBond(ctx, station, bridge, ns);
  if (bond !== undefined && net.bondMode(bond, ns) === '802.3ad' && net.lacpPartner(bond, ns) === undefined) return cause('lacp-no-partner', { moved }, bond);
  if (moved?.by === 'migration') return cause('migration-unannounced', { moved });
  return cause('failover-unannounced', { moved });
}

/** Behind the port is a link of a group that sends by a hash: it has just gone, or come back and is in no group yet. */
function legOfGroup(ctx: Context, outage: Outage, believed: string, station: string, ns: number): Cause | undefined {
  const { net, story } = ctx;
  for (const near of net.kind(believed) === 'bond' ? net.members(believed, ns) : [believed]) {
    const end = net.peer(near);
    const group = end === undefined ? undefined : net.master(end, ns);
    if (end === undefined || group === undefined || net.kind(group) !== 'bond' || net.bondMode(group, ns) === 'active-backup') continue;
    if (!net.linkUp(near, ns) || !net.linkUp(end, ns)) return deadPlace(ctx, outage, { at: near, station, by: [], why: 'link-down', since: net.linkChange(near, ns + story.slackNs) }, ns);
    if (!net.usableSlaves(group, ns).includes(end) && net.lacpPartner(group, ns) !== undefined && becomesActive(ctx, end, ns))
      return { kind: 'lacp-renegotiation', where: end, key: group, place: { at: end, station, why: 'inactive-slave', bond: group }, outage };
  }
  return undefined;
}

/** A bond without an active slave of its own on the way to a station. */
function hashedBond({ net }: Context, station: string, bridge: string, ns: number): string | undefined {
  const path = pathTo(net, bridge, station, ns) ?? pathTo(net, bridge, station, ns, true);
  for (const hop of path?.hops ?? []) for (const port of [hop.in, hop.out]) if (port !== undefined && net.kind(port) === 'bond') return port;
  return undefined;
}

/** Would a broadcast of the station's reach the bridge now? Undefined: it would. */
function blockedFrom({ net }: Context, station: string, bridge: string, ns: number): Parting | undefined {
  const way = wayTo(net, station, bridge, ns);
  if (!way) return undefined;
  return partingOf(net, way, walk(net, station, { to: 'everybody' }, ns), station);
}

/** Frames from the station's MAC that the story sent since it began to move, and where each was lost. */
function announcementsOf({ story, net }: Context, station: string, bridge: string, moved: Moved | undefined, ns: number, _vlan: number): Announcement[] {
  if (!moved) return [];
  const mac = net.mac(station);
  // A guest stands still before it is plugged in: what it, or its QEMU, sends in that time counts.
  const since = moved.by === 'migration' ? moved.ns - 5e9 : moved.ns;
  return story.sent.filter((f) => f.src === mac && f.ns >= since && f.ns <= ns && (moved.by === 'bond' || f.ns > leftAt({ story, net }, station, moved.ns))).map((sent) => fate({ story, net }, sent, bridge));
}

/** When a guest was unplugged before it was plugged in again. */
function leftAt({ story, net }: Context, station: string, ns: number): number {
  const movable = story.topology.movables.find((m) => m.guest === net.nodeOf(station));
  const changes = (movable?.places ?? []).flatMap((p) => (story.devices.get(`${p.node}:${p.port}`) ?? []).filter((c, i, all) => c.ns <= ns && typeof c.value['master'] !== 'string' && i > 0 && typeof all[i - 1]?.value['master'] === 'string'));
  return Math.max(0, ...changes.map((c) => c.ns)) - story.slackNs;
}

function fate({ net, story }: Context, sent: SentFrame, bridge: string): Announcement {
  const sending: Sending = { to: 'everybody' };
  const way = wayTo(net, sent.from, bridge, sent.ns);
  if (!way || sent.errno !== 0) return { sent, parting: undefined, attached: false };
  const parting = partingOf(net, way, walk(net, sent.from, sending, sent.ns), sent.from);
  const attached = parting?.why !== 'not-in-bridge' && !(parting?.why === 'link-down' && story.topology.movables.some((m) => m.places.some((p) => [`${p.node}:${p.port}`, `${m.nic}:${p.uplink}`].includes(parting.at))));
  return { sent, parting, attached };
}

/** A place on the way that lets nothing pass: a port, a link, a VLAN, a size. */
export function placeCause(ctx: Context, outage: Outage, parting: Parting, station: string, ns: number, announcements: readonly Announcement[] = []): Cause {
  const { net, story } = ctx;
  const { at, why, vlan } = parting;
  const stateNow = net.portStateChange(at, ns);
  const facts: PlaceFacts = { at, why, station, ...(vlan ? { vlan } : {}), announcements, ...(parting.by ? { by: parting.by } : {}) };
  const cause = (kind: Cause['kind'], more: Partial<PlaceFacts> = {}): Cause => ({ kind, where: at, key: more.bond ?? '', place: { ...facts, ...more }, outage });
  switch (why) {
    case 'vlan': return cause('vlan-missing');
    case 'mtu': return cause('size-limit', { mtu: net.mtu(at, ns), bytes: wireBytes(outage) });
    case 'multicast-limit': return cause('size-limit', { mtu: net.mtu(at, ns), limit: net.multicastLimit(at), bytes: wireBytes(outage), ...longest(net.mtu(outage.probe.from + ':' + outage.probe.device, ns), outage) });
    case 'port-state':
      if (stateNow?.value === 'listening' || stateNow?.value === 'learning' || stateNow?.value === 'blocking') return cause('port-not-forwarding', { state: stateNow.value, since: firstOf(net.story.states.get(`${at} port state`), 'listening', ns) ?? stateNow });
      return deadPlace(ctx, outage, { ...facts, since: stateNow, state: stateNow?.value ?? 'unknown' }, ns);
    case 'no-flood':
      // A port that takes no flood of any kind is a way on which nothing passes.
      if (['flood', 'bcast_flood', 'mcast_flood'].every((flag) => net.portOption(at, flag, ns) === false)) return deadPlace(ctx, outage, { ...facts, since: factSince(ctx, at, ns) }, ns);
      return cause('flood-withheld');
    case 'link-down': case 'no-slave': case 'inactive-slave':
      return deadPlace(ctx, outage, { ...facts, since: net.linkChange(at, ns + story.slackNs) }, ns);
    default: return cause('unexplained');
  }
}

/** Since when a port stands in the course of states that begins with this one. */
function firstOf(changes: readonly Change<string>[] | undefined, value: string, ns: number): Change<string> | undefined {
  return changes?.findLast((c) => c.ns <= ns && c.value === value);
}

const factSince = ({ story }: Context, at: string, ns: number): Change<string> | undefined => {
  const change = changeAt(story.devices.get(at), ns);
  return change && { ns: change.ns, event: change.event, value: JSON.stringify(change.value['port'] ?? {}) };
};

/** IP header and the one behind it. */
export const wireBytes = (outage: Outage): number => outage.probe.sizeBytes + 8 + (outage.probe.to.includes(':') ? 40 : 20);

/** The longest packet that leaves the sender: fragments carry multiples of 8 bytes, behind an IP header, and in IPv6 8 bytes more. */
export function longestPacket(outage: Outage, mtu: number): number {
  const whole = wireBytes(outage);
  if (whole <= mtu) return whole;
  const headers = outage.probe.to.includes(':') ? 48 : 20;
  return headers + 8 * Math.floor((mtu - headers) / 8);
}

const longest = (mtu: number, outage: Outage): { longest?: number } => (longestPacket(outage, mtu) < wireBytes(outage) ? { longest: longestPacket(outage, mtu) } : {});

/** Nothing passes there. Did a bond have another way, and did it take it? */
function deadPlace(ctx: Context, outage: Outage, place: PlaceFacts, ns: number): Cause {
  const { net, story } = ctx;
  const bond = (place.why === 'link-down' ? bondAt(ctx, place.at, ns) : undefined) ?? place.by?.findLast((device) => net.kind(device) === 'bond' && net.members(device, ns).length > 1) ?? bondAt(ctx, place.at, ns) ?? bondOnTheWay(ctx, outage, ns);
  const cause = (kind: Cause['kind'], more: Partial<PlaceFacts> = {}): Cause => ({ kind, where: place.at, key: bond ?? '', place: { ...place, bond, ...more }, outage });
  if (bond === undefined) return cause(place.why === 'port-state' && net.linkUp(place.at, ns) ? 'silent-cut' : place.why === 'no-flood' ? 'silent-cut' : 'link-down');
  const mode = net.bondMode(bond, ns);
  // Its side of the group does not take from it yet, and soon will: the other side was ready first.
  if (place.why === 'inactive-slave' && mode === '802.3ad' && becomesActive(ctx, place.at, ns)) return cause('lacp-renegotiation');
  const slave = net.usableSlaves(bond, ns)[0];
  const changes = story.states.get(activeSlaveKey(bond)) ?? [];
  const around = changes.filter((c) => Math.abs(c.ns - ns) < FLAP_WINDOW_NS && c.ns > 1e9);
  if (around.length >= FLAPPING) return cause('bond-flaps', { slave, changes: changes.filter((c) => c.ns > 1e9).length });
  const found = mode === 'active-backup' ? changes.find((c) => c.ns > ns && c.ns <= outage.toNs + 5e9) : rebuilt(ctx, bond, ns);
  if (found && found.ns <= (outage.nextDeliveredNs ?? found.ns) + story.slackNs + 5e9) return cause('failover-detection', { slave, foundNs: found.ns, foundEvent: found.event });
  return cause('silent-cut', { slave });
}

const becomesActive = ({ story }: Context, slave: string, ns: number): boolean =>
  (story.devices.get(slave) ?? []).some((c) => c.ns > ns - story.slackNs && c.ns < ns + 3e9 && (c.value['slave'] as { state?: string } | undefined)?.state === 'active');

const left = (slave: { mii?: string; state?: string } | undefined): boolean => slave?.mii !== 'up' || slave.state === 'backup';

/** When a bond that sends by a hash left a slave out. */
function rebuilt({ story, net }: Context, bond: string, ns: number): { ns: number; event: number } | undefined {
  return net.members(bond, ns).flatMap((slave) => (story.devices.get(slave) ?? []).filter((c) => c.ns > ns - story.slackNs && left(c.value['slave'] as { mii?: string; state?: string } | undefined))).sort((a, b) => a.ns - b.ns)[0];
}

/** The bond whose slave, or the far end of whose slave, is the dead place. */
const bondAt = ({ net, story }: Context, at: string, ns: number): string | undefined =>
  story.topology.devices.filter((d) => d.kind === 'bond').map((d) => net.label(d)).find((b) => net.members(b, ns).length > 1 && net.members(b, ns).some((s) => s === at || net.peer(s) === at));

/** The bond that could go another way round the dead place: one with two links, on the way between the two ends. */
function bondOnTheWay({ net, story }: Context, outage: Outage, ns: number): string | undefined {
  const bonds = story.topology.devices.filter((d) => d.kind === 'bond').map((d) => net.label(d)).filter((b) => net.members(b, ns).length > 1);
  // The bond through which the receiver or the sender is reached.
  const ends = [outage.probe.from, net.ownerOf(outage.probe.to) === undefined ? outage.probe.receiver : net.nodeOf(net.ownerOf(outage.probe.to) as string)];
  return bonds.find((b) => ends.includes(net.nodeOf(b)) || ends.some((end) => story.topology.links.some((l) => [l.a, l.b].some((e) => e.node === end) && [l.a, l.b].some((e) => e.node === net.nodeOf(b)))));
}
