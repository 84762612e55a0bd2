/** ICMP and ICMPv6 echo from one machine to an address, answered by the other side's kernel. */
import type { Duration, Moment } from '../../lib/units.ts';
import type { Clock } from '../lab/clock.ts';
import { errnoName } from '../system/native/errno.ts';
import { IcmpSocket } from '../system/native/icmp-socket.ts';
import { socketAddress } from '../system/native/socket-address.ts';
import { DatagramRecord } from './datagrams.ts';
import type { FlowEnd } from './flow.ts';
import { Pacer } from './pacer.ts';

export interface PingOptions {
  every: Duration;
  /** ICMP payload; default 56, as ping(8). */
  sizeBytes?: number;
  /** Called before each request, with its number. */
  before?: (seq: number) => void;
}

export class Ping {
  readonly name: string;
  readonly destination: string;
  readonly every: Duration;
  readonly record: DatagramRecord;
  readonly facts: { readonly from: string; readonly device: string; readonly to: string; readonly sizeBytes: number; readonly everyNs: number };
  readonly #socket: IcmpSocket;
  readonly #pacer: Pacer;
  readonly #clock: Clock;
  /** As it was when the socket was closed. */
  #overflow: number | undefined;

  constructor(from: FlowEnd, destination: string, clock: Clock, options: PingOptions) {
    const { every, sizeBytes = 56, before } = options;
    this.name = `${from.name} pings ${destination}`;
    this.destination = destination;
    this.every = every;
    this.facts = { from: from.name, device: from.device, to: destination, sizeBytes, everyNs: every.ns };
    this.#clock = clock;
    const refused = new Map<number, string>();
    this.record = new DatagramRecord(this.name, from.name, [], refused);
    const socket = new IcmpSocket({ namespace: from.node.namespace.fd, family: destination.includes(':') ? 'inet6' : 'inet', payloadBytes: sizeBytes });
    this.#socket = socket;
    const { sentNs } = this.record;
    socket.onReceive((reply) => {
      // Sequence numbers have 16 bits: the newest request that this can be.
      const turns = Math.floor((sentNs.length - 1 - reply.sequence) / 65536);
      this.record.arrived(reply.sequence + Math.max(0, turns) * 65536, clock.fromRealtime(BigInt(reply.seconds) * 1_000_000_000n + BigInt(reply.nanoseconds)));
    }, { holds: false });
    const to = socketAddress(destination, 0, destination.startsWith('fe80') ? from.node.indexOf(from.device) : 0);
    this.#pacer = new Pacer(clock, every, (seq) => {
      before?.(seq);
      sentNs.push(clock.ns);
      // An unreachable neighbour is an errno here and a lost ping for the record.
      const errno = socket.send(to, seq);
      if (errno !== 0) refused.set(seq, errnoName(errno));
    }).start();
  }

  /** When the latest reply came: the last sign that the path worked both ways. */
  get lastReply(): Moment {
    const ns = this.record.receivedNs.findLast((at) => at !== undefined);
    if (ns === undefined) throw new Error(`${this.name}: no reply has come`);
    return { ns, what: `the last reply from ${this.destination}` };
  }

  /** Replies for which our socket had no room: the harness's loss. */
  overflow(): number { return this.#overflow ?? this.#socket.drops(); }

  stop(): void {
    this.#pacer.stop();
    this.record.endedNs ??= (this.record.sentNs.at(-1) ?? this.#clock.ns) + this.every.ns;
  }

  close(): void {
    this.stop();
    this.#overflow ??= this.#socket.drops();
    this.#socket.close();
  }

  [Symbol.dispose](): void { this.stop(); }
}
