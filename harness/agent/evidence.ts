/** The end of observation: flows and captures stop, what was lost on the way is told, and traffic enters the record. */
import { at } from '../../lib/topology.ts';
import type { LabCore } from '../lab/lab.ts';

/** Further than this the host's clock was moved: packets carry that clock. */
const CLOCK_MOVED_NS = 20e6;

/** Stops everything that observes. Returns what makes the record unreliable, in words. */
export async function closeEvidence(lab: LabCore): Promise<string[]> {
  const troubles: string[] = [];
  try {
    lab.readings.atEnd();
  } catch (error) {
    troubles.push(`the tables at the end could not be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  for (const flow of lab.flows) flow.stop();
  for (const probe of [...lab.pings, ...lab.ompings]) probe.stop();
  for (const capture of lab.captures.values()) {
    try {
      await capture.stop();
    } catch (error) {
      troubles.push(`tcpdump on ${at(capture.where)} did not end well: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (capture.dropped > 0) troubles.push(`tcpdump on ${at(capture.where)} lost ${capture.dropped} frames for want of room`);
  }
  for (const flow of lab.flows) for (const { receiver, datagrams } of flow.overflows()) troubles.push(`the harness lost ${datagrams} datagrams of ${flow.name} at ${receiver}: its receive buffer was full`);
  for (const ping of lab.pings) if (ping.overflow() > 0) troubles.push(`the harness lost ${ping.overflow()} replies of ${ping.name}: its receive buffer was full`);
  for (const omping of lab.ompings) if (omping.overflow() > 0) troubles.push(`the harness lost ${omping.overflow()} answers of the ompings to ${omping.group}: a receive buffer was full`);
  for (const name of lab.states.lost) troubles.push(`rtnetlink notifications of ${name} were lost`);
  // In real time the host may step its clock.
  const drift = lab.clock.realtimeDriftNs();
  if (Math.abs(drift) > CLOCK_MOVED_NS) troubles.push(`the host's clock was moved by ${drift / 1e9} s during the story: times of frames are wrong`);
  return troubles;
}

const padded = (values: readonly (number | undefined)[], length: number): (number | null)[] => Array.from({ length }, (_, i) => values[i] ?? null);

/** Numbers of the datagrams that were refused, by the kernel's word. */
function refusals(refused: ReadonlyMap<number, string>): { refused?: Record<string, number[]> } {
  if (refused.size === 0) return {};
  const by: Record<string, number[]> = {};
  for (const [seq, code] of refused) (by[code] ??= []).push(seq);
  return { refused: by };
}

/** When each datagram and ping left, and when it came. */
export function recordTraffic({ flows, pings, ompings, recorder, clock }: Pick<LabCore, 'flows' | 'pings' | 'ompings' | 'recorder' | 'clock'>): void {
  for (const flow of flows)
    for (const r of flow.records) recorder.record(clock.ns, { type: 'flow', flow: r.flow, receiver: r.receiver, ...flow.facts, sentNs: r.sentNs, receivedNs: padded(r.receivedNs, r.sentNs.length), duplicates: r.duplicates, reordered: r.reordered, ...refusals(r.refused) });
  for (const { name, record, facts } of pings) recorder.record(clock.ns, { type: 'ping', ping: name, ...facts, sentNs: record.sentNs, repliedNs: padded(record.receivedNs, record.sentNs.length), duplicates: record.duplicates, ...refusals(record.refused) });
  for (const { event, record: r } of ompings.flatMap((omping) => omping.traffic())) {
    const arrivals = padded(r.receivedNs, r.sentNs.length);
    recorder.record(clock.ns, { ...event, sentNs: r.sentNs, ...(event.type === 'flow' ? { receivedNs: arrivals, reordered: r.reordered } : { repliedNs: arrivals }), duplicates: r.duplicates, ...refusals(r.refused) });
  }
}
