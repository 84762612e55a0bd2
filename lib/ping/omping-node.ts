/** One omping: a client for each remote host, the server they ask, and what is printed of it. Sockets and timers are its driver's. */
import { parseIp } from '../wire/address.ts';
import { Course } from './course.ts';
import { diagnose, type Diagnosis } from './diagnose.ts';
import { type Cast, CLIENT_ID_BYTES, type ClientEvent, OmpingClient, type Step, type StopReason } from './omping-client.ts';
import { eventLine, finalLines, type LineStyle, type Transport, versionLines } from './omping-lines.ts';
import { readRfcMessage, setServerTime, type Time } from './rfc-message.ts';
import { RfcServer, wishesFor } from './rfc-server.ts';
import { ompingLoss } from './statistics.ts';
import { MESSAGE, u32Bytes } from './tlv.ts';

export const OMPING_INFO = 'omping 0.0.5';
export const OMPING_GROUP = { inet: '232.43.211.234', inet6: 'ff3e::4321:1234' } as const;

export interface OmpingPeer { readonly name: string; readonly address: string }

export interface OmpingNodeOptions {
  readonly peers: readonly OmpingPeer[];
  readonly localAddress: string;
  readonly group: string;
  readonly transport: Transport;
  readonly port: number;
  readonly intervalMs: number;
  readonly count: number;
  readonly ttl: number;
  readonly rateMs: number;
  /** Answer others as well. */
  readonly serves: boolean;
  readonly asksVersion: boolean;
  /** 0; 1: no replies; 2: the summary only. */
  readonly quiet: number;
  readonly averages: boolean;
  readonly detectDuplicates: boolean;
  readonly paddingBytes?: number;
  readonly pid: number;
  readonly random: (bytes: number) => Uint8Array;
}

export interface OmpingEffects {
  /** By the unicast socket, whether to a host or to the group. */
  send(bytes: Uint8Array, address: string, port: number): void;
  line(text: string): void;
  /** CLOCK_REALTIME. */
  readonly time: () => Time;
  /** Told of everything that happens with a host. */
  saw?(host: OmpingHost, event: ClientEvent | { readonly event: 'sent'; readonly sequence: number }): void;
}

/** A datagram as it came; `bytes` need last no longer than the call. */
export interface OmpingDatagram {
  readonly bytes: Uint8Array;
  readonly source: string;
  readonly sourcePort: number;
  readonly ttl: number;
  readonly seconds: number;
  readonly nanoseconds: number;
}

export interface OmpingHost extends OmpingPeer { readonly client: OmpingClient; readonly course: Course; reason?: StopReason }

export class OmpingNode {
  readonly hosts: readonly OmpingHost[];
  readonly server: RfcServer;
  readonly #byAddress: ReadonlyMap<string, OmpingHost>;
  readonly #options: OmpingNodeOptions;
  readonly #effects: OmpingEffects;
  readonly #style: LineStyle;

  constructor(options: OmpingNodeOptions, effects: OmpingEffects) {
    const { peers, group, transport, intervalMs, count, ttl, rateMs, asksVersion, averages, detectDuplicates, paddingBytes, pid, random, localAddress } = options;
    this.#options = options;
    this.#effects = effects;
    const local = parseIp(localAddress);
    // The process's number comes first, in the host's byte order.
    const pidBytes = u32Bytes(pid).reverse();
    const newClientId = (): Uint8Array => Uint8Array.of(...pidBytes, ...local, ...random(CLIENT_ID_BYTES - 4 - local.length));
    this.hosts = peers.map((peer) => ({
      ...peer, course: new Course(),
      client: new OmpingClient({ group, intervalMs, count, detectDuplicates, asksVersion, newClientId, ...(paddingBytes === undefined ? {} : { paddingBytes }) }),
    }));
    this.#byAddress = new Map(this.hosts.map((host) => [host.address, host]));
    this.#style = { nameWidth: Math.max(0, ...peers.map(({ name }) => name.length)), transport, group, averages };
    this.server = new RfcServer({
      info: OMPING_INFO, ttl, rateNs: rateMs * 1e6, serves: (address) => this.#byAddress.has(address), chooses: wishesFor(group), hint: () => group,
      // To our own group, whatever the request names.
      repliesTo: () => group, withoutSession: false, random, sessionPrefix: pidBytes, most: Math.max(1, peers.length),
    });
    // Who only asks for versions serves nobody meanwhile.
    if (asksVersion) this.server.finishing = true;
  }

  get stopped(): boolean { return this.hosts.every(({ client }) => client.state === 'stop'); }

  /** Each host's turn, in the order of the command line. */
  tick(nowMs: number): void {
    for (const host of this.hosts) this.#take(host, host.client.tick(nowMs, this.#effects.time), nowMs);
  }

