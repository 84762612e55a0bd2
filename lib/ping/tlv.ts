/**
 * What the two dialects of multicast ping share: one byte of message type, then options of type (u16), length (u16) and
 * value, without alignment. Dialect 1 is that of ssmping 0.9.1; dialect 2 that of omping and RFC 6450, which has a
 * version option in every message.
 */
export const MESSAGE = { init: 0x49, serverResponse: 0x53, request: 0x51, reply: 0x41 } as const;

/** Where UDP of both lives. */
export const PING_PORT = 4321;

export interface Tlv {
  readonly type: number;
  /** Offset of the value. */
  readonly from: number;
  readonly length: number;
}

/** The options of a message; undefined when one runs past its end, or a few bytes are left over. */
export function readTlvs(bytes: Uint8Array, end = bytes.length): Tlv[] | undefined {
  const found: Tlv[] = [];
  let at = 1;
  while (at + 4 <= end) {
    const length = u16(bytes, at + 2), from = at + 4;
    if (from + length > end) return undefined;
    found.push({ type: u16(bytes, at), from, length });
    at = from + length;
  }
  return at === end ? found : undefined;
}

/** 0 beyond the end: callers have checked the length, or do not care. */
export const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
export const u32 = (bytes: Uint8Array, at: number): number => (u16(bytes, at) * 0x1_0000 + u16(bytes, at + 2));

export function putU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}
export function putU32(bytes: Uint8Array, at: number, value: number): void {
  putU16(bytes, at, value >>> 16);
  putU16(bytes, at + 2, value & 0xffff);
}

export interface Option { readonly type: number; readonly value: Uint8Array }

/** A message of these options, in this order. */
export function writeMessage(type: number, options: readonly Option[]): Uint8Array {
  const bytes = new Uint8Array(options.reduce((sum, { value }) => sum + 4 + value.length, 1));
  bytes[0] = type;
  let at = 1;
  for (const option of options) {
    putU16(bytes, at, option.type);
    putU16(bytes, at + 2, option.value.length);
    bytes.set(option.value, at + 4);
    at += 4 + option.value.length;
  }
  return bytes;
}

export function u32Bytes(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  values.forEach((value, at) => { putU32(bytes, 4 * at, value); });
  return bytes;
}

export const textBytes = (text: string): Uint8Array => new TextEncoder().encode(text);
