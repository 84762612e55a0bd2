/** Link types of captures (https://www.tcpdump.org/linktypes.html) and the headers that stand in for Ethernet's. */
import { formatMac, parseMac, type Mac } from './address.ts';
import { Reader, Writer } from './bytes.ts';

export const LINK_TYPE = {
  ethernet: 1,
  /** IPv4 or IPv6 without a link header; 12 and 14 are the same in old files. */
  rawIp: 101,
  linuxSll: 113,
  ipv4: 228,
  ipv6: 229,
  linuxSll2: 276,
} as const;

/** Seen from the capturing host. */
export type CookedDirection = 'to-us' | 'broadcast' | 'multicast' | 'to-others' | 'from-us' | 'unknown';
const DIRECTIONS: readonly CookedDirection[] = ['to-us', 'broadcast', 'multicast', 'to-others', 'from-us'];

/** Of a capture on the interface "any". */
export interface CookedHeader {
  version: 1 | 2;
  direction: CookedDirection;
  /** ARPHRD_ number of the interface; 1 is Ethernet. */
  hardware: number;
  /** Absent when the interface has no MAC. */
  src?: Mac;
  /** EtherType; small numbers are Linux's own, 4 is LLC. */
  etherType: number;
  /** Only version 2 says it. */
  interfaceIndex?: number;
}

function sender(reader: Reader, length: number): { src?: Mac } {
  const field = reader.take(8);
  return length === 6 ? { src: formatMac(field.subarray(0, 6)) } : {};
}

export function decodeCooked(bytes: Uint8Array, version: 1 | 2): { header: CookedHeader; payload: Uint8Array } {
  const reader = new Reader(bytes, version === 1 ? 'SLL header' : 'SLL2 header');
  if (version === 1) {
    const direction = DIRECTIONS[reader.u16()] ?? 'unknown';
    const hardware = reader.u16();
    const address = sender(reader, reader.u16());
    const header: CookedHeader = { version, direction, hardware, ...address, etherType: reader.u16() };
    return { header, payload: reader.rest() };
  }
  const etherType = reader.u16();
  reader.skip(2);
  const interfaceIndex = reader.u32();
  const hardware = reader.u16();
  const direction = DIRECTIONS[reader.u8()] ?? 'unknown';
  const address = sender(reader, reader.u8());
  return { header: { version, direction, hardware, ...address, etherType, interfaceIndex }, payload: reader.rest() };
}

export function encodeCooked(header: CookedHeader, payload: Uint8Array): Uint8Array {
  const found = DIRECTIONS.indexOf(header.direction);
  if (found < 0) throw new RangeError('a cooked header needs a direction');
  const address = header.src === undefined ? new Uint8Array(0) : parseMac(header.src);
  const writer = new Writer();
  if (header.version === 1) writer.u16(found).u16(header.hardware).u16(address.length);
  else {
    writer
      .u16(header.etherType)
      .u16(0)
      .u32(header.interfaceIndex ?? 0)
      .u16(header.hardware);
    writer.u8(found).u8(address.length);
  }
  writer.bytes(address).zeros(8 - address.length);
  if (header.version === 1) writer.u16(header.etherType);
  return writer.bytes(payload).done();
}
