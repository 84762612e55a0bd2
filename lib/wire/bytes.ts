/** Reading and writing octets in network order, with bounds checks, and the Internet checksum. */

/** The bytes are not what the protocol says. The message names the layer; `decodeFrame` turns it into a problem. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** A cursor that never reads past the end: it throws a WireError that says which layer ended where. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  readonly #littleEndian: boolean;
  #offset = 0;

  /** @param what the layer, for messages: "IPv4 header" */
  constructor(bytes: Uint8Array, what: string, littleEndian = false) {
    this.#bytes = plain(bytes);
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
    if (at + count > this.#bytes.length) {
      throw new WireError(`${this.#what}: ${this.#bytes.length} bytes are there, ${at + count} needed`);
    }
    this.#offset = at + count;
    return at;
  }

  // By index: under emulation a DataView for each header is a tenth of what a frame costs. `#advance` has seen that they are there.
  #octet(at: number): number {
    return this.#bytes[at] as number;
  }

  u8(): number {
    return this.#octet(this.#advance(1));
  }

  u16(): number {
    const at = this.#advance(2);
    const [first, second] = [this.#octet(at), this.#octet(at + 1)];
    return this.#littleEndian ? (second << 8) | first : (first << 8) | second;
  }

  u32(): number {
    const [first, second] = [this.u16(), this.u16()];
    return this.#littleEndian ? second * 0x10000 + first : first * 0x10000 + second;
  }

  i64(): bigint {
    const at = this.#bytes.byteOffset + this.#advance(8);
    return new DataView(this.#bytes.buffer, at, 8).getBigInt64(0, this.#littleEndian);
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

/** A Buffer's subarrays would be Buffers, which compare and print differently. */
const plain = (bytes: Uint8Array): Uint8Array =>
  bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Appends octets; a value that does not fit its field is a RangeError, never a silent wrap. */
export class Writer {
  #octets = new Uint8Array(64);
  #length = 0;
  readonly #littleEndian: boolean;

  constructor(littleEndian = false) {
    this.#littleEndian = littleEndian;
  }

  get length(): number {
    return this.#length;
  }

  /** Room for so many more; where they go. */
  #grow(count: number): number {
    const at = this.#length;
    this.#length = at + count;
    if (this.#length > this.#octets.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#octets.length));
      larger.set(this.#octets.subarray(0, at));
      this.#octets = larger;
    }
    return at;
  }

  #number(value: number, width: number): this {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * width)) {
      throw new RangeError(`${value} does not fit an unsigned field of ${8 * width} bits`);
    }
    const at = this.#grow(width);
    for (let i = 0; i < width; i++) {
      const power = this.#littleEndian ? i : width - 1 - i;
      this.#octets[at + i] = value >>> (8 * power);
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
    const at = this.#grow(bytes.length);
    this.#octets.set(bytes, at);
    return this;
  }

  zeros(count: number): this {
    // New room is of zeros, and nothing that was written is taken back.
    this.#grow(count);
    return this;
  }

  /** Zeros up to the next multiple of `unit` bytes. */
  align(unit: number): this {
    return this.zeros((unit - (this.#length % unit)) % unit);
  }

  done(): Uint8Array {
    return this.#octets.slice(0, this.#length);
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
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += (i > 0 ? separator : '') + (HEX[bytes[i] as number] as string);
  return text;
}

/** Each octet's two digits. */
const HEX = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'));

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
  const { length } = bytes;
  let sum = initial;
  // By index, both octets in one step: this runs over every byte of a capture.
  for (let i = 1; i < length; i += 2) sum += ((bytes[i - 1] as number) << 8) | (bytes[i] as number);
  if (length % 2 === 1) sum += (bytes[length - 1] as number) << 8;
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
