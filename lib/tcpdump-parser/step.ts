/** What a format's reader made of the bytes at hand, and the sizes that readers and writers agree on. */
import type { Packet } from './packet.ts';

/**
 * `need`: in the middle of something of that many bytes. `fault`: the bytes make no sense, reading ends here. `skip`:
 * that many bytes are of no use and need not be held. Otherwise something was read, a packet perhaps.
 */
export type Step =
  | { packet?: Packet; need?: undefined; fault?: undefined; skip?: undefined }
  | { need: string; bytes: number; fault?: undefined; skip?: undefined; packet?: undefined }
  | { fault: string; need?: undefined; skip?: undefined; packet?: undefined }
  | { skip: number; fault?: undefined; need?: undefined; packet?: undefined };

/** Beyond this a length is taken for corrupt; Wireshark draws the line for blocks here too. Bounds the memory of a stream. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/** What tcpdump takes for "all of it", bytes. */
export const MAX_SNAP_LENGTH = 262144;
