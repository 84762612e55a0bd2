/**
 * Finds the largest datagram that reaches every receiver, by bisection: each try is a few datagrams of one size, and it
 * has arrived when each receiver has one of them. What is on its way is lost only when the wait is over.
 */
import { largestThat } from '../../lib/bisection.ts';
import { LARGEST_PAYLOAD, type SizeLimit } from '../../lib/size-limit.ts';
import { type Duration, ms, s } from '../../lib/units.ts';
import type { Clock } from '../lab/clock.ts';
import { socketAddress } from '../system/native/socket-address.ts';
import { UdpSocket } from '../system/native/udp-socket.ts';
import type { FlowEnd } from './flow.ts';

/** "WWSZ", number of the search, number of the try. */
const MAGIC = 0x5757_535a;
const HEADER_BYTES = 12;
const PORT = 5406;
/** A datagram of the largest size, several times over. */
const BUFFER_BYTES = 1 << 20;

export interface SizeLimitOptions {
  /** UDP payload, bytes; default from 12 up to the largest that UDP knows. */
  min?: number;
  max?: number;
  /** Datagrams of each size: one that is lost by chance decides nothing. Default 2. */
  copies?: number;
  /** How long each size is waited for. Default 1 s. */
  wait?: Duration;
}

export async function findSizeLimit(id: number, from: FlowEnd, destination: string, receivers: readonly FlowEnd[], clock: Clock, options: SizeLimitOptions, defer: (close: () => void) => void): Promise<SizeLimit> {
  const family = destination.includes(':') ? 6 : 4;
  const { min = HEADER_BYTES, max = LARGEST_PAYLOAD[family], copies = 2, wait = s(1) } = options;
  const what = `${from.name} → ${destination}, heard by ${receivers.map((r) => r.name).join(' and ')}`;
  if (min < HEADER_BYTES || max > LARGEST_PAYLOAD[family]) throw new RangeError(`${what}: sizes from ${HEADER_BYTES} to ${LARGEST_PAYLOAD[family]} bytes of payload can be tried, not ${min} to ${max}`);
  const inet = family === 6 ? 'inet6' : 'inet';
  let current = 0;
  let missing = new Set<string>();
  let arrived: () => void = () => undefined;
  for (const receiver of receivers) {
    const socket = new UdpSocket({ namespace: receiver.node.namespace.fd, family: inet, port: PORT, shared: true, hearAllGroups: true, receiveBufferBytes: BUFFER_BYTES });
    defer(() => { socket.close(); });
    socket.onReceive(({ bytes, start, end }) => {
      if (end - start < HEADER_BYTES) return;
      const view = new DataView(bytes.buffer, bytes.byteOffset + start, HEADER_BYTES);
      if (view.getUint32(0) !== MAGIC || view.getUint32(4) !== id || view.getUint32(8) !== current) return;
      missing.delete(receiver.name);
      if (missing.size === 0) arrived();
    }, { holds: false });
  }
  const sender = new UdpSocket({ namespace: from.node.namespace.fd, family: inet });
  defer(() => { sender.close(); });
  const index = from.node.indexOf(from.device);
  sender.setMulticastInterface(index);
  sender.setMulticastTtl(8);
  const to = socketAddress(destination, PORT, destination.startsWith('ff02') || destination.startsWith('fe80') ? index : 0);

  const works = async (payloadBytes: number): Promise<boolean> => {
    current++;
    missing = new Set(receivers.map((r) => r.name));
    const all = new Promise<true>((resolve) => { arrived = () => { resolve(true); }; });
    const payload = new Uint8Array(payloadBytes);
    const view = new DataView(payload.buffer);
    view.setUint32(0, MAGIC);
    view.setUint32(4, id);
    view.setUint32(8, current);
    const end = clock.ns + wait.ns;
    // Refused by our own kernel (EMSGSIZE) is lost as well.
    for (let copy = 0; copy < copies; copy++) sender.sendTo(payload, to);
    const answer = await Promise.race([all, clock.until(end).then(() => false)]);
    // Apart, so that fragments of one try do not meet those of the next in a queue.
    await clock.passes(ms(10));
    return answer;
  };
  const began = clock.moment('the search began');
  const found = await largestThat(works, { min, max });
  return { what, family, found, from: began, to: clock.moment('the search ended') };
}
