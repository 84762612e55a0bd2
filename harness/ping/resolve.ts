/** Names to addresses, in getaddrinfo's words when it cannot. Addresses are not looked up: they cost no thread. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { formatIp, parseIp } from '../../lib/wire/address.ts';
import { pinned, sys } from '../system/native/libc.ts';

export interface Address {
  /** In its shortest form, without zone. */
  readonly text: string;
  readonly family: 'inet' | 'inet6';
  /** Index of the interface of a zone; 0 without. */
  readonly scope: number;
}

/** getaddrinfo's word. */
export class NotResolved extends Error { override readonly name = 'NotResolved'; }

const GAI: Record<string, string> = { ENOTFOUND: 'Name or service not known', EAI_AGAIN: 'Temporary failure in name resolution' };

/** All addresses of a name, in the resolver's order. */
export async function addressesOf(name: string, family?: 4 | 6): Promise<Address[]> {
  const [bare = '', zone] = name.split('%', 2);
  const literal = isIP(bare);
  if (literal !== 0) {
    if (family !== undefined && literal !== family) throw new NotResolved('Address family for hostname not supported');
    const scope = zone === undefined ? 0 : indexOf(zone) || Number(zone);
    if (zone !== undefined && !(scope > 0)) throw new NotResolved('Name or service not known');
    return [{ text: formatIp(parseIp(bare)), family: literal === 4 ? 'inet' : 'inet6', scope }];
  }
  try {
    const found = await lookup(name, { all: true, ...(family === undefined ? {} : { family }), verbatim: true });
    return found.map(({ address, family: of }) => ({ text: formatIp(parseIp(address)), family: of === 4 ? 'inet' : 'inet6', scope: 0 }));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new NotResolved(GAI[code] ?? code, { cause: error });
  }
}

/** 0: there is no such interface. */
export const indexOf = (name: string): number => (name === '' ? 0 : sys.if_nametoindex(name));

const nameArea = pinned(16);
export function nameOfIndex(index: number): string {
  if (sys.if_indextoname(index, nameArea) === null) return String(index);
  return Buffer.from(nameArea).toString('latin1').split('\0', 1)[0] ?? '';
}

/** As getnameinfo shows it: with its zone where it has one. */
export const shown = (text: string, scope: number): string => (scope > 0 && /^(fe[89ab]|ff.2)/.test(text) ? `${text}%${nameOfIndex(scope)}` : text);
export const isMulticastAddress = (text: string): boolean => (text.includes(':') ? text.startsWith('ff') : Number(text.split('.', 1)[0]) >> 4 === 14);
