/** Groups: who reported and left, which traffic came where, and where it stopped although somebody there wanted it. */
import { isMulticastIp } from '../wire/address.ts';
import { cite, seconds, senderOf, targetOf, vlanOf } from './cite.ts';
import { type Member, Members, renewedBy, wantedAt } from './members.ts';
import { isMalformed, isOfTheSystem } from './queriers.ts';
import type { Cited, Detector, ExplainFinding, SeenFrame } from './types.ts';

/** Datagrams of one sender to one group and port, as one interface sees them. */
interface Flow {
  readonly where: string;
  readonly group: string;
  readonly from: string;
  readonly port: number;
  readonly vlan: string;
  first: Cited;
  last: Cited;
  count: number;
  /** The longest time without a datagram before the last one: what is usual here. */
  longestGapS: number;
  /** Stops that ended again. */
  stops: { last: Cited; next: Cited }[];
}

/** Kernel's default, br_multicast.c: 2 × 125 s + 10 s. */
export const MEMBERSHIP_INTERVAL_S = 260;
/** Largest step of the timer wheel at that length: 16.384 s at 250 Hz (kernel/time/timer.c). */
const WHEEL_S = 16.4;
/** A stop is one that no usual gap explains. */
const FACTOR = 5;
const LEAST_STOP_S = 3;
/** Last member interval times last member count, and the query's way: by then a leave has had its effect. */
const LEAVE_S = 3;
/** RFC 3376 section 8.3. */
const RESPONSE_S = 10;
/** A bridge forwards to a new member with the next datagram. */
const RENEWED_S = 0.5;
const MOST_QUERIES = 5000;

export interface GroupsOptions {
  readonly membershipIntervalS: number;
}

export class Groups implements Detector {
  readonly #members = new Members();
  readonly #flows = new Map<string, Flow>();
  /** By interface and group asked about; the latest thousands. */
  readonly #queries = new Map<string, Cited[]>();
  readonly #options: GroupsOptions;

  constructor(options: GroupsOptions) {
    this.#options = options;
  }

  see(seen: SeenFrame): void {
    const message = seen.frame.igmp ?? seen.frame.mld;
    if (message && message.type !== 'other') {
      // One that names no group and is not for all hosts is dropped by whoever snoops.
      if (message.type === 'query' && isMalformed(seen, message.group)) return;
      if (message.type === 'query') this.#query(seen, message.group);
      else this.#members.see(seen);
      return;
    }
    const group = targetOf(seen);
    if (seen.frame.udp === undefined || group === undefined || !isMulticastIp(group) || isOfTheSystem(group)) return;
    this.#datagram(seen, group, seen.frame.udp.dstPort);
  }

