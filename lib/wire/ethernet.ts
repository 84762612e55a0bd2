/** Ethernet II and IEEE 802.3 with LLC, and VLAN tags (IEEE 802.1Q clause 9). */
import { formatMac, parseMac, type Mac } from './address.ts';
import { concat, Reader, WireError, Writer } from './bytes.ts';

export const ETHER_TYPE = {
  ipv4: 0x0800,
  arp: 0x0806,
  rarp: 0x8035,
  /** 0x8035 mistyped: announcements of a QEMU of its time carried it. No protocol owns it. */
  mistypedRarp: 0x0835,
  vlan: 0x8100,
  serviceVlan: 0x88a8,
  ipv6: 0x86dd,
  slowProtocols: 0x8809,
} as const;

/** Largest value of the type field that is an IEEE 802.3 length. */
export const MAX_8023_LENGTH = 1500;
/** Shortest frame on a wire, without the frame check sequence. */
export const MIN_FRAME_BYTES = 60;

// 0x9100 is no standard, but switches wrote it on outer tags before 802.1ad.
const TAG_PROTOCOLS: readonly number[] = [ETHER_TYPE.vlan, ETHER_TYPE.serviceVlan, 0x9100];

export interface VlanTag {
  /** 0x8100 for 802.1Q, 0x88a8 for 802.1ad. */
  tpid: number;
  /** 0 to 4095; 0 is a priority tag. */
  id: number;
  /** Priority code point, 0 to 7. */
  pcp: number;
  /** Drop eligible indicator. */
  dei: boolean;
}

/** IEEE 802.2 logical link control; STP has both SAPs 0x42. */
export interface Llc {
  dsap: number;
  ssap: number;
  /** One octet (unnumbered) or two. */
  control: number;
  /** Follows SAPs 0xaa (RFC 1042). */
  snap?: { oui: number; protocol: number };
}

export interface EthernetHeader {
  dst: Mac;
  src: Mac;
  /** Outermost first. */
  vlans: VlanTag[];
  /** The type field after the tags; at most 1500 it is an 802.3 length, and `llc` is set. */
  etherType: number;
  llc?: Llc;
}

/** A tag with the usual values: 802.1Q, priority 0. */
export function vlanTag(id: number, rest: Partial<VlanTag> = {}): VlanTag {
  return { tpid: ETHER_TYPE.vlan, id, pcp: 0, dei: false, ...rest };
}

/** Tags, then the first type field that is no tag. */
export function decodeTags(firstType: number, reader: Reader): { vlans: VlanTag[]; etherType: number } {
  const vlans: VlanTag[] = [];
  let etherType = firstType;
  while (TAG_PROTOCOLS.includes(etherType)) {
    const tci = reader.u16();
    vlans.push({ tpid: etherType, id: tci & 0xfff, pcp: tci >> 13, dei: (tci & 0x1000) !== 0 });
    etherType = reader.u16();
  }
  return { vlans, etherType };
}

export function decodeLlc(reader: Reader): Llc {
  const dsap = reader.u8();
  const ssap = reader.u8();
  const first = reader.u8();
  // Unnumbered formats end in 11 and have one octet; the others have two (IEEE 802.2 clause 5.2).
  const control = (first & 3) === 3 ? first : (first << 8) | reader.u8();
  if (dsap !== 0xaa || ssap !== 0xaa || control !== 3) return { dsap, ssap, control };
  const oui = (reader.u8() << 16) | reader.u16();
  return { dsap, ssap, control, snap: { oui, protocol: reader.u16() } };
}

/** Header and payload; the padding of an 802.3 frame is cut off by its length field. */
export function decodeEthernet(
  bytes: Uint8Array,
  problems: string[] = [],
): { header: EthernetHeader; payload: Uint8Array } {
  const reader = new Reader(bytes, 'Ethernet header');
  const dst = formatMac(reader.take(6));
  const src = formatMac(reader.take(6));
  const { vlans, etherType } = decodeTags(reader.u16(), reader);
  const header: EthernetHeader = { dst, src, vlans, etherType };
  if (etherType > MAX_8023_LENGTH) return { header, payload: reader.rest() };
  if (etherType > reader.remaining) problems.push(`802.3: length ${etherType}, ${reader.remaining} bytes are there`);
  const body = reader.take(Math.min(etherType, reader.remaining));
  try {
    const inner = new Reader(body, 'LLC header');
    const llc = decodeLlc(inner);
    return { header: { ...header, llc }, payload: inner.rest() };
  } catch (error) {
    // The addresses are still worth having.
    if (!(error instanceof WireError)) throw error;
    problems.push(error.message);
    return { header, payload: body };
  }
}

function encodeLlc(llc: Llc): Uint8Array {
  const writer = new Writer().u8(llc.dsap).u8(llc.ssap);
  if (llc.control > 0xff) writer.u16(llc.control);
  else writer.u8(llc.control);
  if (llc.snap)
    writer
      .u8(llc.snap.oui >>> 16)
      .u16(llc.snap.oui & 0xffff)
      .u16(llc.snap.protocol);
  return writer.done();
}

export interface EthernetInput {
  dst: Mac;
  src: Mac;
  vlans?: readonly VlanTag[];
  /** Left out for an 802.3 frame: its length is computed. */
  etherType?: number;
  llc?: Llc;
}

/** A frame without check sequence and without padding; `padFrame` brings it to what a wire carries. */
export function encodeEthernet(header: EthernetInput, payload: Uint8Array): Uint8Array {
  const writer = new Writer().bytes(parseMac(header.dst)).bytes(parseMac(header.src));
  for (const tag of header.vlans ?? []) {
    if (tag.id > 0xfff || tag.pcp > 7) throw new RangeError(`no such VLAN tag: id ${tag.id}, priority ${tag.pcp}`);
    writer.u16(tag.tpid).u16((tag.pcp << 13) | (tag.dei ? 0x1000 : 0) | tag.id);
  }
  const body = header.llc ? concat(encodeLlc(header.llc), payload) : payload;
  const type = header.llc ? body.length : header.etherType;
  if (type === undefined) throw new RangeError('a frame needs an EtherType or an LLC header');
  return concat(writer.u16(type).done(), body);
}

/** Zeros up to the 60 bytes that Ethernet asks for (64 with the check sequence). */
export function padFrame(frame: Uint8Array): Uint8Array {
  return frame.length >= MIN_FRAME_BYTES ? frame : concat(frame, new Uint8Array(MIN_FRAME_BYTES - frame.length));
}
