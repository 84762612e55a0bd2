/** Which of the addresses on omping's command line is our own, which family all speak, and who is left to be asked. */
import type { OmpingPeer } from './omping-node.ts';

export interface NamedHost {
  readonly name: string;
  /** Addresses without zone, with the scope of a link-local one. */
  readonly addresses: readonly { readonly text: string; readonly family: 'inet' | 'inet6'; readonly scope: number }[];
}
export interface LocalInterface {
  readonly name: string;
  readonly index: number;
  readonly flags: readonly string[];
  readonly addresses: readonly { readonly text: string; readonly broadcast?: string }[];
}
export interface Chosen {
  readonly family: 'inet' | 'inet6';
  readonly local: string;
  readonly interface: LocalInterface;
  readonly broadcast: string | undefined;
  readonly peers: readonly OmpingPeer[];
  /** Only our own address was given: we ask ourselves. */
  readonly single: boolean;
}
export interface Wishes { readonly family?: 4 | 6; readonly groupFamily?: 'inet' | 'inet6'; readonly groupText?: string; readonly broadcast: boolean }

const isLoopback = (text: string): boolean => text === '::1' || text.startsWith('127.');
const isMulticast = (text: string): boolean => (text.includes(':') ? text.startsWith('ff') : Number(text.split('.', 1)[0]) >> 4 === 14);
const digit = (family: 'inet' | 'inet6'): 4 | 6 => (family === 'inet' ? 4 : 6);

/** The choice, or why there is none. */
export function chooseHosts(hosts: readonly NamedHost[], own: readonly LocalInterface[], wishes: Wishes): Chosen | string {
  for (const { name, addresses } of hosts) {
    if (addresses.some(({ text }) => isLoopback(text))) return `Address ${name} looks like loopback. Loopback ping is not supported`;
    if (addresses.some(({ text }) => isMulticast(text))) return `Address ${name} looks like multicast. To set multicast address use -m parameter`;
  }
  const families = commonFamilies(hosts, wishes);
  if (typeof families === 'string') return families;
  const flag = wishes.broadcast ? 'BROADCAST' : 'MULTICAST';
  const usable = own.filter(({ flags }) => flags.includes('UP') && flags.includes(flag) && !flags.includes('LOOPBACK'));
  for (const family of families) {
    const addressed = hosts.map(({ name, addresses }) => ({ name, address: addresses.find((a) => a.family === family)?.text as string }));
    for (const { address } of addressed) {
      for (const candidate of usable) {
        const found = candidate.addresses.find(({ text }) => text === address);
        if (!found) continue;
        const others = addressed.filter((host, at) => host.address !== address && addressed.findIndex((h) => h.address === host.address) === at);
        const single = others.length === 0;
        return { family, local: address, interface: candidate, broadcast: found.broadcast, single, peers: single ? addressed.slice(0, 1) : others };
      }
    }
  }
  return "Can't find local address in arguments";
}

/** In the order of preference: what all of the hosts, and the group, have; IPv6 first. */
function commonFamilies(hosts: readonly NamedHost[], { family, groupFamily, groupText }: Wishes): ('inet' | 'inet6')[] | string {
  if (groupFamily && family !== undefined && digit(groupFamily) !== family) return `Given address ${groupText ?? ''} is not valid multicast address`;
  const possible = (['inet6', 'inet'] as const).filter((f) => (family === undefined || digit(f) === family) && (groupFamily === undefined || f === groupFamily));
  const common = possible.filter((f) => hosts.every(({ addresses }) => addresses.some((a) => a.family === f)));
  if (common.length > 0) return [...common];
  if (groupFamily) {
    const lacking = hosts.find(({ addresses }) => !addresses.some((a) => a.family === groupFamily));
    return `Multicast address is ipv${digit(groupFamily)} but host ${lacking?.name ?? ''} supports only ipv${digit(groupFamily === 'inet' ? 'inet6' : 'inet')}`;
  }
  const [first] = hosts;
  const only = first?.addresses[0]?.family ?? 'inet';
  const lacking = hosts.find(({ addresses }) => !addresses.some((a) => a.family === only));
  return `Host ${lacking?.name ?? first?.name ?? ''} doesn't support IP version ${digit(only)}`;
}