  /** True when it was a unicast answer to one of our queries. */
  receive(cast: Cast, datagram: OmpingDatagram, nowMs: number): boolean {
    const { bytes, source, sourcePort, ttl, seconds, nanoseconds } = datagram;
    const type = bytes[0];
    if (type === MESSAGE.init || type === MESSAGE.request) {
      if (cast === 'unicast' && this.#options.serves) this.#serve(bytes, source, sourcePort, nowMs);
      return false;
    }
    const host = this.#byAddress.get(source);
    const message = host && (type === MESSAGE.serverResponse || type === MESSAGE.reply) ? readRfcMessage(bytes) : undefined;
    if (!host || message?.version !== 2) return false;
    if (type === MESSAGE.serverResponse) {
      if (cast === 'unicast') this.#take(host, host.client.response(message, this.#effects.time), nowMs);
      return false;
    }
    const step = host.client.answer(message, { cast, sizeBytes: bytes.length, ttl, seconds, nanoseconds });
    this.#take(host, step, nowMs);
    return cast === 'unicast' && step.events.length > 0;
  }

  #serve(bytes: Uint8Array, source: string, sourcePort: number, nowMs: number): void {
    const answer = this.server.receive(bytes, source, nowMs * 1e6);
    if (!answer) return;
    if (answer.kind === 'response') { this.#effects.send(answer.bytes, source, sourcePort); return; }
    for (const to of [source, answer.group]) {
      setServerTime(answer.reply, this.#effects.time);
      this.#effects.send(answer.reply.bytes, to, sourcePort);
    }
  }

  #take(host: OmpingHost, { send, events }: Step, nowMs: number): void {
    const { client, course } = host;
    if (send) {
      const query = send[0] === MESSAGE.request;
      if (query) course.sends(client.sequence, nowMs);
      this.#effects.send(send, host.address, this.#options.port);
      if (query) this.#effects.saw?.(host, { event: 'sent', sequence: client.sequence });
    }
    for (const event of events) {
      if (event.event === 'answer' && !event.duplicate) course.arrives(event.cast, event.sequence, nowMs);
      if (event.event === 'stopped') host.reason = event.reason;
      const { quiet } = this.#options;
      if (quiet === 0 || (quiet === 1 && event.event !== 'answer')) this.#effects.line(eventLine(host.name, host.address, client, event, this.#style));
      this.#effects.saw?.(host, event);
    }
  }

  /** Nobody is asked any more, and everybody is told to stop. */
  finish(): void {
    for (const { client } of this.hosts) client.stop();
    this.server.finishing = true;
  }

  /** The block at the end, or in the middle on demand; its first line is empty. */
  statistics(): string[] {
    const lines = this.#options.asksVersion ? versionLines : finalLines;
    return ['', ...this.hosts.flatMap(({ name, client }) => lines(name, client, this.#style))];
  }

  diagnosis({ client, course }: OmpingHost): Diagnosis {
    return diagnose(course, { intervalMs: this.#options.intervalMs, otherGroup: client.otherGroup, source: this.#options.transport === 'ssm' });
  }

  /** The worst loss of any host, per cent, unicast or multicast; 100 for who never answered. */
  worstLoss(): number {
    return Math.max(0, ...this.hosts.map((host) => lossOf(host)));
  }
}

/** Exact, not cut off: a threshold is held against it. */
function lossOf({ client }: OmpingHost): number {
  if (client.unicast.received === 0 || client.multicast.received === 0) return 100;
  const missing = (received: number, of: number): number => (of <= 0 ? 0 : Math.max(0, 100 * (1 - received / of)));
  return Math.max(missing(client.unicast.received, client.transmitted), missing(client.multicast.received, client.transmitted - client.multicast.first + 1));
}

/** For programs: everything of the summary, and more. */
export function ompingReport(node: OmpingNode): object[] {
  return node.hosts.map((host) => {
    const { name, address, client, course, reason } = host;
    const cast = (which: Cast): object => {
      const statistics = client.of(which), { min, avg, max, deviation } = statistics.figures;
      const ms = (ns: number): number => Number((ns / 1e6).toFixed(3));
      return {
        received: statistics.received, duplicates: statistics.duplicates, firstSequence: statistics.first, lastSequence: course[which].last,
        lossPercent: ompingLoss(client.transmitted, statistics.received), lossSinceFirstPercent: ompingLoss(client.transmitted - Math.max(0, statistics.first - 1), statistics.received),
        minMs: ms(min), avgMs: ms(avg), maxMs: ms(max), deviationMs: ms(deviation), ...(client.hops[which] === undefined ? {} : { hops: client.hops[which] }), gaps: course[which].gaps,
      };
    };
    return {
      name, address, transmitted: client.transmitted, ...(reason === undefined ? {} : { stopped: reason }), ...(client.otherGroup === undefined ? {} : { otherGroup: client.otherGroup }),
      unicast: cast('unicast'), multicast: cast('multicast'), diagnosis: node.diagnosis(host),
    };
  });
}
