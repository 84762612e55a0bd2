/** By the tables it arrives, and yet nobody received it: what the receiver's kernel counted, and how far captures saw it. */
import type { Cause, Context, HostFacts } from './cause.ts';
import { isGroup, type Outage } from './outages.ts';
import type { Reading, SeenFrame } from './story.ts';
import { wireBytes } from './place-causes.ts';

/** Counters are read a datagram late or early; of so many lost, this part must show. */
const MOST = 0.8;

export function atTheHost(ctx: Context, outage: Outage, receiver: string): Cause {
  const { story, net } = ctx;
  const { probe } = outage;
  const machine = net.nodeOf(receiver);
  const [first, last] = readingsDuring(ctx, outage, machine);
  const seen = framesOf(ctx, outage);
  const seenAt = seen.findLast((f) => net.nodeOf(f.where) === machine) ?? seen.find((f) => f.where === net.peer(receiver)) ?? seen.at(-1);
  const facts: HostFacts = { machine, group: isGroup(probe.to) ? probe.to : undefined, to: probe.to, port: probe.port, sent: outage.lost.length, seenAt };
  const cause = (kind: Cause['kind'], more: Partial<HostFacts> = {}, where = machine): Cause => ({ kind, where, key: probe.to, host: { ...facts, ...more }, outage });
  if (renegotiates(ctx, outage)) return cause('lacp-renegotiation');
  if (first && last && last.ns > first.ns) {
    const before = first.machines[machine]?.counters ?? {}, after = last.machines[machine]?.counters ?? {};
    const deltas = Object.fromEntries(Object.keys(after).map((name) => [name, (after[name] ?? 0) - (before[name] ?? 0)]).filter(([, n]) => n !== 0)) as Record<string, number>;
    const sent = outage.lost.filter((seq) => { const at = probe.sentNs[seq] as number; return at >= first.ns && at <= last.ns; }).length;
    const d = (...names: string[]): number => names.reduce((sum, name) => sum + (deltas[name] ?? 0), 0);
    const told = { first, last, deltas, sent };
    if (sent >= 3) {
      if (d('TcpExt.IPReversePathFilter') >= MOST * sent) return cause('reverse-path-filter', told);
      if (d('Udp.RcvbufErrors', 'Udp6RcvbufErrors') >= MOST * sent) return cause('receive-buffer-full', told);
      if (wireBytes(outage) > net.mtu(receiver, outage.fromNs) && d('Ip.ReasmReqds', 'Ip6ReasmReqds') > 0 && d('Ip.ReasmOKs', 'Ip6ReasmOKs') < sent * (1 - MOST)) return cause('fragments-missing', told);
      const fragments = d('Ip.ReasmReqds', 'Ip6ReasmReqds') - d('Ip.ReasmOKs', 'Ip6ReasmOKs');
      const [came, delivered] = [d('Ip.InReceives', 'Ip6InReceives') - fragments, d('Ip.InDelivers', 'Ip6InDelivers')];
      // A member's kernel counts a group's datagram as multicast once it is routed to the machine, and as delivered after its filter.
      const [routed, reached] = [d('IpExt.InMcastPkts'), d('Udp.InDatagrams', 'Udp6InDatagrams') - ofOthers(ctx, outage, first.ns, last.ns)];
      if (facts.group === undefined ? came - delivered >= MOST * sent : (routed >= MOST * sent || came >= MOST * sent) && came - delivered >= MOST * sent && reached < sent * (1 - MOST)) return cause('host-firewall', told);
      const missing = vanished(ctx, outage, seen);
      if (missing) return cause('silent-cut', { ...told, seenAt: missing.seen, notSeenAt: missing.next }, missing.next);
      return cause('unexplained', told);
    }
  }
  if (seenAt && (net.nodeOf(seenAt.where) === machine || seenAt.where === net.peer(receiver)) && story.captured.size > 0 && outage.lost.length >= 3) return cause('host-firewall');
  return cause('unexplained');
}

/** Datagrams of other flows that the same machine received meanwhile. */
function ofOthers({ story }: Context, { probe }: Outage, fromNs: number, toNs: number): number {
  const others = story.probes.filter((p) => p !== probe && p.kind === 'flow' && p.receiver === probe.receiver);
  return others.reduce((sum, p) => sum + p.receivedNs.filter((at) => at !== null && at > fromNs && at <= toNs).length, 0);
}

/** Two readings of the machine's counters that lie within the outage, as far apart as there are. */
function readingsDuring({ story }: Context, outage: Outage, machine: string): [Reading | undefined, Reading | undefined] {
  const until = (outage.nextDeliveredNs ?? outage.probe.knownToNs) + outage.probe.everyNs + story.slackNs;
  const within = story.readings.filter((r) => r.machines[machine] && r.ns >= outage.fromNs && r.ns <= until);
  return [within[0], within.at(-1)];
}

/** A slave's return makes both sides of an LACP group agree anew; the side that is first sends into a port that does not take from it yet. */
function renegotiates({ story, net }: Context, outage: Outage): boolean {
  const bonds = story.topology.devices.filter((d) => d.kind === 'bond').map((d) => net.label(d)).filter((b) => net.bondMode(b, outage.fromNs) === '802.3ad');
  return bonds.some((bond) => net.members(bond, outage.fromNs).some((slave) => {
    const change = net.linkChange(slave, outage.fromNs);
    if (change?.value === 'up' && change.ns > 1e9 && outage.fromNs - change.ns < 6e9) return true;
    return (story.devices.get(slave) ?? []).some((c) => c.ns > 1e9 && Math.abs(c.ns - outage.fromNs) < 1e9 && (c.value['slave'] as { state?: string } | undefined)?.state === 'active');
  }));
}

/** The first lost datagram of the outage, wherever a capture has it. */
export function framesOf({ story }: Context, outage: Outage): SeenFrame[] {
  const { probe, lost } = outage;
  const middle = lost[Math.floor(lost.length / 2)];
  if (middle === undefined) return [];
  const at = probe.sentNs[middle] as number;
  return story.frames.filter((f) => f.ns >= at - story.slackNs / 60 && f.ns <= at + story.slackNs && isDatagram(f, probe.kind, probe.to, middle));
}

const FLOW_MAGIC = 0x5757464c;
function isDatagram(f: SeenFrame, kind: 'flow' | 'ping', to: string, seq: number): boolean {
  const ip = f.frame.ipv4 ?? f.frame.ipv6;
  if (ip?.dst !== to) return false;
  if (kind === 'ping') return (f.frame.icmp?.type === 'echo-request' && f.frame.icmp.sequence === seq % 65536) || (f.frame.icmpv6?.type === 'echo-request' && f.frame.icmpv6.sequence === seq % 65536);
  const { payload } = f.frame;
  if (!f.frame.udp || !payload || payload.length < 12) return false;
  const view = new DataView(payload.buffer, payload.byteOffset, 12);
  return view.getUint32(0) === FLOW_MAGIC && view.getUint32(8) === seq;
}

/** Seen at one end of a cable, and not at the other, which was captured as well. */
function vanished({ net, story }: Context, outage: Outage, seen: readonly SeenFrame[]): { seen: SeenFrame; next: string } | undefined {
  for (const f of [...seen].reverse()) {
    const next = net.peer(f.where);
    if (next !== undefined && story.captured.has(next) && !seen.some((g) => g.where === next) && outage.lost.length > 0) return { seen: f, next };
  }
  return undefined;
}
