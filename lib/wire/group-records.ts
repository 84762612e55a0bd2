/** What IGMPv3 (RFC 3376) and MLDv2 (RFC 3810) share: group records and codes that are small floating-point numbers. */
import { formatIp, parseIp } from './address.ts';
import { Reader, Writer } from './bytes.ts';

/** RFC 3376 section 4.2.12, RFC 3810 section 5.2.12; in the order of their numbers, from 1. */
export const GROUP_RECORD_TYPES = ['is-include', 'is-exclude', 'to-include', 'to-exclude', 'allow', 'block'] as const;
export type GroupRecordType = (typeof GROUP_RECORD_TYPES)[number];

/** "to-exclude" of no sources is a join of any source; "to-include" of none is a leave. */
export interface GroupRecord {
  type: GroupRecordType;
  group: string;
  sources: string[];
}

/** Addresses that are there; a list cut short is a problem and not lost. */
export function decodeSources(reader: Reader, count: number, addressBytes: number, problems: string[]): string[] {
  const sources: string[] = [];
  for (let i = 0; i < count; i++) {
    if (reader.remaining < addressBytes) {
      problems.push(`${count} sources announced, ${sources.length} are there`);
      break;
    }
    sources.push(formatIp(reader.take(addressBytes)));
  }
  return sources;
}

export function decodeGroupRecords(
  reader: Reader,
  count: number,
  addressBytes: number,
  problems: string[],
): GroupRecord[] {
  const records: GroupRecord[] = [];
  for (let i = 0; i < count; i++) {
    if (reader.remaining < 4 + addressBytes) {
      problems.push(`${count} group records announced, the packet ends in number ${i + 1}`);
      break;
    }
    const code = reader.u8();
    const auxiliaryBytes = reader.u8() * 4;
    const sourceCount = reader.u16();
    const group = formatIp(reader.take(addressBytes));
    const sources = decodeSources(reader, sourceCount, addressBytes, problems);
    const type = GROUP_RECORD_TYPES[code - 1];
    // Receivers ignore these records (RFC 3376 section 4.2.12), so they are named and left out.
    if (type) records.push({ type, group, sources });
    else problems.push(`group record of unknown type ${code} for ${group}`);
    // No auxiliary data is defined in either version; skip it.
    reader.skip(Math.min(auxiliaryBytes, reader.remaining));
  }
  return records;
}

export function encodeGroupRecords(records: readonly GroupRecord[]): Uint8Array {
  const writer = new Writer();
  for (const { type, group, sources } of records) {
    writer
      .u8(GROUP_RECORD_TYPES.indexOf(type) + 1)
      .u8(0)
      .u16(sources.length)
      .bytes(parseIp(group));
    for (const source of sources) writer.bytes(parseIp(source));
  }
  return writer.done();
}

/**
 * A floating-point code: below the top bit the value itself, above it 1, a 3-bit exponent and a mantissa, so that
 * value = (mantissa | hidden bit) << (exponent + 3). Widths 8 (RFC 3376 sections 4.1.1, 4.1.7; RFC 3810 section 5.1.9)
 * and 16 (RFC 3810 section 5.1.3).
 */
export function decodeFloatCode(code: number, width: 8 | 16): number {
  const mantissaBits = width - 4;
  const hidden = 2 ** mantissaBits;
  if (code < 2 ** (width - 1)) return code;
  return (hidden + (code % hidden)) * 2 ** (((code >> mantissaBits) & 7) + 3);
}

/** The largest code whose value is not above `value`; beyond what the width holds is a RangeError. */
export function encodeFloatCode(value: number, width: 8 | 16): number {
  const mantissaBits = width - 4;
  const hidden = 2 ** mantissaBits;
  const whole = Math.floor(value);
  if (whole < 0 || whole >= hidden * 2 ** 11 || Number.isNaN(whole)) {
    throw new RangeError(`${value} does not fit a code of ${width} bits`);
  }
  if (whole < 2 ** (width - 1)) return whole;
  let exponent = 0;
  while (whole >= hidden * 2 ** (exponent + 4)) exponent++;
  const mantissa = Math.floor(whole / 2 ** (exponent + 3)) - hidden;
  return 2 ** (width - 1) + exponent * hidden + mantissa;
}
