/** Why a group's datagrams do not leave a bridge by a member's port: from the table's history, queries, reports and leaves. */
import { report } from '../frame-kinds.ts';
import type { Cause, Context, GroupFacts, KnownQuery } from './cause.ts';
import { limitReached } from './group-limits.ts';
import { ownQuery, querierAt, readingNear } from './groups.ts';
import { movedBetween } from './moves.ts';
import { isMember, joinsOf, type Outage } from './outages.ts';
import { changeAt, type SeenFrame } from './story.ts';
import { type Parting, partingOf, pathTo, walk, wayTo } from './walk.ts';

/** A host answers within the response interval and a few ticks; a query later than this before the end came too late to help. */
const ANSWERED_NS = 10.1e9;
/** An entry that went sooner after its last report has not expired. */
const EXPIRED = 0.9;

/** The bridge has no entry for the port where the receiver is. */
export function notInTable({ story, net }: Context, outage: Outage, parting: Parting, receiver: string, ns: number, group = outage.probe.to): Cause {
  const { probe } = outage;
  const bridge = parting.decision?.bridge ?? parting.hop?.bridge ?? parting.at;
  const port = parting.at;
  const vlan = parting.decision?.vlan ?? 0;
  const changes = net.mdbChanges(bridge, port, group, vlan);
  const intervalNs = Number(net.option(bridge, 'mcast_membership_interval', ns));
  const mine = entryForEach(net, port, ns) && story.captured.has(port) ? ownReports({ story, net }, port, group, receiver).filter((f) => f.ns <= ns) : undefined;
  // Where each member has an entry of its own, notices do not say whose it was: the first one gone after this member's time.
  const standing = mine ? changes.find((c) => c.value === 'absent' && c.ns >= (mine.at(-1)?.ns ?? Infinity) + EXPIRED * intervalNs && c.ns <= ns) : changeAt(changes, ns);
  const removed = standing?.value === 'absent' ? standing : undefined;
  const own = ownQuery(net, bridge, ns);
  const captured = knownQueries({ story, net }, group);
  // Seen in a capture as well, it is one query.
  const queries = own && !captured.some((q) => Math.abs(q.ns - own.ns) < 1e9) ? [...captured, { ...own, from: net.bridgeName(bridge) }].sort((a, b) => a.ns - b.ns) : captured;
  const joined = joinsOf(story, probe).findLast((j) => j.ns <= ns && j.what === 'joins');
  const until = removed?.ns ?? ns;
  const lastReport = (mine ?? reportsAt({ story, net }, port, group)).findLast((f) => f.ns <= until);
  const near = readingNear(net, bridge, ns, 30e9);
  const facts: GroupFacts = {
    bridge, port, group, receiver: net.nodeOf(receiver), ...(group === probe.to ? {} : { asks: { who: probe.from, address: probe.to } }),
    querier: querierAt(net, bridge, group, ns), ownQuerier: net.option(bridge, 'mcast_querier', ns) === true, removed,
    intervalNs, querierIntervalNs: Number(net.option(bridge, 'mcast_querier_interval', ns)), forEach: mine !== undefined,
    lastReport, lastQuery: queries.findLast((q) => q.ns <= until), nextQuery: queries.find((q) => q.ns > until), joined, reading: near?.reading,
  };
  const cause = (kind: Cause['kind'], more: Partial<GroupFacts> = {}): Cause => ({ kind, where: port, key: `${bridge} ${group}`, group: { ...facts, ...more }, outage });

  // Where was the member when the group still came, or when it joined?
  const before = outage.lastDeliveredNs ?? joined?.ns ?? reportedElsewhere({ story, net }, bridge, port, group, vlan, ns);
  if (before !== undefined) {
    const then = pathTo(net, bridge, receiver, before) ?? pathTo(net, bridge, receiver, before, true);
    const oldPort = then?.hops[0]?.out;
    const moved = movedBetween({ story, net }, receiver, bridge, before, ns);
    if (moved && oldPort !== port) return { ...cause('group-left-behind', { oldPort, moved }), where: bridge };
  }
  const taken = removed?.ns ?? 0;
  const reported = story.captured.has(port) ? reportsAt({ story, net }, port, group).map((f) => f.ns) : joinsOf(story, probe).filter((j) => j.what === 'joins').map((j) => j.ns);
  const limit = limitReached({ story, net }, { bridge, port, group, vlan }, reported.filter((at) => at >= taken && at <= ns));
  if (limit) return cause('group-limit', { limit });
  if (mine && lastReport) {
    const asked = queries.findLast((q) => q.ns > lastReport.ns + 1e9 && q.ns <= ns && q.ns - ANSWERED_NS <= lastReport.ns + intervalNs && reaches({ story, net }, q, bridge)) ?? queries.findLast((q) => q.ns > lastReport.ns + 1e9 && q.ns <= ns);
    const heard = asked && suppressor({ story, net }, port, receiver, group, asked.ns, asked.ns + ANSWERED_NS);
    if (heard) return cause('report-suppressed', { heard, lastQuery: asked });
  }
  // No capture of reports there: others behind the port have their entries, and were asked in a version in which hosts keep theirs back.
  if (!mine && removed && entryForEach(net, port, ns)) {
    const others = story.readings.find((r) => r.ns >= removed.ns && r.ns <= outage.toNs + story.slackNs && r.bridges[bridge]?.groups?.some((g) => g.group === group && g.port === net.nameOf(port)));
    const asked = queries.findLast((q) => q.ns >= removed.ns - intervalNs && q.ns <= ns && olderVersion({ story, net }, q, bridge, group));
    if (others && asked) return cause('report-suppressed', { reading: others, lastQuery: asked, forEach: true });
  }
  // Asked since it was removed, or joined, and the time to answer is over?
  const since = Math.max(removed?.ns ?? 0, joined?.ns ?? 0);
  const open = queries.findLast((q) => q.ns >= since && q.ns <= ns - ANSWERED_NS && reaches({ story, net }, q, bridge));
  if (open || !removed) {
    const other = suppressedBy({ story, net }, { bridge, port, receiver, group, vlan }, open?.ns ?? since, open ? open.ns + ANSWERED_NS : ns, open);
    if (other && !(lastReport && lastReport.ns >= since)) return cause('report-suppressed', { ...other, ...(open ? { lastQuery: open } : {}) });
    if (open) {
      const withheld = queryWithheld({ story, net }, open, receiver);
      return withheld ? { ...cause('query-withheld', { lastQuery: open }), where: withheld } : cause('queries-unanswered', { lastQuery: open });
    }
    return cause('report-lost');
  }
  const bridgeSide = [net.portStateChange(port, removed.ns + story.slackNs), net.linkChange(port, removed.ns + story.slackNs)];
  if (bridgeSide.some((c) => c && Math.abs(c.ns - removed.ns) <= story.slackNs && c.value !== 'forwarding' && c.value !== 'up')) return cause('flushed-with-port');
  const lastMember = Number(net.option(bridge, 'mcast_last_member_interval', removed.ns) ?? 1e9) * 2;
  const left = story.joins.findLast((j) => j.what === 'leaves' && j.group === group && j.ns <= removed.ns && removed.ns - j.ns <= lastMember + story.slackNs + 1e9 && behind({ net }, bridge, `${j.who}:${j.device}`, removed.ns) === port);
  // A bridge whose port has fast leave removes at once, unless it keeps track of its hosts.
  const fastleave = left !== undefined && removed.ns - left.ns <= story.slackNs && net.portOption(port, 'fastleave', removed.ns) === true;
  if (left && left.who !== probe.receiver) return cause('fast-leave', { left, fastleave });
  if (left && isMember(story, probe, ns) === true && left.ns > (joined?.ns ?? 0)) return cause('fast-leave', { left, fastleave });

  // Asked in time, and yet not refreshed?
  const refreshed = lastReport?.ns ?? removed.ns - facts.intervalNs;
  if (removed.ns - refreshed < EXPIRED * facts.intervalNs) return { kind: 'unexplained', where: port, key: group, outage, host: { machine: probe.receiver, group, to: group, port: probe.port, sent: outage.lost.length } };
  const asked = queries.findLast((q) => q.ns > refreshed + 1e9 && q.ns < removed.ns - ANSWERED_NS);
  if (!asked) return cause('membership-expired');
  const withheld = queryWithheld({ story, net }, asked, receiver);
  if (withheld) return { ...cause('query-withheld', { lastQuery: asked }), where: withheld };
  const other = suppressedBy({ story, net }, { bridge, port, receiver, group, vlan }, asked.ns, asked.ns + ANSWERED_NS, asked);
  if (other) return cause('report-suppressed', { ...other, lastQuery: asked });
  return cause('queries-unanswered', { lastQuery: asked });
}

