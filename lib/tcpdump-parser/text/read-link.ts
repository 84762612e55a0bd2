/** The link's part of a line: tcpdump -e, the interface "any", VLAN tags. */
import { BROADCAST_MAC } from '../../wire/address.ts';
import { ETHER_TYPE } from '../../wire/ethernet.ts';
import type { Cursor } from './cursor.ts';
import type { CookedFacts, LinkFacts, TextFacts } from './facts.ts';

const MAC = String.raw`(Broadcast|[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5})(?: \(oui [^)]*\))?`;
const PAIR = new RegExp(`^${MAC} > ${MAC},? `, 'i');
/** tcpdump 3: "0:16:3e:27:f:ef ff:ff:ff:ff:ff:ff 0835 60: …". */
const OLD_PAIR = new RegExp(String.raw`^${MAC} ${MAC} (?:([0-9a-f]{4})|(\w+)) (\d+): ?`, 'i');
const COOKED_MAC = new RegExp(`^(?:ifindex \\d+ )?${MAC},? (?=ethertype)`, 'i');

/** Names that old versions print without the number. */
const NAMED: Readonly<Record<string, number>> = {
  ip: ETHER_TYPE.ipv4,
  ipv4: ETHER_TYPE.ipv4,
  ip6: ETHER_TYPE.ipv6,
  ipv6: ETHER_TYPE.ipv6,
  arp: ETHER_TYPE.arp,
  rarp: ETHER_TYPE.rarp,
  'reverse arp': ETHER_TYPE.rarp,
  'slow protocols': ETHER_TYPE.slowProtocols,
  '802.1q': ETHER_TYPE.vlan,
};

/** "0:16:3e:27:f:ef" and "Broadcast" as the rest of the program writes them. */
export const plainMac = (text: string): string =>
  text.toLowerCase() === 'broadcast'
    ? BROADCAST_MAC
    : text
        .toLowerCase()
        .split(':')
        .map((octet) => octet.padStart(2, '0'))
        .join(':');

function etherTypeOf(name: string, hex: string | undefined): number | undefined {
  return hex === undefined ? NAMED[name.trim().toLowerCase()] : parseInt(hex, 16);
}

/** "ethertype IPv4 (0x0800), length 60: " in front of the packet, and after each tag. */
function readType(cursor: Cursor, link: LinkFacts): boolean {
  const found = cursor.take(/^ethertype ([\w.\- ]+?)(?: ?\(0x([0-9a-f]{1,4})\))?(?:, |: ?|$)/i);
  if (!found) return false;
  const etherType = etherTypeOf(found[1] as string, found[2]);
  if (etherType !== undefined) link.etherType = etherType;
  return true;
}

function readTags(cursor: Cursor, link: LinkFacts): void {
  for (;;) {
    const tag = cursor.take(/^vlan (\d+), p (\d)(, DEI)?, /);
    if (!tag) return;
    // What stood in front of the tag is its protocol: 802.1Q or 802.1ad.
    const tpid = link.etherType ?? ETHER_TYPE.vlan;
    link.vlans.push({ tpid, id: Number(tag[1]), pcp: Number(tag[2]), dei: tag[3] !== undefined });
    readType(cursor, link);
  }
}

function readEthernet(cursor: Cursor): LinkFacts | undefined {
  const link: LinkFacts = { vlans: [] };
  const pair = cursor.take(PAIR);
  if (!pair) return undefined;
  link.src = plainMac(pair[1] as string);
  link.dst = plainMac(pair[2] as string);
  if (cursor.take(/^802\.3, /)) link.llc = true;
  else readType(cursor, link);
  const length = cursor.take(/^length (\d+)(?:: ?|$)/);
  // An 802.3 line tells the length field: what follows the header.
  if (length) link.length = Number(length[1]) + (link.llc === true ? 14 : 0);
  readTags(cursor, link);
  if (link.llc === true)
    cursor.take(/^LLC, dsap \S+ \(0x[0-9a-f]+\) \S+, ssap \S+ \(0x[0-9a-f]+\) \S+, ctrl 0x[0-9a-f]+: /i);
  return link;
}

function readOldEthernet(cursor: Cursor): LinkFacts | undefined {
  const found = cursor.take(OLD_PAIR);
  if (!found) return undefined;
  const [, src = '', dst = '', hex, name = '', length] = found;
  const etherType = etherTypeOf(name, hex);
  return {
    src: plainMac(src),
    dst: plainMac(dst),
    vlans: [],
    length: Number(length),
    ...(etherType !== undefined && { etherType }),
  };
}

function readCooked(cursor: Cursor): { cooked: CookedFacts; link?: LinkFacts } | undefined {
  const found = cursor.take(/^(?:(\S+) )?(In|Out|B|M|P) (?=ifindex|IP|ARP|ethertype|[0-9a-f]{2}:|STP|LACP)/);
  if (!found) return undefined;
  const cooked: CookedFacts = {
    direction: found[2] as CookedFacts['direction'],
    ...(found[1] !== undefined && { interface: found[1] }),
  };
  const mac = cursor.take(COOKED_MAC);
  if (!mac) return { cooked };
  const link: LinkFacts = { src: plainMac(mac[1] as string), vlans: [] };
  readType(cursor, link);
  const length = cursor.take(/^length (\d+)(?:: ?|$)/);
  if (length) link.length = Number(length[1]);
  readTags(cursor, link);
  return { cooked, link };
}

export function readLink(cursor: Cursor): Pick<TextFacts, 'link' | 'cooked'> {
  const link = readEthernet(cursor) ?? readOldEthernet(cursor);
  return link ? { link } : (readCooked(cursor) ?? {});
}
