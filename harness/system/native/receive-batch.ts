/**
 * recvmmsg into an area that sockets share: receiving is synchronous, so there is one user at a time, and a thousand
 * sockets cost no memory. Up to 32 datagrams a call, each with its control messages: the kernel's receive time, TTL, and
 * which address and interface it came to. Nothing is allocated for a datagram unless it is asked. Who wants datagrams
 * longer than 2048 bytes has an area of his own.
 *
 * struct msghdr, mmsghdr, iovec and cmsghdr as 64-bit Linux has them.
 */
import { AF } from '../../../lib/netlink/constants.ts';
import { ipFromBytes } from '../../../lib/netlink/text.ts';
import { errno, MSG, permanent, SO, SOL_SOCKET, sys, systemCallError } from './libc.ts';
import { EAGAIN, EINTR } from './errno.ts';

const COUNT = 32;
const SLOT = 2048;
const NAME = 32;
const CONTROL = 192;
const MMSGHDR = 64, IOVEC = 16, CMSGHDR = 16;
/** Offsets in struct msghdr. */
const AT = { name: 0, nameLength: 8, iov: 16, iovLength: 24, control: 32, controlLength: 40, flags: 48, length: 56 } as const;

const IPPROTO_IP = 0, IPPROTO_IPV6 = 41;
const IP_TTL = 2, IP_PKTINFO = 8, IPV6_PKTINFO = 50, IPV6_HOPLIMIT = 52;

/** IPv4 addresses as text, by their 32 bits: a flow repeats its few addresses. */
const texts = new Map<number, string>();
function ipv4Text(bits: number, bytes: Uint8Array, at: number): string {
  let text = texts.get(bits);
  if (text === undefined) {
    if (texts.size > 4096) texts.clear();
    texts.set(bits, text = ipFromBytes(bytes.subarray(at, at + 4)));
  }
  return text;
}

/** Where datagrams are received: so many at once, of so many bytes each. It is never freed. */
export class ReceiveArea {
  readonly count: number;
  readonly slotBytes: number;
  readonly #headers;
  readonly names;
  readonly controls;
  /** Views made once: `subarray` for every datagram would cost more than the rest of the work. */
  readonly slots: readonly Uint8Array[];
  readonly #received: Received;
  #busy = false;

  constructor(count = COUNT, slotBytes = SLOT) {
    this.count = count;
    this.slotBytes = slotBytes;
    this.#headers = permanent(count * MMSGHDR);
    this.names = permanent(count * NAME);
    this.controls = permanent(count * CONTROL);
    const vectors = permanent(count * IOVEC), data = permanent(count * slotBytes), { view: header } = this.#headers;
    this.slots = Array.from({ length: count }, (_, at) => data.bytes.subarray(at * slotBytes, (at + 1) * slotBytes));
    for (let at = 0; at < count; at++) {
      vectors.view.setBigUint64(at * IOVEC, data.address + BigInt(at * slotBytes), true);
      vectors.view.setBigUint64(at * IOVEC + 8, BigInt(slotBytes), true);
      const base = at * MMSGHDR;
      header.setBigUint64(base + AT.name, this.names.address + BigInt(at * NAME), true);
      header.setBigUint64(base + AT.iov, vectors.address + BigInt(at * IOVEC), true);
      header.setUint32(base + AT.iovLength, 1, true);
      header.setBigUint64(base + AT.control, this.controls.address + BigInt(at * CONTROL), true);
      this.#rearm(at);
    }
    this.#received = new Received(this, header);
  }

