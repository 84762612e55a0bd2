/** Stations that stop answering: how long, whether they or their hypervisor told the network of a move, and what ended it. */
import { isMulticastMac } from '../wire/address.ts';
import { ETHER_TYPE } from '../wire/ethernet.ts';
import type { Frame } from '../wire/frame.ts';
import { isGratuitous, isSelfRarp } from '../wire/arp.ts';
import { cite, macOf, senderOf, targetOf } from './cite.ts';
import { type Announced, NOTICE_S, type Outage, outageFinding } from './outages.ts';
import type { Cited, Detector, ExplainFinding, SeenFrame } from './types.ts';

interface Request {
  readonly at: Cited;
  readonly asker: string | undefined;
  readonly where: string;
  /** Every interface that it was seen at. */
  readonly way: Set<string>;
  /** Its answer was seen where nothing says that it did not reach the asker. */
  answered?: true;
  /** The first sighting of its answer, on a way that has not led to the asker so far. */
  reply?: Cited;
  /** Where that was seen. */
  readonly replyWay: Set<string>;
}

interface Station {
  readonly address: string;
  mac?: string;
  answered: number;
  /** Since its last answer: a move is announced before anybody misses the station. */
  announced: Announced[];
  /** Requests without an answer yet, by "asker id sequence". */
  readonly pending: Map<string, Request>;
  /** Where requests were seen that it answered. */
  readonly way: Set<string>;
  /** By "asker interface": answers have come back to where the requests are seen first. From then on only those count. */
  readonly reached: Set<string>;
  /** Where its last answer came in. */
  answeredFrom?: string;
  outage?: Outage;
  readonly outages: Outage[];
}

/** Nobody answers later. */
const ANSWER_S = 5;
const MOST_ANNOUNCED = 100;

const isEcho = (frame: Frame, type: 'echo-request' | 'echo-reply'): boolean =>
  frame.icmp?.type === type || frame.icmpv6?.type === type;

/** A group's or everybody's: switches flood it, and learn. */
const isForAll = ({ eth }: Frame): boolean => eth !== undefined && isMulticastMac(eth.dst);

/** What tells switches where a station is. */
function announcementOf(frame: Frame): { kind: string; odd: boolean } | undefined {
  const type = frame.eth?.etherType;
  if (type === ETHER_TYPE.mistypedRarp) return { kind: 'a broadcast of ethertype 0x0835', odd: true };
  if (type === ETHER_TYPE.rarp && frame.arp && isSelfRarp(frame.arp)) return { kind: 'RARP', odd: false };
  if (frame.arp && type === ETHER_TYPE.arp && isGratuitous(frame.arp)) return { kind: 'gratuitous ARP', odd: false };
  if (frame.icmpv6?.type === 'neighbor-advertisement' && !frame.icmpv6.solicited)
    return { kind: 'unsolicited neighbour advertisement', odd: false };
  return undefined;
}

export class Stations implements Detector {
  readonly #stations = new Map<string, Station>();
  readonly #byMac = new Map<string, Station[]>();
  /** Forward delay of the spanning tree, s, if there is one. */
  #forwardDelayS: number | undefined;
  readonly #announced = new Map<string, { kind: string; count: number; first: Cited; odd: boolean }>();

  see(seen: SeenFrame): void {
    const { frame } = seen;
    if (frame.stp && frame.stp.type !== 'topology-change') this.#forwardDelayS = frame.stp.forwardDelayMs / 1000;
    this.#spoke(seen);
    if (!seen.first) {
      if (isEcho(frame, 'echo-request')) this.#goesOn(seen);
      else if (isEcho(frame, 'echo-reply')) this.#answers(seen);
      return;
    }
    this.#announcement(seen);
    this.#heard(seen);
    if (isEcho(frame, 'echo-request')) this.#asks(seen);
    else if (isEcho(frame, 'echo-reply')) this.#answers(seen);
    this.#expire(seen.atS);
  }

