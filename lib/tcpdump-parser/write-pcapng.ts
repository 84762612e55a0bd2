/** pcapng files, little-endian, with timestamps in nanoseconds. */
import { concat, Writer } from '../wire/bytes.ts';
import { LINK_TYPE } from '../wire/link-type.ts';
import { BLOCK, BYTE_ORDER_MAGIC, OPTION } from './pcapng-numbers.ts';
import { MAX_SNAP_LENGTH } from './step.ts';
import type { PcapPacket } from './write-pcap.ts';

export interface PcapngSection {
  comments?: readonly string[];
  /** The program that writes the file. */
  application?: string;
}

export interface PcapngInterface {
  name?: string;
  description?: string;
  comments?: readonly string[];
  /** Ethernet when left out. */
  linkType?: number;
  /** Bytes; tcpdump's 262144 when left out. */
  snapLength?: number;
}

export interface PcapngPacket extends PcapPacket {
  /** Of the interfaces written in this section, counted from 0; 0 when left out. */
  interfaceId?: number;
  comments?: readonly string[];
  direction?: 'inbound' | 'outbound';
}

const utf8 = new TextEncoder();
type Option = readonly [code: number, value: Uint8Array];
const comments = (texts: readonly string[] = []): Option[] => texts.map((text) => [OPTION.comment, utf8.encode(text)]);
const string = (code: number, text: string | undefined): Option[] =>
  text === undefined ? [] : [[code, utf8.encode(text)]];

const padded = (length: number): number => length + ((4 - (length % 4)) % 4);

/** In one piece of its final size: a capture has a block a frame. */
function block(type: number, parts: readonly Uint8Array[], options: readonly Option[]): Uint8Array {
  const bodyLength = padded(parts.reduce((sum, part) => sum + part.length, 0));
  const optionsLength = options.reduce((sum, [, value]) => sum + 4 + padded(value.length), options.length > 0 ? 4 : 0);
  const whole = new Uint8Array(12 + bodyLength + optionsLength);
  const view = new DataView(whole.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, whole.length, true);
  let at = 8;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  at = 8 + bodyLength;
  for (const [code, value] of options) {
    view.setUint16(at, code, true);
    // 16 bits hold it, or it would be cut without a word.
    if (value.length > 0xffff) throw new RangeError(`an option of ${value.length} bytes does not fit a pcapng block: at most 65535`);
    view.setUint16(at + 2, value.length, true);
    whole.set(value, at + 4);
    at += 4 + padded(value.length);
  }
  // The end of options is four zeros, which are there.
  view.setUint32(whole.length - 4, whole.length, true);
  return whole;
}

/** The section header: write it once, then interfaces, then packets. */
export function pcapngSection(section: PcapngSection = {}): Uint8Array {
  // Section length -1: not known, as it is in a stream.
  const body = new Writer(true).u32(BYTE_ORDER_MAGIC).u16(1).u16(0).u32(0xffffffff).u32(0xffffffff).done();
  return block(BLOCK.section, [body], [
    ...comments(section.comments),
    ...string(OPTION.sectionApplication, section.application),
  ]);
}

/** Interfaces are numbered as they come, from 0; they may come between packets. */
export function pcapngInterface(iface: PcapngInterface = {}): Uint8Array {
  const { linkType = LINK_TYPE.ethernet, snapLength = MAX_SNAP_LENGTH, name, description } = iface;
  return block(BLOCK.interface, [new Writer(true).u16(linkType).u16(0).u32(snapLength).done()], [
    ...comments(iface.comments),
    ...string(OPTION.interfaceName, name),
    ...string(OPTION.interfaceDescription, description),
    [OPTION.timestampResolution, Uint8Array.of(9)],
  ]);
}

/** One packet, with its comments. */
export function pcapngPacket(packet: PcapngPacket): Uint8Array {
  const { timestampNs, bytes, originalLength = bytes.length, interfaceId = 0, direction } = packet;
  const header = new Writer(true)
    .u32(interfaceId)
    .u32(Number(timestampNs >> 32n))
    .u32(Number(timestampNs & 0xffffffffn))
    .u32(bytes.length)
    .u32(originalLength);
  const flags = direction && new Writer(true).u32(direction === 'inbound' ? 1 : 2).done();
  const options: Option[] = comments(packet.comments);
  if (flags) options.push([OPTION.packetFlags, flags]);
  return block(BLOCK.enhancedPacket, [header.done(), bytes], options);
}

/** A whole file of one section. */
export function writePcapng(
  packets: readonly PcapngPacket[],
  interfaces: readonly PcapngInterface[] = [{}],
  section: PcapngSection = {},
): Uint8Array {
  return concat(pcapngSection(section), ...interfaces.map(pcapngInterface), ...packets.map(pcapngPacket));
}