/** A copy for each member, by the MAC that reported (mcast_to_unicast). */
export const entryForEach = (net: Context['net'], port: string, ns: number): boolean => net.portOption(port, 'mcast_to_unicast', ns) === true;

/** Where each member has an entry of its own: is this one's older than an entry gets, by its own reports? Undefined: it is not known. */
export function entryExpired(ctx: Context, port: string, bridge: string, group: string, receiver: string, ns: number): boolean {
  if (!entryForEach(ctx.net, port, ns) || !ctx.story.captured.has(port)) return false;
  const last = ownReports(ctx, port, group, receiver).findLast((f) => f.ns <= ns);
  return last !== undefined && ns - last.ns > Number(ctx.net.option(bridge, 'mcast_membership_interval', ns));
}

const ownReports = (ctx: Context, port: string, group: string, receiver: string): SeenFrame[] => reportsAt(ctx, port, group).filter((f) => f.frame.eth?.src === ctx.net.mac(receiver));

/** When the group was reported at another port of the bridge, which still has it. */
function reportedElsewhere({ net }: Context, bridge: string, port: string, group: string, vlan: number, ns: number): number | undefined {
  return net.members(bridge, ns).filter((p) => p !== port).map((p) => changeAt(net.mdbChanges(bridge, p, group, vlan), ns)).find((c) => c?.value === 'present')?.ns;
}