  #announcement(seen: SeenFrame): void {
    const mac = macOf(seen);
    const what = announcementOf(seen.frame);
    if (what === undefined || mac === undefined) return;
    const key = `${mac} ${what.kind}`;
    const known = this.#announced.get(key);
    if (known) known.count++;
    else this.#announced.set(key, { ...what, count: 1, first: cite(seen) });
    for (const station of this.#byMac.get(mac) ?? []) {
      const announced = { ...what, at: cite(seen), where: seen.where };
      if (station.outage) station.outage.announcements.push(announced);
      else if (station.announced.length < MOST_ANNOUNCED) station.announced.push(announced);
    }
  }

  #heard(seen: SeenFrame): void {
    const { arp } = seen.frame;
    if (arp?.operation === 1 && arp.senderIp !== arp.targetIp && seen.frame.eth?.dst === 'ff:ff:ff:ff:ff:ff') {
      const asked = this.#stations.get(arp.targetIp)?.outage;
      if (asked && asked.heard === undefined) asked.asked = cite(seen);
    }
    const mac = macOf(seen);
    if (mac === undefined) return;
    for (const { outage } of this.#byMac.get(mac) ?? []) {
      if (outage === undefined || outage.heard !== undefined || announcementOf(seen.frame)) continue;
      // An answer to a request that was on its way when it began tells nothing.
      if (isEcho(seen.frame, 'echo-reply') && seen.atS - outage.from.atS < 0.05) continue;
      outage.heard = cite(seen);
      outage.heardWhere = seen.where;
    }
  }

  #spoke(seen: SeenFrame): void {
    const { frame, where } = seen;
    const mac = macOf(seen);
    if (mac === undefined || !isForAll(frame) || announcementOf(frame)) return;
    for (const { outage } of this.#byMac.get(mac) ?? []) {
      if (outage === undefined) continue;
      outage.spoke ??= cite(seen);
      if (!outage.heardAt.has(where)) outage.heardAt.set(where, seen.atS);
    }
  }

  #goesOn(seen: SeenFrame): void {
    const address = targetOf(seen);
    const station = address === undefined ? undefined : this.#stations.get(address);
    station?.pending.get(keyOf(seen, senderOf(seen)))?.way.add(seen.where);
  }

  #station(address: string): Station {
    const known = this.#stations.get(address);
    if (known) return known;
    const station: Station = {
      address,
      answered: 0,
      announced: [],
      pending: new Map(),
      way: new Set(),
      reached: new Set(),
      outages: [],
    };
    this.#stations.set(address, station);
    return station;
  }

  #asks(seen: SeenFrame): void {
    const address = targetOf(seen);
    if (address === undefined || /^(?:ff|22[4-9]|23\d)/.test(address)) return;
    const station = this.#station(address);
    station.pending.set(keyOf(seen, senderOf(seen)), {
      at: cite(seen),
      asker: senderOf(seen),
      where: seen.where,
      way: new Set([seen.where]),
      replyWay: new Set(),
    });
    if (station.pending.size > 100_000) station.pending.clear();
  }

  /**
   * An answer counts where it can have reached the asker: at the interface that saw the request first, its own or the
   * nearest captured one. Where answers never come by there (they may take another way back) any sighting counts.
   */
  #answers(seen: SeenFrame): void {
    const [address, asker] = [senderOf(seen), targetOf(seen)];
    if (address === undefined) return;
    const station = this.#station(address);
    const mac = macOf(seen);
    if (mac !== undefined && station.mac !== mac) {
      station.mac = mac;
      this.#byMac.set(mac, [...(this.#byMac.get(mac) ?? []).filter((s) => s !== station), station]);
    }
    const key = keyOf(seen, asker);
    const request = station.pending.get(key);
    if (request === undefined) return;
    const way = `${asker ?? ''} ${request.where}`;
    const reached = seen.where === request.where;
    if (reached) {
      station.reached.add(way);
      station.pending.delete(key);
    }
    if (request.answered) return;
    request.reply ??= cite(seen);
    request.replyWay.add(seen.where);
    if (!reached && station.reached.has(way)) return;
    request.answered = true;
    station.answeredFrom = [...request.replyWay][0] ?? seen.where;
    this.#answered(station, request, seen.atS);
  }

  #answered(station: Station, request: Request, atS: number): void {
    for (const where of request.way) station.way.add(where);
    // What it did not answer before its first answer tells of no outage: it may have come up just now.
    if (station.answered === 0)
      for (const [key, other] of station.pending) if (other !== request) station.pending.delete(key);
    station.answered++;
    // What was asked before and stayed without an answer is lost.
    this.#lose(station, atS - 0.5);
    if (station.outage) {
      station.outages.push(station.outage);
      delete station.outage;
    }
    station.announced = [];
  }

  #expire(nowS: number): void {
    for (const station of this.#stations.values()) this.#lose(station, nowS - (station.outage ? 0.5 : ANSWER_S));
  }

  #lose(station: Station, beforeS: number): void {
    for (const [key, request] of station.pending) {
      const { at, where, way, reply, replyWay } = request;
      if (at.atS > beforeS) break;
      station.pending.delete(key);
      // Nobody who never answered is missed.
      if (station.answered === 0 || request.answered) continue;
      const before = station.answeredFrom;
      const outage: Outage = (station.outage ??= {
        from: at,
        to: at,
        lost: 0,
        announcements: station.announced,
        asker: where,
        ...(request.asker !== undefined && { askedBy: request.asker }),
        heardAt: new Map(),
        way: new Set(),
        replies: 0,
        replyWay: new Set(),
        ...(before !== undefined && { before }),
      });
      if (outage.lost === 0) station.announced = [];
      outage.to = at;
      outage.lost++;
      for (const place of way) outage.way.add(place);
      if (reply === undefined) continue;
      outage.replies++;
      outage.reply ??= reply;
      for (const place of replyWay) outage.replyWay.add(place);
      // Nobody was reached by it.
      if (outage.heard?.frame !== reply.frame) continue;
      delete outage.heard;
      delete outage.heardWhere;
    }
  }

  end(lastS: number): ExplainFinding[] {
    for (const station of this.#stations.values()) {
      this.#lose(station, lastS - NOTICE_S);
      if (station.outage) station.outages.push(station.outage);
    }
    const odd = [...this.#announced.values()].filter((a) => a.odd);
    const told = [...this.#stations.values()].flatMap((station) =>
      station.outages.flatMap((outage) =>
        outageFinding(station, outage, this.#forwardDelayS).map((finding) => ({ station, outage, finding })),
      ),
    );
    const findings: ExplainFinding[] = told
      .filter(({ outage, finding }) => !told.some((other) => isExplainedBy({ outage, finding }, other)))
      .map(({ finding }) => finding);
    for (const [key, { kind, count, first }] of this.#announced) {
      const mac = key.split(' ')[0] ?? '';
      findings.push({
        kind: 'announcement',
        level: 'fact',
        sure: 'certain',
        what: `${mac} announced itself by ${kind}, ${count} time${count === 1 ? '' : 's'}.`,
        frames: [first],
      });
    }
    if (odd.length > 0) {
      const what = `Announcements carry ethertype 0x0835, which belongs to no protocol; they hold a RARP and were meant to carry 0x8035 (a QEMU of its time did this). A plain switch learns from any broadcast; one that filters unknown ethertypes drops them, and goes on sending to the guest’s old place.`;
      findings.push({ kind: 'odd-ethertype', level: 'alarm', sure: 'certain', what, frames: odd.map((a) => a.first) });
    }
    return findings;
  }
}

function keyOf(seen: SeenFrame, asker: string | undefined): string {
  const echo = seen.frame.icmp ?? seen.frame.icmpv6;
  return echo && 'sequence' in echo ? `${asker ?? ''} ${echo.id} ${echo.sequence}` : '';
}

interface Told {
  readonly outage: Outage;
  readonly finding: ExplainFinding;
}

/** Who asked was unreachable itself then, and is known to have moved: nobody reached anybody, and it is told once. */
function isExplainedBy({ outage, finding }: Told, other: Told & { readonly station: Station }): boolean {
  const guessed = finding.kind === 'moved-unannounced' && finding.sure !== 'certain';
  const known = other.finding.kind !== 'moved-unannounced' || other.finding.sure === 'certain';
  if (!guessed || !known || other.station.address !== outage.askedBy) return false;
  const commonS = Math.min(outage.to.atS, other.outage.to.atS) - Math.max(outage.from.atS, other.outage.from.atS);
  return commonS > (outage.to.atS - outage.from.atS) / 2;
}
