/** pcapng: https://ietf-opsawg-wg.github.io/draft-ietf-opsawg-pcap/draft-ietf-opsawg-pcapng.html */
import { Reader, WireError } from '../wire/bytes.ts';
import type { ByteQueue } from './byte-queue.ts';
import type { CaptureInterface, Packet } from './packet.ts';
import { BLOCK, BYTE_ORDER_MAGIC, OPTION } from './pcapng-numbers.ts';
import { MAX_RECORD_BYTES, type Step } from './step.ts';

const text = new TextDecoder();
const NS = 1_000_000_000n;

interface Option {
  code: number;
  value: Uint8Array;
}

/** Options end with code 0, or with the block. */
function readOptions(reader: Reader): Option[] {
  const options: Option[] = [];
  while (reader.remaining >= 4) {
    const code = reader.u16();
    const length = reader.u16();
    if (code === OPTION.end) break;
    options.push({ code, value: reader.take(length) });
    reader.skip(Math.min((4 - (length % 4)) % 4, reader.remaining));
  }
  return options;
}

const commentsOf = (options: readonly Option[]): string[] =>
  options.filter(({ code }) => code === OPTION.comment).map(({ value }) => text.decode(value));

const valueOf = (options: readonly Option[], code: number): Uint8Array | undefined =>
  options.find((option) => option.code === code)?.value;

/** Top bit clear: a power of ten; set: a power of two. */
function ticksPerSecond(resolution: number): bigint {
  return resolution < 0x80 ? 10n ** BigInt(resolution) : 2n ** BigInt(resolution & 0x7f);
}

export class PcapngReader {
  readonly interfaces: CaptureInterface[] = [];
  readonly comments: string[] = [];
  #littleEndian = false;
  #started = false;
  /** Interface numbers begin anew in each section. */
  #sectionBase = 0;

  step(queue: ByteQueue): Step {
    const head = queue.peek(12);
    if (!head) return { need: 'a block header', bytes: 12 };
    // The section header's type reads the same in both byte orders; its magic tells which one holds from here.
    if (new Reader(head, 'pcapng block').u32() === BLOCK.section) {
      const littleEndian = this.#byteOrder(head);
      if (littleEndian === undefined) return { fault: 'the section header has no byte-order magic' };
      this.#littleEndian = littleEndian;
    }
    const reader = new Reader(head, 'pcapng block', this.#littleEndian);
    const type = reader.u32();
    const length = reader.u32();
    if (length < 12 || length % 4 !== 0) return { fault: `a block of type ${type} claims ${length} bytes` };
    if (!this.#started && type !== BLOCK.section) return { fault: 'the capture does not begin with a section header' };
    const known = (Object.values(BLOCK) as number[]).includes(type);
    if (!known) return { skip: length };
    if (length > MAX_RECORD_BYTES) return { fault: `a block of type ${type} claims ${length} bytes` };
    const block = queue.peek(length);
    if (!block) return { need: `a block of type ${type}`, bytes: length };
    const trailer = new Reader(block.subarray(length - 4), 'pcapng block', this.#littleEndian).u32();
    if (trailer !== length)
      return { fault: `a block of type ${type} begins with length ${length}, ends with ${trailer}` };
    try {
      const packet = this.#block(
        type,
        new Reader(block.subarray(8, length - 4), `block of type ${type}`, this.#littleEndian),
      );
      queue.drop(length);
      return packet ? { packet } : {};
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return { fault: error.message };
    }
  }

  #byteOrder(head: Uint8Array): boolean | undefined {
    const magic = head.subarray(8);
    if (new Reader(magic, 'byte-order magic').u32() === BYTE_ORDER_MAGIC) return false;
    return new Reader(magic, 'byte-order magic', true).u32() === BYTE_ORDER_MAGIC ? true : undefined;
  }

  #block(type: number, reader: Reader): Packet | undefined {
    switch (type) {
      case BLOCK.section:
        this.#section(reader);
        return undefined;
      case BLOCK.interface:
        this.#interface(reader);
        return undefined;
      case BLOCK.simplePacket:
        return this.#simplePacket(reader);
      default:
        return this.#packet(type, reader);
    }
  }

  #section(reader: Reader): void {
    reader.skip(4);
    const major = reader.u16();
    const minor = reader.u16();
    if (major !== 1) throw new WireError(`pcapng version ${major}.${minor}: only 1.x is known`);
    reader.skip(8); // Section length: blocks tell where they end, and writers may not know.
    this.comments.push(...commentsOf(readOptions(reader)));
    this.#started = true;
    this.#sectionBase = this.interfaces.length;
  }

