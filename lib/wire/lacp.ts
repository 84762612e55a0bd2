/** Link aggregation control protocol: LACPDUs among the slow protocols (IEEE 802.1AX-2014 section 6.4.2, annex 57A of 802.3). */
import { formatMac, parseMac, type Mac } from './address.ts';
import { Reader, WireError, Writer } from './bytes.ts';

/** Where every slow protocol is sent; bridges do not forward it. */
export const SLOW_PROTOCOLS_MAC: Mac = '01:80:c2:00:00:02';

/** In the order of the bits, from the lowest. */
const STATE_BITS = [
  'active',
  'shortTimeout',
  'aggregatable',
  'synchronized',
  'collecting',
  'distributing',
  'defaulted',
  'expired',
] as const;

/** shortTimeout: the neighbour is to send every second (lacp_rate fast), not every 30 s. defaulted: no partner was heard. */
export type LacpState = Record<(typeof STATE_BITS)[number], boolean>;

export interface LacpParty {
  systemPriority: number;
  system: Mac;
  key: number;
  portPriority: number;
  port: number;
  state: LacpState;
}

export interface Lacpdu {
  version: number;
  actor: LacpParty;
  partner: LacpParty;
  /** In tens of microseconds. */
  collectorMaxDelay: number;
}

const STATE_NAMES: readonly (keyof LacpState)[] = STATE_BITS;

export function lacpState(octet: number): LacpState {
  return Object.fromEntries(STATE_NAMES.map((name, bit) => [name, ((octet >> bit) & 1) === 1])) as LacpState;
}

export function lacpStateOctet(state: LacpState): number {
  return STATE_NAMES.reduce((octet, name, bit) => octet | (state[name] ? 1 << bit : 0), 0);
}

/** The names of the bits that are set: "active,aggregatable". */
export function describeLacpState(state: LacpState): string {
  return STATE_NAMES.filter((name) => state[name]).join(',');
}

function decodeTlv(reader: Reader, type: number, length: number, what: string): Reader {
  const foundType = reader.u8();
  const foundLength = reader.u8();
  if (foundType !== type || foundLength !== length) {
    throw new WireError(`LACP ${what}: type ${foundType} of ${foundLength} bytes, ${type} of ${length} expected`);
  }
  return new Reader(reader.take(length - 2), `LACP ${what}`);
}

function decodeParty(reader: Reader): LacpParty {
  return {
    systemPriority: reader.u16(),
    system: formatMac(reader.take(6)),
    key: reader.u16(),
    portPriority: reader.u16(),
    port: reader.u16(),
    state: lacpState(reader.u8()),
  };
}

/** From the subtype on, which must be 1; a marker (2) is a WireError. */
export function decodeLacp(bytes: Uint8Array): Lacpdu {
  const reader = new Reader(bytes, 'LACPDU');
  const subtype = reader.u8();
  if (subtype !== 1) throw new WireError(`slow protocol of subtype ${subtype}: not LACP`);
  return {
    version: reader.u8(),
    actor: decodeParty(decodeTlv(reader, 1, 20, 'actor')),
    partner: decodeParty(decodeTlv(reader, 2, 20, 'partner')),
    collectorMaxDelay: decodeTlv(reader, 3, 16, 'collector').u16(),
  };
}

/** The 110 octets of a version 1 LACPDU. */
export function encodeLacp(pdu: Lacpdu): Uint8Array {
  const writer = new Writer().u8(1).u8(pdu.version);
  const party = (type: number, { systemPriority, system, key, portPriority, port, state }: LacpParty): void => {
    writer.u8(type).u8(20).u16(systemPriority).bytes(parseMac(system)).u16(key);
    writer.u16(portPriority).u16(port).u8(lacpStateOctet(state)).zeros(3);
  };
  party(1, pdu.actor);
  party(2, pdu.partner);
  writer.u8(3).u8(16).u16(pdu.collectorMaxDelay).zeros(12);
  // The terminator (type 0, length 0) and its reserved octets.
  return writer.u8(0).u8(0).zeros(50).done();
}
