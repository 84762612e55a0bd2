/** Captures of either format, whole or in chunks. Nothing a file holds makes it throw: `end()` tells what was wrong. */
import { Reader } from '../wire/bytes.ts';
import { ByteQueue } from './byte-queue.ts';
import type { CaptureEnd, CaptureFormat, CaptureInterface, Packet } from './packet.ts';
import { BLOCK } from './pcapng-numbers.ts';
import { isPcapMagic, PcapReader } from './read-pcap.ts';
import { PcapngReader } from './read-pcapng.ts';

const MAGIC_BYTES = 4;

/**
 * Takes a capture in chunks of any size and gives packets as soon as they are whole. Memory stays at one chunk and one
 * record, however long the stream is.
 */
export class CaptureReader {
  readonly #queue = new ByteQueue();
  #format: CaptureFormat | undefined;
  #source: PcapReader | PcapngReader | undefined;
  /** What is awaited: told when the stream ends in it. */
  #awaited: { what: string; bytes: number } = { what: 'the capture header', bytes: MAGIC_BYTES };
  #fault: string | undefined;
  #toSkip = 0;

  /** Undefined until the first four bytes came. */
  get format(): CaptureFormat | undefined {
    return this.#format;
  }

  /** Those described so far, over all sections; a packet's `interfaceId` is an index. pcap has one. */
  get interfaces(): readonly CaptureInterface[] {
    return this.#source?.interfaces ?? [];
  }

  /** Comments of the sections so far. */
  get comments(): readonly string[] {
    return this.#source?.comments ?? [];
  }

  /** The packets that these bytes complete. After a fault there are none any more. */
  push(chunk: Uint8Array): Packet[] {
    const packets: Packet[] = [];
    if (this.#fault !== undefined) return packets;
    this.#queue.push(chunk);
    this.#source ??= this.#recognize();
    while (this.#source && this.#fault === undefined && this.#skip()) {
      const step = this.#source.step(this.#queue);
      if (step.need !== undefined) {
        this.#awaited = { what: step.need, bytes: step.bytes };
        break;
      }
      if (step.fault !== undefined) this.#fault = step.fault;
      else if (step.skip !== undefined) this.#toSkip = step.skip;
      else if (step.packet) packets.push(step.packet);
    }
    return packets;
  }

  /** True when nothing is left to skip. */
  #skip(): boolean {
    const before = this.#queue.length;
    this.#queue.drop(this.#toSkip);
    this.#toSkip -= before - this.#queue.length;
    return this.#toSkip === 0;
  }

  #recognize(): PcapReader | PcapngReader | undefined {
    const bytes = this.#queue.peek(MAGIC_BYTES);
    if (!bytes) return undefined;
    const magic = new Reader(bytes, 'magic number').u32();
    if (isPcapMagic(magic)) {
      this.#format = 'pcap';
      return new PcapReader();
    }
    if (magic === BLOCK.section) {
      this.#format = 'pcapng';
      return new PcapngReader();
    }
    this.#fault = `neither pcap nor pcapng: it begins with 0x${magic.toString(16).padStart(8, '0')}`;
    return undefined;
  }

  /** Where the capture ended: cleanly, in the middle of something, or where it made no sense any more. */
  end(): CaptureEnd {
    const offset = this.#queue.consumed;
    if (this.#fault !== undefined) return { clean: false, offset, reason: this.#fault };
    if (this.#toSkip > 0) return { clean: false, offset, reason: `a skipped block lacks ${this.#toSkip} bytes` };
    if (offset > 0 && this.#queue.length === 0) return { clean: true, offset };
    const { what, bytes } = this.#awaited;
    return { clean: false, offset, reason: `it ends in ${what}: ${this.#queue.length} of ${bytes} bytes are there` };
  }
}

export interface Capture {
  format: CaptureFormat | undefined;
  interfaces: readonly CaptureInterface[];
  comments: readonly string[];
  packets: Packet[];
  end: CaptureEnd;
}

/** A whole capture in memory. */
export function parseCapture(bytes: Uint8Array): Capture {
  const reader = new CaptureReader();
  const packets = reader.push(bytes);
  const { format, interfaces, comments } = reader;
  return { format, interfaces, comments, packets, end: reader.end() };
}
