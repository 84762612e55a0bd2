/** Captures as packets, and packets as captures. See README.md. */
export { CaptureReader, parseCapture, type Capture } from './reader.ts';
export type { CaptureEnd, CaptureFormat, CaptureInterface, Packet } from './packet.ts';
export { pcapHeader, pcapRecord, writePcap, type PcapOptions, type PcapPacket } from './write-pcap.ts';
export {
  pcapngInterface,
  pcapngPacket,
  pcapngSection,
  writePcapng,
  type PcapngInterface,
  type PcapngPacket,
  type PcapngSection,
} from './write-pcapng.ts';
export { parseTcpdumpText, type TextCapture, type TextOptions, type TextPacket } from './text/parse-text.ts';
export type { Dating } from './text/time-stamp.ts';
export { decodePacket } from './decode.ts';
export { LINK_TYPE } from '../wire/link-type.ts';
