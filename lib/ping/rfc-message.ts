/** Dialect 2, that of omping and RFC 6450: init, server response, request, reply. */
import { formatIp, parseIp } from '../wire/address.ts';
import { MESSAGE, type Option, putU32, readTlvs, type Tlv, textBytes, u16, u32, u32Bytes, writeMessage } from './tlv.ts';

export const RFC = {
  version: 0, clientId: 1, sequence: 2, clientTime: 3, group: 4, askOptions: 5, serverInfo: 6, oldSize: 7, oldPadding: 8,
  ttl: 9, prefix: 10, sessionId: 11, serverTime: 12,
} as const;
export const RFC_VERSION = 2;
/** Longer ones are nobody's; RFC 6450 names no limit, and a server has to keep what it hands out. */
const MOST_ID_BYTES = 255;
const FAMILY = { inet: 1, inet6: 2 } as const;

export interface Time { readonly seconds: number; readonly microseconds: number }
export interface Prefix { readonly family: 'inet' | 'inet6'; readonly length: number; readonly address: Uint8Array }

export interface RfcMessage {
  /** The type byte. */
  readonly type: number;
  readonly version?: number;
  readonly clientId?: Uint8Array;
  readonly sequence?: number;
  readonly clientTime?: Time;
  readonly group?: string;
  /** Options that the client wants answered. */
  readonly asks: readonly number[];
  readonly serverInfo?: Uint8Array;
  readonly ttl?: number;
  readonly prefixes: readonly Prefix[];
  readonly sessionId?: Uint8Array;
  readonly serverTime?: Time;
  readonly tlvs: readonly Tlv[];
}

/**
 * A message, or undefined when its options cannot be read: one runs past the end, one that stands for a single thing
 * comes twice, one that is known has an impossible length. Who sent it speaks no dialect 2.
 */
export function readRfcMessage(bytes: Uint8Array): RfcMessage | undefined {
  if (bytes.length === 0) return undefined;
  const tlvs = readTlvs(bytes);
  if (!tlvs) return undefined;
  const message: { -readonly [K in keyof RfcMessage]: RfcMessage[K] } = { type: bytes[0] ?? 0, asks: [], prefixes: [], tlvs };
  const prefixes: Prefix[] = [];
  let seen = 0;
  for (const { type, from, length } of tlvs) {
    if (type > RFC.serverTime) continue;
    const bit = 1 << type;
    if (type !== RFC.prefix && seen & bit) return undefined;
    seen |= bit;
    const value = bytes.subarray(from, from + length);
    switch (type) {
      case RFC.version: if (length !== 1) return undefined; message.version = value[0] ?? 0; break;
      case RFC.clientId: if (length < 1 || length > MOST_ID_BYTES) return undefined; message.clientId = value; break;
      case RFC.sequence: if (length !== 4) return undefined; message.sequence = u32(value, 0); break;
      case RFC.clientTime: if (length !== 8) return undefined; message.clientTime = timeOf(value); break;
      case RFC.group: { const group = groupOf(value); if (group === undefined) return undefined; message.group = group; break; }
      case RFC.askOptions: if (length < 2 || length % 2 !== 0) return undefined; message.asks = numbersOf(value); break;
      case RFC.serverInfo: message.serverInfo = value; break;
      case RFC.ttl: if (length !== 1) return undefined; message.ttl = value[0] ?? 0; break;
      case RFC.prefix: { const prefix = prefixOf(value); if (!prefix) return undefined; prefixes.push(prefix); break; }
      case RFC.sessionId: if (length < 1 || length > MOST_ID_BYTES) return undefined; message.sessionId = value; break;
      case RFC.serverTime: if (length !== 8) return undefined; message.serverTime = timeOf(value); break;
      default: break;
    }
  }
  message.prefixes = prefixes;
  return message;
}

/** The version of a message of which nothing else may be readable; undefined without. */
export function versionOf(bytes: Uint8Array): number | undefined {
  return bytes.length >= 6 && u16(bytes, 1) === RFC.version && u16(bytes, 3) === 1 ? bytes[5] : undefined;
}

const timeOf = (value: Uint8Array): Time => ({ seconds: u32(value, 0), microseconds: u32(value, 4) });
const numbersOf = (value: Uint8Array): number[] => Array.from({ length: value.length / 2 }, (_, at) => u16(value, 2 * at));

function groupOf(value: Uint8Array): string | undefined {
  const family = u16(value, 0);
  if ((family === FAMILY.inet && value.length === 6) || (family === FAMILY.inet6 && value.length === 18)) return formatIp(value.subarray(2));
  return undefined;
}

/** Address bytes may be as few as the prefix needs, or none; the wildcard has none. */
function prefixOf(value: Uint8Array): Prefix | undefined {
  const family = u16(value, 0), length = value[2] ?? 0, width = family === FAMILY.inet ? 4 : family === FAMILY.inet6 ? 16 : 0;
  if (value.length < 3 || width === 0 || length > width * 8 || value.length - 3 > width || value.length - 3 < Math.ceil(length / 8)) return undefined;
  const address = new Uint8Array(width);
  address.set(value.subarray(3));
  return { family: width === 4 ? 'inet' : 'inet6', length, address };
}

