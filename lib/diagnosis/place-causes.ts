/** Why a place on the way lets nothing pass, and whether a bond could have gone round it. */
import type { Announcement, Cause, Context, PlaceFacts } from './cause.ts';
import type { Outage } from './outages.ts';
import { activeSlaveKey, linkKey } from '../state-keys.ts';
import { type Change, changeAt } from './story.ts';
import { type Parting, pathTo } from './walk.ts';

/** So many changes of slave around an outage are no failover any more. */
const FLAPPING = 4;
const FLAP_WINDOW_NS = 30e9;

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
      // A port without a carrier is disabled for that.
      if (!net.linkUp(at, ns)) return deadPlace(ctx, outage, { ...facts, why: 'link-down', since: net.linkChange(at, ns + story.slackNs) }, ns);
      return deadPlace(ctx, outage, { ...facts, since: stateNow, state: stateNow?.value ?? 'unknown' }, ns);
    case 'locked': return cause('port-locked', { since: factSince(ctx, at, ns) });
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
export function deadPlace(ctx: Context, outage: Outage, place: PlaceFacts, ns: number): Cause {
  const { net, story } = ctx;
  const near = (place.why === 'link-down' ? bondAt(ctx, place.at, ns) : undefined) ?? place.by?.findLast((device) => net.kind(device) === 'bond' && net.members(device, ns).length > 1) ?? bondAt(ctx, place.at, ns) ?? bondOnTheWay(ctx, outage, ns);
  const bond = near !== undefined && couldGoRound(ctx, outage, near, place, ns) ? near : undefined;
  const cause = (kind: Cause['kind'], more: Partial<PlaceFacts> = {}): Cause => ({ kind, where: place.at, key: bond ?? '', place: { ...place, bond, ...more }, outage });
  if (bond === undefined) return cause(place.why === 'port-state' && net.linkUp(place.at, ns) ? 'silent-cut' : place.why === 'no-flood' ? 'silent-cut' : 'link-down');
  const mode = net.bondMode(bond, ns);
  // Its side of the group does not take from it yet, and soon will: the other side was ready first.
  if (place.why === 'inactive-slave' && mode === '802.3ad' && becomesActive(ctx, place.at, ns)) return cause('lacp-renegotiation');
  const blink = carrierLoss(ctx, bond, place, ns);
  const slave = blink?.slave ?? net.usableSlaves(bond, ns)[0];
  const changes = story.states.get(activeSlaveKey(bond)) ?? [];
  const around = changes.filter((c) => Math.abs(c.ns - ns) < FLAP_WINDOW_NS && c.ns > 1e9);
  if (around.length >= FLAPPING && blink === undefined) return cause('bond-flaps', { slave, changes: changes.filter((c) => c.ns > 1e9).length });
  const found = mode === 'active-backup' ? changes.find((c) => c.ns > ns && c.ns <= outage.toNs + 5e9) : rebuilt(ctx, bond, ns);
  if (found && found.ns <= (outage.nextDeliveredNs ?? found.ns) + story.slackNs + 5e9) return cause('failover-detection', { slave, foundNs: found.ns, foundEvent: found.event });
  // Told by itself, not with a link that was given up.
  if (blink?.returnedNs !== undefined) return { ...cause('failover-detection', { slave, returnedNs: blink.returnedNs }), key: `${bond} kept ${slave ?? ''}` };
  return cause('silent-cut', { slave });
}

/** The bond's own link lost its carrier, which it looks at: it goes when that is gone for long enough, and comes back with it. */
function carrierLoss({ net, story }: Context, bond: string, { at }: PlaceFacts, ns: number): { slave: string; returnedNs: number | undefined } | undefined {
  const slave = net.members(bond, ns).find((one) => one === at || net.peer(one) === at);
  if (slave === undefined || net.linkUp(slave, ns) || Number(net.option(bond, 'miimon', ns) ?? 0) === 0) return undefined;
  return { slave, returnedNs: (story.states.get(linkKey(slave)) ?? []).find((c) => c.ns > ns && c.value === 'up')?.ns };
}

export const becomesActive = ({ story }: Context, slave: string, ns: number): boolean =>
  (story.devices.get(slave) ?? []).some((c) => c.ns > ns - story.slackNs && c.ns < ns + 3e9 && (c.value['slave'] as { state?: string } | undefined)?.state === 'active');

const left = (slave: { mii?: string; state?: string } | undefined): boolean => slave?.mii !== 'up' || slave.state === 'backup';

/**
 * Has the bond a slave by which the place is not on the way? One that sends by a hash looks at its own links alone: it
 * cannot know of a dead link further on, nor help where others still send into a leg that it has left out itself.
 */
function couldGoRound(ctx: Context, outage: Outage, bond: string, place: PlaceFacts, ns: number): boolean {
  const { net } = ctx;
  if (net.kind(place.at) === 'bond' || place.why === 'inactive-slave') return true;
  const mode = net.bondMode(bond, ns);
  const own = net.members(bond, ns).find((slave) => slave === place.at || net.peer(slave) === place.at);
  if (mode === '802.3ad' || mode === 'balance-xor') {
    if (own === undefined ? !net.linkUp(place.at, ns) : place.why === 'link-down' && !net.usableSlaves(bond, ns).includes(own)) return false;
  }
  const to = net.ownerOf(outage.probe.to) ?? place.station;
  const from = `${outage.probe.from}:${outage.probe.device}`;
  if (to === undefined) return true;
  const ends = new Set([place.at, net.peer(place.at)]);
  return net.members(bond, ns).some((slave) => {
    const way = pathTo(net, from, to, ns, true, { bond, slave });
    return way !== undefined && ![way.end, ...way.hops.flatMap((h) => [h.arrival, h.in, h.out])].some((device) => device !== undefined && ends.has(device));
  });
}

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
