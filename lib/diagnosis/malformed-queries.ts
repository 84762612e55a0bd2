/** A router gave a group up, because nobody answered queries for it that named no group: a bridge that snoops drops them. */
import { report } from '../frame-kinds.ts';
import type { Cause, Context, KnownQuery } from './cause.ts';
import { querierAt } from './groups.ts';
import type { Outage } from './outages.ts';
import { changeAt } from './story.ts';
import { type Parting, pathTo } from './walk.ts';

/** A router asks two or three times, some seconds apart at most, and then waits for one answer. */
const ASKS_NS = 15e9;

export function givenUp(ctx: Context, outage: Outage, parting: Parting, receiver: string, ns: number): Cause | undefined {
  const { story, net } = ctx;
  const group = outage.probe.to;
  const stopped = parting.why === 'port-state' ? net.portStateChange(parting.at, ns) : changeAt(story.devices.get(parting.at), ns);
  if (stopped === undefined || stopped.ns < 1e9 || !net.linkUp(parting.at, ns)) return undefined;
  const asked = malformedQueries(ctx, group).filter((q) => q.ns < stopped.ns && stopped.ns - q.ns <= ASKS_NS);
  const [first] = asked;
  if (first === undefined) return undefined;
  const answers = report(group);
  if (story.frames.some((f) => f.ns > first.ns && f.ns < stopped.ns && answers.matches(f.frame))) return undefined;
  const from = story.topology.queriers.find((q) => q.node === first.from);
  const way = from && pathTo(net, `${from.node}:${from.device}`, receiver, first.ns);
  // Where nobody snoops, hosts take such a query for a general one, and answer.
  const bridge = way?.hops.find((hop) => net.option(hop.bridge, 'mcast_snooping', first.ns) !== false)?.bridge;
  if (bridge === undefined) return undefined;
  return {
    kind: 'query-names-no-group', where: parting.at, key: group, outage,
    group: {
      bridge, port: parting.at, group, receiver: net.nodeOf(receiver), ownQuerier: false, intervalNs: 0, querierIntervalNs: 0, querier: querierAt(net, bridge, group, ns),
      asked, lastQuery: asked.at(-1), stopped: { ns: stopped.ns, event: stopped.event },
      left: story.joins.findLast((j) => j.what === 'leaves' && j.group === group && j.ns <= first.ns && first.ns - j.ns <= ASKS_NS),
    },
  };
}

/** Sent to the group itself, and naming none: as the story wrote them down, and as captures have them. */
function malformedQueries({ story }: Context, group: string): KnownQuery[] {
  const sent = story.queries.filter((q) => q.group === group && q.namesNoGroup === true).map((q): KnownQuery => ({ ns: q.ns, from: q.from, event: q.event }));
  const seen = story.frames.flatMap((f): KnownQuery[] => {
    const message = f.frame.igmp ?? f.frame.mld;
    const [to, from] = [f.frame.ipv4?.dst ?? f.frame.ipv6?.dst, f.frame.ipv4?.src ?? f.frame.ipv6?.src];
    if (message?.type !== 'query' || to !== group || (message.group !== '0.0.0.0' && message.group !== '::')) return [];
    const query = story.queries.find((q) => q.group === group && Math.abs(q.ns - f.ns) < 1e9);
    return [{ ns: f.ns, from: query?.from ?? from ?? '', frame: f }];
  });
  const all = [...sent, ...seen].sort((a, b) => a.ns - b.ns);
  return all.filter((q, i) => i === 0 || q.ns - (all[i - 1] as KnownQuery).ns > 5e6);
}
