/** When a station came to be behind another port: a bond changed its slave, or a guest was plugged in elsewhere. */
import type { Context, Moved } from './cause.ts';
import { activeSlaveKey, linkKey } from '../state-keys.ts';
import { pathTo } from './walk.ts';
import type { Change } from './story.ts';

/** A link that went down shortly before a bond moved, at the bond's side or at the far end of its cable. */
const SHORTLY_NS = 10e9;

/** The last move between two instants that changed by which port of the bridge the station is reached; undefined when it did not move. */
export function movedBetween(ctx: Context, station: string, bridge: string, fromNs: number, toNs: number): Moved | undefined {
  const { net, story } = ctx;
  const way = (ns: number): string => JSON.stringify((pathTo(net, bridge, station, ns) ?? pathTo(net, bridge, station, ns, true))?.hops.map((h) => [h.bridge, h.arrival]) ?? null);
  const now = way(toNs);
  const candidates = [...bondMoves(ctx), ...plugs(ctx, station)].filter((m) => m.ns > fromNs - story.slackNs && m.ns <= toNs + story.slackNs).sort((a, b) => b.ns - a.ns);
  if (way(fromNs) === now) {
    // There and back: the tables may be of the time in between.
    return undefined;
  }
  return candidates.find((m) => way(m.ns - 2 * story.slackNs) !== now) ?? candidates[0];
}

export function bondMoves({ story, net }: Context): Moved[] {
  return story.topology.devices.filter((d) => d.kind === 'bond').flatMap((d) => {
    const bond = net.label(d);
    const changes = story.states.get(activeSlaveKey(bond)) ?? [];
    return changes.flatMap((c, i): Moved[] => (i === 0 ? [] : [{ by: 'bond', ns: c.ns, event: c.event, at: bond, from: changes[i - 1]?.value, to: c.value, after: lostLink({ story, net }, bond, changes[i - 1]?.value, c.ns) }]));
  });
}

/** What of the old slave's cable lost its carrier. */
function lostLink({ story, net }: Context, bond: string, slave: string | undefined, ns: number): Moved['after'] {
  if (slave === undefined) return undefined;
  const label = `${net.nodeOf(bond)}:${slave}`;
  for (const end of [net.peer(label), label]) {
    if (end === undefined) continue;
    const change: Change<string> | undefined = (story.states.get(linkKey(end)) ?? []).findLast((c) => c.ns <= ns + story.slackNs && c.ns > ns - SHORTLY_NS && (c.value === 'down' || c.value === 'lowerlayerdown'));
    if (change) return { label: end, change };
  }
  return undefined;
}

function plugs({ story, net }: Context, station: string): Moved[] {
  const movable = story.topology.movables.find((m) => m.guest === net.nodeOf(station));
  if (!movable) return [];
  return movable.places.flatMap(({ node, port }) => {
    const label = `${node}:${port}`;
    const changes = story.devices.get(label) ?? [];
    return changes.flatMap((c, i): Moved[] => {
      const [now, before] = [c.value['master'], changes[i - 1]?.value['master']];
      return i > 0 && typeof now === 'string' && typeof before !== 'string' ? [{ by: 'migration', ns: c.ns, event: c.event, at: label }] : [];
    });
  });
}