  #interface(reader: Reader): void {
    const linkType = reader.u16();
    reader.skip(2);
    const snapLength = reader.u32();
    const options = readOptions(reader);
    const name = valueOf(options, OPTION.interfaceName);
    const description = valueOf(options, OPTION.interfaceDescription);
    const resolution = valueOf(options, OPTION.timestampResolution)?.[0] ?? 6;
    const offset = valueOf(options, OPTION.timestampOffset);
    this.interfaces.push({
      linkType,
      snapLength,
      ...(name && { name: text.decode(name) }),
      ...(description && { description: text.decode(description) }),
      comments: commentsOf(options),
      ticksPerSecond: ticksPerSecond(resolution),
      offsetSeconds: offset ? new Reader(offset, 'if_tsoffset', this.#littleEndian).i64() : 0n,
    });
  }

  #interfaceAt(id: number): { interfaceId: number; iface: CaptureInterface } {
    const interfaceId = this.#sectionBase + id;
    const iface = this.interfaces[interfaceId];
    if (!iface) throw new WireError(`a packet is of interface ${id}, which the section did not describe`);
    return { interfaceId, iface };
  }

  /** Enhanced packets, and the packet blocks that came before them: those counted drops beside a shorter number. */
  #packet(type: number, reader: Reader): Packet {
    const id = type === BLOCK.packet ? reader.u16() : reader.u32();
    if (type === BLOCK.packet) reader.skip(2);
    const { interfaceId, iface } = this.#interfaceAt(id);
    const ticks = (BigInt(reader.u32()) << 32n) | BigInt(reader.u32());
    const capturedLength = reader.u32();
    const originalLength = reader.u32();
    const bytes = reader.take(capturedLength).slice();
    reader.skip(Math.min((4 - (capturedLength % 4)) % 4, reader.remaining));
    const options = readOptions(reader);
    const flags = valueOf(options, OPTION.packetFlags);
    const direction = flags ? [undefined, 'inbound', 'outbound', undefined][this.#flagBits(flags)] : undefined;
    return {
      timestampNs: iface.offsetSeconds * NS + (ticks * NS) / iface.ticksPerSecond,
      interfaceId,
      linkType: iface.linkType,
      capturedLength,
      originalLength,
      bytes,
      comments: commentsOf(options),
      ...(direction !== undefined && { direction: direction as 'inbound' | 'outbound' }),
    };
  }

  #flagBits(flags: Uint8Array): number {
    return new Reader(flags, 'epb_flags', this.#littleEndian).u32() & 3;
  }

  /** Only the original length is there: what was kept follows from the snap length of interface 0. */
  #simplePacket(reader: Reader): Packet {
    const { interfaceId, iface } = this.#interfaceAt(0);
    const originalLength = reader.u32();
    const limit = iface.snapLength === 0 ? originalLength : Math.min(originalLength, iface.snapLength);
    const bytes = reader.take(limit).slice();
    return {
      timestampNs: 0n,
      untimed: true,
      interfaceId,
      linkType: iface.linkType,
      capturedLength: bytes.length,
      originalLength,
      bytes,
      comments: [],
    };
  }
}
