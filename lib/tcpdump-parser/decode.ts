/** From a packet to its layers. */
import { decodeFrame, type Frame } from '../wire/frame.ts';
import type { Packet } from './packet.ts';

/** The frame in a packet of any known link type; never throws. */
export function decodePacket(packet: Packet): Frame {
  return decodeFrame(packet.bytes, { linkType: packet.linkType, originalLength: packet.originalLength });
}
