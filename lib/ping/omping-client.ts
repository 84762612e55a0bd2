/** The asking side of omping towards one remote host: INITIAL, QUERY, STOP. */
import { formatIp } from '../wire/address.ts';
import { Duplicates, ompingSlots } from './duplicates.ts';
import { contains, encodeInit, encodeRequest, RFC, type RfcMessage, type Time } from './rfc-message.ts';
import { sameBytes, SESSION_BYTES } from './rfc-server.ts';
import { OmpingStatistics } from './statistics.ts';

export type Cast = 'unicast' | 'multicast';
export type StopReason = 'count' | 'server' | 'exhausted' | 'version';
export const CLIENT_ID_BYTES = 24;
/** An init a second. A timer may come a little early on the clock that it is held against. */
const INIT_INTERVAL_MS = 1000, EARLY_MS = 5;
const MOST_SEQUENCE = 0xffff_ffff;

export interface OmpingClientOptions {
  readonly group: string;
  readonly intervalMs: number;
  /** Queries to send; Infinity. */
  readonly count: number;
  readonly detectDuplicates: boolean;
  /** Ask who they are, and nothing else. */
  readonly asksVersion: boolean;
  /** Length of the padding option in queries. */
  readonly paddingBytes?: number;
  /** A fresh client ID. */
  readonly newClientId: () => Uint8Array;
}

/** What came of something, for whoever prints and counts it. */
export type ClientEvent =
  | { readonly event: 'waiting' }
  | { readonly event: 'joined' }
  | { readonly event: 'stopped'; readonly reason: StopReason }
  | { readonly event: 'answer'; readonly cast: Cast; readonly sequence: number; readonly duplicate: boolean; readonly sizeBytes: number; readonly dist: number | undefined; readonly rttNs: number | undefined };

export interface Step { readonly send?: Uint8Array; readonly events: readonly ClientEvent[] }
const NOTHING: Step = { events: [] };

export interface Arrival {
  readonly cast: Cast;
  readonly sizeBytes: number;
  /** As received; -1 when not known. */
  readonly ttl: number;
  /** When the kernel had it: CLOCK_REALTIME. */
  readonly seconds: number;
  readonly nanoseconds: number;
}

export class OmpingClient {
  state: 'initial' | 'query' | 'stop' = 'initial';
  /** Queries that count. */
  transmitted = 0;
  sequence = 0;
  readonly unicast = new OmpingStatistics();
  readonly multicast = new OmpingStatistics();
  /** Anybody's words about himself. */
  serverInfo: Uint8Array | undefined;
  /** Routers between, by the newest answer; undefined before one told. */
  readonly hops: Record<Cast, number | undefined> = { unicast: undefined, multicast: undefined };
  /** The peer named another group than ours. */
  otherGroup: string | undefined;
  readonly #options: OmpingClientOptions;
  readonly #seen: Record<Cast, Duplicates>;
  #clientId: Uint8Array;
  #session: Uint8Array = new Uint8Array(SESSION_BYTES);
  #lastInitMs = -Infinity;

  constructor(options: OmpingClientOptions) {
    this.#options = options;
    this.#clientId = options.newClientId();
    const slots = options.detectDuplicates ? ompingSlots(options.intervalMs) : 0;
    this.#seen = { unicast: new Duplicates(slots), multicast: new Duplicates(slots) };
  }

  of(cast: Cast): OmpingStatistics { return cast === 'unicast' ? this.unicast : this.multicast; }

