/** Findings about frames that arrive and are not delivered, or vanish on a wire, in words. */
import type { Cure } from '../../cures/types.ts';
import type { Cause, HostFacts } from '../cause.ts';
import type { Network } from '../network.ts';
import type { Draft, Evidence, Sure } from '../types.ts';
import { ordered } from './groups.ts';
import { instant, ofEvent, ofFrame, sentences } from './phrases.ts';

export function hostDraft(_net: Network, causes: readonly Cause[]): Draft | undefined {
  const all = causes.filter((c): c is Cause & { host: HostFacts } => c.host !== undefined);
  // The one about which most is known.
  const first = all.find((c) => c.host.deltas) ?? all[0];
  if (!first) return undefined;
  const f = first.host;
  const d = f.deltas ?? {};
  const evidence: Evidence[] = [
    ...(f.seenAt ? [ofFrame(f.seenAt, 'one of the lost, the last place where it was seen')] : []),
    ...(f.last && f.first ? [ofEvent(f.last.ns, f.last.event, `${f.machine}, from ${instant(f.first.ns)} on: ${Object.entries(d).map(([name, n]) => `${name} +${n}`).join(', ') || 'no counter moved'}`)] : []),
  ];
  const draft = (sure: Sure, what: string, cures: readonly Cure[] = []): Draft => ({ kind: first.kind, sure, where: first.where, what, cures, evidence: ordered(evidence) });
  const counted = f.first && f.last ? `Between ${instant(f.first.ns)} and ${instant(f.last.ns)} ${f.sent} were sent to it` : undefined;
  switch (first.kind) {
    case 'host-firewall': return draft(f.deltas ? 'certain' : 'likely', sentences(
      f.deltas ? `${counted ?? ''}; its kernel counted ${count(d, 'Ip.InReceives', 'Ip6InReceives')} packets that came in (InReceives) and ${count(d, 'Ip.InDelivers', 'Ip6InDelivers')} that were delivered to a protocol (InDelivers), with no checksum, route or buffer error.` : undefined,
      f.seenAt ? `They are on its wire (${f.seenAt.where}).` : undefined,
      `Between the card and the socket only its own packet filter drops without a word.`), firewallCures(f));
    case 'reverse-path-filter': return draft('certain', sentences(`${counted ?? ''}; its kernel counted ${d['TcpExt.IPReversePathFilter'] ?? 0} of them as failing the reverse path filter: the way back to their source does not lead out of the interface by which they come.`), [
      { where: 'sysctl', lines: ['net.ipv4.conf.all.rp_filter = 2'], note: `in /etc/sysctl.d/ on ${f.machine}: loose; or give it a route to the source by that interface` }]);
    case 'receive-buffer-full': return draft('certain', sentences(`${counted ?? ''}; ${count(d, 'Udp.RcvbufErrors', 'Udp6RcvbufErrors')} found the socket's buffer full (RcvbufErrors): the program does not read fast enough.`), [
      { where: 'sysctl', lines: ['net.core.rmem_max = 8388608', 'net.core.rmem_default = 8388608'], note: `in /etc/sysctl.d/ on ${f.machine}` }]);
    case 'fragments-missing': return draft('certain', sentences(`${counted ?? ''}, each in fragments; its kernel got ${count(d, 'Ip.ReasmReqds', 'Ip6ReasmReqds')} fragments and could put together ${count(d, 'Ip.ReasmOKs', 'Ip6ReasmOKs')} datagrams (ReasmFails ${count(d, 'Ip.ReasmFails', 'Ip6ReasmFails')}, ReasmTimeout ${count(d, 'Ip.ReasmTimeout', 'Ip6ReasmTimeout')}).`, 'Some piece of each is lost on the way: those that fill a frame, where a link takes less than the sender\'s.'), [
      { where: 'corosync.conf', lines: ['netmtu: 1400'], note: 'datagrams that fit into one frame of the smallest link' }]);
    case 'silent-cut': return draft('certain', sentences(f.seenAt && `They are seen at ${f.seenAt.where} and not at ${f.notSeenAt ?? ''}, the other end of its cable: they vanish in between, though both ends have a carrier.`));
    case 'lacp-renegotiation': return draft('likely', 'A link of an LACP group had just come back: the side that is ready first sends into a port from which the other does not take yet.');
    default: return draft('possible', sentences(
      'By the tables on record it should have arrived.',
      f.deltas ? `${counted ?? ''}; ${f.machine}'s kernel counted ${count(d, 'Ip.InReceives', 'Ip6InReceives')} packets in and ${count(d, 'Ip.InDelivers', 'Ip6InDelivers')} delivered.` : undefined,
      f.seenAt ? `The last place where one of them was seen is ${f.seenAt.where}.` : 'No capture shows where it got to: run it again with --capture all on every interface.'));
  }
}

const count = (deltas: Readonly<Record<string, number>>, ...names: string[]): number => names.reduce((sum, name) => sum + (deltas[name] ?? 0), 0);

function firewallCures(f: HostFacts): Cure[] {
  const v6 = f.to.includes(':');
  const tables = v6 ? 'ip6tables' : 'iptables';
  const multicast = f.group !== undefined;
  return [
    { where: tables, lines: [...(multicast ? [`${tables} -I INPUT -m addrtype --dst-type MULTICAST -j ACCEPT`] : []), ...(f.port > 0 ? [`${tables} -I INPUT -p udp --dport ${f.port} -j ACCEPT`] : [`${tables} -I INPUT -p ${v6 ? 'icmpv6' : 'icmp'} -j ACCEPT`])], note: `on ${f.machine}; iptables -L INPUT -v -n tells which rule counts` },
    { where: 'nftables', lines: [...(multicast ? ['nft insert rule inet filter input meta pkttype multicast accept'] : []), f.port > 0 ? `nft insert rule inet filter input udp dport ${f.port} accept` : `nft insert rule inet filter input meta l4proto ${v6 ? 'icmpv6' : 'icmp'} accept`], note: 'the same for nft' },
    { where: 'firewalld', lines: [f.port > 0 ? `firewall-cmd --permanent --add-port=${f.port}/udp` : 'firewall-cmd --permanent --remove-icmp-block=echo-request', 'firewall-cmd --reload'] },
  ];
}
