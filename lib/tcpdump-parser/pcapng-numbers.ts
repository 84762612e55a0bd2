/** Numbers of the pcapng draft, sections 4 and 3.5. */

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/** Blocks that are read; name resolution, statistics and the rest are skipped. */
export const BLOCK = {
  section: 0x0a0d0d0a,
  interface: 1,
  /** Obsolete, but old files hold it. */
  packet: 2,
  simplePacket: 3,
  enhancedPacket: 6,
} as const;

/** Codes from 2 on mean something else in each block. */
export const OPTION = {
  end: 0,
  comment: 1,
  sectionApplication: 4,
  interfaceName: 2,
  interfaceDescription: 3,
  timestampResolution: 9,
  timestampOffset: 14,
  packetFlags: 2,
} as const;
