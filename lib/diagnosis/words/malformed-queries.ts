/** A group that a router gave up after queries that named no group: in words, with what sets it right. */
import { bridgeOption } from '../../cures/linux.ts';
import type { Cure } from '../../cures/types.ts';
import type { GroupFacts } from '../cause.ts';
import type { Network } from '../network.ts';
import { bridgeOf, instant, list, onMachine, portOf, sentences } from './phrases.ts';

export function givenUpSentences(net: Network, f: GroupFacts): string {
  const asked = f.asked ?? [];
  const allHosts = f.group.includes(':') ? 'ff02::1' : '224.0.0.1';
  return sentences(
    `${asked[0]?.from ?? 'The router'} asked at ${list(asked.map((q) => instant(q.ns)))} who is left in ${f.group}${f.left ? `, for ${f.left.who} had left it at ${instant(f.left.ns)}` : ''}. Its queries went to the group's own address, and named no group.`,
    `${bridgeOf(net, f.bridge)} snoops, and drops such a query: one that names no group is for everybody, and goes to ${allHosts} (RFC 2236, RFC 3376). So no member heard it, and no report came back.`,
    `The router took the group for abandoned, and sends nothing of it by ${portOf(net, f.port)} since ${instant(f.stopped?.ns ?? 0)}. ${f.receiver} was a member all the while.`);
}

export function givenUpCures(net: Network, f: GroupFacts): Cure[] {
  const [node, name] = [net.nodeOf(f.bridge), net.nameOf(f.bridge)];
  return [
    { where: 'mrouted', lines: ['mrouted -v'], note: 'on the router: 4.0 and 4.1 send such queries; take another version, or another program' },
    { where: 'tcpdump', lines: [`tcpdump -v -n -i ${net.nameOf(f.port)} igmp and dst ${f.group}`], note: `on ${net.nodeOf(f.port)}: a right one says which group it is for ("gaddr")` },
    ...onMachine(bridgeOption({ bridge: name, option: 'mcast_snooping', value: false }), node, name).map((cure, i) => (i === 0 ? { ...cure, note: `${cure.note ?? ''}; until the router is set right: hosts take such a query for a general one, and answer, but every group is flooded` } : cure)),
  ];
}
