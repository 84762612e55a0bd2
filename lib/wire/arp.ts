/** ARP (RFC 826) and RARP (RFC 903) for IPv4 over Ethernet. */
import { formatIpv4, formatMac, parseIpv4, parseMac, type Ipv4Address, type Mac } from './address.ts';
import { Reader, WireError, Writer } from './bytes.ts';

/** Requests and replies of ARP are 1 and 2; of RARP, 3 "request reverse" and 4 "reply reverse". */
export const ARP_OPERATION = { request: 1, reply: 2, reverseRequest: 3, reverseReply: 4 } as const;

export interface Arp {
  /** One of ARP_OPERATION, or whatever the packet said. */
  operation: number;
  senderMac: Mac;
  senderIp: Ipv4Address;
  targetMac: Mac;
  targetIp: Ipv4Address;
}

/** Other hardware or protocol than IPv4 over Ethernet is a WireError. */
export function decodeArp(bytes: Uint8Array): Arp {
  const reader = new Reader(bytes, 'ARP');
  const hardware = reader.u16();
  const protocol = reader.u16();
  const hardwareLength = reader.u8();
  const protocolLength = reader.u8();
  if (hardware !== 1 || protocol !== 0x0800 || hardwareLength !== 6 || protocolLength !== 4) {
    throw new WireError(
      `ARP: hardware ${hardware} (${hardwareLength} bytes), protocol ${protocol} (${protocolLength} bytes): not IPv4 over Ethernet`,
    );
  }
  return {
    operation: reader.u16(),
    senderMac: formatMac(reader.take(6)),
    senderIp: formatIpv4(reader.take(4)),
    targetMac: formatMac(reader.take(6)),
    targetIp: formatIpv4(reader.take(4)),
  };
}

export function encodeArp(arp: Arp): Uint8Array {
  const writer = new Writer().u16(1).u16(0x0800).u8(6).u8(4).u16(arp.operation);
  writer.bytes(parseMac(arp.senderMac)).bytes(parseIpv4(arp.senderIp));
  return writer.bytes(parseMac(arp.targetMac)).bytes(parseIpv4(arp.targetIp)).done();
}

/**
 * A host tells where its own address is, asked or not: sender and target address are the same, as a request or as a
 * reply (RFC 5944 section 4.6). An address probe (RFC 5227 section 2.1.1: sender 0.0.0.0) is not one.
 */
export function isGratuitous(arp: Arp): boolean {
  const arpOperation = arp.operation === ARP_OPERATION.request || arp.operation === ARP_OPERATION.reply;
  return arpOperation && arp.senderIp === arp.targetIp && arp.senderIp !== '0.0.0.0';
}

/** A machine that asks for its own address only to be seen by the switches: what QEMU sends after a migration. */
export function isSelfRarp(arp: Arp): boolean {
  return arp.operation === ARP_OPERATION.reverseRequest && arp.senderMac === arp.targetMac;
}
