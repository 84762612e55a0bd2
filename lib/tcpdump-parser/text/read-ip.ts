/** The network's part of a line, and what it carries: UDP, echoes, neighbour discovery. */
import { isIpv4, isIpv6 } from '../../wire/address.ts';
import { IP_PROTOCOL } from '../../wire/ipv4.ts';
import type { Cursor } from './cursor.ts';
import type { IpFacts, TextFacts } from './facts.ts';
import { readIgmp, readMld } from './read-membership.ts';

/** What tcpdump prints without -n for the ports of the cases, from /etc/services. */
const SERVICES: Readonly<Record<string, number>> = {
  'hpoms-dps-lstn': 5404,
  netsupport: 5405,
  rwhois: 4321,
  mdns: 5353,
  domain: 53,
  bootps: 67,
  bootpc: 68,
};

/** Splits "192.0.2.1.5405", "fe80::1.5353": a port is what follows a whole address. Names are kept as they are. */
function splitEnd(text: string): { address: string; port?: number } {
  const dot = text.lastIndexOf('.');
  const address = text.slice(0, dot);
  if (dot > 0 && (isIpv4(address) || isIpv6(address))) {
    const name = text.slice(dot + 1);
    const port = /^\d+$/.test(name) ? Number(name) : SERVICES[name];
    if (port !== undefined) return { address, port };
  }
  return { address: text };
}

/** "(tos 0xc0, ttl 1, id 0, offset 0, flags [DF], proto IGMP (2), length 40, options (RA))", from -v on. */
function readV4Header(cursor: Cursor, ip: IpFacts): void {
  const header = cursor.take(/^\((tos 0x.*?length \d+(?:, options \(.*?\))?(?:, bad cksum [^)]*)?)\) ?/)?.[1];
  if (header === undefined) return;
  const number = (pattern: RegExp): number | undefined => {
    const found = pattern.exec(header)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const tos = number(/tos (0x[0-9a-f]+)/);
  const offset = number(/offset (\d+)/);
  const flags = /flags \[([^\]]*)\]/.exec(header)?.[1];
  Object.assign(ip, {
    ...(tos !== undefined && { tos }),
    ttl: number(/ttl (\d+)/),
    identification: number(/\bid (\d+)/),
    protocol: number(/proto [^(]*\((\d+)\)/),
    length: number(/length (\d+)/),
    ...(flags !== undefined && { dontFragment: flags.includes('DF') }),
    ...(offset !== undefined &&
      (offset > 0 || flags?.includes('+')) && { fragment: { offset, more: flags?.includes('+') ?? false } }),
  });
}

/** "(hlim 255, next-header ICMPv6 (58) payload length: 16) ". */
function readV6Header(cursor: Cursor, ip: IpFacts): void {
  const header = cursor.take(/^\(((?:class|flowlabel|hlim).*?payload length: \d+)\) ?/)?.[1];
  if (header === undefined) return;
  ip.ttl = Number(/hlim (\d+)/.exec(header)?.[1]);
  ip.length = Number(/payload length: (\d+)/.exec(header)?.[1]);
}

/** Extension headers: "HBH (rtalert: 0x0000) (padn) ", "frag (0x1a2b:0|1448) ". */
function readV6Extensions(cursor: Cursor, ip: IpFacts): void {
  cursor.take(/^HBH (?:\(.*?\) ?)*/);
  const piece = cursor.take(/^frag \((?:0x[0-9a-f]+:)?(\d+)\|\d+\) ?/);
  // Only -v names the identification; "more" is not told.
  if (piece) ip.fragment = { offset: Number(piece[1]), more: true };
}

