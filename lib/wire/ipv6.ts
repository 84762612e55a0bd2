/** IPv6 (RFC 8200) with its extension headers. */
import { formatIpv6, parseIpv6, type Ipv6Address } from './address.ts';
import { concat, Reader, WireError, Writer } from './bytes.ts';

export interface Ipv6Option {
  /** 5 is router alert (RFC 2711). */
  type: number;
  data: Uint8Array;
}

/** Router alert with value 0: the packet holds MLD (RFC 2711 section 2.1). */
export const ROUTER_ALERT_V6: Ipv6Option = { type: 5, data: Uint8Array.of(0, 0) };

export type Ipv6Extension =
  | { type: 'hop-by-hop' | 'destination'; options: Ipv6Option[] }
  | { type: 'routing'; routingType: number; segmentsLeft: number; data: Uint8Array }
  /** Offset in bytes, a multiple of 8. */
  | { type: 'fragment'; offset: number; more: boolean; identification: number }
  /** RFC 4302: not verified. The data begins at the reserved field. */
  | { type: 'authentication'; data: Uint8Array };

export interface Ipv6Header {
  trafficClass: number;
  flowLabel: number;
  hopLimit: number;
  src: Ipv6Address;
  dst: Ipv6Address;
  extensions: Ipv6Extension[];
  /** Of the upper layer: what follows the last extension header; 59 is nothing. */
  protocol: number;
}

export type Ipv6Input = Partial<Ipv6Header> & Pick<Ipv6Header, 'protocol' | 'src' | 'dst'>;

export const hasRouterAlertV6 = (header: Ipv6Header): boolean =>
  header.extensions.some(
    (extension) =>
      extension.type === 'hop-by-hop' && extension.options.some((option) => option.type === ROUTER_ALERT_V6.type),
  );

export function fragmentOfV6(header: Ipv6Header): Extract<Ipv6Extension, { type: 'fragment' }> | undefined {
  return header.extensions.find((extension) => extension.type === 'fragment');
}

const NEXT_HEADER = { 'hop-by-hop': 0, routing: 43, fragment: 44, authentication: 51, destination: 60 } as const;

function decodeOptions(reader: Reader): Ipv6Option[] {
  const options: Ipv6Option[] = [];
  while (reader.remaining > 0) {
    const type = reader.u8();
    if (type === 0) continue; // Pad1
    const data = reader.take(reader.u8());
    if (type !== 1) options.push({ type, data }); // 1: PadN
  }
  return options;
}

function decodeExtension(type: keyof typeof NEXT_HEADER, reader: Reader): { next: number; extension: Ipv6Extension } {
  const next = reader.u8();
  const length = reader.u8();
  if (type === 'fragment') {
    const offset = reader.u16();
    const identification = reader.u32();
    return { next, extension: { type, offset: offset & 0xfff8, more: (offset & 1) === 1, identification } };
  }
  // Authentication counts words of 4 bytes minus 2 (RFC 4302 section 2.2), the others of 8 minus 1.
  if (type === 'authentication') return { next, extension: { type, data: reader.take((length + 2) * 4 - 2) } };
  const body = new Reader(reader.take((length + 1) * 8 - 2), `IPv6 ${type} header`);
  if (type === 'routing') {
    return { next, extension: { type, routingType: body.u8(), segmentsLeft: body.u8(), data: body.rest() } };
  }
  return { next, extension: { type, options: decodeOptions(body) } };
}

function extensionType(nextHeader: number): keyof typeof NEXT_HEADER | undefined {
  const types = Object.keys(NEXT_HEADER) as (keyof typeof NEXT_HEADER)[];
  return types.find((type) => NEXT_HEADER[type] === nextHeader);
}

