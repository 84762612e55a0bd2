/**
 * What kind of message a datagram of corosync's totem is: the first bytes are 0xc070 in the sender's byte order, a version
 * and a type. Read in clear text only: with knet, and with encryption, there is nothing to read.
 */
export const TOTEM_TYPES = ['token', 'message', 'merge-detect', 'join', 'commit-token', 'hold-cancel'] as const;
export type TotemType = (typeof TOTEM_TYPES)[number];

const MAGIC = 0xc070;

/** Undefined for what is no totem, or of a version that is not known here. */
export function totemType(payload: Uint8Array): TotemType | undefined {
  const [first, second, version, type] = payload;
  if (first === undefined || second === undefined || version !== 3 || type === undefined) return undefined;
  if (first + 256 * second !== MAGIC && 256 * first + second !== MAGIC) return undefined;
  return TOTEM_TYPES[type];
}
