/** ICMP (RFC 792). */
import { formatIpv4, parseIpv4, type Ipv4Address } from './address.ts';
import { checksumProblem, internetChecksum, Reader, setChecksum, Writer } from './bytes.ts';

export type Icmp =
  | { type: 'echo-request' | 'echo-reply'; id: number; sequence: number; data: Uint8Array }
  /** `about`: header and first bytes of the packet that caused it. Code 3 is "port unreachable". */
  | { type: 'unreachable' | 'time-exceeded'; code: number; about: Uint8Array }
  | { type: 'redirect'; code: number; gateway: Ipv4Address; about: Uint8Array }
  | { type: 'other'; icmpType: number; code: number; body: Uint8Array };

const TYPE = { 'echo-reply': 0, unreachable: 3, redirect: 5, 'echo-request': 8, 'time-exceeded': 11 } as const;

/** @param whole false when the packet was cut: the checksum is then not verified */
export function decodeIcmp(bytes: Uint8Array, whole = true, problems: string[] = []): Icmp {
  const reader = new Reader(bytes, 'ICMP');
  const icmpType = reader.u8();
  const code = reader.u8();
  reader.skip(2);
  if (whole) {
    const wrong = checksumProblem('ICMP', bytes, 2);
    if (wrong) problems.push(wrong);
  }
  switch (icmpType) {
    case TYPE['echo-request']:
    case TYPE['echo-reply']: {
      const type = icmpType === TYPE['echo-request'] ? 'echo-request' : 'echo-reply';
      return { type, id: reader.u16(), sequence: reader.u16(), data: reader.rest() };
    }
    case TYPE.unreachable:
    case TYPE['time-exceeded']: {
      reader.skip(4);
      return { type: icmpType === TYPE.unreachable ? 'unreachable' : 'time-exceeded', code, about: reader.rest() };
    }
    case TYPE.redirect:
      return { type: 'redirect', code, gateway: formatIpv4(reader.take(4)), about: reader.rest() };
    default:
      return { type: 'other', icmpType, code, body: reader.rest() };
  }
}

function body(message: Icmp): Writer {
  const head = (type: number, code: number): Writer => new Writer().u8(type).u8(code).u16(0);
  switch (message.type) {
    case 'echo-request':
    case 'echo-reply':
      return head(TYPE[message.type], 0).u16(message.id).u16(message.sequence).bytes(message.data);
    case 'unreachable':
    case 'time-exceeded':
      return head(TYPE[message.type], message.code).u32(0).bytes(message.about);
    case 'redirect':
      return head(TYPE.redirect, message.code).bytes(parseIpv4(message.gateway)).bytes(message.about);
    case 'other':
      return head(message.icmpType, message.code).bytes(message.body);
  }
}

export function encodeIcmp(message: Icmp): Uint8Array {
  const bytes = body(message).done();
  return setChecksum(bytes, 2, internetChecksum(bytes));
}
