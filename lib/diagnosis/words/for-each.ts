/** A port whose members have an entry each (mcast_to_unicast), and hosts that keep their reports back: in words, with what sets it right. */
import { portOption } from '../../cures/linux.ts';
import type { Cure } from '../../cures/types.ts';
import type { GroupFacts } from '../cause.ts';
import type { Network } from '../network.ts';
import { bridgeOf, instant, length, list, onMachine, portOf, sentences, unique } from './phrases.ts';

export function forEachSentences(net: Network, facts: readonly GroupFacts[], believes: string | undefined): string {
  const [f] = facts;
  if (!f) return '';
  const gone = [...new Map(facts.map((each) => [`${each.receiver} ${each.lastReport?.ns ?? each.removed?.ns ?? 0}`, each])).values()];
  const when = (each: GroupFacts): string => [...(each.lastReport ? [`whose last report came at ${instant(each.lastReport.ns)}`] : []), ...(each.removed ? [`removed at ${instant(each.removed.ns)}`] : [])].join(', ');
  const heard = gone.flatMap((each) => (each.heard && each.lastQuery ? [`${each.receiver} was asked at ${instant(each.lastQuery.ns)} (${each.lastQuery.from}), and heard the report of ${reporter(net, each)} at ${instant(each.heard.ns)}`] : []));
  return sentences(
    `${portOf(net, f.port)} has mcast_to_unicast switched on: ${bridgeOf(net, f.bridge)} has an entry for each member behind it, and goes by that member's own reports.`,
    `Its entries in ${f.group} ran out, ${length(f.intervalNs)} (mcast_membership_interval) after the last report: of ${list(gone.map((each) => `${each.receiver} (${when(each)})`))}.`,
    heard.length > 0 ? `They were asked meanwhile: ${list(unique(heard))}.` : f.lastQuery && `They were asked meanwhile, at ${instant(f.lastQuery.ns)} (${f.lastQuery.from}), and others behind the port, whose entries stand, answered.`,
    'In IGMPv2 and MLDv1 a host that hears another\'s report keeps its own back; what joins the hosts behind the port passes their reports on to each other.',
    believes);
}

function reporter(net: Network, { heard }: GroupFacts): string {
  const mac = heard?.frame.eth?.src ?? '';
  const station = net.stationOf(mac);
  return station === undefined ? mac : net.nodeOf(station);
}

/** One entry for the port; a bridge behind it that keeps reports to itself; or a version that keeps nothing back, asked by whoever asks. */
export function forEachCures(net: Network, f: GroupFacts): Cure[] {
  const [node, name] = [net.nodeOf(f.bridge), net.nameOf(f.bridge)];
  return [
    ...onMachine(portOption({ bridge: name, port: net.nameOf(f.port), option: 'mcast_to_unicast', value: false }), node, name),
    { where: 'sysfs', lines: ['echo 1 > /sys/class/net/BRIDGE/bridge/multicast_snooping'], note: 'on the host behind the port, for the bridge that joins its guests: it then hands reports to the querier alone' },
    { where: 'querier', lines: [`ask in ${f.group.includes(':') ? 'MLDv2' : 'IGMPv3'}`], note: 'whoever asks: in that version each member answers for itself' },
  ];
}
