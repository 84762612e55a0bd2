/** Groups: who reported and left, which traffic came where, and where it stopped although somebody there wanted it. */
import { isMulticastIp } from '../wire/address.ts';
import { cite, joined, macOf, seconds, senderOf, targetOf } from './cite.ts';
import { isOfTheSystem } from './queriers.ts';
import type { Cited, Detector, ExplainFinding, SeenFrame } from './types.ts';

interface Member {
  readonly mac: string;
  readonly where: string;
  address: string;
  version: number;
  reports: number;
  first: Cited;
  last: Cited;
  left?: Cited;
  /** Reports and leaves in order of time, the latest thousands. */
  history: { at: Cited; leaves: boolean }[];
}

const MOST_HISTORY = 5000;

/** Datagrams of one sender to one group and port, as one interface sees them. */
interface Flow {
  readonly where: string;
  readonly group: string;
  readonly from: string;
  readonly port: number;
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

export interface GroupsOptions {
  readonly membershipIntervalS: number;
}

export class Groups implements Detector {
  readonly #members = new Map<string, Map<string, Member>>();
  readonly #flows = new Map<string, Flow>();
  readonly #options: GroupsOptions;

  constructor(options: GroupsOptions) {
    this.#options = options;
  }

  see(seen: SeenFrame): void {
    const message = seen.frame.igmp ?? seen.frame.mld;
    if (message && message.type !== 'other') {
      if (seen.first && message.type !== 'query') this.#membership(seen);
      return;
    }
    const group = targetOf(seen);
    if (seen.frame.udp === undefined || group === undefined || !isMulticastIp(group) || isOfTheSystem(group)) return;
    this.#datagram(seen, group, seen.frame.udp.dstPort);
  }

  #membership(seen: SeenFrame): void {
    const message = seen.frame.igmp ?? seen.frame.mld;
    if (message === undefined || message.type === 'other' || message.type === 'query') return;
    const version = message.version;
    if ('records' in message) {
      for (const { group, type, sources } of message.records) {
        const leaves = sources.length === 0 && (type === 'to-include' || type === 'is-include');
        if (type !== 'block') this.#note(seen, group, leaves, version);
      }
    } else this.#note(seen, message.group, message.type !== 'report', version);
  }

  #note(seen: SeenFrame, group: string, leaves: boolean, version: number): void {
    const mac = macOf(seen) ?? senderOf(seen) ?? '?';
    if (isOfTheSystem(group)) return;
    const members = this.#members.get(group) ?? new Map<string, Member>();
    this.#members.set(group, members);
    const known = members.get(mac);
    const at = cite(seen);
    if (known === undefined) {
      if (!leaves)
        members.set(mac, {
          mac,
          where: seen.where,
          address: senderOf(seen) ?? mac,
          version,
          reports: 1,
          first: at,
          last: at,
          history: [{ at, leaves }],
        });
      return;
    }
    known.history.push({ at, leaves });
    if (known.history.length > MOST_HISTORY) known.history.shift();
    if (leaves) {
      known.left = at;
      return;
    }
    Object.assign(known, { last: at, reports: known.reports + 1, version, address: senderOf(seen) ?? known.address });
    delete known.left;
  }

  #datagram(seen: SeenFrame, group: string, port: number): void {
    const from = senderOf(seen) ?? '?';
    const key = `${seen.where} ${group} ${from} ${port}`;
    const at = cite(seen, '');
    const flow = this.#flows.get(key);
    if (flow === undefined) {
      this.#flows.set(key, {
        where: seen.where,
        group,
        from,
        port,
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
    return [...this.#memberships(), ...[...this.#flows.values()].flatMap((flow) => this.#stops(flow, lastS))];
  }

  #memberships(): ExplainFinding[] {
    return [...this.#members].map(([group, members]) => {
      const told = [...members.values()]
        .slice(0, 12)
        .map(
          (m) =>
            `${m.address} at ${m.where} (version ${m.version}, ${m.reports} report${m.reports === 1 ? '' : 's'}, last at ${seconds(m.last.atS)}${m.left ? `, left at ${seconds(m.left.atS)}` : ''})`,
        );
      const more = members.size > told.length ? ` and ${members.size - told.length} more` : '';
      return {
        kind: 'members',
        level: 'fact',
        sure: 'certain',
        what: `${group} is wanted by ${joined(told)}${more}.`,
        frames: [...members.values()].slice(0, 12).map((m) => m.last),
      };
    });
  }

  /** Where the flow stopped while a member behind this interface wanted it. */
  #stops(flow: Flow, lastS: number): ExplainFinding[] {
    const wanting = [...(this.#members.get(flow.group)?.values() ?? [])].filter(
      (m) => m.where === flow.where && m.address !== flow.from,
    );
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
      const report = wantedAt(m, last.atS, Math.max(1, 2 * flow.longestGapS));
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
    if (!expired && elsewhere === undefined) return [];
    const ended = next ? `; it came back after ${seconds(next.atS - last.atS)}` : '; it did not come back';
    const seen = elsewhere ? `, while at ${elsewhere.where} it went on` : '';
    const head = `${flow.group} from ${flow.from} stopped at ${flow.where} at ${seconds(last.atS)}${seen}${ended}.`;
    const frames = [reported.report, last, ...(next ? [next] : [])].map((c, i) =>
      c.text === '' ? { ...c, text: i === 1 ? 'the last datagram' : 'the next datagram' } : c,
    );
    if (!expired)
      return [
        {
          kind: 'group-stopped',
          level: 'alarm',
          sure: 'possible',
          where: flow.where,
          what: `${head} ${reported.address} behind it had reported the group ${seconds(since)} before and had not left.`,
          frames,
        },
      ];
    const what = `${head} That is ${seconds(since)} after the last report of ${reported.address}: one membership interval (${interval} s, and up to ${WHEEL_S} s of the kernel’s timer wheel). The membership expired because nobody asked for it any more.`;
    return [
      {
        kind: 'membership-expired',
        level: 'alarm',
        sure: elsewhere ? 'certain' : 'likely',
        where: flow.where,
        what,
        frames,
      },
    ];
  }
}

/** The last report before an instant, if the member had not left by then, nor by when the next datagram was due. */
function wantedAt({ history }: Member, atS: number, dueS: number): Cited | undefined {
  const latest = history.findLast(({ at }) => at.atS <= atS);
  if (latest === undefined || latest.leaves) return undefined;
  return history.some(({ at, leaves }) => leaves && at.atS > atS && at.atS <= atS + dueS) ? undefined : latest.at;
}

/** Datagrams before, within and up to the end of the time. */
const goesOn = (flow: Flow, fromS: number, toS: number): boolean =>
  flow.first.atS <= fromS &&
  flow.last.atS > fromS + (toS - fromS) / 2 &&
  !flow.stops.some(({ last, next }) => last.atS <= fromS + LEAST_STOP_S && next.atS >= toS);