  /** The kernel overwrites these with what it used. */
  #rearm(at: number): void {
    const base = at * MMSGHDR, { view: header } = this.#headers;
    header.setUint32(base + AT.nameLength, NAME, true);
    header.setUint32(base + AT.controlLength, CONTROL, true);
    header.setUint32(base + AT.flags, 0, true);
  }

  /**
   * Reads what is there, up to `limit` datagrams, and calls `handler` for each. Returns how many. A handler may send,
   * but not receive into the same area: it is in use until the handler returns.
   */
  receive(fd: number, handler: (datagram: Received) => void, purpose: string, limit = 256): number {
    if (this.#busy) throw new Error(`${purpose}: a receive handler called for another receive`);
    let total = 0;
    this.#busy = true;
    try {
      while (total < limit) {
        const count = sys.recvmmsg(fd, this.#headers.bytes, this.count, MSG.DONTWAIT, null);
        if (count === -1) {
          const number = errno();
          if (number === EINTR) continue;
          if (number === EAGAIN) return total;
          throw systemCallError('recvmmsg', purpose, number);
        }
        try {
          for (let at = 0; at < count; at++) {
            this.#received.load(at);
            handler(this.#received);
          }
        } finally {
          for (let at = 0; at < count; at++) this.#rearm(at);
        }
        total += count;
        if (count < this.count) return total;
      }
      return total;
    } finally {
      this.#busy = false;
    }
  }
}

/**
 * One received datagram. An area has a single one, refilled for each: take what you need before the handler returns.
 * `bytes` holds the datagram from `start` to `end`.
 */
export class Received {
  bytes: Uint8Array;
  start = 0;
  end = 0;
  /** The datagram was longer than its slot (2048 bytes, unless its area has longer ones). */
  truncated = false;
  /** CLOCK_REALTIME at which the kernel got it (SO_TIMESTAMPNS): whole seconds and the rest in ns; 0 without. */
  seconds = 0;
  nanoseconds = 0;
  /** TTL or hop limit as received; -1 when not told. */
  ttl = -1;
  /** Interface it came in by; 0 when not told. */
  interfaceIndex = 0;
  readonly #area: ReceiveArea;
  readonly #header: DataView;
  #at = 0;
  /** Offset of the destination in the control messages. */
  #destination = -1;

  constructor(area: ReceiveArea, header: DataView) {
    this.#area = area;
    this.#header = header;
    this.bytes = area.slots[0] ?? new Uint8Array();
  }

  /** A copy of the datagram. */
  copy(): Uint8Array { return this.bytes.slice(this.start, this.end); }
  get length(): number { return this.end - this.start; }
  /** Receive time, ns since 1970. */
  get timeNs(): bigint { return BigInt(this.seconds) * 1_000_000_000n + BigInt(this.nanoseconds); }
  get sourcePort(): number { return this.#area.names.view.getUint16(this.#at * NAME + 2, false); }
  get source(): string {
    const at = this.#at * NAME, { view, bytes } = this.#area.names;
    return view.getUint16(at, true) === AF.INET ? ipv4Text(view.getUint32(at + 4, false), bytes, at + 4) : ipFromBytes(bytes.subarray(at + 8, at + 24));
  }
  /** Index of the interface that a link-local IPv6 source is valid on; 0 for other addresses. */
  get sourceScope(): number {
    const at = this.#at * NAME, { view } = this.#area.names;
    return view.getUint16(at, true) === AF.INET6 ? view.getUint32(at + 24, true) : 0;
  }
  /** The source as struct sockaddr, to answer to: copied to `into`; returns its length. */
  copySource(into: Uint8Array, at: number): number {
    const from = this.#at * NAME, { view, bytes } = this.#area.names;
    const length = view.getUint16(from, true) === AF.INET ? 16 : 28;
    into.set(bytes.subarray(from, from + length), at);
    return length;
  }
  /** Where it was sent to: the group, or one of our addresses; undefined when not told. */
  get destination(): string | undefined {
    const at = this.#destination, { view, bytes } = this.#area.controls;
    if (at < 0) return undefined;
    return this.#isIpv4 ? ipv4Text(view.getUint32(at, false), bytes, at) : ipFromBytes(bytes.subarray(at, at + 16));
  }
  /** The destination's bytes, a view; undefined when not told. */
  get destinationBytes(): Uint8Array | undefined {
    const at = this.#destination;
    return at < 0 ? undefined : this.#area.controls.bytes.subarray(at, at + (this.#isIpv4 ? 4 : 16));
  }
  /** It was sent to an address of ours, and neither to a group nor by broadcast (for IPv4 the kernel then names another local address). */
  get toUsAlone(): boolean {
    const at = this.#destination, { view, bytes } = this.#area.controls;
    if (at < 0) return false;
    return this.#isIpv4 ? view.getUint32(at, false) === view.getUint32(at - 4, false) : bytes[at] !== 0xff;
  }
  get #isIpv4(): boolean { return this.#area.names.view.getUint16(this.#at * NAME, true) === AF.INET; }
  /** AF_PACKET only: 0 to us, 1 broadcast, 2 multicast, 3 to another host, 4 sent from here. */
  get packetType(): number { return this.#area.names.bytes[this.#at * NAME + 10] ?? 0; }

  /** Fills the object from slot `at`. Only its area calls it. */
  load(at: number): void {
    const base = at * MMSGHDR, header = this.#header, { view: control } = this.#area.controls;
    const length = header.getUint32(base + AT.length, true);
    this.#at = at;
    this.bytes = this.#area.slots[at] ?? this.bytes;
    this.start = 0;
    this.end = Math.min(length, this.#area.slotBytes);
    this.truncated = (header.getUint32(base + AT.flags, true) & MSG.TRUNC) !== 0;
    this.seconds = this.nanoseconds = this.interfaceIndex = 0;
    this.ttl = this.#destination = -1;
    const end = at * CONTROL + header.getUint32(base + AT.controlLength, true);
    for (let from = at * CONTROL; from + CMSGHDR <= end;) {
      const size = control.getUint32(from, true);
      if (size < CMSGHDR) break;
      const level = control.getInt32(from + 8, true), type = control.getInt32(from + 12, true), data = from + CMSGHDR;
      if (level === SOL_SOCKET && type === SO.TIMESTAMPNS) {
        this.seconds = control.getUint32(data, true) + control.getInt32(data + 4, true) * 0x1_0000_0000;
        this.nanoseconds = control.getUint32(data + 8, true);
      } else if (level === IPPROTO_IP && type === IP_TTL || level === IPPROTO_IPV6 && type === IPV6_HOPLIMIT) {
        this.ttl = control.getInt32(data, true);
      } else if (level === IPPROTO_IP && type === IP_PKTINFO) {
        this.interfaceIndex = control.getInt32(data, true);
        this.#destination = data + 8;
      } else if (level === IPPROTO_IPV6 && type === IPV6_PKTINFO) {
        this.interfaceIndex = control.getUint32(data + 16, true);
        this.#destination = data;
      }
      from += (size + 7) & ~7;
    }
  }
}

let shared: ReceiveArea | undefined;
/** The process's area. */
const sharedArea = (): ReceiveArea => (shared ??= new ReceiveArea());

/** Receives into the process's shared area. */
export function receiveBatch(fd: number, handler: (datagram: Received) => void, purpose: string, limit = 256): number {
  return sharedArea().receive(fd, handler, purpose, limit);
}
