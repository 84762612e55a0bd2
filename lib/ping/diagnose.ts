/** What the course of a ping says of the network between: the likely cause of what is missing, and how sure that is. */
import type { Course, Gap } from './course.ts';

export type Finding = 'fine' | 'no-answer' | 'other-group' | 'multicast-never' | 'multicast-stopped' | 'rate-limited' | 'lossy';
export interface Diagnosis {
  readonly finding: Finding;
  /** Sentences for a person. */
  readonly text: string;
  /** From the first request to the last multicast reply, where that says something. */
  readonly stoppedAfterS?: number;
}

export interface Circumstances {
  readonly intervalMs: number;
  /** The group the peer named in place of ours. */
  readonly otherGroup?: string | undefined;
  readonly source?: boolean;
}

/** Requests without a multicast reply, while unicast went on, that are no chance any more. */
const SILENCE = 10;
const MEMBERSHIP_S = 260;
/** A membership lives that long after its last report, which is anything from fresh to one query interval old. */
const MEMBERSHIP_FROM_S = 120, MEMBERSHIP_TO_S = 280;
const MINUTES_S = 60;

const s = (ms: number): string => `${Number((ms / 1000).toFixed(1))} s`;

export function diagnose(course: Course, { intervalMs, otherGroup, source = false }: Circumstances): Diagnosis {
  const { unicast, multicast, sent, firstSentMs } = course;
  if (otherGroup !== undefined && multicast.received === 0) return { finding: 'other-group', text: `The peer uses the group ${otherGroup}: both sides must be told the same one (-m).` };
  if (unicast.received === 0 && multicast.received === 0) {
    return { finding: 'no-answer', text: 'Nothing came back, by unicast either: the other side does not run, its address or port is another, or a firewall is between.' };
  }
  const lost = sent - unicast.received;
  if (unicast.received > 0 && lost / sent >= 0.3 && intervalMs < 1000 && Math.abs(unicast.received - multicast.received) <= Math.max(2, 0.05 * sent)) {
    return { finding: 'rate-limited', text: `Unicast and multicast lack the same share at ${intervalMs} ms intervals: the other side limits its rate (its -r, by default its own -i), the network loses nothing.` };
  }
  if (multicast.received === 0) {
    return {
      finding: 'multicast-never',
      text: `Unicast works, multicast never arrived: a switch that snoops and has no querier, or drops unknown groups; a firewall that drops the group or its UDP port here; another VLAN${source ? '; a router that does not forward (S,G)' : ''}.`,
    };
  }
  // Unicast replies that came for requests younger than the last one that multicast answered.
  const after = unicast.last - multicast.last;
  if (after >= SILENCE) {
    const stoppedMs = multicast.lastMs - firstSentMs, stoppedAfterS = Number((stoppedMs / 1000).toFixed(3));
    const gone = `Unicast works; multicast stopped ${s(stoppedMs)} after the first request and has been silent for ${after} requests`;
    if (stoppedAfterS >= MEMBERSHIP_FROM_S && stoppedAfterS <= MEMBERSHIP_TO_S) {
      return { finding: 'multicast-stopped', stoppedAfterS, text: `${gone}: a switch snoops IGMP or MLD, and nobody queries. It forgot the membership, which lives ${MEMBERSHIP_S} s after its last report. Enable a querier (on a Linux bridge multicast_querier=1, on the switch an IGMP snooping querier), or switch snooping off.` };
    }
    if (stoppedAfterS >= MINUTES_S) {
      return { finding: 'multicast-stopped', stoppedAfterS, text: `${gone}: memberships that nobody asks for expire in this way (after ${MEMBERSHIP_S} s by the RFC's timers; switches have their own). Look for an IGMP or MLD querier on this VLAN.` };
    }
    return { finding: 'multicast-stopped', stoppedAfterS, text: `${gone}: sooner than a membership expires. Look for a change of topology, or a port that left the group's table.` };
  }
  const longest = multicast.gaps.reduce<Gap | undefined>((most, gap) => (most === undefined || gap.to - gap.from > most.to - most.from ? gap : most), undefined);
  const longestLost = longest === undefined ? 0 : longest.to - longest.from + 1;
  // It came back; unicast replies of the same time are not missing.
  if (longest !== undefined && longestLost >= SILENCE && unicast.lost < longestLost / 2) {
    const stoppedMs = (longest.from - 1) * intervalMs;
    const asks = stoppedMs >= MINUTES_S * 1000 ? `: a membership that nobody asked for expired (after ${MEMBERSHIP_S} s by the RFC's timers), and a query or a new report brought it back. Look for an IGMP or MLD querier on this VLAN that comes and goes` : ': look for a change of topology, or a port that left the group\'s table and came back';
    return { finding: 'multicast-stopped', stoppedAfterS: Number((stoppedMs / 1000).toFixed(3)), text: `Unicast worked; multicast stopped about ${s(stoppedMs)} after the first request and came back after ${longestLost} requests${asks}.` };
  }
  const lostShare = (sent - multicast.received - Math.max(0, multicast.first - 1)) / sent;
  if (lostShare > 0.02 || lost / sent > 0.02) {
    return { finding: 'lossy', text: `Loss that comes and goes: ${lost} unicast and ${sent - multicast.received} multicast replies of ${sent} are missing; the longest gap in multicast was ${longestLost} requests.` };
  }
  return { finding: 'fine', text: 'Unicast and multicast work.' };
}
