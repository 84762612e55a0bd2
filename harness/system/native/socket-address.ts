/** struct sockaddr_in, sockaddr_in6 and sockaddr_ll as bytes, and multicast request structs. 64-bit Linux. */
import { AF } from '../../../lib/netlink/constants.ts';
import { ipToBytes } from '../../../lib/netlink/text.ts';
import { pinned } from './libc.ts';

export type Family = 'inet' | 'inet6';
export const familyOf = (address: string): Family => (address.includes(':') ? 'inet6' : 'inet');

/** `scope`: index of the interface, for link-local addresses and link-scope groups. */
export function socketAddress(address: string, port: number, scope = 0): Uint8Array {
  const ip = ipToBytes(address);
  const bytes = pinned(ip.length === 4 ? 16 : 28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, ip.length === 4 ? AF.INET : AF.INET6, true);
  view.setUint16(2, port, false);
  bytes.set(ip, ip.length === 4 ? 4 : 8);
  if (ip.length === 16) view.setUint32(24, scope, true);
  return bytes;
}

export const anyAddress = (family: Family): string => (family === 'inet' ? '0.0.0.0' : '::');

/** struct group_req {u32 interface; sockaddr_storage group} or group_source_req with one more sockaddr_storage. */
export function groupRequest(group: string, index: number, source?: string): Uint8Array {
  const bytes = pinned(source === undefined ? 136 : 264);
  new DataView(bytes.buffer).setUint32(0, index, true);
  bytes.set(socketAddress(group, 0), 8);
  if (source !== undefined) bytes.set(socketAddress(source, 0), 136);
  return bytes;
}

/** struct sockaddr_ll. `protocol` is an EtherType in host order; 0 receives nothing. */
export function linkAddress(index: number, protocol: number, mac?: Uint8Array): Uint8Array {
  const bytes = pinned(20);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF.PACKET, true);
  view.setUint16(2, protocol, false);
  view.setInt32(4, index, true);
  if (mac) { bytes[11] = mac.length; bytes.set(mac, 12); }
  return bytes;
}
