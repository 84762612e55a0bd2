/** UDP (RFC 768) over IPv4 and IPv6. */
import { isIpv6Text, pseudoHeaderSum } from './address.ts';
import { checksumProblem, concat, internetChecksum, Reader, setChecksum, Writer } from './bytes.ts';
import { IP_PROTOCOL } from './ipv4.ts';

/** Addresses of the packet around: both of one family. */
export interface Endpoints {
  src: string;
  dst: string;
}

/**
 * offloaded: only the pseudo-header is summed, the network card does the rest; a capture on the sender shows this.
 * absent: zero, which IPv4 allows. unverified: a fragment, or bytes are missing.
 */
export type UdpChecksum = 'right' | 'wrong' | 'offloaded' | 'absent' | 'unverified';

export interface Udp {
  srcPort: number;
  dstPort: number;
  /** Bytes, the header's 8 included. */
  length: number;
  checksum: UdpChecksum;
}

/** @param whole false for a fragment or a cut packet: the checksum is then not verified */
export function decodeUdp(
  bytes: Uint8Array,
  endpoints: Endpoints,
  whole = true,
  problems: string[] = [],
): { header: Udp; payload: Uint8Array } {
  const reader = new Reader(bytes, 'UDP header');
  const srcPort = reader.u16();
  const dstPort = reader.u16();
  const length = reader.u16();
  const sum = reader.u16();
  const fits = length >= 8 && length - 8 <= reader.remaining;
  if (length < 8 || (whole && !fits)) problems.push(`UDP: length ${length}, ${bytes.length} bytes are there`);
  const payload = fits ? reader.take(length - 8) : reader.rest();

  let checksum: UdpChecksum = 'unverified';
  if (sum === 0) {
    checksum = 'absent';
    // RFC 8200 section 8.1: over IPv6 it is mandatory.
    if (isIpv6Text(endpoints.src)) problems.push('UDP: no checksum, which IPv6 asks for');
  } else if (whole && fits) {
    const pseudo = pseudoHeaderSum(endpoints.src, endpoints.dst, IP_PROTOCOL.udp, length);
    const wrong = checksumProblem('UDP', bytes.subarray(0, length), 6, pseudo);
    checksum = wrong === undefined ? 'right' : sum === pseudo ? 'offloaded' : 'wrong';
    if (wrong !== undefined && checksum === 'wrong') problems.push(wrong);
  }
  return { header: { srcPort, dstPort, length, checksum }, payload };
}

/** A datagram with its checksum; the addresses are summed too. */
export function encodeUdp(
  ports: Pick<Udp, 'srcPort' | 'dstPort'>,
  payload: Uint8Array,
  endpoints: Endpoints,
): Uint8Array {
  const length = 8 + payload.length;
  const header = new Writer().u16(ports.srcPort).u16(ports.dstPort).u16(length).u16(0).done();
  const datagram = concat(header, payload);
  const sum = internetChecksum(datagram, pseudoHeaderSum(endpoints.src, endpoints.dst, IP_PROTOCOL.udp, length));
  // Zero means "no checksum", so a sum of zero goes out as its other form.
  return setChecksum(datagram, 6, sum === 0 ? 0xffff : sum);
}
