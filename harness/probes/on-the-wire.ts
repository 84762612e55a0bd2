/** A flow as it passed a captured interface: numbered datagrams read from the frames. */
import type { DatagramTimeline } from '../../lib/timeline.ts';
import { at } from '../../lib/topology.ts';
import { udpPayload } from '../../lib/wire/index.ts';
import type { Capture } from '../capture/capture.ts';
import { DatagramRecord } from './datagrams.ts';
import { type Flow, numberOf } from './flow.ts';

interface Seen { readonly flow: number; readonly seq: number; readonly ns: number }

/** Each capture is read once, however many flows are asked for; again when it has grown. */
const read = new WeakMap<Capture, { frames: number; seen: Map<number, Seen[]> }>();

function seenAt(capture: Capture): Map<number, Seen[]> {
  const before = read.get(capture);
  if (before?.frames === capture.frames.length) return before.seen;
  const seen = new Map<number, Seen[]>();
  for (const { ns, packet } of capture.frames) {
    const payload = udpPayload(packet.bytes);
    const number = payload && numberOf(payload);
    if (!number) continue;
    const flow = seen.get(number.flow);
    if (flow) flow.push({ ...number, ns });
    else seen.set(number.flow, [{ ...number, ns }]);
  }
  read.set(capture, { frames: capture.frames.length, seen });
  return seen;
}

export function onTheWire(flow: Flow, capture: Capture): DatagramTimeline {
  const record = new DatagramRecord(flow.name, at(capture.where), flow.sentNs, flow.refused);
  record.endedNs = flow.endedNs;
  for (const { seq, ns } of seenAt(capture).get(flow.id) ?? []) record.arrived(seq, ns);
  return record;
}
