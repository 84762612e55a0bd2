/** tcpdump's text, as pasted into bug reports, as packets. The hex dump is the truth where there is one; else the line. */
import { concat, WireError } from '../../wire/bytes.ts';
import { decodeFrame, type Frame } from '../../wire/frame.ts';
import { encodeEthernet } from '../../wire/ethernet.ts';
import { STP_LLC } from '../../wire/stp.ts';
import { LINK_TYPE } from '../../wire/link-type.ts';
import type { CaptureInterface, Packet } from '../packet.ts';
import { compareWithFrame } from './compare.ts';
import type { LinkFacts, TextFacts } from './facts.ts';
import type { HexDump } from './hex-rows.ts';
import { readFacts } from './read-facts.ts';
import { rebuildFrame, type Rebuilt } from './rebuild.ts';
import { readRecords, type StrayLine, type TextRecord } from './records.ts';
import { datingOf, timesNs, type Dating } from './time-stamp.ts';

export interface TextPacket extends Packet {
  /** Of the listing, from 1. */
  line: number;
  /** The line without its time stamp, wrapped parts joined. */
  text: string;
  /** Whether the bytes are the hex dump's, or put together from the words of the line. */
  from: 'hex' | 'line';
  /** The Ethernet header is in the dump (-xx, -XX), was taken from the line (-e), or is nowhere. */
  linkHeader: 'hex' | 'line' | 'none';
  /** Where line and dump differ, or the dump has gaps. */
  disagreements: string[];
  /** What neither tells; a frame from the line alone ends there. */
  lacking: string[];
}

export interface TextCapture {
  packets: TextPacket[];
  interfaces: CaptureInterface[];
  dating: Dating;
  /** Lines of no packet, and packets of which nothing could be made: where and why. */
  unread: { line: number; text: string; why: string }[];
}

export interface TextOptions {
  /** Overrides what the time stamps look like: -ttt (delta) and -ttttt (elapsed) may look the same. */
  dating?: Dating;
}

/** Never throws on what the text holds. */
export function parseTcpdumpText(text: string, options: TextOptions = {}): TextCapture {
  const { records, stray } = readRecords(text);
  const stamps = records.map(({ time }) => time);
  const dating = options.dating ?? datingOf(stamps);
  const times = timesNs(stamps, dating);
  const interfaces = new Interfaces();
  const unread: TextCapture['unread'] = stray.map(({ line, text }: StrayLine) => ({
    line,
    text,
    why: 'it belongs to no packet',
  }));
  const packets = records.flatMap((record, i) => {
    const facts = readFacts(record.text);
    const bytes = bytesOf(record, facts);
    if (bytes === undefined) {
      unread.push({ line: record.line, text: record.text, why: 'neither the line nor a hex dump gives a frame' });
      return [];
    }
    const { link, cooked, ip } = facts;
    const originalLength =
      bytes.linkType === LINK_TYPE.ethernet ? link?.length : ip?.version === 4 ? ip.length : undefined;
    const packet: TextPacket = {
      timestampNs: times[i] ?? 0n,
      ...(times[i] === undefined && { untimed: true as const }),
      interfaceId: interfaces.idOf(cooked?.interface, bytes.linkType),
      linkType: bytes.linkType,
      capturedLength: bytes.bytes.length,
      originalLength: Math.max(originalLength ?? 0, bytes.bytes.length),
      bytes: bytes.bytes,
      comments: [],
      ...(cooked && cooked.direction !== 'P' && { direction: cooked.direction === 'Out' ? 'outbound' : 'inbound' }),
      line: record.line,
      text: record.text,
      from: bytes.from,
      linkHeader: bytes.linkHeader,
      disagreements: [...bytes.disagreements],
      lacking: [...bytes.lacking],
    };
    return [packet];
  });
  return { packets, interfaces: interfaces.list, dating, unread: unread.sort((a, b) => a.line - b.line) };
}

class Interfaces {
  readonly list: CaptureInterface[] = [];
  readonly #ids = new Map<string, number>();

