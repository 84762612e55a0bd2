/**
 * /proc/net/snmp and /proc/net/netstat of a namespace: what became of packets after the card. Two lines a protocol, names
 * and then numbers (Documentation/networking/snmp_counter.rst).
 */

import { formatIp, parseIp } from './wire/address.ts';

/** Those that tell a packet that never came from one that came and was not delivered. */
const TELLING: Readonly<Record<string, readonly string[]>> = {
  Ip: ['InReceives', 'InHdrErrors', 'InAddrErrors', 'InDiscards', 'InDelivers', 'OutRequests', 'ReasmTimeout', 'ReasmReqds', 'ReasmOKs', 'ReasmFails', 'FragFails', 'FragCreates'],
  Icmp: ['InEchos', 'OutEchoReps', 'InEchoReps'],
  Udp: ['InDatagrams', 'NoPorts', 'InErrors', 'RcvbufErrors', 'InCsumErrors', 'IgnoredMulti'],
  TcpExt: ['IPReversePathFilter'],
  IpExt: ['InMcastPkts', 'InNoRoutes'],
};

export type Counters = Readonly<Record<string, number>>;

/** By "Ip.InReceives"; what is zero, or is not counted by this kernel, is absent. */
export function readCounters(...texts: readonly string[]): Counters {
  const found: Record<string, number> = {};
  for (const text of texts) {
    const lines = text.split('\n');
    for (let i = 0; i + 1 < lines.length; i += 2) {
      const [names = '', numbers = ''] = [lines[i], lines[i + 1]];
      const protocol = names.slice(0, names.indexOf(':'));
      const wanted = Object.hasOwn(TELLING, protocol) ? TELLING[protocol] : undefined;
      if (!wanted || !numbers.startsWith(`${protocol}:`)) continue;
      const values = numbers.slice(protocol.length + 1).trim().split(/\s+/);
      names.slice(protocol.length + 1).trim().split(/\s+/).forEach((name, column) => {
        const value = Number(values[column]);
        if (wanted.includes(name) && value > 0) found[`${protocol}.${name}`] = value;
      });
    }
  }
  return found;
}

/** IPv6 has one counter a line: /proc/net/snmp6. */
const TELLING6 = new Set(['Ip6InReceives', 'Ip6InDiscards', 'Ip6InDelivers', 'Ip6ReasmTimeout', 'Ip6ReasmReqds', 'Ip6ReasmOKs', 'Ip6ReasmFails', 'Ip6InMcastPkts', 'Icmp6InEchos', 'Icmp6InEchoReplies', 'Udp6InDatagrams', 'Udp6NoPorts', 'Udp6InErrors', 'Udp6RcvbufErrors']);
export function readCounters6(text: string): Counters {
  return Object.fromEntries(text.split('\n').flatMap((line): [string, number][] => {
    const [name = '', value = ''] = line.trim().split(/\s+/);
    return TELLING6.has(name) && Number(value) > 0 ? [[name, Number(value)]] : [];
  }));
}

/**
 * Groups that a namespace's devices are members of: /proc/net/igmp (devices, then groups as hexadecimal words in the
 * machine's byte order) and /proc/net/igmp6 (a line a membership). By device.
 */
export function readMemberships(igmp: string, igmp6: string): Record<string, string[]> {
  const groups: Record<string, string[]> = {};
  let device = '';
  for (const line of igmp.split('\n').slice(1)) {
    const head = /^\d+\s+(\S+)\s*:/.exec(line);
    if (head?.[1] !== undefined) { device = head[1]; continue; }
    const word = /^\s+([0-9A-F]{8})\b/.exec(line)?.[1];
    if (word !== undefined && device !== '') (groups[device] ??= []).push([6, 4, 2, 0].map((at) => Number.parseInt(word.slice(at, at + 2), 16)).join('.'));
  }
  delete groups['lo'];
  for (const line of igmp6.split('\n')) {
    const [, name, hex] = /^\d+\s+(\S+)\s+([0-9a-f]{32})\b/.exec(line) ?? [];
    if (name !== undefined && name !== 'lo' && hex !== undefined) (groups[name] ??= []).push(formatIp(parseIp(hex.replace(/(.{4})(?=.)/g, '$1:'))));
  }
  return groups;
}
