/** Why a bridge sends a station's frames elsewhere: it moved, or did not, and who told the bridge. */
import { etherTypeOf } from '../switch-like.ts';
import { ETHER_TYPE } from '../wire/ethernet.ts';
import type { Announcement, Cause, Context, Moved, StationFacts } from './cause.ts';
import { movedBetween } from './moves.ts';
import type { Outage } from './outages.ts';
import { becomesActive, deadPlace, placeCause } from './place-causes.ts';
import type { Change, SentFrame } from './story.ts';
import { type Parting, partingOf, pathTo, type Sending, walk, wayTo } from './walk.ts';

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

  // A bond that has given up all its slaves tries one after the other: the entry follows its questions.
  const idle = slavelessBond(ctx, station, ns);
  if (idle !== undefined) return deadPlace(ctx, outage, { at: idle, station, why: 'no-slave' }, ns);
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
  if (announcements.length > 0) {
    const passes = etherTypesThrough(ctx, bridge);
    const filtered = announcements.filter((a) => !passes.types.includes(a.sent.etherType));
    return filtered.length > 0 ? cause('announcement-filtered', { moved, announcements: filtered, drawn: passes.drawn }, parting.at) : cause('announcement-lost', { moved, announcements }, parting.at);
  }
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

/** What a switch takes whatever its tables say: as it is drawn, else what any switch knows. */
function etherTypesThrough({ net }: Context, bridge: string): { drawn: boolean; types: readonly number[] } {
  const device = net.device(bridge);
  const only = device?.kind === 'bridge' ? device.like?.passesOnly : undefined;
  return only ? { drawn: true, types: only.map(etherTypeOf) } : { drawn: false, types: [ETHER_TYPE.arp, ETHER_TYPE.rarp] };
}

/** The bond that the station is, or that its machine is behind, while it uses none of its slaves. */
function slavelessBond({ net }: Context, station: string, ns: number): string | undefined {
  const bond = net.kind(station) === 'bond' ? station : undefined;
  return bond !== undefined && net.members(bond, ns).length > 1 && net.usableSlaves(bond, ns).length === 0 ? bond : undefined;
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
