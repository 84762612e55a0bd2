/**
 * Numbered datagrams from one machine to an address, and what every listening machine received of them. All sockets
 * live in this process, each opened inside its machine's namespace.
 */
import { between, type Window } from '../../lib/claims.ts';
import type { Duration, Moment } from '../../lib/units.ts';
import type { Clock } from '../lab/clock.ts';
import type { Node } from '../lab/node.ts';
import { errnoName } from '../system/native/errno.ts';
import { socketAddress } from '../system/native/socket-address.ts';
import { UdpSocket } from '../system/native/udp-socket.ts';
import { DatagramRecord } from './datagrams.ts';
import { Pacer } from './pacer.ts';

/** "WWFL", flow, sequence number; the rest is padding. */
const MAGIC = 0x5757464c;
export const FLOW_HEADER_BYTES = 12;
/** Where flows are received unless the story says otherwise. */
export const FLOW_PORT = 5405;

const DISCARD_PORT = 9;

/** Which datagram of which flow a payload is. */
export function numberOf(payload: Uint8Array): { flow: number; seq: number } | undefined {
  if (payload.length < FLOW_HEADER_BYTES) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, FLOW_HEADER_BYTES);
  return view.getUint32(0) === MAGIC ? { flow: view.getUint32(4), seq: view.getUint32(8) } : undefined;
}

export interface FlowOptions {
  /** Time between datagrams. */
  every: Duration;
  /** Source address, where the sender has several. */
  from?: string;
  /** UDP payload; at least 12. Default 64. */
  sizeBytes?: number;
  port?: number;
  /** Where it is sent from; any free port otherwise. Two flows that go to each other's ports are one connection to a firewall. */
  fromPort?: number;
  /** TTL or hop limit; default 8 for groups. */
  ttl?: number;
  /** Called before each datagram, with its number. */
  before?: (seq: number) => void;
}

export interface FlowEnd {
  readonly name: string;
  readonly node: Node;
  readonly device: string;
}

export class Flow {
  readonly id: number;
  readonly name: string;
  readonly destination: string;
  readonly every: Duration;
  /** What the record says of it beside what arrived: who sends, to where, how large. */
  readonly facts: { readonly from: string; readonly device: string; readonly to: string; readonly port: number; readonly sizeBytes: number; readonly everyNs: number };
  readonly sentNs: number[] = [];
  /** When the next datagram would have left, had it not been stopped. */
  endedNs: number | undefined;
  /** Sends that the kernel refused, by the datagram's number: unreachable neighbours and the like. */
  readonly refused = new Map<number, string>();
  readonly #records = new Map<string, DatagramRecord>();
  readonly #sockets: UdpSocket[] = [];
  readonly #listening = new Map<string, UdpSocket>();
  readonly #pacer: Pacer;
  readonly #clock: Clock;
  /** As it was when the sockets were closed. */
  #overflows: { receiver: string; datagrams: number }[] | undefined;

