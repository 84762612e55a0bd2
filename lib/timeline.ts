/**
 * What was seen, in order of time. A datagram timeline is indexed by sequence number; instants are nanoseconds of
 * protocol time since the story began. Everything that claims ask is answered from here.
 */

export interface DatagramTimeline {
  /** "alice → 239.192.5.5". */
  readonly flow: string;
  /** "bob". */
  readonly receiver: string;
  /** When datagram i left; strictly rising. */
  readonly sentNs: readonly number[];
  /** When datagram i first came; undefined while it has not. */
  readonly receivedNs: readonly (number | undefined)[];
  /** Further copies of datagrams that had come already. */
  readonly duplicates: number;
  /** Datagrams that came after one with a higher number. */
  readonly reordered: number;
  /** When the next datagram would have left, had the sender not stopped; undefined while it sends. From here on, silence says nothing. */
  readonly endedNs?: number | undefined;
  /** Datagrams that the sender's own kernel refused to send, by their number: "ENETUNREACH", "ENOBUFS". */
  readonly refused?: ReadonlyMap<number, string>;
}

/** A run of consecutive lost datagrams. */
export interface Outage {
  /** Sent last before the run and delivered; undefined when the run opens the timeline. */
  readonly lastDeliveredNs: number | undefined;
  readonly firstLostNs: number;
  readonly lastLostNs: number;
  /** Sent first after the run and delivered; undefined when nothing has come since. */
  readonly nextDeliveredNs: number | undefined;
  readonly lost: number;
  /** The path was dead at least from the first to the last lost datagram … */
  readonly atLeastNs: number;
  /** … and at most from the last delivered to the next delivered one; Infinity when either is missing. */
  readonly atMostNs: number;
}

export interface Tally {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly lossPercent: number;
  readonly latencyMedianNs: number | undefined;
  readonly latencyMaxNs: number | undefined;
}

/** Sequence numbers sent in [from, to], both included. */
export function sentWithin(timeline: DatagramTimeline, fromNs: number, toNs: number): number[] {
  const seqs: number[] = [];
  timeline.sentNs.forEach((at, seq) => {
    if (at >= fromNs && at <= toNs) seqs.push(seq);
  });
  return seqs;
}

export const wasReceived = (timeline: DatagramTimeline, seq: number): boolean => timeline.receivedNs[seq] !== undefined;

export function tally(timeline: DatagramTimeline, fromNs = -Infinity, toNs = Infinity): Tally {
  const seqs = sentWithin(timeline, fromNs, toNs);
  const latencies = seqs
    .flatMap((seq) => {
      const received = timeline.receivedNs[seq];
      const sent = timeline.sentNs[seq];
      return received === undefined || sent === undefined ? [] : [received - sent];
    })
    .sort((a, b) => a - b);
  const received = latencies.length;
  const lost = seqs.length - received;
  return {
    sent: seqs.length, received, lost, lossPercent: seqs.length === 0 ? 0 : (100 * lost) / seqs.length,
    latencyMedianNs: latencies[Math.floor((received - 1) / 2)], latencyMaxNs: latencies.at(-1),
  };
}

/** Every run of lost datagrams among those sent in [from, to]; a run is followed beyond neither end. */
export function outages(timeline: DatagramTimeline, fromNs = -Infinity, toNs = Infinity): Outage[] {
  const found: Outage[] = [];
  let run: number[] = [];
  let lastDelivered: number | undefined;
  const close = (nextDelivered: number | undefined): void => {
    const [first, last] = [run[0], run.at(-1)];
    if (first === undefined || last === undefined) return;
    found.push({
      lastDeliveredNs: lastDelivered, firstLostNs: first, lastLostNs: last, nextDeliveredNs: nextDelivered, lost: run.length, atLeastNs: last - first,
      atMostNs: nextDelivered === undefined || lastDelivered === undefined ? Infinity : nextDelivered - lastDelivered,
    });
    run = [];
  };
  for (const seq of sentWithin(timeline, fromNs, toNs)) {
    const sent = timeline.sentNs[seq] as number;
    if (wasReceived(timeline, seq)) {
      close(sent);
      lastDelivered = sent;
    } else run.push(sent);
  }
  close(undefined);
  return found;
}

export const longestOutage = (timeline: DatagramTimeline, fromNs?: number, toNs?: number): Outage | undefined =>
  outages(timeline, fromNs, toNs).reduce<Outage | undefined>((longest, o) => (longest && longest.lost >= o.lost ? longest : o), undefined);

/** A value over time, from notifications: an operstate, an active slave, the presence of an MDB entry. */
export interface StateTimeline {
  /** "hv:bond0 active slave". */
  readonly what: string;
  readonly changes: readonly { readonly ns: number; readonly value: string }[];
}

export const stateAt = (timeline: StateTimeline, atNs: number): string | undefined => timeline.changes.findLast((c) => c.ns <= atNs)?.value;
