/** pcap: https://ietf-opsawg-wg.github.io/draft-ietf-opsawg-pcap/draft-ietf-opsawg-pcap.html */
import { Reader } from '../wire/bytes.ts';
import type { ByteQueue } from './byte-queue.ts';
import type { CaptureInterface, Packet } from './packet.ts';
import { MAX_RECORD_BYTES, type Step } from './step.ts';

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;

/** The magic number, read big-endian, gives byte order and ticks a second. */
const MAGICS = new Map([
  [0xa1b2c3d4, { littleEndian: false, ticksPerSecond: 1_000_000n }],
  [0xd4c3b2a1, { littleEndian: true, ticksPerSecond: 1_000_000n }],
  [0xa1b23c4d, { littleEndian: false, ticksPerSecond: 1_000_000_000n }],
  [0x4d3cb2a1, { littleEndian: true, ticksPerSecond: 1_000_000_000n }],
]);

export const isPcapMagic = (magic: number): boolean => MAGICS.has(magic);

export class PcapReader {
  readonly interfaces: CaptureInterface[] = [];
  readonly comments: string[] = [];
  #littleEndian = false;

  step(queue: ByteQueue): Step {
    const [iface] = this.interfaces;
    return iface ? this.#record(queue, iface) : this.#fileHeader(queue);
  }

  #fileHeader(queue: ByteQueue): Step {
    const bytes = queue.peek(FILE_HEADER_BYTES);
    if (!bytes) return { need: 'the file header', bytes: FILE_HEADER_BYTES };
    const format = MAGICS.get(new Reader(bytes, 'pcap header').u32());
    if (!format) return { fault: 'not a pcap header' };
    const { littleEndian, ticksPerSecond } = format;
    this.#littleEndian = littleEndian;
    const reader = new Reader(bytes, 'pcap header', littleEndian);
    reader.skip(4);
    const major = reader.u16();
    const minor = reader.u16();
    if (major !== 2) return { fault: `pcap version ${major}.${minor}: only 2.x is known` };
    reader.skip(8);
    const snapLength = reader.u32();
    // The upper bits tell about frame check sequences.
    const linkType = reader.u32() & 0xffff;
    this.interfaces.push({ linkType, snapLength, comments: [], ticksPerSecond, offsetSeconds: 0n });
    queue.drop(FILE_HEADER_BYTES);
    return {};
  }

  #record(queue: ByteQueue, iface: CaptureInterface): Step {
    const header = queue.peek(RECORD_HEADER_BYTES);
    if (!header) return { need: 'a record header', bytes: RECORD_HEADER_BYTES };
    const reader = new Reader(header, 'pcap record', this.#littleEndian);
    const seconds = BigInt(reader.u32());
    const fraction = BigInt(reader.u32());
    const capturedLength = reader.u32();
    const originalLength = reader.u32();
    if (capturedLength > MAX_RECORD_BYTES) return { fault: `a record claims ${capturedLength} bytes` };
    const whole = queue.peek(RECORD_HEADER_BYTES + capturedLength);
    if (!whole) return { need: 'a record', bytes: RECORD_HEADER_BYTES + capturedLength };
    const packet: Packet = {
      timestampNs: seconds * 1_000_000_000n + (fraction * 1_000_000_000n) / iface.ticksPerSecond,
      interfaceId: 0,
      linkType: iface.linkType,
      capturedLength,
      originalLength,
      bytes: whole.slice(RECORD_HEADER_BYTES),
      comments: [],
    };
    queue.drop(whole.length);
    return { packet };
  }
}
