/** The largest datagram that a path carries, as it was found, and the claim that is made of it. */
import type { Bisection } from './bisection.ts';
import type { Decision } from './claims.ts';
import type { Moment } from './units.ts';

export interface SizeLimit {
  /** "alice → 239.192.5.5, heard by bob". */
  readonly what: string;
  readonly family: 4 | 6;
  /** UDP payload, bytes. */
  readonly found: Bisection;
  readonly from: Moment;
  readonly to: Moment;
}

/** IP and UDP header of a datagram that is not fragmented, without options. */
export const HEADERS_BYTES = { 4: 28, 6: 48 } as const;
/** RFC 791, RFC 768: total length; RFC 8200: payload length. Both have 16 bits. */
export const LARGEST_PAYLOAD = { 4: 65_535 - 28, 6: 65_535 - 8 } as const;

/** The IP packet that a payload makes. */
export const packetBytes = (payloadBytes: number, family: 4 | 6): number => payloadBytes + HEADERS_BYTES[family];

/** The largest payload is exactly so many bytes; 'none': everything that was tried arrived. */
export function sizeLimitIs({ found: { largest, next, tries }, family }: SizeLimit, wanted: number | 'none'): Decision {
  const sizes = (payload: number): string => `${payload} bytes of payload, ${packetBytes(payload, family)} of IP packet`;
  const [least, most] = [Math.min(...tries.map((t) => t.value)), Math.max(...tries.map((t) => t.value))];
  const expected = wanted === 'none' ? `no limit up to ${sizes(most)}` : `the largest that arrives has ${sizes(wanted)}; the next does not`;
  if (largest === undefined) return { verdict: 'errored', expected, observed: `not even ${sizes(least)} arrived: the path may never have worked`, figures: {}, decisiveNs: undefined };
  const figures = { largestPayloadBytes: largest, largestPacketBytes: packetBytes(largest, family), tries: tries.length };
  const observed = next === undefined ? `no limit: ${sizes(largest)} arrived as well` : `the largest has ${sizes(largest)}; ${next} did not arrive`;
  const held = wanted === 'none' ? next === undefined : next !== undefined && largest === wanted;
  return { verdict: held ? 'held' : 'broken', expected, observed, figures, decisiveNs: undefined };
}