  constructor(id: number, from: FlowEnd, destination: string, receivers: readonly FlowEnd[], clock: Clock, options: FlowOptions) {
    const { every, from: source, sizeBytes = 64, port = FLOW_PORT, ttl = 8, fromPort, before } = options;
    if (sizeBytes < FLOW_HEADER_BYTES) throw new RangeError(`a flow's datagram needs ${FLOW_HEADER_BYTES} bytes for its number, not ${sizeBytes}`);
    const family = destination.includes(':') ? 'inet6' : 'inet';
    this.id = id;
    this.name = `${from.name}${source === undefined ? '' : ` (${source})`} → ${destination}`;
    this.destination = destination;
    this.every = every;
    this.facts = { from: from.name, device: from.device, to: destination, port, sizeBytes, everyNs: every.ns };
    this.#clock = clock;

    for (const receiver of receivers) {
      const record = new DatagramRecord(this.name, receiver.name, this.sentNs, this.refused);
      this.#records.set(receiver.name, record);
      // Membership is the machine's, as its own sockets have it; this one only listens.
      const socket = new UdpSocket({ namespace: receiver.node.namespace.fd, family, port, shared: true, hearAllGroups: true, receiveBufferBytes: 1 << 20 });
      this.#sockets.push(socket);
      this.#listening.set(receiver.name, socket);
      socket.onReceive((datagram) => {
        const numbered = numberOf(datagram.bytes.subarray(datagram.start, datagram.end));
        if (numbered?.flow === id) record.arrived(numbered.seq, clock.fromRealtime(datagram.timeNs));
      }, { holds: false });
    }

    const sender = new UdpSocket({ namespace: from.node.namespace.fd, family, ...(source === undefined ? {} : { address: source }), ...(fromPort === undefined ? {} : { port: fromPort, shared: true }) });
    this.#sockets.push(sender);
    // Its port may be one that another flow is received at: connected to nobody's port it takes nothing of that.
    if (fromPort !== undefined) sender.connect(destination, DISCARD_PORT);
    const index = from.node.indexOf(from.device);
    sender.setMulticastInterface(index);
    sender.setMulticastTtl(ttl);
    const to = socketAddress(destination, port, destination.startsWith('ff02') || destination.startsWith('fe80') ? index : 0);
    const payload = new Uint8Array(sizeBytes);
    const view = new DataView(payload.buffer);
    view.setUint32(0, MAGIC);
    view.setUint32(4, id);
    this.#pacer = new Pacer(clock, every, (seq) => {
      before?.(seq);
      view.setUint32(8, seq);
      this.sentNs.push(clock.ns);
      const errno = sender.sendTo(payload, to);
      if (errno !== 0) this.refused.set(seq, errnoName(errno));
    }).start();
  }

  /** What one machine received. */
  at(receiver: string): DatagramRecord {
    const record = this.#records.get(receiver);
    if (!record) throw new Error(`${receiver} does not listen to ${this.name}; listening: ${[...this.#records.keys()].join(', ') || 'nobody'}`);
    return record;
  }

  /**
   * Those sent between two moments that are over, and a window that holds them whole: its edges lie halfway to the
   * neighbours, so that no datagram is sent outside it and seen inside. For claims that count frames.
   */
  whole(from: Moment, to: Moment): { datagrams: number; window: Window } {
    const inside = this.sentNs.flatMap((at, seq) => (at >= from.ns && at <= to.ns ? [seq] : []));
    const [first, last] = [inside[0], inside.at(-1)];
    if (first === undefined || last === undefined) throw new Error(`${this.name}: nothing was sent between ${from.what} and ${to.what}`);
    const halfway = (seq: number): number => ((this.sentNs[seq] ?? (this.sentNs[last] as number) + this.every.ns) + (this.sentNs[seq - 1] ?? (this.sentNs[first] as number) - this.every.ns)) / 2;
    const begin: Moment = { ns: Math.round(halfway(first)), what: from.what };
    return { datagrams: inside.length, window: between(begin, { ns: Math.round(halfway(last + 1)), what: to.what }) };
  }

  get records(): readonly DatagramRecord[] {
    return [...this.#records.values()];
  }

  /** Receivers whose socket had no room for a datagram that had come: the harness's loss, not the network's. */
  overflows(): { receiver: string; datagrams: number }[] {
    return this.#overflows ?? [...this.#listening].flatMap(([receiver, socket]) => {
      const datagrams = socket.drops();
      return datagrams > 0 ? [{ receiver, datagrams }] : [];
    });
  }

  /** No further datagrams; those on their way still count. */
  stop(): void {
    this.#pacer.stop();
    this.endedNs ??= (this.sentNs.at(-1) ?? this.#clock.ns) + this.every.ns;
    for (const record of this.#records.values()) record.endedNs ??= this.endedNs;
  }

  close(): void {
    this.stop();
    this.#overflows ??= this.overflows();
    for (const socket of this.#sockets.splice(0)) socket.close();
  }

  [Symbol.dispose](): void { this.stop(); }
}
