/**
 * An omping on each of several machines: everyone asks everyone else, by unicast and to the group, and answers. Each has
 * its two sockets in its machine's namespace, and they speak omping's protocol: a real omping may be one of them.
 */
import { matrixLines, type MatrixRow, matrixRows } from '../../lib/ping/matrix.ts';
import type { Cast } from '../../lib/ping/omping-client.ts';
import { OMPING_GROUP, OmpingNode } from '../../lib/ping/omping-node.ts';
import { PING_PORT } from '../../lib/ping/tlv.ts';
import { randomFrom } from '../../lib/seed.ts';
import { type Duration, ns, s } from '../../lib/units.ts';
import type { Clock } from '../lab/clock.ts';
import { realTime } from '../ping/clock.ts';
import { errnoName } from '../system/native/errno.ts';
import type { Received } from '../system/native/receive-batch.ts';
import { socketAddress } from '../system/native/socket-address.ts';
import { UdpSocket } from '../system/native/udp-socket.ts';
import { DatagramRecord } from './datagrams.ts';
import type { FlowEnd } from './flow.ts';
import { Pacer } from './pacer.ts';

/** As omping sends it. */
const TTL = 64;
/** An answer over IPv4, without its headers. */
const ANSWER_BYTES = { 4: 69, 6: 81 } as const;

export interface OmpingOptions {
  /** Default 4. */
  family?: 4 | 6;
  /** From one query of a machine to the next; default 1 s. */
  every?: Duration;
  /** Default omping's own. */
  group?: string;
  /** asm: from any source; ssm: each machine joins the group from each other one. */
  transport?: 'asm' | 'ssm';
}
export interface OmpingEnd extends FlowEnd { readonly address: string }
interface Hearing { refused: Map<number, string>; sentNs: number[]; unicast: DatagramRecord; multicast: DatagramRecord; to: OmpingEnd }

/** What one machine hears of another, by one cast: claims are made about it. */
export class OmpingPath {
  readonly name: string;
  readonly record: DatagramRecord;
  /** The other cast: what silence is held against. */
  readonly other: DatagramRecord;

  constructor(name: string, record: DatagramRecord, other: DatagramRecord) {
    this.name = name;
    this.record = record;
    this.other = other;
  }
}

export class Omping implements Disposable {
  readonly group: string;
  readonly family: 4 | 6;
  readonly every: Duration;
  readonly #nodes: OmpingNode[] = [];
  readonly #ends: readonly OmpingEnd[];
  readonly #heard = new Map<string, Hearing>();
  readonly #sockets: UdpSocket[] = [];
  readonly #pacer: Pacer;
  readonly #clock: Clock;
  #overflow: number | undefined;

