/** A limit of groups in words, with what sets it right. */
import { bridgeOptions } from '../../cures/linux.ts';
import type { Cure } from '../../cures/types.ts';
import type { GroupFacts, GroupLimit } from '../cause.ts';
import type { Network } from '../network.ts';
import { bridgeOf, instant, onMachine, portOf, possessive, sentences } from './phrases.ts';

/** The kernel's default; a table that was full already needs twice as much. */
const USUAL_GROUPS = 4096;

export function limitSentences(net: Network, f: GroupFacts, { of, most, held, ns, full }: GroupLimit): string {
  const bridge = bridgeOf(net, f.bridge);
  const since = full && full.ns > 1e9 ? `, the last of them since ${instant(full.ns)}` : '';
  return of === 'bridge'
    ? sentences(
        `${possessive(bridge)} MDB has no entry for ${f.group}: when ${f.receiver} asked for it at ${instant(ns)}, it held ${held} groups${since}, and its limit is ${most} (mcast_hash_max).`,
        'A bridge that is asked for one group too many switches snooping off, for all groups, and floods them; no log line and no notification says so, and it stays off.',
        'It snooped again when this was lost: a group that never had its place comes back only when its member is asked and reports, and if there is still no room, snooping goes off once more.')
    : sentences(
        `${portOf(net, f.port)} has no entry for ${f.group}: when ${f.receiver} asked for it at ${instant(ns)}, the port was in ${held} groups${since}, and its limit is ${most} (mcast_max_groups).`,
        'The report is dropped, and nobody is told; the groups that the port is in are forwarded as before. In the bridge\'s own table (mcast_hash_max) the refused group takes its place all the same.');
}

export function limitCures(net: Network, f: GroupFacts, limit: GroupLimit): Cure[] {
  const [node, name] = [net.nodeOf(f.bridge), net.nameOf(f.bridge)];
  if (limit.of === 'bridge') return onMachine(bridgeOptions(name, [['mcast_hash_max', Math.max(USUAL_GROUPS, 2 * limit.most)], ['mcast_snooping', true]]), node, name);
  return [
    { where: 'bridge', lines: [`bridge link set dev ${net.nameOf(f.port)} mcast_max_groups 0`], note: `on ${node}: 0 is no limit, or say a larger number; \`bridge\` has it since 6.3` },
    { where: 'bridge', lines: [`bridge -d mdb show dev ${name}`], note: `on ${node}: which groups the port is in` },
  ];
}
