/** Requests about addresses and routes. Sources: net/ipv4/devinet.c, net/ipv6/addrconf.c, net/core/rtnetlink.c, rtnetlink(7). */
import { AF, IFA, IFA_F, NLM_F, RT_SCOPE, RT_TABLE_MAIN, RTA, RTM, RTN, RTPROT } from './constants.ts';
import { PayloadWriter, type NetlinkRequest } from './message.ts';
import { ipToBytes, prefixToBytes } from './text.ts';

export interface DeviceAddress {
  /** Index of the device. */
  readonly index: number;
  /** "192.0.2.1/24", "2001:db8::1/64". */
  readonly address: string;
  /** IPv6: usable at once, without duplicate address detection. */
  readonly noDad?: boolean;
  /** No route to the prefix is made for it. */
  readonly noPrefixRoute?: boolean;
  /** IPv4; derived from the prefix when absent, none for /31 and /32. */
  readonly broadcast?: string;
}

function addressRequest(type: number, flags: number, verb: string, { index, address, noDad, noPrefixRoute, broadcast }: DeviceAddress): NetlinkRequest {
  const { bytes, prefix } = prefixToBytes(address);
  const v4 = bytes.length === 4;
  const bits = (noDad ? IFA_F.NODAD : 0) | (noPrefixRoute ? IFA_F.NOPREFIXROUTE : 0);
  // struct ifaddrmsg
  const writer = new PayloadWriter(96).struct(8, (view, at) => {
    view.setUint8(at, v4 ? AF.INET : AF.INET6);
    view.setUint8(at + 1, prefix);
    view.setUint8(at + 2, bits & 0xff);
    view.setUint8(at + 3, RT_SCOPE.UNIVERSE);
    view.setUint32(at + 4, index, true);
  });
  writer.bytes(IFA.LOCAL, bytes).bytes(IFA.ADDRESS, bytes);
  if (bits > 0xff) writer.u32(IFA.FLAGS, bits);
  if (v4 && (broadcast !== undefined || prefix < 31)) {
    writer.bytes(IFA.BROADCAST, broadcast !== undefined ? ipToBytes(broadcast) : directed(bytes, prefix));
  }
  return { type, flags, payload: writer.finish(), description: `ip address ${verb} ${address} dev ${String(index)}` };
}

/** The broadcast address of an IPv4 prefix. */
function directed(address: Uint8Array, prefix: number): Uint8Array {
  return address.map((byte, at) => byte | (0xff >> Math.min(8, Math.max(0, prefix - at * 8))));
}

/** `ip address add` (EEXIST when it is there). */
export const addressAdd = (address: DeviceAddress): NetlinkRequest => addressRequest(RTM.NEWADDR, NLM_F.CREATE | NLM_F.EXCL, 'add', address);
/** `ip address delete`. */
export const addressDelete = (address: Pick<DeviceAddress, 'index' | 'address'>): NetlinkRequest => addressRequest(RTM.DELADDR, 0, 'delete', address);

export function addressDump(family: 'inet' | 'inet6' | 'any' = 'any'): NetlinkRequest {
  const writer = new PayloadWriter(16).struct(8, (view, at) => { view.setUint8(at, FAMILY[family]); });
  return { type: RTM.GETADDR, flags: NLM_F.DUMP, payload: writer.finish(), description: 'ip address show' };
}
const FAMILY = { any: AF.UNSPEC, inet: AF.INET, inet6: AF.INET6 } as const;

export interface Route {
  /** "198.51.100.0/24", "2001:db8:1::/48", "default" (IPv4, or IPv6 when `via` is) . */
  readonly destination: string;
  readonly via?: string;
  /** Index of the device to leave by. */
  readonly index?: number;
  readonly source?: string;
  readonly metric?: number;
  readonly table?: number;
  readonly kind?: keyof typeof RTN;
}

function routeRequest(type: number, flags: number, verb: string, route: Route): NetlinkRequest {
  const gateway = route.via === undefined ? undefined : ipToBytes(route.via);
  const anywhere = route.destination === 'default';
  const { bytes, prefix } = anywhere ? { bytes: new Uint8Array(gateway?.length ?? 4), prefix: 0 } : prefixToBytes(route.destination);
  const table = route.table ?? RT_TABLE_MAIN;
  const deletes = type === RTM.DELROUTE;
  // struct rtmsg; scope as ip-route chooses it: link when there is no gateway (IPv4), nowhere (255) when deleting.
  const writer = new PayloadWriter(128).struct(12, (view, at) => {
    view.setUint8(at, bytes.length === 4 ? AF.INET : AF.INET6);
    view.setUint8(at + 1, prefix);
    view.setUint8(at + 4, table < 256 ? table : 0);
    view.setUint8(at + 5, deletes ? 0 : RTPROT.BOOT);
    view.setUint8(at + 6, deletes ? 255 : bytes.length === 4 && !gateway && (route.kind ?? 'unicast') === 'unicast' ? RT_SCOPE.LINK : RT_SCOPE.UNIVERSE);
    view.setUint8(at + 7, deletes && !route.kind ? 0 : RTN[route.kind ?? 'unicast']);
  });
  if (!anywhere) writer.bytes(RTA.DST, bytes);
  if (gateway) writer.bytes(RTA.GATEWAY, gateway);
  if (route.index !== undefined) writer.u32(RTA.OIF, route.index);
  if (route.source !== undefined) writer.bytes(RTA.PREFSRC, ipToBytes(route.source));
  if (route.metric !== undefined) writer.u32(RTA.PRIORITY, route.metric);
  if (table > 255) writer.u32(RTA.TABLE, table);
  const via = route.via === undefined ? '' : ` via ${route.via}`;
  return { type, flags, payload: writer.finish(), description: `ip route ${verb} ${route.destination}${via}${route.index === undefined ? '' : ` dev ${String(route.index)}`}` };
}
/** `ip route add` (EEXIST when it is there). */
export const routeAdd = (route: Route): NetlinkRequest => routeRequest(RTM.NEWROUTE, NLM_F.CREATE | NLM_F.EXCL, 'add', route);
/** `ip route delete`. */
export const routeDelete = (route: Route): NetlinkRequest => routeRequest(RTM.DELROUTE, 0, 'delete', route);

export function routeDump(family: 'inet' | 'inet6' | 'any' = 'any'): NetlinkRequest {
  const writer = new PayloadWriter(16).struct(12, (view, at) => { view.setUint8(at, FAMILY[family]); });
  return { type: RTM.GETROUTE, flags: NLM_F.DUMP, payload: writer.finish(), description: 'ip route show' };
}
