/** Any captured bytes to a typed frame, layer by layer. Never throws: what is wrong with the bytes is in `problems`. */
import { isIpv6Text } from './address.ts';
import { decodeArp, isSelfRarp, type Arp } from './arp.ts';
import { hex16, Reader, WireError } from './bytes.ts';
import { decodeEthernet, decodeLlc, decodeTags, ETHER_TYPE, type EthernetHeader, type Llc } from './ethernet.ts';
import { decodeIcmp, type Icmp } from './icmp.ts';
import { decodeIcmpv6, icmpv6ChecksumProblem, type Icmpv6 } from './icmpv6.ts';
import { decodeIgmp, type Igmp } from './igmp.ts';
import { decodeIpv4, IP_PROTOCOL, isFragmentV4, type Ipv4Header } from './ipv4.ts';
import { decodeIpv6, fragmentOfV6, type Ipv6Header } from './ipv6.ts';
import { decodeLacp, type Lacpdu } from './lacp.ts';
import { decodeCooked, LINK_TYPE, type CookedHeader } from './link-type.ts';
import { decodeMld, isMldType, type Mld } from './mld.ts';
import { decodeStp, type Bpdu } from './stp.ts';
import { decodeUdp, type Endpoints, type Udp } from './udp.ts';

/** What was found above the link. A layer is there when it could be decoded. */
export interface Layers {
  /** ARP and RARP; the EtherType tells which. Not set for other EtherTypes, 0x0835 among them. */
  arp?: Arp;
  ipv4?: Ipv4Header;
  ipv6?: Ipv6Header;
  udp?: Udp;
  icmp?: Icmp;
  /** Listener discovery is in `mld`. */
  icmpv6?: Icmpv6;
  igmp?: Igmp;
  mld?: Mld;
  lacp?: Lacpdu;
  stp?: Bpdu;
  /** What the innermost decoded header carries: a UDP payload, or bytes of a protocol not decoded here. */
  payload?: Uint8Array;
  /** What is wrong: cut, corrupt, a wrong checksum. Empty for a sound frame. */
  problems: string[];
}

/** `link` tells which link header there is; `eth` can be read without asking. */
export type Frame =
  | ({ link: 'ethernet'; eth: EthernetHeader; cooked?: undefined } & Layers)
  | ({ link: 'cooked'; cooked: CookedHeader; eth?: undefined } & Layers)
  | ({ link: 'ip'; eth?: undefined; cooked?: undefined } & Layers)
  /** Link type not known here, or the link header is cut. */
  | ({ link: 'unknown'; eth?: undefined; cooked?: undefined } & Layers);

/** Runs a decoder; what it says about the bytes becomes a problem, and a fault of ours still throws. */
function attempt<T>(problems: string[], decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    problems.push(error.message);
    return undefined;
  }
}

interface Transport {
  protocol: number;
  payload: Uint8Array;
  endpoints: Endpoints;
  /** All bytes of the packet are there. */
  whole: boolean;
  /** Of a fragment only the first has a header, and none a verifiable checksum. */
  fragment: 'no' | 'first' | 'later';
}

function decodeTransport({ protocol, payload, endpoints, whole, fragment }: Transport, layers: Layers): void {
  const { problems } = layers;
  layers.payload = payload;
  if (fragment === 'later' || (fragment === 'first' && protocol !== IP_PROTOCOL.udp)) return;
  const v6 = isIpv6Text(endpoints.src);
  if (protocol === IP_PROTOCOL.udp) {
    const udp = attempt(problems, () => decodeUdp(payload, endpoints, whole && fragment === 'no', problems));
    if (udp) {
      layers.udp = udp.header;
      layers.payload = udp.payload;
    }
    return;
  }
  let decoded: Partial<Layers> | undefined;
  if (protocol === IP_PROTOCOL.igmp && !v6) {
    decoded = attempt(problems, () => ({ igmp: decodeIgmp(payload, whole, problems) }));
  } else if (protocol === IP_PROTOCOL.icmp && !v6) {
    decoded = attempt(problems, () => ({ icmp: decodeIcmp(payload, whole, problems) }));
  } else if (protocol === IP_PROTOCOL.icmpv6 && v6) {
    decoded = attempt(problems, () => {
      const wrong = whole ? icmpv6ChecksumProblem(payload, endpoints) : undefined;
      if (wrong !== undefined) problems.push(wrong);
      const mld = isMldType(new Reader(payload, 'ICMPv6').u8());
      return mld ? { mld: decodeMld(payload, problems) } : { icmpv6: decodeIcmpv6(payload, problems) };
    });
  }
  if (decoded) {
    Object.assign(layers, decoded);
    delete layers.payload;
  }
}

