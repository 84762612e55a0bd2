/** RTM_NEWADDR, RTM_DELADDR, RTM_NEWROUTE and RTM_DELROUTE. Source: net/ipv4/devinet.c, net/ipv6/addrconf.c, fib_semantics.c. */
import { AF, IFA, IFA_F, RT_SCOPE, RTA, RTM, RTN } from '../constants.ts';
import { parseAttributes, readUnsigned, viewOf, type NetlinkMessage } from '../message.ts';
import { nameOf } from '../options/index.ts';
import { ipFromBytes } from '../text.ts';

export interface AddressEntry {
  readonly index: number;
  readonly family: 'inet' | 'inet6';
  readonly address: string;
  readonly prefix: number;
  /** IPv4, where the address has one. */
  readonly broadcast?: string;
  readonly scope: 'global' | 'link' | 'host' | 'other';
  /** permanent, nodad, tentative, dadfailed, …: IFA_F_* in lower case. */
  readonly flags: readonly string[];
}

const SCOPES: Readonly<Record<number, AddressEntry['scope']>> = { [RT_SCOPE.UNIVERSE]: 'global', [RT_SCOPE.LINK]: 'link', [RT_SCOPE.HOST]: 'host' };

export function decodeAddress(message: NetlinkMessage): AddressEntry {
  if (message.type !== RTM.NEWADDR && message.type !== RTM.DELADDR) throw new TypeError(`not an address message: type ${String(message.type)}`);
  const view = viewOf(message.bytes);
  const attributes = parseAttributes(message.bytes, 8);
  const address = attributes.get(IFA.LOCAL) ?? attributes.get(IFA.ADDRESS), wide = attributes.get(IFA.FLAGS), broadcast = attributes.get(IFA.BROADCAST);
  const bits = wide ? readUnsigned(wide) : view.getUint8(2);
  return {
    index: view.getUint32(4, true), family: view.getUint8(0) === AF.INET ? 'inet' : 'inet6', address: address ? ipFromBytes(address) : '',
    prefix: view.getUint8(1), ...(broadcast && { broadcast: ipFromBytes(broadcast) }), scope: SCOPES[view.getUint8(3)] ?? 'other',
    flags: Object.entries(IFA_F).filter(([, bit]) => bits & bit).map(([name]) => name.toLowerCase()),
  };
}

export interface RouteEntry {
  readonly family: 'inet' | 'inet6';
  /** "default", or address/prefix. */
  readonly destination: string;
  readonly via?: string;
  readonly index?: number;
  readonly source?: string;
  readonly metric?: number;
  readonly table: number;
  readonly kind: string;
}

export function decodeRoute(message: NetlinkMessage): RouteEntry {
  if (message.type !== RTM.NEWROUTE && message.type !== RTM.DELROUTE) throw new TypeError(`not a route message: type ${String(message.type)}`);
  const view = viewOf(message.bytes);
  const attributes = parseAttributes(message.bytes, 12);
  const prefix = view.getUint8(1);
  const destination = attributes.get(RTA.DST), via = attributes.get(RTA.GATEWAY), out = attributes.get(RTA.OIF);
  const source = attributes.get(RTA.PREFSRC), metric = attributes.get(RTA.PRIORITY), table = attributes.get(RTA.TABLE);
  return {
    family: view.getUint8(0) === AF.INET ? 'inet' : 'inet6',
    destination: destination ? `${ipFromBytes(destination)}/${String(prefix)}` : 'default',
    ...(via && { via: ipFromBytes(via) }), ...(out && { index: readUnsigned(out) }), ...(source && { source: ipFromBytes(source) }),
    ...(metric && { metric: readUnsigned(metric) }), table: table ? readUnsigned(table) : view.getUint8(4), kind: nameOf(RTN, view.getUint8(7)),
  };
}
