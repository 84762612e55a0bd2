/** MAC, IPv4 and IPv6 addresses: text to octets and back, and the addresses derived from others. */
import { concat, onesComplementSum, toHex, WireError, Writer } from './bytes.ts';

/** Lower-case colon form: "52:54:00:fa:14:0d". */
export type Mac = string;
/** Dotted form: "192.0.2.1". */
export type Ipv4Address = string;
/** RFC 5952 form: "fe80::1". */
export type Ipv6Address = string;

export const BROADCAST_MAC: Mac = 'ff:ff:ff:ff:ff:ff';
export const ZERO_MAC: Mac = '00:00:00:00:00:00';
/** All hosts on this link (RFC 1112 section 4). */
export const ALL_HOSTS: Ipv4Address = '224.0.0.1';
/** All routers on this link: where an IGMPv2 leave goes (RFC 2236 section 9). */
export const ALL_ROUTERS: Ipv4Address = '224.0.0.2';
/** Where IGMPv3 reports go (RFC 3376 section 4.2.14). */
export const ALL_IGMPV3_ROUTERS: Ipv4Address = '224.0.0.22';
export const ALL_NODES_V6: Ipv6Address = 'ff02::1';
export const ALL_ROUTERS_V6: Ipv6Address = 'ff02::2';
/** Where MLDv2 reports go (RFC 3810 section 5.2.14). */
export const ALL_MLDV2_ROUTERS: Ipv6Address = 'ff02::16';

const dataView = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function octets(bytes: Uint8Array, count: number, what: string): Uint8Array {
  if (bytes.length !== count) throw new WireError(`${what}: ${bytes.length} bytes, ${count} expected`);
  return bytes;
}

/** Six hex octets between colons or hyphens; anything else is a RangeError. */
export function parseMac(text: string): Uint8Array {
  if (!/^[0-9a-f]{1,2}([:-][0-9a-f]{1,2}){5}$/i.test(text)) throw new RangeError(`not a MAC address: ${text}`);
  return Uint8Array.from(text.split(/[:-]/), (octet) => Number.parseInt(octet, 16));
}

export function formatMac(bytes: Uint8Array): Mac {
  return toHex(octets(bytes, 6, 'MAC address'), ':');
}

/** Four decimal octets without leading zeros, which some programs take for octal; else a RangeError. */
export function parseIpv4(text: string): Uint8Array {
  const parts = text.split('.');
  if (parts.length !== 4 || parts.some((part) => !/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255)) {
    throw new RangeError(`not an IPv4 address: ${text}`);
  }
  return Uint8Array.from(parts, Number);
}

export function formatIpv4(bytes: Uint8Array): Ipv4Address {
  const [a, b, c, d] = octets(bytes, 4, 'IPv4 address');
  return `${a}.${b}.${c}.${d}`;
}

/** The forms of RFC 4291 section 2.2, without zone; anything else is a RangeError. */
export function parseIpv6(text: string): Uint8Array {
  const wrong = new RangeError(`not an IPv6 address: ${text}`);
  let body = text;
  // An embedded IPv4 address is the last 32 bits.
  const embedded = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (embedded) {
    const view = dataView(parseIpv4(embedded[2] ?? ''));
    body = `${embedded[1] ?? ''}${view.getUint16(0).toString(16)}:${view.getUint16(2).toString(16)}`;
  }
  const halves = body.split('::');
  if (halves.length > 2) throw wrong;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  if (!head) throw wrong;
  const missing = 8 - head.length - (tail?.length ?? 0);
  // "::" stands for at least one group (RFC 5952 section 4.2.2 writes it for two or more).
  if (tail ? missing < 1 : missing !== 0) throw wrong;
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...(tail ?? [])];
  const writer = new Writer();
  for (const group of groups) {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) throw wrong;
    writer.u16(Number.parseInt(group, 16));
  }
  return writer.done();
}

