/**
 * recvmmsg into one area that all sockets of the process share: receiving is synchronous, so there is one user at a
 * time, and a thousand sockets cost no memory. Up to 32 datagrams a call, each with its control messages: the kernel's
 * receive time, TTL, and which address and interface it came to. Nothing is allocated for a datagram unless it is asked.
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

const headerArea = permanent(COUNT * MMSGHDR), vectorArea = permanent(COUNT * IOVEC);
const nameArea = permanent(COUNT * NAME), controlArea = permanent(COUNT * CONTROL), dataArea = permanent(COUNT * SLOT);
const { bytes: headers, view: header } = headerArea;
const { bytes: names, view: name } = nameArea;
const { bytes: controls, view: control } = controlArea;
const { bytes: area } = dataArea;
/** Views made once: `subarray` for every datagram would cost more than the rest of the work. */
const slots = Array.from({ length: COUNT }, (_, at) => area.subarray(at * SLOT, (at + 1) * SLOT));

for (let at = 0; at < COUNT; at++) {
  vectorArea.view.setBigUint64(at * IOVEC, dataArea.address + BigInt(at * SLOT), true);
  vectorArea.view.setBigUint64(at * IOVEC + 8, BigInt(SLOT), true);
  const base = at * MMSGHDR;
  header.setBigUint64(base + AT.name, nameArea.address + BigInt(at * NAME), true);
  header.setBigUint64(base + AT.iov, vectorArea.address + BigInt(at * IOVEC), true);
  header.setUint32(base + AT.iovLength, 1, true);
  header.setBigUint64(base + AT.control, controlArea.address + BigInt(at * CONTROL), true);
  rearm(base);
}

/** The kernel overwrites these with what it used. */
function rearm(base: number): void {
  header.setUint32(base + AT.nameLength, NAME, true);
  header.setUint32(base + AT.controlLength, CONTROL, true);
  header.setUint32(base + AT.flags, 0, true);
}

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

/**
 * One received datagram. There is a single object, refilled for each: take what you need before the handler returns.
 * `bytes` holds the datagram from `start` to `end`.
 */
export class Received {
  bytes: Uint8Array = area;
  start = 0;
  end = 0;
  /** The datagram was longer than 2048 bytes. */
  truncated = false;
  /** CLOCK_REALTIME at which the kernel got it (SO_TIMESTAMPNS): whole seconds and the rest in ns; 0 without. */
  seconds = 0;
  nanoseconds = 0;
  /** TTL or hop limit as received; -1 when not told. */
  ttl = -1;
  /** Interface it came in by; 0 when not told. */
  interfaceIndex = 0;
  #at = 0;
  #destination = -1;

  /** A copy of the datagram. */
  copy(): Uint8Array { return this.bytes.slice(this.start, this.end); }
  get length(): number { return this.end - this.start; }
  /** Receive time, ns since 1970. */
  get timeNs(): bigint { return BigInt(this.seconds) * 1_000_000_000n + BigInt(this.nanoseconds); }
  get sourcePort(): number { return name.getUint16(this.#at * NAME + 2, false); }
  get source(): string {
    const at = this.#at * NAME;
    return name.getUint16(at, true) === AF.INET ? ipv4Text(name.getUint32(at + 4, false), names, at + 4) : ipFromBytes(names.subarray(at + 8, at + 24));
  }
  /** Where it was sent to: the group, or one of our addresses; undefined when not told. */
  get destination(): string | undefined {
    const at = this.#destination;
    if (at < 0) return undefined;
    return name.getUint16(this.#at * NAME, true) === AF.INET ? ipv4Text(control.getUint32(at, false), controls, at) : ipFromBytes(controls.subarray(at, at + 16));
  }
  /** AF_PACKET only: 0 to us, 1 broadcast, 2 multicast, 3 to another host, 4 sent from here. */
  get packetType(): number { return names[this.#at * NAME + 10] ?? 0; }

  /** Fills the object from slot `at`. Only `receiveBatch` calls it. */
  load(at: number): void {
    const base = at * MMSGHDR;
    const length = header.getUint32(base + AT.length, true);
    this.#at = at;
    this.bytes = slots[at] ?? area;
    this.start = 0;
    this.end = Math.min(length, SLOT);
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

const received = new Received();
let busy = false;

/**
 * Reads what is there, up to `limit` datagrams, and calls `handler` for each. Returns how many. A handler may send,
 * but not receive: the area is in use until it returns.
 */
export function receiveBatch(fd: number, handler: (datagram: Received) => void, purpose: string, limit = 256): number {
  if (busy) throw new Error(`${purpose}: a receive handler called for another receive`);
  let total = 0;
  busy = true;
  try {
    while (total < limit) {
      const count = sys.recvmmsg(fd, headers, COUNT, MSG.DONTWAIT, null);
      if (count === -1) {
        const number = errno();
        if (number === EINTR) continue;
        if (number === EAGAIN) return total;
        throw systemCallError('recvmmsg', purpose, number);
      }
      try {
        for (let at = 0; at < count; at++) {
          received.load(at);
          handler(received);
        }
      } finally {
        for (let at = 0; at < count; at++) rearm(at * MMSGHDR);
      }
      total += count;
      if (count < COUNT) return total;
    }
    return total;
  } finally {
    busy = false;
  }
}
