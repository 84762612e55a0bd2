/** IGMP: version 1 (RFC 1112 appendix I), 2 (RFC 2236), 3 (RFC 3376). */
import { formatIpv4, parseIpv4, type Ipv4Address } from './address.ts';
import { checksumProblem, internetChecksum, Reader, setChecksum, WireError, Writer } from './bytes.ts';
import {
  decodeFloatCode,
  decodeGroupRecords,
  decodeSources,
  encodeFloatCode,
  encodeGroupRecords,
  type GroupRecord,
} from './group-records.ts';

export type Igmp =
  /** Asks for all groups; hosts take 10 s as the longest response time. */
  | { type: 'query'; version: 1; group: Ipv4Address }
  /** Group 0.0.0.0 is a general query. Response time in ms, a multiple of 100. */
  | { type: 'query'; version: 2; group: Ipv4Address; maxResponseMs: number }
  | {
      type: 'query';
      version: 3;
      group: Ipv4Address;
      maxResponseMs: number;
      /** S flag: routers do not update their timers. */
      suppressRouterSide: boolean;
      /** Querier's robustness variable, 0 to 7; 0 means above 7. */
      qrv: number;
      /** QQIC in ms: how often the querier asks; a multiple of 1000. */
      queryIntervalMs: number;
      sources: Ipv4Address[];
    }
  | { type: 'report'; version: 1 | 2; group: Ipv4Address }
  | { type: 'leave'; version: 2; group: Ipv4Address }
  | { type: 'report'; version: 3; records: GroupRecord[] }
  /** PIM version 1, DVMRP, multicast router discovery. */
  | { type: 'other'; code: number; body: Uint8Array };

const TYPE = { query: 0x11, reportV1: 0x12, reportV2: 0x16, leave: 0x17, reportV3: 0x22 } as const;
/** Response times count tenths of a second. */
const RESPONSE_UNIT_MS = 100;

function decodeQuery(code: number, group: Ipv4Address, reader: Reader, length: number, problems: string[]): Igmp {
  // RFC 3376 section 7.1: 8 octets are version 1 (code 0) or 2, 12 and more are version 3.
  if (length < 12) {
    if (length > 8) problems.push(`IGMP query of ${length} bytes is of no version: hosts ignore it`);
    if (code === 0) return { type: 'query', version: 1, group };
    return { type: 'query', version: 2, group, maxResponseMs: code * RESPONSE_UNIT_MS };
  }
  const flags = reader.u8();
  const queryIntervalMs = decodeFloatCode(reader.u8(), 8) * 1000;
  const sources = decodeSources(reader, reader.u16(), 4, problems);
  return {
    type: 'query',
    version: 3,
    group,
    maxResponseMs: decodeFloatCode(code, 8) * RESPONSE_UNIT_MS,
    suppressRouterSide: (flags & 8) !== 0,
    qrv: flags & 7,
    queryIntervalMs,
    sources,
  };
}

/** @param whole false when the packet was cut: the checksum is then not verified */
export function decodeIgmp(bytes: Uint8Array, whole = true, problems: string[] = []): Igmp {
  const reader = new Reader(bytes, 'IGMP');
  const type = reader.u8();
  const code = reader.u8();
  reader.skip(2);
  if (whole) {
    const wrong = checksumProblem('IGMP', bytes, 2);
    if (wrong) problems.push(wrong);
  }
  switch (type) {
    case TYPE.query:
      return decodeQuery(code, formatIpv4(reader.take(4)), reader, bytes.length, problems);
    case TYPE.reportV1:
      return { type: 'report', version: 1, group: formatIpv4(reader.take(4)) };
    case TYPE.reportV2:
      return { type: 'report', version: 2, group: formatIpv4(reader.take(4)) };
    case TYPE.leave:
      return { type: 'leave', version: 2, group: formatIpv4(reader.take(4)) };
    case TYPE.reportV3: {
      reader.skip(2);
      return { type: 'report', version: 3, records: decodeGroupRecords(reader, reader.u16(), 4, problems) };
    }
    default:
      return { type: 'other', code: type, body: reader.rest() };
  }
}

function body(message: Exclude<Igmp, { type: 'other' }>): Writer {
  const plain = (type: number, code: number, group: Ipv4Address): Writer =>
    new Writer().u8(type).u8(code).u16(0).bytes(parseIpv4(group));
  if (message.type === 'leave') return plain(TYPE.leave, 0, message.group);
  if (message.type === 'report') {
    if (message.version !== 3) return plain(message.version === 1 ? TYPE.reportV1 : TYPE.reportV2, 0, message.group);
    const writer = new Writer().u8(TYPE.reportV3).u8(0).u16(0).u16(0).u16(message.records.length);
    return writer.bytes(encodeGroupRecords(message.records));
  }
  if (message.version === 1) return plain(TYPE.query, 0, message.group);
  const tenths = Math.floor(message.maxResponseMs / RESPONSE_UNIT_MS);
  if (message.version === 2) {
    // Code 0 would make it a version 1 query.
    if (tenths < 1) throw new RangeError(`IGMPv2 response time ${message.maxResponseMs} ms is below 100 ms`);
    return plain(TYPE.query, tenths, message.group);
  }
  if (message.qrv < 0 || message.qrv > 7) throw new RangeError(`robustness ${message.qrv} does not fit three bits`);
  const writer = plain(TYPE.query, encodeFloatCode(tenths, 8), message.group);
  writer.u8((message.suppressRouterSide ? 8 : 0) | message.qrv);
  writer.u8(encodeFloatCode(message.queryIntervalMs / 1000, 8)).u16(message.sources.length);
  for (const source of message.sources) writer.bytes(parseIpv4(source));
  return writer;
}

/** Times are rounded down to what their codes can say. */
export function encodeIgmp(message: Igmp): Uint8Array {
  if (message.type === 'other') throw new WireError(`IGMP type ${message.code}: no encoder`);
  const bytes = body(message).done();
  return setChecksum(bytes, 2, internetChecksum(bytes));
}