/** RFC 5952 section 4: lower case, no leading zeros, "::" for the first longest run of two zero groups or more. */
export function formatIpv6(bytes: Uint8Array): Ipv6Address {
  const view = dataView(octets(bytes, 16, 'IPv6 address'));
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(2 * i));
  // Section 5: an IPv4-mapped address shows its IPv4 address.
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${formatIpv4(bytes.subarray(12))}`;
  }
  let best = { start: 0, length: 0 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const text = (part: number[]): string => part.map((group) => group.toString(16)).join(':');
  if (best.length < 2) return text(groups);
  return `${text(groups.slice(0, best.start))}::${text(groups.slice(best.start + best.length))}`;
}

const accepts = (parse: (text: string) => Uint8Array, text: string): boolean => {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
};

export const isMac = (text: string): boolean => accepts(parseMac, text);
export const isIpv4 = (text: string): boolean => accepts(parseIpv4, text);
export const isIpv6 = (text: string): boolean => accepts(parseIpv6, text);

/**
 * Of two families, told apart by the colon. Not `includes`: Node 20's V8 (11.3), once it has optimised the decoders, hands
 * its search of a string something else, and aborts ("Check failed: Object(string).IsExternalTwoByteString(cage_base)")
 * after some thousand IPv6 frames; seen on the same frames under QEMU and in User-Mode Linux.
 */
export function isIpv6Text(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) === 0x3a) return true;
  return false;
}

/** Either family. */
export function parseIp(text: string): Uint8Array {
  return isIpv6Text(text) ? parseIpv6(text) : parseIpv4(text);
}

/** Either family, told apart by the length. */
export function formatIp(bytes: Uint8Array): string {
  return bytes.length === 4 ? formatIpv4(bytes) : formatIpv6(bytes);
}

const octet = (bytes: Uint8Array, index: number): number => dataView(bytes).getUint8(index);

/** 224.0.0.0/4 (RFC 1112 section 4) or ff00::/8 (RFC 4291 section 2.7). */
export function isMulticastIp(address: string): boolean {
  const bytes = parseIp(address);
  return bytes.length === 4 ? octet(bytes, 0) >> 4 === 0xe : octet(bytes, 0) === 0xff;
}

/** The group bit of the first octet is set; true of broadcast too. */
export function isMulticastMac(mac: Mac): boolean {
  return (octet(parseMac(mac), 0) & 1) === 1;
}

/** The MAC a group is sent to: 01:00:5e and 23 bits (RFC 1112 section 6.4), 33:33 and 32 bits (RFC 2464 section 7). */
export function multicastMac(group: string): Mac {
  if (!isMulticastIp(group)) throw new RangeError(`not a multicast group: ${group}`);
  const bytes = parseIp(group);
  if (bytes.length === 16) return formatMac(concat(Uint8Array.of(0x33, 0x33), bytes.subarray(12)));
  return formatMac(Uint8Array.of(0x01, 0x00, 0x5e, octet(bytes, 1) & 0x7f, octet(bytes, 2), octet(bytes, 3)));
}

/** fe80::/64 with the modified EUI-64 of the MAC: the universal bit flipped, ff:fe in the middle (RFC 4291 appendix A). */
export function linkLocal(mac: Mac): Ipv6Address {
  const bytes = parseMac(mac);
  const writer = new Writer()
    .u16(0xfe80)
    .zeros(6)
    .u8(octet(bytes, 0) ^ 2);
  return formatIpv6(writer.bytes(bytes.subarray(1, 3)).u16(0xfffe).bytes(bytes.subarray(3)).done());
}

/** ff02::1:ffXX:XXXX with the last 24 bits of the address (RFC 4291 section 2.7.1). */
export function solicitedNode(address: Ipv6Address): Ipv6Address {
  return formatIpv6(concat(parseIpv6('ff02::1:ff00:0').subarray(0, 13), parseIpv6(address).subarray(13)));
}

/** Sum of the pseudo-header for UDP and ICMPv6 checksums: RFC 768 over IPv4, RFC 8200 section 8.1 over IPv6. */
export function pseudoHeaderSum(src: string, dst: string, protocol: number, length: number): number {
  return onesComplementSum(NOTHING, addressSum(src) + addressSum(dst) + Math.floor(length / 0x10000) + (length & 0xffff) + protocol);
}

const NOTHING = new Uint8Array(0);
/** A capture has few addresses and many frames; more than so many are somebody's scan. */
const REMEMBERED_SUMS = 1000;
const sums = new Map<string, number>();

function addressSum(address: string): number {
  let sum = sums.get(address);
  if (sum === undefined) {
    sum = onesComplementSum(parseIp(address));
    if (sums.size >= REMEMBERED_SUMS) sums.clear();
    sums.set(address, sum);
  }
  return sum;
}
