/**
 * ssmping and asmping on a machine, and ssmpingd on another: one request after the other, answered to the sender and to
 * the group. They speak the protocol of ssmping 0.9.1: the real programs may be at either end.
 */
import { Responder } from '../../lib/ping/responder.ts';
import { SsmPing } from '../../lib/ping/ssm-client.ts';
import { readSsmReply, SSM_GROUP, SSM_TTL, withTail } from '../../lib/ping/ssm-message.ts';
import type { Cast } from '../../lib/ping/omping-client.ts';
import { PING_PORT } from '../../lib/ping/tlv.ts';
import { type Duration, s } from '../../lib/units.ts';
import { formatIp } from '../../lib/wire/address.ts';
import type { Clock } from '../lab/clock.ts';
import { realTime } from '../ping/clock.ts';
import { errnoName } from '../system/native/errno.ts';
import type { Received } from '../system/native/receive-batch.ts';
import { socketAddress } from '../system/native/socket-address.ts';
import { UdpSocket } from '../system/native/udp-socket.ts';
import { DatagramRecord } from './datagrams.ts';
import type { FlowEnd } from './flow.ts';
import { type OmpingEnd, OmpingPath } from './omping.ts';
import { Pacer } from './pacer.ts';

export interface SsmpingOptions {
  /** asmping: hear the group from any source; without, ssmping: hear the server only. */
  group?: string;
  /** Default 4. */
  family?: 4 | 6;
  /** Default 1 s, as the original. */
  every?: Duration;
}

/** A reply over IPv4, without headers: its request, echoed. */
const REPLY_BYTES = { 4: 38, 6: 50 } as const;

export class Ssmping implements Disposable {
  readonly group: string;
  readonly #unicast: DatagramRecord;
  readonly #multicast: DatagramRecord;
  readonly #sockets: UdpSocket[] = [];
  readonly #pacer: Pacer;
  readonly #clock: Clock;
  readonly #facts: { readonly from: OmpingEnd; readonly to: OmpingEnd; readonly every: Duration; readonly family: 4 | 6 };
  #overflow: number | undefined;

  constructor(pid: number, from: OmpingEnd, to: OmpingEnd, clock: Clock, { group, family = 4, every = s(1) }: SsmpingOptions) {
    const inet = family === 4 ? 'inet' : 'inet6', namespace = from.node.namespace.fd, index = from.node.indexOf(from.device);
    this.group = group === undefined ? SSM_GROUP[inet] : withTail(group);
    this.#clock = clock;
    this.#facts = { from, to, every, family };
    const program = group === undefined ? 'ssmping' : 'asmping', name = `${from.name} ${program}s ${to.name}`;
    const sentNs: number[] = [], refused = new Map<number, string>();
    this.#unicast = new DatagramRecord(name, from.name, sentNs, refused);
    this.#multicast = new DatagramRecord(`${to.name} → ${this.group}, asked by ${from.name}'s ${program}`, from.name, sentNs, refused);

    const unicast = new UdpSocket({ namespace, family: inet, address: from.address, shared: true });
    this.#sockets.push(unicast);
    unicast.connect(to.address, PING_PORT);
    const multicast = new UdpSocket({ namespace, family: inet, address: this.group, port: unicast.port, scope: inet === 'inet6' ? index : 0, shared: true });
    this.#sockets.push(multicast);
    multicast.join(this.group, index, program === 'ssmping' ? to.address : undefined);

    const ping = new SsmPing({ program, server: to.address, local: from.address, group: this.group, pid, asksVersion: false, intervalMs: every.ns / 1e6 });
    const hears = (cast: Cast, record: DatagramRecord) => ({ bytes, length, source, ttl, seconds, nanoseconds, timeNs }: Received): void => {
      // What is not an answer to us changes nothing of its course.
      const { received } = ping.course[cast];
      ping.received(cast, { bytes, length, source, ttl, seconds, nanoseconds }, clock.ns / 1e6);
      const sequence = ping.course[cast].received > received ? readSsmReply(bytes, length)?.sequence : undefined;
      if (sequence !== undefined) record.arrived(sequence - 1, clock.fromRealtime(timeNs));
    };
    unicast.onReceive(hears('unicast', this.#unicast), { holds: false, onError: () => undefined });
    multicast.onReceive(hears('multicast', this.#multicast), { holds: false });
    this.#pacer = new Pacer(clock, every, (n) => {
      const request = ping.request(clock.ns / 1e6, realTime);
      sentNs.push(clock.ns);
      const errno = unicast.send(request);
      if (errno !== 0) refused.set(n, errnoName(errno));
    }).start();
  }

  get unicast(): OmpingPath { return new OmpingPath(this.#unicast.flow, this.#unicast, this.#multicast); }
  get multicast(): OmpingPath { return new OmpingPath(`${this.#facts.from.name} hears ${this.#facts.to.name} → ${this.group}`, this.#multicast, this.#unicast); }

  traffic(): { event: { type: 'ping' | 'flow' } & Record<string, unknown>; record: DatagramRecord }[] {
    const { from, to, every, family } = this.#facts, facts = { sizeBytes: REPLY_BYTES[family], everyNs: every.ns, port: PING_PORT };
    return [
      { record: this.#unicast, event: { type: 'ping', ping: this.#unicast.flow, from: from.name, device: from.device, to: to.address, ...facts } },
      { record: this.#multicast, event: { type: 'flow', flow: this.#multicast.flow, receiver: from.name, from: to.name, device: to.device, to: this.group, ...facts } },
    ];
  }

  overflow(): number { return this.#overflow ?? this.#sockets.reduce((sum, socket) => sum + socket.drops(), 0); }

  stop(): void {
    this.#pacer.stop();
    for (const record of [this.#unicast, this.#multicast]) record.endedNs ??= (record.sentNs.at(-1) ?? this.#clock.ns) + this.#facts.every.ns;
  }

  close(): void {
    this.stop();
    this.#overflow ??= this.overflow();
    for (const socket of this.#sockets.splice(0)) socket.close();
  }

  [Symbol.dispose](): void { this.stop(); }
}

/** ssmpingd on a machine, from now on; returns what ends it. */
export function ssmpingdOn({ node, device }: FlowEnd, clock: Clock, random: (bytes: number) => Uint8Array): () => void {
  const sockets = (['inet', 'inet6'] as const).map((family) => {
    const socket = new UdpSocket({ namespace: node.namespace.fd, family, port: PING_PORT });
    socket.setTtl(SSM_TTL);
    socket.setMulticastTtl(SSM_TTL);
    socket.setMulticastInterface(node.indexOf(device));
    const responder = new Responder({ rateNs: 0, rfcRateNs: 1e9, random, most: 64 }, 1472);
    socket.onReceive((received) => {
      if (!received.toUsAlone) return;
      const { source, sourcePort } = received, answer = responder.receive(received.bytes, received.length, family, () => source, clock.ns);
      if (answer?.dialect !== 1) return;
      for (const to of [source, ...(answer.group ? [formatIp(answer.group)] : [])]) socket.sendTo(responder.reply, socketAddress(to, sourcePort), answer.length);
    }, { holds: false, onError: () => undefined });
    return socket;
  });
  return () => { for (const socket of sockets) socket.close(); };
}
