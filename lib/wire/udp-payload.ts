/** What a datagram carries, read straight from its frame: where thousands are counted, decoding each would cost more than sending it. */
import { ETHER_TYPE } from './ethernet.ts';
import { IP_PROTOCOL } from './ipv4.ts';

const UDP_HEADER = 8;

/** The payload of an unfragmented datagram in an Ethernet frame, tagged or not; undefined for anything else. IPv6 extension headers are not looked through. */
export function udpPayload(frame: Uint8Array): Uint8Array | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  let at = 12;
  const left = (bytes: number): boolean => at + bytes <= frame.length;
  while (left(6) && (view.getUint16(at) === ETHER_TYPE.vlan || view.getUint16(at) === ETHER_TYPE.serviceVlan)) at += 4;
  if (!left(2)) return undefined;
  const type = view.getUint16(at);
  at += 2;
  if (type === ETHER_TYPE.ipv4 && left(20)) {
    const fragmented = (view.getUint16(at + 6) & 0x3fff) !== 0;
    if (fragmented || view.getUint8(at + 9) !== IP_PROTOCOL.udp) return undefined;
    at += (view.getUint8(at) & 15) * 4;
  } else if (type === ETHER_TYPE.ipv6 && left(40)) {
    if (view.getUint8(at + 6) !== IP_PROTOCOL.udp) return undefined;
    at += 40;
  } else return undefined;
  if (!left(UDP_HEADER)) return undefined;
  const length = view.getUint16(at + 4);
  return length < UDP_HEADER || !left(length) ? undefined : frame.subarray(at + UDP_HEADER, at + length);
}