/** As `decodeIpv4`: the payload follows the last extension header, and `whole` says whether all of it is there. */
export function decodeIpv6(
  bytes: Uint8Array,
  problems: string[] = [],
): { header: Ipv6Header; payload: Uint8Array; whole: boolean } {
  const reader = new Reader(bytes, 'IPv6 header');
  const first = reader.u32();
  if (first >>> 28 !== 6) throw new WireError(`IPv6 header: version is ${first >>> 28}`);
  const payloadLength = reader.u16();
  let next = reader.u8();
  const hopLimit = reader.u8();
  const src = formatIpv6(reader.take(16));
  const dst = formatIpv6(reader.take(16));
  const whole = reader.remaining >= payloadLength;
  if (!whole) problems.push(`IPv6: ${reader.remaining} of ${payloadLength} payload bytes are there`);
  const body = new Reader(reader.take(Math.min(payloadLength, reader.remaining)), 'IPv6 extension header');
  const extensions: Ipv6Extension[] = [];
  for (let type = extensionType(next); type !== undefined; type = extensionType(next)) {
    const decoded = decodeExtension(type, body);
    extensions.push(decoded.extension);
    next = decoded.next;
    // What follows the header of a later fragment is the middle of a payload, whatever its next header says.
    if (decoded.extension.type === 'fragment' && decoded.extension.offset > 0) break;
  }
  const header: Ipv6Header = {
    trafficClass: (first >>> 20) & 0xff,
    flowLabel: first & 0xfffff,
    hopLimit,
    src,
    dst,
    extensions,
    protocol: next,
  };
  return { header, payload: body.rest(), whole };
}

function encodeOptions(options: readonly Ipv6Option[]): Uint8Array {
  const writer = new Writer();
  for (const { type, data } of options) writer.u8(type).u8(data.length).bytes(data);
  // Two octets of the header come before; the whole is a multiple of 8.
  const missing = (8 - ((writer.length + 2) % 8)) % 8;
  if (missing === 1) writer.u8(0);
  else if (missing > 1)
    writer
      .u8(1)
      .u8(missing - 2)
      .zeros(missing - 2);
  return writer.done();
}

function encodeExtension(extension: Ipv6Extension, next: number): Uint8Array {
  const eights = (body: Uint8Array): Uint8Array => {
    if (body.length % 8 !== 6) throw new RangeError(`IPv6 ${extension.type} header: ${body.length + 2} bytes`);
    return new Writer()
      .u8(next)
      .u8((body.length + 2) / 8 - 1)
      .bytes(body)
      .done();
  };
  switch (extension.type) {
    case 'hop-by-hop':
    case 'destination':
      return eights(encodeOptions(extension.options));
    case 'routing':
      return eights(new Writer().u8(extension.routingType).u8(extension.segmentsLeft).bytes(extension.data).done());
    case 'fragment':
      if (extension.offset % 8 !== 0) throw new RangeError(`IPv6 fragment offset ${extension.offset} bytes`);
      return new Writer()
        .u8(next)
        .u8(0)
        .u16(extension.offset | (extension.more ? 1 : 0))
        .u32(extension.identification)
        .done();
    case 'authentication':
      return new Writer()
        .u8(next)
        .u8((extension.data.length + 2) / 4 - 2)
        .bytes(extension.data)
        .done();
  }
}

/** The payload length and the chain of next headers are computed; hop limit 64 unless given. */
export function encodeIpv6(input: Ipv6Input, payload: Uint8Array): Uint8Array {
  const { trafficClass = 0, flowLabel = 0 } = input;
  if (trafficClass > 0xff || flowLabel > 0xfffff) throw new RangeError('traffic class or flow label does not fit');
  let next = input.protocol;
  const chain: Uint8Array[] = [];
  for (const extension of [...(input.extensions ?? [])].reverse()) {
    chain.unshift(encodeExtension(extension, next));
    next = NEXT_HEADER[extension.type];
  }
  const body = concat(...chain, payload);
  const header = new Writer()
    .u32(6 * 0x10000000 + trafficClass * 0x100000 + flowLabel)
    .u16(body.length)
    .u8(next)
    .u8(input.hopLimit ?? 64)
    .bytes(parseIpv6(input.src))
    .bytes(parseIpv6(input.dst));
  return concat(header.done(), body);
}