export function contains({ family, length, address }: Prefix, group: string): boolean {
  const bytes = parseIp(group);
  if ((bytes.length === 4) !== (family === 'inet')) return false;
  for (let bit = 0; bit < length; bit += 8) {
    const mask = length - bit >= 8 ? 0xff : 0xff & ~(0xff >> (length - bit));
    if (((address[bit >> 3] ?? 0) & mask) !== ((bytes[bit >> 3] ?? 0) & mask)) return false;
  }
  return true;
}

const opt = (type: number, value: Uint8Array): Option => ({ type, value });
const version = opt(RFC.version, Uint8Array.of(RFC_VERSION));
const family = (address: Uint8Array): Uint8Array => Uint8Array.of(0, address.length === 4 ? FAMILY.inet : FAMILY.inet6);
const groupOption = (group: string): Option => { const bytes = parseIp(group); return opt(RFC.group, Uint8Array.of(...family(bytes), ...bytes)); };
const prefixOption = (group: string): Option => { const bytes = parseIp(group); return opt(RFC.prefix, Uint8Array.of(...family(bytes), bytes.length * 8, ...bytes)); };
const asksOption = (numbers: readonly number[]): Option => opt(RFC.askOptions, Uint8Array.from(numbers.flatMap((n) => [n >> 8, n & 0xff])));

/** Asks for a session and for a group: exactly this one. */
export function encodeInit({ clientId, group, asks = [] }: { readonly clientId: Uint8Array; readonly group: string; readonly asks?: readonly number[] }): Uint8Array {
  return writeMessage(MESSAGE.init, [version, opt(RFC.clientId, clientId), ...(asks.length > 0 ? [asksOption(asks)] : []), prefixOption(group)]);
}

export interface ResponseFields {
  /** Echoed. */
  readonly clientId?: Uint8Array | undefined;
  readonly sequence?: number | undefined;
  /** With a session: "you may ask". Without: stop, or (with a hint) "this group, if any". */
  readonly accepted?: { readonly group: string; readonly sessionId: Uint8Array };
  readonly hint?: string | undefined;
  readonly info?: string | undefined;
}
export function encodeServerResponse({ clientId, sequence, accepted, hint, info }: ResponseFields): Uint8Array {
  return writeMessage(MESSAGE.serverResponse, [
    version,
    ...(clientId ? [opt(RFC.clientId, clientId)] : []),
    ...(sequence === undefined ? [] : [opt(RFC.sequence, u32Bytes(sequence))]),
    ...(accepted ? [groupOption(accepted.group)] : []),
    ...(info === undefined ? [] : [opt(RFC.serverInfo, textBytes(info))]),
    ...(hint === undefined ? [] : [prefixOption(hint)]),
    ...(accepted ? [opt(RFC.sessionId, accepted.sessionId)] : []),
  ]);
}

export interface RequestFields {
  readonly clientId: Uint8Array;
  readonly sequence: number;
  /** Asked last: the datagram leaves next. */
  readonly time: () => Time;
  readonly group: string;
  readonly sessionId: Uint8Array;
  /** Bytes of a padding option at the end, which servers copy into the reply. */
  readonly paddingBytes?: number;
}
export function encodeRequest({ clientId, sequence, time, group, sessionId, paddingBytes }: RequestFields): Uint8Array {
  const bytes = writeMessage(MESSAGE.request, [
    version, opt(RFC.clientId, clientId), opt(RFC.sequence, u32Bytes(sequence)), opt(RFC.clientTime, u32Bytes(0, 0)),
    groupOption(group), opt(RFC.sessionId, sessionId), ...(paddingBytes === undefined ? [] : [opt(RFC.oldPadding, new Uint8Array(paddingBytes))]),
  ]);
  putTime(bytes, 1 + 5 + 4 + clientId.length + 8 + 4, time());
  return bytes;
}

/** Set again in each of the two replies, before it is sent; -1: none was asked for. */
export interface Reply { readonly bytes: Uint8Array; readonly serverTimeAt: number }

const NOT_ECHOED: readonly number[] = [RFC.serverInfo, RFC.ttl, RFC.prefix, RFC.sessionId, RFC.serverTime];
/** Everything of the request in its order, but what is the server's to say; then its TTL, and its time where that was asked for. */
export function encodeReply(request: Uint8Array, message: RfcMessage, ttl: number): Reply {
  const echoed = message.tlvs.filter(({ type }) => !NOT_ECHOED.includes(type)).map(({ type, from, length }) => opt(type, request.subarray(from, from + length)));
  const timed = message.asks.includes(RFC.serverTime);
  const bytes = writeMessage(MESSAGE.reply, [...echoed, opt(RFC.ttl, Uint8Array.of(ttl)), ...(timed ? [opt(RFC.serverTime, u32Bytes(0, 0))] : [])]);
  return { bytes, serverTimeAt: timed ? bytes.length - 8 : -1 };
}
export function setServerTime({ bytes, serverTimeAt }: Reply, time: () => Time): void {
  if (serverTimeAt >= 0) putTime(bytes, serverTimeAt, time());
}

function putTime(bytes: Uint8Array, at: number, { seconds, microseconds }: Time): void {
  putU32(bytes, at, seconds);
  putU32(bytes, at + 4, microseconds);
}