/** No querier counts, so the bridge floods what its table does not name, and this port takes no flood. */
export function notFlooded({ net }: Context, outage: Outage, parting: Parting, ns: number, group = outage.probe.to): Cause {
  const bridge = parting.decision?.bridge ?? parting.at;
  const near = readingNear(net, bridge, ns, 30e9);
  return {
    kind: 'strict-no-querier', where: parting.at, key: `${bridge} ${group}`, outage,
    group: {
      bridge, port: parting.at, group, receiver: outage.probe.receiver, ownQuerier: net.option(bridge, 'mcast_querier', ns) === true,
      intervalNs: Number(net.option(bridge, 'mcast_membership_interval', ns)), querierIntervalNs: Number(net.option(bridge, 'mcast_querier_interval', ns)),
      lastQuery: knownQueries({ story: net.story, net }, group).findLast((q) => q.ns <= ns), reading: near?.reading,
      removed: changeAt(net.mdbChanges(bridge, parting.at, group, parting.decision?.vlan ?? 0), ns),
    },
  };
}

export function neverJoined({ story, net }: Context, outage: Outage, receiver: string, ns: number): Cause {
  const reading = story.readings.filter((r) => r.machines[outage.probe.receiver]).sort((a, b) => Math.abs(a.ns - ns) - Math.abs(b.ns - ns))[0];
  const way = wayTo(net, `${outage.probe.from}:${outage.probe.device}`, receiver, ns);
  const last = way?.hops.at(-1);
  return {
    kind: 'never-joined', where: receiver, key: outage.probe.to, outage,
    group: { bridge: last?.bridge ?? '', port: last?.out ?? '', group: outage.probe.to, receiver: outage.probe.receiver, ownQuerier: false, intervalNs: 0, querierIntervalNs: 0, reading, lastReport: last?.out === undefined ? undefined : reportsAt({ story, net }, last.out, outage.probe.to).at(-1) },
  };
}

/** By which port of a bridge a device is reached. */
function behind({ net }: Pick<Context, 'net'>, bridge: string, device: string, ns: number): string | undefined {
  return (pathTo(net, bridge, device, ns) ?? pathTo(net, bridge, device, ns, true))?.hops[0]?.out;
}

/** General queries of the group's family: those that the story's queriers sent, and those seen in captures. */
export function knownQueries({ story }: Context, group: string): KnownQuery[] {
  const family = group.includes(':') ? 'MLD' : 'IGMP';
  const sent = story.queries.filter((q) => q.version.startsWith(family) && q.group === undefined).map((q): KnownQuery => ({ ns: q.ns, from: q.from, event: q.event }));
  const seen = story.frames.flatMap((f): KnownQuery[] => {
    const message = family === 'MLD' ? f.frame.mld : f.frame.igmp;
    if (message?.type !== 'query' || (message.group !== '0.0.0.0' && message.group !== '::') || (f.frame.ipv4?.dst ?? f.frame.ipv6?.dst) === group) return [];
    return [{ ns: f.ns, from: f.frame.ipv4?.src ?? f.frame.ipv6?.src ?? '', frame: f }];
  });
  // One query is seen at several places.
  const all = [...sent, ...seen].sort((a, b) => a.ns - b.ns);
  return all.filter((q, i) => i === 0 || q.ns - (all[i - 1] as KnownQuery).ns > 5e6);
}

/** Reports for the group that came in by a port, where the port was captured: not those that the bridge sent out of it. */
function reportsAt({ story, net }: Context, port: string, group: string): SeenFrame[] {
  const kind = report(group);
  const wire = net.peer(port) === undefined ? undefined : port;
  return wire === undefined ? [] : story.frames.filter((f) => f.where === wire && kind.matches(f.frame) && fromBehind(net, f, port));
}

