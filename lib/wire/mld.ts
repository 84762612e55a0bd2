/** Multicast listener discovery: version 1 (RFC 2710), 2 (RFC 3810). Its messages are ICMPv6. */
import { formatIpv6, parseIpv6, pseudoHeaderSum, type Ipv6Address } from './address.ts';
import { internetChecksum, Reader, setChecksum, Writer } from './bytes.ts';
import {
  decodeFloatCode,
  decodeGroupRecords,
  decodeSources,
  encodeFloatCode,
  encodeGroupRecords,
  type GroupRecord,
} from './group-records.ts';
import { IP_PROTOCOL } from './ipv4.ts';
import type { Endpoints } from './udp.ts';

export type Mld =
  /** Group :: is a general query. */
  | { type: 'query'; version: 1; group: Ipv6Address; maxResponseMs: number }
  | {
      type: 'query';
      version: 2;
      group: Ipv6Address;
      maxResponseMs: number;
      suppressRouterSide: boolean;
      /** Querier's robustness variable, 0 to 7; 0 means above 7. */
      qrv: number;
      /** QQIC in ms; a multiple of 1000. */
      queryIntervalMs: number;
      sources: Ipv6Address[];
    }
  | { type: 'report'; version: 1; group: Ipv6Address }
  | { type: 'done'; version: 1; group: Ipv6Address }
  | { type: 'report'; version: 2; records: GroupRecord[] };

/** ICMPv6 types. */
export const MLD_TYPE = { query: 130, reportV1: 131, done: 132, reportV2: 143 } as const;

export const isMldType = (icmpv6Type: number): boolean => (Object.values(MLD_TYPE) as number[]).includes(icmpv6Type);

/** The ICMPv6 message, type included; the caller has verified the checksum and that the type is of MLD. */
export function decodeMld(bytes: Uint8Array, problems: string[] = []): Mld {
  const reader = new Reader(bytes, 'MLD');
  const type = reader.u8();
  reader.skip(3);
  if (type === MLD_TYPE.reportV2) {
    reader.skip(2);
    return { type: 'report', version: 2, records: decodeGroupRecords(reader, reader.u16(), 16, problems) };
  }
  const code = reader.u16();
  reader.skip(2);
  const group = formatIpv6(reader.take(16));
  if (type === MLD_TYPE.reportV1) return { type: 'report', version: 1, group };
  if (type === MLD_TYPE.done) return { type: 'done', version: 1, group };
  // RFC 3810 section 8.1: 24 octets are version 1, 28 and more version 2.
  if (bytes.length < 28) {
    if (bytes.length > 24) problems.push(`MLD query of ${bytes.length} bytes is of no version: hosts ignore it`);
    return { type: 'query', version: 1, group, maxResponseMs: code };
  }
  const flags = reader.u8();
  const queryIntervalMs = decodeFloatCode(reader.u8(), 8) * 1000;
  const sources = decodeSources(reader, reader.u16(), 16, problems);
  return {
    type: 'query',
    version: 2,
    group,
    maxResponseMs: decodeFloatCode(code, 16),
    suppressRouterSide: (flags & 8) !== 0,
    qrv: flags & 7,
    queryIntervalMs,
    sources,
  };
}

function body(message: Mld): Writer {
  const plain = (type: number, code: number, group: Ipv6Address): Writer =>
    new Writer().u8(type).u8(0).u16(0).u16(code).u16(0).bytes(parseIpv6(group));
  if (message.type === 'done') return plain(MLD_TYPE.done, 0, message.group);
  if (message.type === 'report') {
    if (message.version === 1) return plain(MLD_TYPE.reportV1, 0, message.group);
    const writer = new Writer().u8(MLD_TYPE.reportV2).u8(0).u16(0).u16(0).u16(message.records.length);
    return writer.bytes(encodeGroupRecords(message.records));
  }
  if (message.version === 1) return plain(MLD_TYPE.query, Math.floor(message.maxResponseMs), message.group);
  if (message.qrv < 0 || message.qrv > 7) throw new RangeError(`robustness ${message.qrv} does not fit three bits`);
  const writer = plain(MLD_TYPE.query, encodeFloatCode(message.maxResponseMs, 16), message.group);
  writer.u8((message.suppressRouterSide ? 8 : 0) | message.qrv);
  writer.u8(encodeFloatCode(message.queryIntervalMs / 1000, 8)).u16(message.sources.length);
  for (const source of message.sources) writer.bytes(parseIpv6(source));
  return writer;
}

/** The ICMPv6 message with its checksum, which covers the addresses. Times are rounded down to what their codes say. */
export function encodeMld(message: Mld, { src, dst }: Endpoints): Uint8Array {
  const bytes = body(message).done();
  return setChecksum(bytes, 2, internetChecksum(bytes, pseudoHeaderSum(src, dst, IP_PROTOCOL.icmpv6, bytes.length)));
}
