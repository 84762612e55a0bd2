/**
 * What answers on one port in both dialects, told apart by dialect 2's version option: to ssmping and asmping as
 * ssmpingd does, to RFC 6450's and omping's clients as a server that takes any client.
 */
import { formatIp, parseIp } from '../wire/address.ts';
import { contains, type Prefix, type RfcMessage } from './rfc-message.ts';
import { type RfcAnswer, RfcServer } from './rfc-server.ts';
import { isServed, readSsmRequest, SSM_GROUP, SSM_SERVER_TEXT, SSM_TTL, withTail, writeSsmReply } from './ssm-message.ts';
import { RateLimit, Remembered } from './rate-limit.ts';
import { MESSAGE } from './tlv.ts';

export interface ResponderOptions {
  /** Seconds between two answers to one sender, on average, in ns; 0 for no limit, which ssmpingd has not. */
  readonly rateNs: number;
  /** The same in dialect 2, where RFC 6450 asks for one. */
  readonly rfcRateNs: number;
  readonly random: (bytes: number) => Uint8Array;
  /** Senders remembered, of each dialect. */
  readonly most: number;
}

export type Answer =
  /** Dialect 1: `length` bytes of `reply`, to the sender and to the group, if it is one of ours. */
  | { readonly dialect: 1; readonly length: number; readonly group: Uint8Array | undefined; readonly wrongGroup: string | undefined }
  | { readonly dialect: 2; readonly answer: RfcAnswer };

const GROUP_BYTES = { inet: parseIp(SSM_GROUP.inet), inet6: parseIp(SSM_GROUP.inet6) };

export class Responder {
  /** What dialect 1 answers with; valid until the next datagram. */
  readonly reply: Uint8Array;
  readonly #rateNs: number;
  readonly #limits: Remembered<RateLimit>;
  readonly rfc: RfcServer;

  /** `replyBytes`: the longest datagram that can be sent. */
  constructor({ rateNs, rfcRateNs, random, most }: ResponderOptions, replyBytes: number) {
    this.reply = new Uint8Array(replyBytes);
    this.#rateNs = rateNs;
    this.#limits = new Remembered(most);
    this.rfc = new RfcServer({
      info: SSM_SERVER_TEXT, ttl: SSM_TTL, rateNs: rfcRateNs, serves: () => true, chooses: chooseGroup, withoutSession: true, random, most,
      hint: (address) => (address.includes(':') ? SSM_GROUP.inet6 : SSM_GROUP.inet), repliesTo: ownGroup,
    });
  }

  /** Senders that something is kept of. */
  get remembered(): number { return this.#limits.size + this.rfc.clients; }

  /** What to do for a datagram that came to us alone; undefined: nothing, without a word. `from` is asked only where it is needed. */
  receive(bytes: Uint8Array, length: number, family: 'inet' | 'inet6', from: () => string, nowNs: number): Answer | undefined {
    const ask = bytes[0] === MESSAGE.init ? 'dialect 2' : readSsmRequest(bytes, length);
    if (ask === undefined) return undefined;
    if (ask === 'dialect 2') {
      const answer = this.rfc.receive(bytes.subarray(0, length), from(), nowNs);
      return answer && { dialect: 2, answer };
    }
    if (this.#rateNs > 0 && !this.#limit(from()).allows(nowNs)) return undefined;
    const group = ask.group === 'default' ? GROUP_BYTES[family] : ask.group;
    // A group of the other family is none that a reply could go to.
    const right = isServed(group) && group.length === GROUP_BYTES[family].length;
    return { dialect: 1, length: writeSsmReply(this.reply, bytes, length, ask), group: right ? group : undefined, wrongGroup: right ? undefined : formatIp(group) };
  }

  #limit(from: string): RateLimit {
    const found = this.#limits.get(from) ?? new RateLimit(this.#rateNs);
    this.#limits.set(from, found);
    return found;
  }
}

/** The first wish that one of our groups fits: the default one, or the wish itself with the protocol's tail. */
function chooseGroup(prefixes: readonly Prefix[], address: string): string | undefined {
  const family = address.includes(':') ? 'inet6' : 'inet';
  for (const prefix of prefixes) {
    if (prefix.family !== family) continue;
    if (contains(prefix, SSM_GROUP[family])) return SSM_GROUP[family];
    const tailed = withTail(formatIp(prefix.address));
    if (contains(prefix, tailed) && isServed(parseIp(tailed))) return tailed;
  }
  return undefined;
}

/** The group of a request: only those with the protocol's tail are served. */
function ownGroup({ group }: RfcMessage, address: string): string | undefined {
  if (group === undefined || group.includes(':') !== address.includes(':')) return undefined;
  return isServed(parseIp(group)) ? group : undefined;
}