export function readIp(cursor: Cursor, facts: TextFacts, version: 4 | 6): void {
  const ip: IpFacts = { version };
  if (version === 4) readV4Header(cursor, ip);
  else readV6Header(cursor, ip);
  facts.ip = ip;
  // A colon that ends a word parts the addresses from the protocol; IPv6 addresses hold more of them.
  const ends = cursor.take(/^(\S+) > (\S+?):(?: |$)/);
  if (!ends) return;
  const [src, dst] = [splitEnd(ends[1] as string), splitEnd(ends[2] as string)];
  const known = (address: string): boolean => (version === 4 ? isIpv4(address) : isIpv6(address));
  if (known(src.address)) ip.src = src.address.toLowerCase();
  if (known(dst.address)) ip.dst = dst.address.toLowerCase();
  if (version === 6) readV6Extensions(cursor, ip);
  if (src.port !== undefined && dst.port !== undefined && readUdp(cursor, facts, src.port, dst.port)) {
    ip.protocol ??= IP_PROTOCOL.udp;
    return;
  }
  cursor.take(/^\[icmp6 sum ok\] /);
  readEcho(cursor, facts, version);
  if (version === 4) readIgmp(cursor, facts);
  else if (cursor.take(/^ICMP6, /)) {
    readMld(cursor, facts);
    readNeighbor(cursor, facts);
  }
  const protocol = facts.igmp
    ? IP_PROTOCOL.igmp
    : facts.echo
      ? version === 4
        ? IP_PROTOCOL.icmp
        : IP_PROTOCOL.icmpv6
      : (facts.mld ?? facts.neighbor ?? facts.router)
        ? IP_PROTOCOL.icmpv6
        : undefined;
  if (protocol !== undefined) ip.protocol = protocol;
}

function readUdp(cursor: Cursor, facts: TextFacts, srcPort: number, dstPort: number): boolean {
  cursor.take(/^\[(?:bad )?udp (?:sum ok|cksum .*?)\] /);
  const said = cursor.take(/^UDP(?:, bad length \d+ > \d+|, length (\d+))?/);
  // TCP's lines begin with its flags; other protocols on known ports print their own words.
  if (!said && /^Flags \[/.test(cursor.rest)) return false;
  facts.udp = { srcPort, dstPort, ...(said?.[1] !== undefined && { length: Number(said[1]) }) };
  return true;
}

function readEcho(cursor: Cursor, facts: TextFacts, version: 4 | 6): void {
  const echo =
    cursor.take(/^ICMP6?, ?echo (request|reply), id (\d+), seq (\d+)(?:, length (\d+))?/i) ??
    cursor.take(/^ICMP echo (request|reply), id (\d+), seq (\d+)(?:, length (\d+))?/i);
  if (!echo) return;
  const [, kind, id, sequence, length] = echo;
  facts.echo = {
    version,
    type: kind === 'request' ? 'echo-request' : 'echo-reply',
    id: Number(id),
    sequence: Number(sequence),
    ...(length !== undefined && { length: Number(length) }),
  };
}

function readNeighbor(cursor: Cursor, facts: TextFacts): void {
  const solicitation = cursor.take(/^neighbor solicitation, (?:length \d+, )?who has ([0-9a-f:]+)/i);
  const advertisement = solicitation
    ? undefined
    : cursor.take(/^neighbor advertisement, (?:length \d+, )?tgt is ([0-9a-f:]+)(?:, Flags ?\[([^\]]*)\])?/i);
  const found = solicitation ?? advertisement;
  if (found) {
    const mac = /(?:source|destination) link-address option \(\d\), length 8 \(1\): ([0-9a-f:]{17})/.exec(
      cursor.rest,
    )?.[1];
    facts.neighbor = {
      type: solicitation ? 'neighbor-solicitation' : 'neighbor-advertisement',
      target: (found[1] as string).toLowerCase(),
      ...(advertisement && {
        flags: (advertisement[2] ?? '').split(/,\s*/).filter((flag) => flag !== '' && flag !== 'none'),
      }),
      ...(mac !== undefined && { mac }),
    };
    return;
  }
  const router = cursor.take(/^router (solicitation|advertisement)/i);
  if (router) facts.router = router[1] === 'solicitation' ? 'router-solicitation' : 'router-advertisement';
}