function decodeIp(version: 4 | 6, bytes: Uint8Array, layers: Layers): void {
  const { problems } = layers;
  if (version === 4) {
    const ip = attempt(problems, () => decodeIpv4(bytes, problems));
    if (!ip) return;
    layers.ipv4 = ip.header;
    const { protocol, src, dst, fragmentOffset } = ip.header;
    const fragment = !isFragmentV4(ip.header) ? 'no' : fragmentOffset > 0 ? 'later' : 'first';
    decodeTransport({ protocol, payload: ip.payload, endpoints: { src, dst }, whole: ip.whole, fragment }, layers);
  } else {
    const ip = attempt(problems, () => decodeIpv6(bytes, problems));
    if (!ip) return;
    layers.ipv6 = ip.header;
    const { protocol, src, dst } = ip.header;
    const piece = fragmentOfV6(ip.header);
    // A fragment header with offset 0 and no more to come is a whole packet (RFC 6946 "atomic fragment").
    const fragment = !piece || (piece.offset === 0 && !piece.more) ? 'no' : piece.offset > 0 ? 'later' : 'first';
    decodeTransport({ protocol, payload: ip.payload, endpoints: { src, dst }, whole: ip.whole, fragment }, layers);
  }
}

function decodeMistypedRarp(bytes: Uint8Array, layers: Layers): void {
  const arp = attempt([], () => decodeArp(bytes));
  const said = `EtherType ${hex16(ETHER_TYPE.mistypedRarp)} belongs to no protocol`;
  layers.problems.push(
    arp && isSelfRarp(arp)
      ? `${said}: the payload is a RARP announcement of ${arp.senderMac}, which ${hex16(ETHER_TYPE.rarp)} would carry`
      : said,
  );
}

function decodeByType(etherType: number, llc: Llc | undefined, bytes: Uint8Array, layers: Layers): void {
  const { problems } = layers;
  layers.payload = bytes;
  const keep = (decoded: Partial<Layers> | undefined): void => {
    if (!decoded) return;
    Object.assign(layers, decoded);
    delete layers.payload;
  };
  if (llc) {
    if (llc.dsap === 0x42 && llc.ssap === 0x42) keep(attempt(problems, () => ({ stp: decodeStp(bytes) })));
    // RFC 1042: with SNAP and no vendor the protocol is an EtherType.
    else if (llc.snap?.oui === 0) decodeByType(llc.snap.protocol, undefined, bytes, layers);
    return;
  }
  switch (etherType) {
    case ETHER_TYPE.ipv4:
      decodeIp(4, bytes, layers);
      break;
    case ETHER_TYPE.ipv6:
      decodeIp(6, bytes, layers);
      break;
    case ETHER_TYPE.arp:
    case ETHER_TYPE.rarp:
      keep(attempt(problems, () => ({ arp: decodeArp(bytes) })));
      break;
    case ETHER_TYPE.slowProtocols:
      keep(attempt(problems, () => ({ lacp: decodeLacp(bytes) })));
      break;
    case ETHER_TYPE.mistypedRarp:
      decodeMistypedRarp(bytes, layers);
      break;
  }
}

export interface DecodeOptions {
  /** Of LINK_TYPE; Ethernet when left out. */
  linkType?: number;
  /** Bytes the frame had on the wire; more than are here when the capture cut it. */
  originalLength?: number;
}

/** The frame that these bytes are, as far as they go. */
export function decodeFrame(bytes: Uint8Array, options: DecodeOptions = {}): Frame {
  const linkType = options.linkType ?? LINK_TYPE.ethernet;
  const layers: Layers = { problems: [] };
  const { problems } = layers;
  if (options.originalLength !== undefined && options.originalLength > bytes.length) {
    problems.push(`${bytes.length} of ${options.originalLength} bytes were captured`);
  }
  switch (linkType) {
    case LINK_TYPE.ethernet: {
      const ethernet = attempt(problems, () => decodeEthernet(bytes, problems));
      if (!ethernet) break;
      const { header, payload } = ethernet;
      decodeByType(header.etherType, header.llc, payload, layers);
      return { link: 'ethernet', eth: header, ...layers };
    }
    case LINK_TYPE.linuxSll:
    case LINK_TYPE.linuxSll2: {
      const cooked = attempt(problems, () => decodeCooked(bytes, linkType === LINK_TYPE.linuxSll ? 1 : 2));
      if (!cooked) break;
      attempt(problems, () => {
        const reader = new Reader(cooked.payload, 'VLAN tag');
        const { etherType } = decodeTags(cooked.header.etherType, reader);
        const llc = etherType === 4 ? decodeLlc(reader) : undefined; // ETH_P_802_2
        decodeByType(etherType, llc, reader.rest(), layers);
      });
      return { link: 'cooked', cooked: cooked.header, ...layers };
    }
    case LINK_TYPE.rawIp:
    case LINK_TYPE.ipv4:
    case LINK_TYPE.ipv6:
    case 12:
    case 14: {
      const version = attempt(problems, () => new Reader(bytes, 'raw IP').u8() >> 4);
      if (version === 4 || version === 6) decodeIp(version, bytes, layers);
      else if (version !== undefined) problems.push(`raw IP of version ${version}`);
      return { link: 'ip', ...layers };
    }
    default:
      problems.push(`link type ${linkType} is not known`);
  }
  return { link: 'unknown', ...layers, payload: bytes };
}
