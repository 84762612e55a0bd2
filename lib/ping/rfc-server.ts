/**
 * The answering side of dialect 2. It answers inits and requests only, so that no two servers can be set upon each
 * other, and keeps something of at most so many clients.
 */
import { MESSAGE } from './tlv.ts';
import { contains, encodeReply, encodeServerResponse, type Prefix, readRfcMessage, type Reply, RFC, RFC_VERSION, type RfcMessage, versionOf } from './rfc-message.ts';
import { RateLimit, Remembered } from './rate-limit.ts';

export interface RfcServerOptions {
  /** What the server calls itself, told to who asks. */
  readonly info: string;
  /** TTL or hop limit of its replies. */
  readonly ttl: number;
  /** Average time between two requests of a client; 0 for no limit. */
  readonly rateNs: number;
  /** Whether a sender is served at all. */
  readonly serves: (address: string) => boolean;
  /** The group to use with a client of these wishes, in the order of its wishes. */
  readonly chooses: (prefixes: readonly Prefix[], address: string) => string | undefined;
  /** The group that is named when nothing in the client's wishes fits. */
  readonly hint: (address: string) => string;
  /** Where the multicast reply to this request goes; undefined when the server does not serve that group. */
  readonly repliesTo: (message: RfcMessage, address: string) => string | undefined;
  /** Clients without a session are answered too. */
  readonly withoutSession: boolean;
  readonly random: (bytes: number) => Uint8Array;
  /** First bytes of session IDs. */
  readonly sessionPrefix?: Uint8Array;
  /** Clients remembered. */
  readonly most: number;
}

export type RfcAnswer =
  | { readonly kind: 'response'; readonly bytes: Uint8Array; readonly accepted: boolean }
  | { readonly kind: 'reply'; readonly reply: Reply; readonly group: string };

interface Client { session: Uint8Array | undefined; acceptedNs: number; readonly rate: RateLimit }

/** A client may begin again once a second. */
const INIT_INTERVAL_NS = 1e9;
export const SESSION_BYTES = 16;

export class RfcServer {
  /** Everybody is told to stop: the end is near. */
  finishing = false;
  readonly #options: RfcServerOptions;
  readonly #clients: Remembered<Client>;

  constructor(options: RfcServerOptions) {
    this.#options = options;
    this.#clients = new Remembered(options.most);
  }

  /** Clients that something is kept of. */
  get clients(): number { return this.#clients.size; }

  /** What to answer to a datagram that came to us alone; undefined: nothing. */
  receive(bytes: Uint8Array, from: string, nowNs: number): RfcAnswer | undefined {
    const type = bytes[0];
    if (type !== MESSAGE.init && type !== MESSAGE.request) return undefined;
    const message = readRfcMessage(bytes);
    if (!message || message.version !== RFC_VERSION) {
      // Another version is told so; what is not even readable is noise.
      if (!message && versionOf(bytes) === RFC_VERSION) return undefined;
      return this.#stop(message);
    }
    if (!this.#options.serves(from)) return this.#stop(message);
    return type === MESSAGE.init ? this.#init(message, from, nowNs) : this.#request(bytes, message, from, nowNs);
  }

  #init(message: RfcMessage, from: string, nowNs: number): RfcAnswer | undefined {
    if (this.finishing) return this.#stop(message);
    const { chooses, hint, random, sessionPrefix = new Uint8Array() } = this.#options;
    const group = chooses(message.prefixes, from);
    if (group === undefined) return { kind: 'response', accepted: false, bytes: encodeServerResponse({ ...this.#echo(message), hint: hint(from) }) };
    const client = this.#client(from);
    if (nowNs - client.acceptedNs < INIT_INTERVAL_NS) return undefined;
    const sessionId = new Uint8Array(SESSION_BYTES);
    sessionId.set(sessionPrefix);
    sessionId.set(random(SESSION_BYTES - sessionPrefix.length), sessionPrefix.length);
    client.session = sessionId;
    client.acceptedNs = nowNs;
    return { kind: 'response', accepted: true, bytes: encodeServerResponse({ ...this.#echo(message), accepted: { group, sessionId } }) };
  }

  #request(bytes: Uint8Array, message: RfcMessage, from: string, nowNs: number): RfcAnswer | undefined {
    if (this.finishing) return this.#stop(message);
    const { withoutSession, repliesTo, ttl } = this.#options;
    if (message.sequence === undefined || message.group === undefined) return this.#stop(message);
    const known = this.#clients.get(from);
    const right = message.sessionId === undefined ? withoutSession : known?.session !== undefined && sameBytes(known.session, message.sessionId);
    const group = repliesTo(message, from);
    if (!right || group === undefined) return this.#stop(message);
    if (!(known ?? this.#client(from)).rate.allows(nowNs)) return undefined;
    return { kind: 'reply', reply: encodeReply(bytes, message, ttl), group };
  }

  #client(from: string): Client {
    const found = this.#clients.get(from);
    if (found) return found;
    const made: Client = { session: undefined, acceptedNs: -Infinity, rate: new RateLimit(this.#options.rateNs) };
    this.#clients.set(from, made);
    return made;
  }

  #echo(message: RfcMessage): { clientId?: Uint8Array | undefined; sequence?: number | undefined; info?: string | undefined } {
    return { clientId: message.clientId, sequence: message.sequence, info: message.asks.includes(RFC.serverInfo) ? this.#options.info : undefined };
  }

  #stop(message: RfcMessage | undefined): RfcAnswer {
    return { kind: 'response', accepted: false, bytes: encodeServerResponse(message ? this.#echo(message) : {}) };
  }
}

/** The first of the wishes, in their order, that covers the group. */
export const wishesFor = (group: string) => (prefixes: readonly Prefix[]): string | undefined => (prefixes.some((prefix) => contains(prefix, group)) ? group : undefined);

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, at) => octet === b[at]);
}