  #query(seen: SeenFrame, group: string): void {
    const key = `${seen.where} ${vlanOf(seen)} ${group}`;
    const known = this.#queries.get(key) ?? [];
    this.#queries.set(key, known);
    known.push(cite(seen));
    if (known.length > MOST_QUERIES) known.shift();
  }

  /** The last one that came by an interface in between: for one group, or general. */
  #asked({ where, vlan }: Flow, group: string, fromS: number, toS: number): Cited | undefined {
    return this.#queries.get(`${where} ${vlan} ${group}`)?.findLast(({ atS }) => atS > fromS && atS <= toS);
  }

  #datagram(seen: SeenFrame, group: string, port: number): void {
    const from = senderOf(seen) ?? '?';
    const vlan = vlanOf(seen);
    const key = `${seen.where} ${vlan} ${group} ${from} ${port}`;
    const at = cite(seen, '');
    const flow = this.#flows.get(key);
    if (flow === undefined) {
      this.#flows.set(key, {
        where: seen.where,
        group,
        from,
        port,
        vlan,
        first: at,
        last: at,
        count: 1,
        longestGapS: 0,
        stops: [],
      });
      return;
    }
    const gapS = at.atS - flow.last.atS;
    if (flow.count > 10 && gapS > Math.max(LEAST_STOP_S, FACTOR * flow.longestGapS))
      flow.stops.push({ last: flow.last, next: at });
    else flow.longestGapS = Math.max(flow.longestGapS, gapS);
    flow.count++;
    flow.last = at;
  }

  end(lastS: number): ExplainFinding[] {
    return [...this.#members.facts(), ...[...this.#flows.values()].flatMap((flow) => this.#stops(flow, lastS))];
  }

  /** Where the flow stopped while a member behind this interface wanted it. */
  #stops(flow: Flow, lastS: number): ExplainFinding[] {
    const wanting = this.#members.behind(flow.where, flow.group, flow.vlan, flow.from);
    if (wanting.length === 0 || flow.count <= 10) return [];
    const silentS = lastS - flow.last.atS;
    const usualS = Math.max(LEAST_STOP_S, FACTOR * flow.longestGapS);
    const stops: { last: Cited; next?: Cited }[] = [...flow.stops];
    if (silentS > usualS) stops.push({ last: flow.last });
    return stops.flatMap(({ last, next }) => this.#stop(flow, wanting, last, next, lastS));
  }

  #stop(flow: Flow, wanting: readonly Member[], last: Cited, next: Cited | undefined, lastS: number): ExplainFinding[] {
    const untilS = next?.atS ?? lastS;
    // Whoever left wants nothing; a stop of all interfaces at once is the sender's.
    const still = wanting.flatMap((m) => {
      const report = wantedAt(m, flow.from, last.atS, Math.max(1, 2 * flow.longestGapS));
      return report === undefined ? [] : [{ address: m.address, report }];
    });
    const elsewhere = [...this.#flows.values()].find(
      (other) =>
        other.where !== flow.where &&
        other.group === flow.group &&
        other.from === flow.from &&
        other.port === flow.port &&
        goesOn(other, last.atS, untilS),
    );
    if (still.length === 0) return [];
    const reported = still.reduce((latest, m) => (m.report.atS > latest.report.atS ? m : latest));
    const since = last.atS - reported.report.atS;
    const interval = this.#options.membershipIntervalS;
    const slack = Math.max(1, flow.longestGapS);
    const expired = since >= interval - slack && since <= interval * (1 + WHEEL_S / MEMBERSHIP_INTERVAL_S) + slack;
    // With a report the sender has nothing to do.
    const renewed = next && renewedBy(wanting, flow.from, [last.atS, next.atS], Math.max(RENEWED_S, 2 * flow.longestGapS));
    if (!expired && elsewhere === undefined && renewed === undefined) return [];
    const by = renewed ? `, as soon as ${renewed.address} had reported` : '';
    const ended = next ? `; it came back after ${seconds(next.atS - last.atS)}${by}` : '; it did not come back';
    const seen = elsewhere ? `, while at ${elsewhere.where} it went on` : '';
    const head = `${flow.group}${flow.vlan === '' ? '' : ` in VLAN ${flow.vlan}`} from ${flow.from} stopped at ${flow.where} at ${seconds(last.atS)}${seen}${ended}.`;
    const frames = [reported.report, last, ...(next ? [next] : [])].map((c, i) =>
      c.text === '' ? { ...c, text: i === 1 ? 'the last datagram' : 'the next datagram' } : c,
    );
    if (!expired) return [this.#early(flow, reported, { last, frames, head })];
    // Who is asked has 10 s to answer.
    const general = flow.group.includes(':') ? '::' : '0.0.0.0';
    const asked = this.#asked(flow, general, reported.report.atS + RESPONSE_S, last.atS - RESPONSE_S);
    const why = asked
      ? `A query passed there at ${seconds(asked.atS)}, and no report came back: it did not reach the member, or a filter of its host drops queries, or the member is gone.`
      : 'The membership expired because nobody asked for it any more.';
    const what = `${head} That is ${seconds(since)} after the last report of ${reported.address}: one membership interval (${interval} s, and up to ${WHEEL_S} s of the kernel’s timer wheel). ${why}`;
    if (asked) frames.splice(1, 0, asked);
    return [
      {
        kind: 'membership-expired',
        level: 'alarm',
        sure: elsewhere || renewed ? 'certain' : 'likely',
        where: flow.where,
        what,
        frames,
      },
    ];
  }

  /** A stop at another time than a membership's end. */
  #early(
    flow: Flow,
    { address, report }: { address: string; report: Cited },
    { last, frames, head }: { last: Cited; frames: readonly Cited[]; head: string },
  ): ExplainFinding {
    const known = `${address}, whose reports were seen there, had reported the group ${seconds(last.atS - report.atS)} before and had not left.`;
    const cited = (more: readonly Cited[]): Cited[] => [...frames, ...more].sort((a, b) => a.atS - b.atS);
    const { where, group, vlan } = flow;
    const finding = { kind: 'group-stopped', where } as const;
    const asked = this.#asked(flow, group, report.atS, last.atS);
    if (asked) {
      // IGMPv2 and MLDv1 let a host leave without a word when another has reported since.
      const what = `${head} It was asked there at ${seconds(asked.atS)} who wants the group, and nobody answered. ${known}`;
      return { ...finding, level: 'notice', sure: 'certain', what, frames: cited([asked]) };
    }
    const leaver = this.#members.leftBefore({ where, group, vlan }, last.atS, LEAVE_S);
    if (leaver) {
      const what = `${head} ${known} ${leaver.address} had left it there at ${seconds(leaver.at.atS)}: fast leave takes the group from everybody behind a port, and without it a querier has to ask who is left.`;
      return { ...finding, level: 'alarm', sure: 'likely', what, frames: cited([leaver.at]) };
    }
    return { ...finding, level: 'alarm', sure: 'possible', what: `${head} ${known}`, frames };
  }
}

/** Datagrams before, within and up to the end of the time. */
const goesOn = (flow: Flow, fromS: number, toS: number): boolean =>
  flow.first.atS <= fromS &&
  flow.last.atS > fromS + (toS - fromS) / 2 &&
  !flow.stops.some(({ last, next }) => last.atS <= fromS + LEAST_STOP_S && next.atS >= toS);
