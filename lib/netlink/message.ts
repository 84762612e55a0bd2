/**
 * Netlink framing: messages, attributes, acknowledgements.
 *
 * Little-endian hosts only (x86-64, arm64, riscv64): netlink speaks the host's byte order and these functions write
 * little-endian without asking. Attributes that the kernel declares big-endian (be16, be32) are marked where they occur.
 *
 * Sources: include/uapi/linux/netlink.h, Documentation/userspace-api/netlink/intro.rst.
 */
import { NLA_F_NESTED, NLA_TYPE_MASK, NLM_F, NLMSG, NLMSGERR_ATTR } from './constants.ts';

export const NLMSG_HEADER = 16;
export const NLA_HEADER = 4;
export const align4 = (length: number): number => (length + 3) & ~3;

/**
 * One request, without length and sequence number: the socket fills those in.
 * `description` is what an error names: the `ip` or `bridge` command that would do the same, as near as it can be told.
 */
export interface NetlinkRequest {
  readonly type: number;
  /** NLM_F_*; NLM_F_REQUEST is always added, NLM_F_ACK where the socket wants it. */
  readonly flags: number;
  /** The family's header and the attributes. */
  readonly payload: Uint8Array;
  readonly description: string;
}

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder();

/** Writes a family header and attributes into a growing buffer. Lengths are patched, padding is zero. */
export class PayloadWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Appends `size` zero bytes (rounded up to 4) and returns their offset; use `view` to fill them at once. */
  #reserve(size: number): number {
    const at = this.#length;
    const end = at + align4(size);
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = end;
    return at;
  }

  #attribute(type: number, size: number): number {
    if (NLA_HEADER + size > 0xffff) throw new RangeError(`a netlink attribute holds at most 65531 bytes, not ${String(size)}`);
    const at = this.#reserve(NLA_HEADER + size);
    this.#view.setUint16(at, NLA_HEADER + size, true);
    this.#view.setUint16(at + 2, type, true);
    return at + NLA_HEADER;
  }

  /** A fixed struct: the family header, or the struct in front of nested attributes. */
  struct(size: number, fill: (view: DataView, at: number) => void): this {
    const at = this.#reserve(size);
    fill(this.#view, at);
    return this;
  }

  /** An attribute without a value: its presence says it all. */
  flag(type: number): this { this.#attribute(type, 0); return this; }
  u8(type: number, value: number): this { const at = this.#attribute(type, 1); this.#view.setUint8(at, value); return this; }
  u16(type: number, value: number): this { const at = this.#attribute(type, 2); this.#view.setUint16(at, value, true); return this; }
  be16(type: number, value: number): this { const at = this.#attribute(type, 2); this.#view.setUint16(at, value, false); return this; }
  u32(type: number, value: number): this { const at = this.#attribute(type, 4); this.#view.setUint32(at, value, true); return this; }
  s32(type: number, value: number): this { const at = this.#attribute(type, 4); this.#view.setInt32(at, value, true); return this; }
  /** `value` is a whole number below 2^53. */
  u64(type: number, value: number): this {
    const at = this.#attribute(type, 8);
    this.#view.setUint32(at, value % 0x1_0000_0000, true);
    this.#view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
    return this;
  }
  bytes(type: number, value: Uint8Array): this { const at = this.#attribute(type, value.length); this.#bytes.set(value, at); return this; }
  /** Zero-terminated, as the kernel wants its names. */
  text(type: number, value: string): this {
    const encoded = textEncoder.encode(value);
    const at = this.#attribute(type, encoded.length + 1);
    this.#bytes.set(encoded, at);
    return this;
  }

  /** Attributes within an attribute. NLA_F_NESTED is set: strict parsers of newer kernels ask for it, older ones mask it. */
  nest(type: number, fill: (writer: this) => void): this {
    const at = this.#attribute(type | NLA_F_NESTED, 0) - NLA_HEADER;
    fill(this);
    const length = this.#length - at;
    if (length > 0xffff) throw new RangeError(`a netlink attribute holds at most 65531 bytes, not ${String(length)}`);
    this.#view.setUint16(at, length, true);
    return this;
  }

  /** A copy of what was written so far. */
  finish(): Uint8Array { return this.#bytes.slice(0, this.#length); }
}

/** Bytes a request takes on the wire, padding included. */
export const requestSize = (request: NetlinkRequest): number => NLMSG_HEADER + align4(request.payload.length);

/** Writes one request at `at`; returns the offset after it. */
export function writeRequest(target: Uint8Array, view: DataView, at: number, request: NetlinkRequest, flags: number, sequence: number): number {
  view.setUint32(at, NLMSG_HEADER + request.payload.length, true);
  view.setUint16(at + 4, request.type, true);
  view.setUint16(at + 6, request.flags | flags | NLM_F.REQUEST, true);
  view.setUint32(at + 8, sequence, true);
  view.setUint32(at + 12, 0, true);
  target.set(request.payload, at + NLMSG_HEADER);
  return at + requestSize(request);
}

/** A received message. `bytes` is the family header and the attributes: a view, valid as long as the receive buffer is. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly port: number;
  readonly bytes: Uint8Array;
}

/** Calls `visit` for every message of one datagram. Throws RangeError on a length that runs over the end. */
export function eachMessage(datagram: Uint8Array, visit: (message: NetlinkMessage) => void): void {
  const view = viewOf(datagram);
  for (let at = 0; at + NLMSG_HEADER <= datagram.length;) {
    const length = view.getUint32(at, true);
    if (length < NLMSG_HEADER || at + length > datagram.length) {
      throw new RangeError(`netlink message at byte ${String(at)} claims ${String(length)} bytes of ${String(datagram.length - at)}`);
    }
    visit({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      port: view.getUint32(at + 12, true),
      bytes: datagram.subarray(at + NLMSG_HEADER, at + length),
    });
    at += align4(length);
  }
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Attribute values by type, flag bits taken off. A repeated type keeps its last value: use `eachAttribute` for lists. */
export type Attributes = ReadonlyMap<number, Uint8Array>;

/** Calls `visit` for every attribute from byte `from` on. Throws RangeError on a length that runs over the end. */
export function eachAttribute(bytes: Uint8Array, from: number, visit: (type: number, value: Uint8Array) => void): void {
  for (let at = from; at + NLA_HEADER <= bytes.length;) {
    const length = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
    if (length < NLA_HEADER || at + length > bytes.length) {
      throw new RangeError(`netlink attribute at byte ${String(at)} claims ${String(length)} bytes of ${String(bytes.length - at)}`);
    }
    const type = ((bytes[at + 2] ?? 0) | ((bytes[at + 3] ?? 0) << 8)) & NLA_TYPE_MASK;
    visit(type, bytes.subarray(at + NLA_HEADER, at + length));
    at += align4(length);
  }
}

export function parseAttributes(bytes: Uint8Array, from = 0): Attributes {
  const attributes = new Map<number, Uint8Array>();
  eachAttribute(bytes, from, (type, value) => attributes.set(type, value));
  return attributes;
}

/** Little-endian unsigned number of 1, 2, 4 or 8 bytes; exact below 2^53. */
export function readUnsigned(value: Uint8Array): number {
  let result = 0;
  for (let at = value.length - 1; at >= 0; at--) result = result * 256 + (value[at] ?? 0);
  return result;
}
/** Little-endian signed 32-bit number. */
export const readSigned32 = (value: Uint8Array): number => readUnsigned(value) | 0;
export const readBigEndian16 = (value: Uint8Array): number => ((value[0] ?? 0) << 8) | (value[1] ?? 0);
/** Up to the terminating zero. */
export function readText(value: Uint8Array): string {
  const end = value.indexOf(0);
  return textDecoder.decode(end < 0 ? value : value.subarray(0, end));
}

/** What an NLMSG_ERROR says. */
export interface Acknowledgement {
  /** 0 for an acknowledgement, else a positive errno. */
  readonly errno: number;
  /** The kernel's own words (NLMSGERR_ATTR_MSG); a warning when errno is 0. */
  readonly message?: string;
  /** Byte offset in the request of the attribute that was refused (NLMSGERR_ATTR_OFFS). */
  readonly offset?: number;
}

/** Decodes NLMSG_ERROR (an acknowledgement has errno 0) and NLMSG_DONE with an error. Extended text needs NETLINK_EXT_ACK. */
export function decodeAcknowledgement(message: NetlinkMessage): Acknowledgement {
  const view = viewOf(message.bytes);
  if (message.bytes.length < 4) return { errno: 0 };
  const errno = -view.getInt32(0, true);
  let at = 4;
  if (message.type === NLMSG.ERROR) {
    if (message.bytes.length < 4 + NLMSG_HEADER) return { errno };
    // The request's header follows, and its payload unless the answer is capped.
    at += message.flags & NLM_F.CAPPED ? NLMSG_HEADER : align4(view.getUint32(4, true));
  }
  if (!(message.flags & NLM_F.ACK_TLVS)) return { errno };
  const attributes = parseAttributes(message.bytes, at);
  const text = attributes.get(NLMSGERR_ATTR.MSG), offset = attributes.get(NLMSGERR_ATTR.OFFS);
  return { errno, ...(text && { message: readText(text) }), ...(offset && { offset: readUnsigned(offset) }) };
}
