/** What a capture holds, whatever its format. */

export type CaptureFormat = 'pcap' | 'pcapng';

export interface Packet {
  /** Nanoseconds since 1970-01-01 UTC; finer clocks are rounded down. 0 when `untimed`. */
  timestampNs: bigint;
  /** A pcapng simple packet: the format gives it no time. */
  untimed?: true;
  /** Index into `interfaces` of the capture, over all its sections. */
  interfaceId: number;
  /** https://www.tcpdump.org/linktypes.html */
  linkType: number;
  /** Bytes that were kept: the length of `bytes`. */
  capturedLength: number;
  /** Bytes on the wire. */
  originalLength: number;
  /** A copy of its own: it may be kept. */
  bytes: Uint8Array;
  /** pcapng's opt_comment, in order. */
  comments: string[];
  /** pcapng's epb_flags: seen from the capturing interface. */
  direction?: 'inbound' | 'outbound';
}

export interface CaptureInterface {
  linkType: number;
  /** Longest packet kept, bytes; 0 is no limit. */
  snapLength: number;
  name?: string;
  description?: string;
  comments: string[];
  /** Ticks a second of its timestamps. */
  ticksPerSecond: bigint;
  /** Seconds to add to its timestamps. */
  offsetSeconds: bigint;
}

/** Where and why reading ended. Offsets count bytes from the begin of the capture. */
export type CaptureEnd = { clean: true; offset: number } | { clean: false; offset: number; reason: string };