/** A frame from a machine behind the port, by its MAC. */
function fromBehind(net: Context['net'], f: SeenFrame, port: string): boolean {
  const station = f.frame.eth && net.stationOf(f.frame.eth.src);
  if (station === undefined) return true;
  const bridge = net.master(port, f.ns);
  return bridge === undefined || behind({ net }, bridge, station, f.ns) === port;
}

interface Member { readonly bridge: string; readonly port: string; readonly receiver: string; readonly group: string; readonly vlan: number }

/** Another's report, by which a host of version 2 or 1 keeps its own back: seen at its port, or as an entry that came up for another port while it was to answer. */
function suppressedBy(ctx: Context, { bridge, port, receiver, group, vlan }: Member, fromNs: number, toNs: number, asked: KnownQuery | undefined): Pick<GroupFacts, 'heard' | 'other'> | undefined {
  const { net } = ctx;
  const heard = suppressor(ctx, port, receiver, group, fromNs, toNs);
  if (heard) return { heard };
  if (!asked || !olderVersion(ctx, asked, bridge, group)) return undefined;
  for (const other of net.members(bridge, fromNs)) {
    if (other === port) continue;
    const change = net.mdbChanges(bridge, other, group, vlan).find((c) => c.value === 'present' && c.ns >= fromNs && c.ns <= toNs);
    if (change) return { other: { port: other, change } };
  }
  return undefined;
}

/** Did it ask in a version in which hosts suppress? */
function olderVersion({ story, net }: Context, query: KnownQuery, bridge: string, group: string): boolean {
  const message = query.frame?.frame.igmp ?? query.frame?.frame.mld;
  const v6 = group.includes(':');
  const version = message?.type === 'query' ? message.version : Number(story.queries.find((q) => q.ns === query.ns)?.version.slice(-1) ?? net.option(bridge, v6 ? 'mcast_mld_version' : 'mcast_igmp_version', query.ns) ?? (v6 ? 1 : 2));
  return version < (v6 ? 2 : 3);
}

/** Can the query have come to the bridge at all? One seen in a capture somewhere may have been stopped before it. */
function reaches({ story, net }: Context, query: KnownQuery, bridge: string): boolean {
  const spec = story.topology.queriers.find((q) => q.node === query.from);
  if (!spec) return true;
  return walk(net, `${spec.node}:${spec.device}`, { to: 'group', group: spec.version.startsWith('MLD') ? 'ff02::1' : '224.0.0.1' }, query.ns).decisions.has(bridge);
}

/** A report of another host's, of a version in which hosts keep theirs back, that reached this one while it would have reported. */
function suppressor({ story, net }: Context, port: string, receiver: string, group: string, fromNs: number, toNs: number): SeenFrame | undefined {
  const kind = report(group);
  return story.frames.find((f) => f.where === port && f.ns >= fromNs && f.ns <= toNs && kind.matches(f.frame) && f.frame.eth?.src !== net.mac(receiver) && ((f.frame.igmp && 'version' in f.frame.igmp && f.frame.igmp.version < 3) || f.frame.mld?.version === 1) && overheard({ story, net }, f, port, receiver, group));
}

/** Going out of the port it comes to the receiver. Coming in by it, it was heard unless a bridge on the way hands reports to the querier alone. */
function overheard({ net }: Context, f: SeenFrame, port: string, receiver: string, group: string): boolean {
  const sender = f.frame.eth && net.stationOf(f.frame.eth.src);
  const bridge = net.master(port, f.ns);
  if (sender === undefined || bridge === undefined || behind({ net }, bridge, sender, f.ns) !== port) return true;
  const way = pathTo(net, sender, receiver, f.ns);
  return way !== undefined && !way.hops.some((hop) => net.option(hop.bridge, 'mcast_snooping', f.ns) !== false && querierAt(net, hop.bridge, group, f.ns) !== undefined);
}

/** Where a querier's general query did not get through to the member; undefined: by the tables it did. */
function queryWithheld({ story, net }: Context, query: KnownQuery, receiver: string): string | undefined {
  const spec = story.topology.queriers.find((q) => q.node === query.from);
  if (!spec) return undefined;
  const from = `${spec.node}:${spec.device}`;
  const way = wayTo(net, from, receiver, query.ns);
  if (!way) return undefined;
  const group = spec.version.startsWith('MLD') ? 'ff02::1' : '224.0.0.1';
  return partingOf(net, way, walk(net, from, { to: 'group', group }, query.ns), from)?.at;
}
