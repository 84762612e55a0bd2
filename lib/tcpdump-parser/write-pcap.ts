/** pcap files, little-endian. */
import { concat, Writer } from '../wire/bytes.ts';
import { LINK_TYPE } from '../wire/link-type.ts';
import { MAX_SNAP_LENGTH } from './step.ts';

export interface PcapOptions {
  /** Ethernet when left out. */
  linkType?: number;
  /** Bytes; tcpdump's 262144 when left out. */
  snapLength?: number;
  /** "ns" when left out; some old programs read only "us". */
  resolution?: 'ns' | 'us';
}

export interface PcapPacket {
  timestampNs: bigint;
  bytes: Uint8Array;
  /** On the wire; that of `bytes` when left out. */
  originalLength?: number;
}

const NS_PER_SECOND = 1_000_000_000n;

/** The file header: write it once, then records. */
export function pcapHeader(options: PcapOptions = {}): Uint8Array {
  const { linkType = LINK_TYPE.ethernet, snapLength = MAX_SNAP_LENGTH, resolution = 'ns' } = options;
  const writer = new Writer(true)
    .u32(resolution === 'ns' ? 0xa1b23c4d : 0xa1b2c3d4)
    .u16(2)
    .u16(4);
  return writer.u32(0).u32(0).u32(snapLength).u32(linkType).done();
}

/** One packet; the resolution is that of the header. */
export function pcapRecord(packet: PcapPacket, { resolution = 'ns' }: PcapOptions = {}): Uint8Array {
  const { timestampNs, bytes, originalLength = bytes.length } = packet;
  const fraction = Number(timestampNs % NS_PER_SECOND);
  const header = new Writer(true).u32(Number(timestampNs / NS_PER_SECOND));
  header
    .u32(resolution === 'ns' ? fraction : Math.floor(fraction / 1000))
    .u32(bytes.length)
    .u32(originalLength);
  return concat(header.done(), bytes);
}

/** A whole file. */
export function writePcap(packets: readonly PcapPacket[], options: PcapOptions = {}): Uint8Array {
  return concat(pcapHeader(options), ...packets.map((packet) => pcapRecord(packet, options)));
}
