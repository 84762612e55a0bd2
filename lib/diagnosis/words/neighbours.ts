/** Findings about neighbours that send to a MAC which is gone, in words. */
import { bondOptions } from '../../cures/linux.ts';
import type { Cure } from '../../cures/types.ts';
import type { Cause, NeighbourFacts } from '../cause.ts';
import type { Network } from '../network.ts';
import type { Draft, Evidence } from '../types.ts';
import { ordered } from './groups.ts';
import { list, ofEvent, ofFrame, onMachine, sentences, unique } from './phrases.ts';
import { movedEvidence, movedSentence } from './stations.ts';

export function neighbourDraft(net: Network, causes: readonly Cause[]): Draft | undefined {
  const all = causes.flatMap(({ neighbour }) => neighbour ?? []);
  const f = all.find(({ stray }) => stray) ?? all[0];
  if (!f) return undefined;
  const who = unique(all.map((one) => one.who));
  const announcement = f.address.includes(':') ? 'unsolicited neighbour advertisement' : 'gratuitous ARP';
  const what = sentences(
    movedSentence(f.moved),
    `With fail_over_mac active its MAC is that of its active slave: ${f.newMac} (${net.nameOf(f.newSlave)}) since then, and ${f.oldMac} (${net.nameOf(f.oldSlave)}) before.`,
    `${list(who)} had the MAC of ${f.address} from before, and no ${announcement} said that it is another: ${silence(f)}.`,
    f.stray && `It goes on sending to ${f.oldMac} (${f.stray.where}).`,
    `Frames to it go to the link that ${net.nameOf(f.bond)} has left. It ends when the entry is doubted and the address asked for anew, or when ${net.nameOf(f.bond)} asks for the neighbour.`);
  const evidence: Evidence[] = [
    ...movedEvidence(f.moved),
    ...all.map((one) => ofEvent(one.known.ns, one.known.event, `${one.who}: neighbour ${one.address} ${one.known.value}`)),
    ...(f.stray ? [ofFrame(f.stray, 'to the MAC that the bond had')] : []),
  ];
  return { kind: 'mac-changed-unannounced', sure: f.stray ? 'certain' : 'likely', where: f.bond, what, evidence: ordered(evidence), cures: cures(net, f) };
}

const silence = ({ notices, silentAt }: NeighbourFacts): string =>
  [...(notices === 0 ? ['the bond announces nothing (num_grat_arp is 0)'] : []), ...(silentAt === undefined ? [] : [`a capture at ${silentAt} has none`])].join(', and ');

function cures(net: Network, { bond, address, notices, newSlave }: NeighbourFacts): Cure[] {
  const [node, name] = [net.nodeOf(bond), net.nameOf(bond)];
  const by = address.includes(':') ? [] : [{ where: 'arping', lines: [`arping -U -c 3 -I ${name} ${address}`], note: `on ${node}, at once: the neighbours then have ${net.mac(newSlave)}` }];
  return [
    ...(notices === 0 ? onMachine(bondOptions(name, [['num_grat_arp', '1']]), node, name) : []),
    ...by,
    { where: 'sysfs', lines: [`echo none > /sys/class/net/${name}/bonding/fail_over_mac`], note: `on ${node}, while the bond has no slaves: one MAC for all, so only switches have to learn; not for cards that cannot take another MAC` },
  ];
}