  /** One turn: an init if one is due, the next query, or nothing. `time` is CLOCK_REALTIME just before the datagram leaves. */
  tick(nowMs: number, time: () => Time): Step {
    if (this.state === 'stop') return NOTHING;
    if (this.state === 'initial') {
      if (nowMs - this.#lastInitMs < INIT_INTERVAL_MS - EARLY_MS) return NOTHING;
      this.#lastInitMs = nowMs;
      const { group, asksVersion } = this.#options;
      return { send: encodeInit({ clientId: this.#clientId, group, asks: asksVersion ? [RFC.serverInfo] : [] }), events: [{ event: 'waiting' }] };
    }
    if (this.transmitted >= this.#options.count) return this.#stops('count');
    if (this.transmitted >= Number.MAX_SAFE_INTEGER) return this.#stops('exhausted');
    return this.#query(time);
  }

  #query(time: () => Time): Step {
    this.sequence = this.sequence === MOST_SEQUENCE ? 1 : this.sequence + 1;
    this.transmitted++;
    return { send: this.#encode(time), events: [] };
  }
  #encode(time: () => Time): Uint8Array {
    const { group, paddingBytes } = this.#options;
    return encodeRequest({ clientId: this.#clientId, sequence: this.sequence, time, group, sessionId: this.#session, ...(paddingBytes === undefined ? {} : { paddingBytes }) });
  }

  #stops(reason: StopReason): Step {
    this.state = 'stop';
    return { events: [{ event: 'stopped', reason }] };
  }
  /** For good, without a word. */
  stop(): void { this.state = 'stop'; }

  /** A server response of this host. */
  response(message: RfcMessage, time: () => Time): Step {
    if (this.state === 'stop' || !message.clientId || !sameBytes(message.clientId, this.#clientId)) return NOTHING;
    if (this.#options.asksVersion) {
      // Who has nothing to say of himself is not asked again either.
      this.serverInfo = message.serverInfo?.slice();
      return this.#stops(message.serverInfo ? 'version' : 'server');
    }
    if (message.group === undefined) return this.#refused(message);
    if (!message.sessionId) return NOTHING;
    if (message.group !== this.#options.group) this.otherGroup = message.group;
    if (this.state === 'query') {
      // A second answer to one init; or a server that began anew, and heard our query as nobody's.
      if (sameBytes(message.sessionId, this.#session)) return NOTHING;
      this.#session = Uint8Array.from(message.sessionId);
      return { send: this.#encode(time), events: [] };
    }
    this.#session = Uint8Array.from(message.sessionId);
    this.state = 'query';
    return { ...this.#query(time), events: [{ event: 'joined' }] };
  }

  #refused(message: RfcMessage): Step {
    const hinted = message.prefixes[0];
    if (hinted && !contains(hinted, this.#options.group)) this.otherGroup = formatIp(hinted.address);
    if (this.state === 'initial') return this.#stops('server');
    // It has forgotten us: the query that it did not know does not count, and we begin again.
    this.state = 'initial';
    this.transmitted--;
    this.#clientId = this.#options.newClientId();
    return NOTHING;
  }

  /** An answer of this host, by unicast or to the group. */
  answer(message: RfcMessage, { cast, sizeBytes, ttl, seconds, nanoseconds }: Arrival): Step {
    const { sequence, clientId, clientTime } = message;
    if (this.state !== 'query' || sequence === undefined || !clientId || !sameBytes(clientId, this.#clientId)) return NOTHING;
    // Never asked: nobody's answer.
    if (sequence === 0 || (sequence > this.sequence && this.transmitted <= MOST_SEQUENCE)) return NOTHING;
    const rttNs = clientTime && Math.abs((seconds - clientTime.seconds) * 1e9 + (Math.trunc(nanoseconds / 1000) - clientTime.microseconds) * 1000);
    const dist = message.ttl === undefined || message.ttl === 0 || ttl < 0 ? undefined : (message.ttl - ttl) & 0xff;
    this.hops[cast] = dist ?? this.hops[cast];
    const duplicate = this.#seen[cast].isRepeat(sequence);
    const statistics = this.of(cast);
    if (duplicate) statistics.duplicates++;
    else statistics.add(sequence, rttNs);
    return { events: [{ event: 'answer', cast, sequence, duplicate, sizeBytes, dist, rttNs }] };
  }
}