  constructor(ends: readonly OmpingEnd[], clock: Clock, seed: number, { family = 4, every = s(1), group = OMPING_GROUP[family === 4 ? 'inet' : 'inet6'], transport = 'asm' }: OmpingOptions) {
    if (ends.length < 2) throw new Error('an omping asks others: name at least two machines');
    this.#ends = ends;
    this.group = group;
    this.family = family;
    this.every = every;
    this.#clock = clock;
    const random = randomFrom(seed, 'omping');
    const octets = (n: number): Uint8Array => Uint8Array.from({ length: n }, () => Math.floor(random() * 256));
    try {
      ends.forEach((end, at) => { this.#nodes.push(this.#node(end, at, transport, octets)); });
    } catch (error) {
      for (const socket of this.#sockets) socket.close();
      throw error;
    }
    // One after the other in turn: who asks all at once measures how long the others wait for each other.
    this.#pacer = new Pacer(clock, ns(Math.floor(every.ns / ends.length)), (n) => { this.#nodes[n % ends.length]?.tick(clock.ns / 1e6); }).start();
  }

  #node(end: OmpingEnd, at: number, transport: 'asm' | 'ssm', octets: (n: number) => Uint8Array): OmpingNode {
    const inet = this.family === 4 ? 'inet' : 'inet6', namespace = end.node.namespace.fd, index = end.node.indexOf(end.device);
    const unicast = new UdpSocket({ namespace, family: inet, address: end.address, port: PING_PORT });
    this.#sockets.push(unicast);
    const multicast = new UdpSocket({ namespace, family: inet, address: this.group, port: PING_PORT, scope: inet === 'inet6' ? index : 0, shared: true, sharedPort: true });
    this.#sockets.push(multicast);
    unicast.setTtl(TTL);
    unicast.setMulticastTtl(TTL);
    unicast.setMulticastInterface(index);
    unicast.setMulticastLoop(false);
    const others = this.#ends.filter((other) => other !== end);
    if (transport === 'asm') multicast.join(this.group, index);
    else for (const other of others) multicast.join(this.group, index, other.address);

    const heard = new Map(others.map((other): [string, Hearing] => {
      const sentNs: number[] = [], refused = new Map<number, string>();
      // By the direction of what is told apart: the query is unicast both times, and the answer comes from the other.
      const unicastRecord = new DatagramRecord(`${end.name} ompings ${other.name}`, end.name, sentNs, refused);
      return [other.name, { to: other, sentNs, refused, unicast: unicastRecord, multicast: new DatagramRecord(`${other.name} → ${this.group}, asked by ${end.name}`, end.name, sentNs, refused) }];
    }));
    for (const [name, hearing] of heard) this.#heard.set(pair(end.name, name), hearing);

    const destinations = new Map<string, Uint8Array>();
    let leftNs = 0, error = 0, cameNs = 0;
    const node = new OmpingNode({
      peers: others.map(({ name, address }) => ({ name, address })), localAddress: end.address, group: this.group, transport, port: PING_PORT, intervalMs: this.every.ns / 1e6, count: Infinity, ttl: TTL,
      // No limit: a busy host in real time asks late and then at once what it owes, and that is no loss of the network's.
      rateMs: 0, serves: true, asksVersion: false, quiet: 2, averages: false, detectDuplicates: true, pid: at + 1, random: octets,
    }, {
      send: (bytes, address, port) => {
        const key = `${address} ${port}`;
        let to = destinations.get(key);
        if (!to) destinations.set(key, (to = socketAddress(address, port, 0)));
        leftNs = this.#clock.ns;
        error = unicast.sendTo(bytes, to);
      },
      line: () => undefined,
      time: realTime,
      saw: (host, event) => {
        const hearing = heard.get(host.name);
        if (!hearing) return;
        if (event.event === 'sent' && event.sequence > hearing.sentNs.length) {
          hearing.sentNs.push(leftNs);
          if (error !== 0) hearing.refused.set(event.sequence - 1, errnoName(error));
        }
        if (event.event === 'answer') hearing[event.cast].arrived(event.sequence - 1, cameNs);
      },
    });
    const hears = (cast: Cast) => (received: Received): void => {
      cameNs = this.#clock.fromRealtime(received.timeNs);
      const { bytes, start, end: to, source, sourcePort, ttl, seconds, nanoseconds } = received;
      node.receive(cast, { bytes: bytes.subarray(start, to), source, sourcePort, ttl, seconds, nanoseconds }, this.#clock.ns / 1e6);
    };
    unicast.onReceive(hears('unicast'), { holds: false });
    multicast.onReceive(hears('multicast'), { holds: false });
    return node;
  }

  /** What `hearer` hears to its own address from `sender`, which it asks. */
  unicast(hearer: { name: string }, sender: { name: string }): OmpingPath {
    const { unicast, multicast } = this.#pair(hearer, sender);
    return new OmpingPath(unicast.flow, unicast, multicast);
  }
  /** What `hearer` hears of what `sender` sends to the group, asked by `hearer`. */
  multicast(hearer: { name: string }, sender: { name: string }): OmpingPath {
    const { unicast, multicast } = this.#pair(hearer, sender);
    return new OmpingPath(`${hearer.name} hears ${sender.name} → ${this.group}`, multicast, unicast);
  }
  #pair(hearer: { name: string }, sender: { name: string }): Hearing {
    const found = this.#heard.get(pair(hearer.name, sender.name));
    if (!found) throw new Error(`${hearer.name} does not omping ${sender.name}; ompings run on ${this.#ends.map(({ name }) => name).join(', ')}`);
    return found;
  }

  /** Loss, round trip and hops of each ordered pair, by each cast. */
  matrix(): MatrixRow[] {
    return this.#nodes.flatMap((node, at) => {
      const from = this.#ends[at]?.name ?? '';
      return node.hosts.flatMap((host) => matrixRows(from, host));
    });
  }
  /** The same as a table, with what each omping would say of the cause. */
  lines(): string[] {
    const causes = this.#nodes.flatMap((node, at) => node.hosts.flatMap((host) => {
      const { finding, text } = node.diagnosis(host);
      return finding === 'fine' ? [] : [`${this.#ends[at]?.name ?? ''} of ${host.name}: ${text}`];
    }));
    return [...matrixLines(this.matrix()), ...causes];
  }
  /** What the omping of `hearer` says of `sender`: "fine", "multicast-stopped". */
  finding(hearer: { name: string }, sender: { name: string }): string {
    const node = this.#nodes[this.#ends.findIndex(({ name }) => name === hearer.name)], host = node?.hosts.find(({ name }) => name === sender.name);
    return node && host ? node.diagnosis(host).finding : 'nobody';
  }

  /** For the record: multicast as flows, unicast as pings. */
  traffic(): { event: { type: 'ping' | 'flow' } & Record<string, unknown>; record: DatagramRecord }[] {
    return this.#ends.flatMap((end) => [...this.#heard].filter(([key]) => key.startsWith(`${end.name} `)).flatMap(([, { unicast, multicast, to }]): ReturnType<Omping['traffic']> => {
      const facts = { sizeBytes: ANSWER_BYTES[this.family], everyNs: this.every.ns, port: PING_PORT };
      return [
        { record: unicast, event: { type: 'ping', ping: unicast.flow, from: end.name, device: end.device, to: to.address, ...facts } },
        { record: multicast, event: { type: 'flow', flow: multicast.flow, receiver: end.name, from: to.name, device: to.device, to: this.group, ...facts } },
      ];
    }));
  }

  overflow(): number { return this.#overflow ?? this.#sockets.reduce((sum, socket) => sum + socket.drops(), 0); }

  /** No further queries; they go on answering until the story is over. */
  stop(): void {
    this.#pacer.stop();
    for (const { unicast, multicast, sentNs } of this.#heard.values()) {
      const ended = (sentNs.at(-1) ?? this.#clock.ns) + this.every.ns;
      unicast.endedNs ??= ended;
      multicast.endedNs ??= ended;
    }
  }

  close(): void {
    this.stop();
    this.#overflow ??= this.overflow();
    for (const socket of this.#sockets.splice(0)) socket.close();
  }

  [Symbol.dispose](): void { this.stop(); }
}

const pair = (hearer: string, sender: string): string => `${hearer} ${sender}`;
