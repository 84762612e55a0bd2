/** A time in which a station did not answer, and what explains it. */
import { joined, seconds } from './cite.ts';
import type { Cited, ExplainFinding } from './types.ts';

export interface Outage {
  readonly from: Cited;
  to: Cited;
  lost: number;
  /** Where the station was before. */
  readonly before?: string;
  announcements: Announced[];
  /** Its first frame since. */
  heard?: Cited;
  heardWhere?: string;
  /** A broadcast ARP request for it just before it was heard: ordinary ageing did it. */
  asked?: Cited;
  /** Its first frame to all, and where those were seen: from then on the switches there know where it is. */
  spoke?: Cited;
  readonly heardAt: Map<string, number>;
  /** Where the first request came from, and who sent it. */
  readonly asker: string;
  readonly askedBy?: string;
  /** Where requests were seen. */
  readonly way: Set<string>;
  /** How many were answered, and the answers did not come to the asker. */
  replies: number;
  reply?: Cited;
  /** Where those answers were seen. */
  readonly replyWay: Set<string>;
}

export interface Announced {
  readonly kind: string;
  readonly at: Cited;
  readonly odd: boolean;
  readonly where: string;
}

/** Of whom it is told. */
interface Missed {
  readonly address: string;
  readonly mac?: string;
  /** Where requests were seen that it answered. */
  readonly way: ReadonlySet<string>;
}

/** More is an alarm: detection by miimon, a bond's announcement and a guest's standstill take less. */
const ALARM_S = 6;
export const NOTICE_S = 1;
const LEAST_LOST = 2;
/** After a frame of its own to all, a station is reached: queues and a lost answer take no longer. */
const SPOKE_S = 3;

export function outageFinding(station: Missed, outage: Outage, delayS: number | undefined): ExplainFinding[] {
  const lengthS = outage.to.atS - outage.from.atS;
  if (outage.lost < LEAST_LOST || lengthS < NOTICE_S) return [];
  const level = lengthS > ALARM_S ? 'alarm' : 'notice';
  const { announcements, heard, asked } = outage;
  const moved = outage.before !== undefined && outage.heardWhere !== undefined && outage.heardWhere !== outage.before;
  const was = outage.replies > outage.lost / 2 ? 'was not heard' : 'did not answer';
  const head = `${station.address}${station.mac === undefined ? '' : ` (${station.mac})`} ${was} for ${seconds(lengthS)} (${outage.lost} requests).`;
  const place = moved
    ? ` Its frames were seen first at ${outage.before ?? ''} before, and at ${outage.heardWhere ?? ''} afterwards.`
    : '';
  const end =
    heard === undefined
      ? ' It was not heard again.'
      : asked && heard.atS - asked.atS < 1
        ? ' It was heard again when somebody asked for its address by broadcast.'
        : ' It was heard again when it sent something by itself.';
  const frames = [
    outage.from,
    ...announcements.slice(0, 3).map((a) => a.at),
    ...(asked && heard ? [asked] : []),
    ...(heard ? [heard] : []),
    outage.to,
  ];
  const { spoke, reply } = outage;
  if (reply && outage.replies > outage.lost / 2) {
    const answered = `It answered ${outage.replies === outage.lost ? 'all' : String(outage.replies)} of them: its answers were seen at ${joined([...outage.replyWay])}, and did not come to ${outage.asker}, where the requests come from.`;
    const what = `${head} ${answered} So the way back is cut, or the switches on it look for who asks at another place.`;
    return [{ kind: 'station-unreachable', level, sure: 'certain', what, frames: [outage.from, reply, outage.to] }];
  }
  if (spoke && outage.to.atS - spoke.atS > SPOKE_S) {
    const lost = [...station.way].filter((where) => !outage.way.has(where));
    const way =
      lost.length === 0
        ? ''
        : ` Requests were seen at ${joined([...outage.way])}, and no more at ${joined(lost)} as before.`;
    const meanwhile = `It sent to everybody meanwhile, first at ${seconds(spoke.atS)}, and was not reached for ${seconds(outage.to.atS - spoke.atS)} more, so it is no stale place in a switch’s table.`;
    // What came when the outage was about to end belongs to its end.
    const places = [...outage.heardAt].flatMap(([where, atS]) => (outage.to.atS - atS > SPOKE_S ? [where] : []));
    const cause = places.includes(outage.asker)
      ? `That came through to ${outage.asker}, where the requests come from: they or its answers are lost on the way, in one direction, or it does not answer.`
      : `That was seen at ${joined(places)}, but did not come to ${outage.asker}, where the requests come from: the way between is cut.`;
    const what = `${head} ${meanwhile} ${cause}${way}`;
    return [{ kind: 'station-unreachable', level, sure: 'likely', what, frames: [outage.from, spoke, outage.to] }];
  }
  const early = announcements.filter((a) => outage.to.atS - a.at.atS > NOTICE_S);
  if (early.length === 0) {
    const [late] = announcements;
    const told = late
      ? `Nothing announced it until ${seconds(late.at.atS)}, when ${late.kind} did.`
      : `Nothing announced it meanwhile.`;
    const what = `${head} ${told}${place}${late && heard === undefined ? '' : end} So it looks to the network as after a failover or a move that nobody announced: switches went on sending to its old place.`;
    return [
      { kind: 'moved-unannounced', level, sure: moved ? 'certain' : heard ? 'likely' : 'possible', what, frames },
    ];
  }
  const kinds = joined([...new Set(early.map((a) => a.kind))]);
  const since = outage.to.atS - (early[0]?.at.atS ?? 0);
  if (delayS !== undefined && since >= delayS) {
    const soon = since <= 3 * delayS + 3;
    // A guest that is silent when its port forwards at last is still looked for at its old place, until it speaks.
    const spokeAtLast = heard !== undefined && outage.to.atS - heard.atS < NOTICE_S;
    if (soon || spokeAtLast) {
      const then = soon ? '' : ' It announced itself no more when the port forwarded.';
      const what = `${head} It was announced by ${kinds}, ${seconds(since)} before it could be reached again.${place} A spanning tree with a forward delay of ${seconds(delayS)} is spoken here: the new port was listening and learning for about twice that, and dropped the announcement.${then}${soon ? '' : end}`;
      return [{ kind: 'port-not-forwarding', level, sure: soon ? 'likely' : 'possible', what, frames }];
    }
  }
  const what = `${head} It was announced meanwhile by ${kinds}, and that changed nothing: the announcement did not reach the switch that had to learn, or left too early.${place}${end}`;
  return [{ kind: 'announcement-lost', level, sure: 'likely', what, frames }];
}
