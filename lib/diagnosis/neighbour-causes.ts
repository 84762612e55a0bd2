/** By the tables a station's frames arrive, but they carry a MAC that it has no more: a bond that took another with its slave. */
import { neighbourKey } from '../state-keys.ts';
import { formatIp, type Frame, parseIp } from '../wire/index.ts';
import type { Cause, Context, NeighbourFacts } from './cause.ts';
import { framesOf } from './host-causes.ts';
import { bondMoves } from './moves.ts';
import type { Outage } from './outages.ts';
import type { Change } from './story.ts';

/** From these an entry gets out only by asking anew. */
const UNKNOWN = ['failed', 'incomplete', 'absent'];

/**
 * Only with `fail_over_mac active`, where the bond moved after the sender learned its MAC, and nothing on record can have told
 * the sender: the bond announces nothing (num_grat_arp 0), or a capture at its new link shows no word of the address.
 */
export function keepsOldMac(ctx: Context, outage: Outage, { from, to, address }: { from: string; to: string; address: string }, ns: number): Cause | undefined {
  const { net, story } = ctx;
  if (net.kind(to) !== 'bond' || net.bondMode(to, ns) !== 'active-backup' || net.option(to, 'fail_over_mac', ns) !== 'active') return undefined;
  const known = learned(story.states.get(neighbourKey(from, address)) ?? [], ns);
  const [before, now] = [known && net.activeSlave(to, known.ns)?.value, net.activeSlave(to, ns)?.value];
  const moved = bondMoves(ctx).findLast((m) => m.at === to && m.ns <= ns);
  if (!known || !moved || before === undefined || now === undefined || before === now) return undefined;
  const members = net.members(to, ns);
  const [oldSlave, newSlave] = [`${net.nodeOf(to)}:${before}`, `${net.nodeOf(to)}:${now}`];
  if (!members.includes(oldSlave) || !members.includes(newSlave)) return undefined;

  const after = story.frames.filter((f) => f.ns >= moved.ns - story.slackNs && f.ns <= ns);
  const sent = story.sent.some((f) => net.nodeOf(f.from) === net.nodeOf(to) && f.ns >= moved.ns && f.ns <= ns);
  if (sent || after.some((f) => f.ns >= moved.ns && tells(f.frame, address))) return undefined;
  const silentAt = [newSlave, net.peer(newSlave), to].find((wire) => wire !== undefined && story.frames.some((f) => f.where === wire && isResolution(f.frame, address)));
  const notices = Number(net.option(to, 'num_peer_notif', ns) ?? 1);
  if (notices !== 0 && silentAt === undefined) return undefined;
  // On its wire it has the right MAC, so something else drops it.
  if (framesOf(ctx, outage).some((f) => f.where === newSlave || f.where === net.peer(newSlave) || f.where === to)) return undefined;

  const oldMac = net.mac(oldSlave);
  const stray = after.find((f) => f.ns > moved.ns && f.frame.eth?.dst === oldMac);
  const neighbour: NeighbourFacts = { bond: to, who: net.nodeOf(from), address, moved, known, oldMac, newMac: net.mac(newSlave), oldSlave, newSlave, notices, silentAt, stray };
  return { kind: 'mac-changed-unannounced', where: to, key: address, neighbour, outage };
}

/** When the kernel last took the MAC that it has: it was asked for, or heard. */
function learned(changes: readonly Change<string>[], ns: number): Change<string> | undefined {
  const until = changes.filter((c) => c.ns <= ns);
  if (until.length === 0 || UNKNOWN.includes(until.at(-1)?.value ?? '')) return undefined;
  const anew = until.slice(until.findLastIndex((c) => UNKNOWN.includes(c.value)) + 1);
  return anew.findLast((c) => c.value === 'reachable') ?? anew[0];
}

/** Captures may leave kinds of frames out: one that has such frames would have had an announcement. */
const isResolution = ({ arp, icmpv6 }: Frame, address: string): boolean =>
  address.includes(':') ? icmpv6?.type === 'neighbor-solicitation' || icmpv6?.type === 'neighbor-advertisement' : arp !== undefined;

/** Any frame by which a neighbour that has the address takes the sender's MAC. */
function tells({ arp, ipv6, icmpv6 }: Frame, address: string): boolean {
  if (arp) return arp.senderIp === address;
  const spelt = address.includes(':') ? formatIp(parseIp(address)) : address;
  return (icmpv6?.type === 'neighbor-advertisement' && icmpv6.target === spelt) || (icmpv6?.type === 'neighbor-solicitation' && ipv6?.src === spelt);
}
