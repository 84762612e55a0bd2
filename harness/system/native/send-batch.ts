/**
 * sendmmsg from one area: datagrams to various places, each with the source address it leaves with, in one call. What is
 * queued is copied; nothing leaves before `flush`.
 */
import { AF } from '../../../lib/netlink/constants.ts';
import { EINTR } from './errno.ts';
import { errno, MSG, permanent, sys } from './libc.ts';

const NAME = 32, CONTROL = 40, MMSGHDR = 64, IOVEC = 16, CMSGHDR = 16;
const AT = { name: 0, nameLength: 8, iov: 16, iovLength: 24, control: 32, controlLength: 40 } as const;
const IPPROTO_IP = 0, IPPROTO_IPV6 = 41, IP_PKTINFO = 8, IPV6_PKTINFO = 50;

export class SendBatch {
  readonly #count: number;
  readonly #slotBytes: number;
  readonly #headers;
  readonly #vectors;
  readonly #names;
  readonly #controls;
  readonly #data;
  #queued = 0;
  /** Datagrams that the kernel refused, by errno. */
  readonly refused = new Map<number, number>();

  constructor(count: number, slotBytes: number) {
    this.#count = count;
    this.#slotBytes = slotBytes;
    this.#headers = permanent(count * MMSGHDR);
    this.#vectors = permanent(count * IOVEC);
    this.#names = permanent(count * NAME);
    this.#controls = permanent(count * CONTROL);
    this.#data = permanent(count * slotBytes);
    for (let at = 0; at < count; at++) {
      const base = at * MMSGHDR, { view } = this.#headers;
      this.#vectors.view.setBigUint64(at * IOVEC, this.#data.address + BigInt(at * slotBytes), true);
      view.setBigUint64(base + AT.name, this.#names.address + BigInt(at * NAME), true);
      view.setBigUint64(base + AT.iov, this.#vectors.address + BigInt(at * IOVEC), true);
      view.setUint32(base + AT.iovLength, 1, true);
      view.setBigUint64(base + AT.control, this.#controls.address + BigInt(at * CONTROL), true);
    }
  }

  get full(): boolean { return this.#queued === this.#count; }

  /**
   * `to` writes a struct sockaddr at an offset and returns its length. `source`: address to leave with, of the same
   * family; `index`: interface to leave by, 0 for the route's.
   */
  queue(bytes: Uint8Array, length: number, to: (into: Uint8Array, at: number) => number, source: Uint8Array | undefined, index = 0): void {
    if (this.full || length > this.#slotBytes) throw new RangeError(`no room for a datagram of ${length} bytes`);
    const at = this.#queued++;
    this.#data.bytes.set(bytes.length === length ? bytes : bytes.subarray(0, length), at * this.#slotBytes);
    this.#vectors.view.setBigUint64(at * IOVEC + 8, BigInt(length), true);
    const { view } = this.#headers, base = at * MMSGHDR;
    view.setUint32(base + AT.nameLength, to(this.#names.bytes, at * NAME), true);
    view.setUint32(base + AT.controlLength, source ? this.#packetInfo(at * CONTROL, source, index) : 0, true);
  }

  /** struct cmsghdr with struct in_pktinfo {ifindex, spec_dst, addr} or in6_pktinfo {addr, ifindex}. */
  #packetInfo(at: number, source: Uint8Array, index: number): number {
    const { view, bytes } = this.#controls, v4 = source.length === 4, data = at + CMSGHDR;
    view.setBigUint64(at, BigInt(CMSGHDR + (v4 ? 12 : 20)), true);
    view.setInt32(at + 8, v4 ? IPPROTO_IP : IPPROTO_IPV6, true);
    view.setInt32(at + 12, v4 ? IP_PKTINFO : IPV6_PKTINFO, true);
    if (v4) {
      view.setInt32(data, index, true);
      bytes.set(source, data + 4);
      bytes.fill(0, data + 8, data + 12);
    } else {
      bytes.set(source, data);
      view.setUint32(data + 16, index, true);
    }
    return v4 ? 32 : 40;
  }

  /** Sends all that is queued; one that is refused is counted, and the others go on. Returns how many left. */
  flush(fd: number): number {
    let done = 0, sent = 0;
    const total = this.#queued;
    this.#queued = 0;
    while (done < total) {
      const count = sys.sendmmsg(fd, done === 0 ? this.#headers.bytes : this.#headers.bytes.subarray(done * MMSGHDR), total - done, MSG.DONTWAIT | MSG.NOSIGNAL);
      if (count > 0) { done += count; sent += count; continue; }
      const number = errno();
      if (number === EINTR) continue;
      this.refused.set(number, (this.refused.get(number) ?? 0) + 1);
      done++;
    }
    return sent;
  }
}

/** A writer of struct sockaddr_in or sockaddr_in6 for `queue`. */
export const sockaddrWriter = (address: Uint8Array, port: number, scope = 0) => (into: Uint8Array, at: number): number => {
  const v4 = address.length === 4, length = v4 ? 16 : 28;
  into.fill(0, at, at + length);
  into[at] = v4 ? AF.INET : AF.INET6;
  into[at + 2] = port >> 8;
  into[at + 3] = port & 0xff;
  into.set(address, at + (v4 ? 4 : 8));
  if (!v4) new DataView(into.buffer, into.byteOffset).setUint32(at + 24, scope, true);
  return length;
};