  idOf(name: string | undefined, linkType: number): number {
    const key = `${name ?? ''} ${linkType}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    this.#ids.set(key, this.list.length);
    return (
      this.list.push({
        linkType,
        snapLength: 0,
        ...(name !== undefined && { name }),
        comments: [],
        ticksPerSecond: 1_000_000n,
        offsetSeconds: 0n,
      }) - 1
    );
  }
}

type Bytes = Pick<TextPacket, 'bytes' | 'linkType' | 'from' | 'linkHeader'> & {
  disagreements: readonly string[];
  lacking: readonly string[];
};

function bytesOf(record: TextRecord, facts: TextFacts): Bytes | undefined {
  // Descriptions hold small dumps of their own; the packet's comes last.
  const dump = record.dumps.at(-1);
  const fromDump = dump && bytesOfDump(dump, facts);
  if (fromDump) return fromDump;
  const rebuilt = rebuilds(facts);
  if (rebuilt === undefined) return undefined;
  return {
    ...rebuilt,
    from: 'line',
    linkHeader: rebuilt.linkType !== LINK_TYPE.ethernet ? 'none' : facts.link?.src === undefined ? 'none' : 'line',
    disagreements: [],
  };
}

/** A damaged line may hold what no frame can: "239.1.2.", a length of a million. */
function rebuilds(facts: TextFacts): Rebuilt | undefined {
  try {
    return rebuildFrame(facts);
  } catch (error) {
    if (error instanceof RangeError || error instanceof WireError) return undefined;
    throw error;
  }
}

const ETHERNET_BYTES = 14;
/** tcpdump -x shows a BPDU without it. */
const LLC_BYTES = 3;

/** One way of reading a dump. */
interface Reading {
  readonly linkType: number;
  readonly bytes: Uint8Array;
  readonly linkHeader: TextPacket['linkHeader'];
  /** Of the dump, when the line's length is right. */
  readonly expectedLength?: number;
}

/** With or without its link header: the reading that fits the line is the right one, and one that fits in nothing is none. */
function bytesOfDump(dump: HexDump, facts: TextFacts): Bytes | undefined {
  let best: { reading: Reading; agreed: number; disagreed: readonly string[] } | undefined;
  for (const reading of readingsOf(dump.bytes, facts)) {
    const frame = decodeFrame(reading.bytes, { linkType: reading.linkType });
    const { agreed: words, disagreed } = compareWithFrame(facts, frame, reading.linkHeader === 'hex');
    const lengthFits = reading.expectedLength === dump.bytes.length;
    const agreed = words + (lengthFits ? 1 : 0) + (soundIp(frame, facts) ? 1 : 0);
    if (best === undefined || agreed - disagreed.length > best.agreed - best.disagreed.length)
      best = { reading, agreed, disagreed };
    if (lengthFits && words > 0 && disagreed.length === 0) break;
  }
  if (best === undefined || best.agreed === 0) return undefined;
  const { bytes, linkType, linkHeader } = best.reading;
  return { bytes, linkType, linkHeader, from: 'hex', disagreements: [...dump.faults, ...best.disagreed], lacking: [] };
}

/** A line without addresses that we can read (names, anonymised) still says that it is IP. */
const soundIp = (frame: Frame, { ip }: TextFacts): boolean =>
  (ip?.version === 4 && frame.ipv4 !== undefined) || (ip?.version === 6 && frame.ipv6 !== undefined);

function readingsOf(bytes: Uint8Array, facts: TextFacts): Reading[] {
  const { link, ip, cooked } = facts;
  const whole = link?.length;
  const kinds = cooked === undefined ? [LINK_TYPE.ethernet] : [LINK_TYPE.linuxSll2, LINK_TYPE.linuxSll];
  const readings: Reading[] = kinds.map((linkType) => ({ linkType, bytes, linkHeader: 'hex', ...expect(whole) }));
  if (link?.src !== undefined && link.dst !== undefined && (link.etherType !== undefined || link.llc === true)) {
    readings.push(withHeaderOfLine(bytes, { ...link, src: link.src, dst: link.dst }));
  } else if (ip) {
    const length = ip.version === 4 ? ip.length : undefined;
    readings.push({ linkType: LINK_TYPE.rawIp, bytes, linkHeader: 'none', ...expect(length) });
  } else {
    // ARP, LACP and BPDUs without -e: the protocol tells the EtherType, nobody the addresses.
    const bare = (facts.arp ?? facts.lacp ?? facts.stp) ? rebuilds(facts) : undefined;
    if (bare) {
      const header = bare.bytes.subarray(0, facts.stp ? ETHERNET_BYTES + LLC_BYTES : ETHERNET_BYTES);
      const frame = concat(header, bytes);
      if (facts.stp) setLengthField(frame, LLC_BYTES + bytes.length);
      readings.push({ linkType: LINK_TYPE.ethernet, bytes: frame, linkHeader: 'none' });
    }
  }
  return readings;
}

const expect = (length: number | undefined): { expectedLength?: number } =>
  length === undefined ? {} : { expectedLength: length };

/** -e without -xx or -XX: the line has the header, the dump what follows it. */
function withHeaderOfLine(bytes: Uint8Array, link: LinkFacts & { src: string; dst: string }): Reading {
  const { length, vlans, src, dst, etherType, llc } = link;
  const head = { src, dst, vlans };
  const header = llc === true ? { ...head, llc: STP_LLC } : { ...head, etherType: etherType as number };
  const frame = encodeEthernet(header, bytes);
  // The field tells where the padding begins, which the dump shows with the rest.
  if (llc === true && length !== undefined) setLengthField(frame, length - ETHERNET_BYTES);
  const headers = ETHERNET_BYTES + 4 * vlans.length + (llc === true ? LLC_BYTES : 0);
  return {
    linkType: LINK_TYPE.ethernet,
    bytes: frame,
    linkHeader: 'line',
    ...expect(length === undefined ? undefined : length - headers),
  };
}

/** The length field of 802.3 counts what follows it. */
function setLengthField(frame: Uint8Array, length: number): void {
  new DataView(frame.buffer, frame.byteOffset).setUint16(ETHERNET_BYTES - 2, length);
}
