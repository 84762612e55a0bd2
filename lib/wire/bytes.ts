/** Reading and writing octets in network order, with bounds checks, and the Internet checksum. */

/** The bytes are not what the protocol says. The message names the layer; `decodeFrame` turns it into a problem. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** A cursor that never reads past the end: it throws a WireError that says which layer ended where. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  readonly #littleEndian: boolean;
  #offset = 0;

  /** @param what the layer, for messages: "IPv4 header" */
  constructor(bytes: Uint8Array, what: string, littleEndian = false) {
    // A plain view: a Buffer's subarrays would be Buffers, which compare and print differently.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
    this.#littleEndian = littleEndian;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  #advance(count: number): number {
    const at = this.#offset;
    if (count > this.remaining) {
      throw new WireError(`${this.#what}: ${this.#bytes.length} bytes are there, ${at + count} needed`);
    }
    this.#offset = at + count;
    return at;
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2), this.#littleEndian);
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), this.#littleEndian);
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#advance(8), this.#littleEndian);
  }

  /** The next `count` bytes, a view and not a copy. */
  take(count: number): Uint8Array {
    const at = this.#advance(count);
    return this.#bytes.subarray(at, at + count);
  }

  skip(count: number): void {
    this.#advance(count);
  }

  /** All that is left, a view. */
  rest(): Uint8Array {
    return this.take(this.remaining);
  }
}

/** Appends octets; a value that does not fit its field is a RangeError, never a silent wrap. */
export class Writer {
  readonly #octets: number[] = [];
  readonly #littleEndian: boolean;

  constructor(littleEndian = false) {
    this.#littleEndian = littleEndian;
  }

  get length(): number {
    return this.#octets.length;
  }

  #number(value: number, width: number): this {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * width)) {
      throw new RangeError(`${value} does not fit an unsigned field of ${8 * width} bits`);
    }
    for (let i = 0; i < width; i++) {
      const power = this.#littleEndian ? i : width - 1 - i;
      this.#octets.push(Math.floor(value / 2 ** (8 * power)) & 0xff);
    }
    return this;
  }

  u8(value: number): this {
    return this.#number(value, 1);
  }

  u16(value: number): this {
    return this.#number(value, 2);
  }

  u32(value: number): this {
    return this.#number(value, 4);
  }

  bytes(bytes: Uint8Array): this {
    for (const octet of bytes) this.#octets.push(octet);
    return this;
  }

  zeros(count: number): this {
    for (let i = 0; i < count; i++) this.#octets.push(0);
    return this;
  }

  /** Zeros up to the next multiple of `unit` bytes. */
  align(unit: number): this {
    return this.zeros((unit - (this.#octets.length % unit)) % unit);
  }

  done(): Uint8Array {
    return Uint8Array.from(this.#octets);
  }
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Hex digits to bytes; white space and colons between them are ignored. */
export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/[\s:]/g, '');
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) throw new RangeError(`not hex octets: ${text}`);
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

/** Bytes to lower-case hex digits. */
export function toHex(bytes: Uint8Array, separator = ''): string {
  return Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0')).join(separator);
}

/** "0x8035": how engineers write an EtherType or a checksum. */
export function hex16(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`;
}

function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return folded;
}

/** The one's complement sum of 16-bit words, folded, not yet complemented (RFC 1071 section 1). */
export function onesComplementSum(bytes: Uint8Array, initial = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const even = bytes.length - (bytes.length % 2);
  let sum = initial;
  for (let i = 0; i < even; i += 2) sum += view.getUint16(i);
  if (even < bytes.length) sum += view.getUint8(even) << 8;
  return fold(sum);
}

/**
 * The Internet checksum (RFC 1071). Over bytes that hold a correct checksum it is 0.
 * @param initial the sum of a pseudo-header, from `pseudoHeaderSum`
 */
export function internetChecksum(bytes: Uint8Array, initial = 0): number {
  return ~onesComplementSum(bytes, initial) & 0xffff;
}

/** Writes a checksum into its field and gives the same bytes back. */
export function setChecksum(bytes: Uint8Array, offset: number, checksum: number): Uint8Array {
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).setUint16(offset, checksum);
  return bytes;
}

/** Says what is wrong with the checksum at `offset`, if anything; `initial` is the pseudo-header's sum. */
export function checksumProblem(what: string, bytes: Uint8Array, offset: number, initial = 0): string | undefined {
  if (bytes.length < offset + 2 || internetChecksum(bytes, initial) === 0) return undefined;
  const found = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint16(offset);
  const right = internetChecksum(setChecksum(Uint8Array.from(bytes), offset, 0), initial);
  return `${what}: checksum ${hex16(found)} is wrong, ${hex16(right)} is right`;
}
