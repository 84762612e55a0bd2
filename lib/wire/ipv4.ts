/** IPv4 (RFC 791), with options and fragments. */
import { formatIpv4, parseIpv4, type Ipv4Address } from './address.ts';
import { checksumProblem, concat, internetChecksum, Reader, setChecksum, WireError, Writer } from './bytes.ts';

export const IP_PROTOCOL = { icmp: 1, igmp: 2, tcp: 6, udp: 17, icmpv6: 58 } as const;

export interface Ipv4Option {
  /** The whole type octet, copied flag and class included: 148 is router alert. */
  type: number;
  /** Without type and length. */
  data: Uint8Array;
}

/** RFC 2113: routers look at the packet though it is not for them. IGMP sends it. */
export const ROUTER_ALERT_V4: Ipv4Option = { type: 148, data: Uint8Array.of(0, 0) };

export interface Ipv4Header {
  /** Type of service octet: DSCP in the upper six bits. IGMPv3 sends 0xc0 (RFC 3376 section 4). */
  tos: number;
  identification: number;
  dontFragment: boolean;
  moreFragments: boolean;
  /** Bytes, a multiple of 8. */
  fragmentOffset: number;
  ttl: number;
  protocol: number;
  src: Ipv4Address;
  dst: Ipv4Address;
  options: Ipv4Option[];
}

export type Ipv4Input = Partial<Ipv4Header> & Pick<Ipv4Header, 'protocol' | 'src' | 'dst'>;

export const hasRouterAlertV4 = (header: Ipv4Header): boolean =>
  header.options.some((option) => option.type === ROUTER_ALERT_V4.type);

export const isFragmentV4 = (header: Ipv4Header): boolean => header.moreFragments || header.fragmentOffset > 0;

function decodeOptions(bytes: Uint8Array, problems: string[]): Ipv4Option[] {
  const options: Ipv4Option[] = [];
  const reader = new Reader(bytes, 'IPv4 options');
  while (reader.remaining > 0) {
    const type = reader.u8();
    if (type === 0) break; // end of list: the rest is padding
    if (type === 1) continue; // no operation: one octet of padding
    const length = reader.remaining > 0 ? reader.u8() : 0;
    if (length < 2 || length - 2 > reader.remaining) {
      problems.push(`IPv4 option ${type}: length ${length} is wrong`);
      break;
    }
    options.push({ type, data: reader.take(length - 2) });
  }
  return options;
}

/**
 * The payload ends where the total length says: Ethernet padding is cut. `whole` is false when bytes are missing,
 * and then checksums over the payload cannot be verified.
 */
export function decodeIpv4(
  bytes: Uint8Array,
  problems: string[] = [],
): { header: Ipv4Header; payload: Uint8Array; whole: boolean } {
  const reader = new Reader(bytes, 'IPv4 header');
  const first = reader.u8();
  if (first >> 4 !== 4) throw new WireError(`IPv4 header: version is ${first >> 4}`);
  const headerLength = (first & 0xf) * 4;
  if (headerLength < 20) throw new WireError(`IPv4 header: length ${headerLength} is below 20`);
  const tos = reader.u8();
  const totalLength = reader.u16();
  const identification = reader.u16();
  const fragment = reader.u16();
  const ttl = reader.u8();
  const protocol = reader.u8();
  reader.skip(2);
  const src = formatIpv4(reader.take(4));
  const dst = formatIpv4(reader.take(4));
  const options = decodeOptions(reader.take(headerLength - 20), problems);
  const wrong = checksumProblem('IPv4 header', bytes.subarray(0, headerLength), 10);
  if (wrong) problems.push(wrong);
  if (totalLength < headerLength) throw new WireError(`IPv4 header: total length ${totalLength} is below the header's`);
  const wanted = totalLength - headerLength;
  const whole = reader.remaining >= wanted;
  if (!whole) problems.push(`IPv4: ${reader.remaining} of ${wanted} payload bytes are there`);
  const header: Ipv4Header = {
    tos,
    identification,
    dontFragment: (fragment & 0x4000) !== 0,
    moreFragments: (fragment & 0x2000) !== 0,
    fragmentOffset: (fragment & 0x1fff) * 8,
    ttl,
    protocol,
    src,
    dst,
    options,
  };
  return { header, payload: reader.take(Math.min(wanted, reader.remaining)), whole };
}

/** Lengths and checksum are computed; the rest defaults to an ordinary packet with TTL 64. */
export function encodeIpv4(input: Ipv4Input, payload: Uint8Array): Uint8Array {
  const optionBytes = new Writer();
  for (const { type, data } of input.options ?? [])
    optionBytes
      .u8(type)
      .u8(data.length + 2)
      .bytes(data);
  const options = optionBytes.align(4).done();
  const headerLength = 20 + options.length;
  const offset = input.fragmentOffset ?? 0;
  if (headerLength > 60) throw new RangeError(`IPv4 options of ${options.length} bytes: at most 40 fit`);
  if (offset % 8 !== 0 || offset > 0x1fff * 8) throw new RangeError(`IPv4 fragment offset ${offset} bytes`);
  const flags = (input.dontFragment ? 0x4000 : 0) | (input.moreFragments ? 0x2000 : 0);
  const header = new Writer()
    .u8(0x40 | (headerLength / 4))
    .u8(input.tos ?? 0)
    .u16(headerLength + payload.length)
    .u16(input.identification ?? 0)
    .u16(flags | (offset / 8))
    .u8(input.ttl ?? 64)
    .u8(input.protocol)
    .u16(0)
    .bytes(parseIpv4(input.src))
    .bytes(parseIpv4(input.dst))
    .bytes(options)
    .done();
  return concat(setChecksum(header, 10, internetChecksum(header)), payload);
}
