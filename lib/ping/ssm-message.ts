/** Dialect 1, that of ssmping 0.9.1: requests and replies of which nothing needs state. */
import { formatIp, parseIp } from '../wire/address.ts';
import type { Time } from './rfc-message.ts';
import { MESSAGE, type Option, putU16, putU32, textBytes, u16, u32, u32Bytes, writeMessage } from './tlv.ts';

export const SSM = { pid: 1, sequence: 2, timestamp: 3, group: 4, askVersion: 5, version: 6, size: 7, padding: 8 } as const;
/** In dialect 2 every message has it: what carries it is not ours. */
const RFC_VERSION = 0;

export const SSM_GROUP = { inet: '232.43.211.234', inet6: 'ff3e::4321:1234' } as const;
/** What servers of this family call themselves, with what they can do; as long as the original's, so that sizes agree. */
export const SSM_SERVER_TEXT = '0.9.1 (wirewarp) [asm][size]';
/** TTL and hop limit of replies: clients count hops from it. */
export const SSM_TTL = 64;

const FAMILY = { v4: 1, v6: 2 } as const;

/** The tail that every group of this protocol has: a server answers to no other, so nobody can aim it. */
const TAIL_V4 = 234, TAIL_V6 = [0x43, 0x21, 0x12, 0x34];
export function isServed(group: Uint8Array): boolean {
  return isMulticast(group) && (group.length === 4 ? group[3] === TAIL_V4 : TAIL_V6.every((octet, at) => group[12 + at] === octet));
}
export const isMulticast = (address: Uint8Array): boolean => (address.length === 4 ? ((address[0] ?? 0) & 0xf0) === 0xe0 : address[0] === 0xff);
/** The group that is asked for when a user names one. */
export function withTail(group: string): string {
  const bytes = parseIp(group);
  bytes.set(bytes.length === 4 ? [TAIL_V4] : TAIL_V6, bytes.length === 4 ? 3 : 12);
  return formatIp(bytes);
}

export interface SsmRequest {
  readonly pid: number;
  readonly sequence: number;
  readonly seconds: number;
  readonly microseconds: number;
  readonly group: string;
  readonly asksVersion?: boolean;
  /** Wished length of the replies. */
  readonly sizeBytes?: number;
}

/** A request; and where its number and its time stand, to be filled in again for the next one. */
export function encodeSsmRequest(request: SsmRequest): Uint8Array {
  const group = parseIp(request.group);
  const options: Option[] = [
    { type: SSM.pid, value: u32Bytes(request.pid) },
    { type: SSM.sequence, value: u32Bytes(request.sequence) },
    { type: SSM.timestamp, value: u32Bytes(request.seconds, request.microseconds) },
  ];
  if (request.asksVersion === true) options.push({ type: SSM.askVersion, value: new Uint8Array() });
  if (request.sizeBytes !== undefined) options.push({ type: SSM.size, value: Uint8Array.of(request.sizeBytes >> 8, request.sizeBytes & 0xff) });
  // Last: servers read no further.
  options.push({ type: SSM.group, value: Uint8Array.of(group.length === 4 ? FAMILY.v4 : FAMILY.v6, ...group) });
  return writeMessage(MESSAGE.request, options);
}
const SEQUENCE_AT = 1 + 8 + 4, TIMESTAMP_AT = SEQUENCE_AT + 4 + 4;
/** Makes the next request of one that `encodeSsmRequest` made. */
export function numberSsmRequest(bytes: Uint8Array, sequence: number, time: () => Time): void {
  putU32(bytes, SEQUENCE_AT, sequence);
  const { seconds, microseconds } = time();
  putU32(bytes, TIMESTAMP_AT, seconds);
  putU32(bytes, TIMESTAMP_AT + 4, microseconds);
}

/** What a server reads of a request. */
export interface SsmAsk {
  readonly asksVersion: boolean;
  /** 0: as it comes. */
  readonly sizeBytes: number;
  /** "default": none was given, or none that can be read. */
  readonly group: Uint8Array | 'default';
}

export type Ask = SsmAsk | 'dialect 2' | undefined;

/** undefined: not a request. Options end at the group, or where they cannot be read. */
export function readSsmRequest(bytes: Uint8Array, length = bytes.length): Ask {
  if (length < 1 || bytes[0] !== MESSAGE.request) return undefined;
  let asksVersion = false, sizeBytes = 0;
  for (let at = 1; at + 4 <= length;) {
    const type = u16(bytes, at), size = u16(bytes, at + 2), from = at + 4;
    if (from + size > length) break;
    if (type === RFC_VERSION) return 'dialect 2';
    if (type === SSM.group) {
      const family = bytes[from];
      const readable = (family === FAMILY.v4 && size === 5) || (family === FAMILY.v6 && size === 17);
      return { asksVersion, sizeBytes, group: readable ? bytes.subarray(from + 1, from + size) : 'default' };
    }
    if (type === SSM.askVersion) asksVersion = true;
    if (type === SSM.size && size === 2) sizeBytes = u16(bytes, from);
    at = from + size;
  }
  return { asksVersion, sizeBytes, group: 'default' };
}

const VERSION_TEXT = textBytes(SSM_SERVER_TEXT);

/**
 * Writes the reply to a request: the request itself, as a reply, then what was asked for. Returns its length. `into`
 * bounds it: padding is cut there.
 */
export function writeSsmReply(into: Uint8Array, request: Uint8Array, length: number, { asksVersion, sizeBytes }: SsmAsk): number {
  let end = Math.min(length, into.length);
  into.set(end === request.length ? request : request.subarray(0, end));
  into[0] = MESSAGE.reply;
  if (asksVersion && end + 4 + VERSION_TEXT.length <= into.length) {
    putU16(into, end, SSM.version);
    putU16(into, end + 2, VERSION_TEXT.length);
    into.set(VERSION_TEXT, end + 4);
    end += 4 + VERSION_TEXT.length;
  }
  const wanted = Math.min(sizeBytes, into.length);
  if (wanted >= end + 4) {
    putU16(into, end, SSM.padding);
    putU16(into, end + 2, wanted - end - 4);
    into.fill(0, end + 4, wanted);
    end = wanted;
  }
  return end;
}

/** What a client reads of a reply. */
export interface SsmReply {
  readonly pid: number;
  readonly sequence: number;
  readonly seconds: number;
  readonly microseconds: number;
  readonly version?: string;
}

/** undefined when it is no reply, or lacks what makes it somebody's. */
export function readSsmReply(bytes: Uint8Array, length = bytes.length): SsmReply | undefined {
  if (length < 1 || bytes[0] !== MESSAGE.reply) return undefined;
  let pid: number | undefined, sequence: number | undefined, seconds: number | undefined, microseconds = 0;
  let version: string | undefined;
  for (let at = 1; at + 4 <= length;) {
    const type = u16(bytes, at), size = u16(bytes, at + 2), from = at + 4;
    if (from + size > length) break;
    if (type === SSM.pid && size === 4) pid = u32(bytes, from);
    else if (type === SSM.sequence && size === 4) sequence = u32(bytes, from);
    else if (type === SSM.timestamp && size === 8) { seconds = u32(bytes, from); microseconds = u32(bytes, from + 4); }
    else if (type === SSM.version) version ??= new TextDecoder().decode(bytes.subarray(from, from + size));
    at = from + size;
  }
  if (pid === undefined || sequence === undefined || seconds === undefined) return undefined;
  return { pid, sequence, seconds, microseconds, ...(version === undefined ? {} : { version }) };
}
