/**
 * ICMP and ICMPv6 echo. A datagram ICMP socket where the namespace allows it (sysctl net.ipv4.ping_group_range, which a
 * new namespace sets to nobody), else a raw one (CAP_NET_RAW), filtered to echo replies with our identifier.
 */
import { AF } from '../../../lib/netlink/constants.ts';
import { EACCES, EPERM } from './errno.ts';
import { check, close, errno, MSG, pinned, setsockopt, setsockoptInt, SO, SOCK, SOL_SOCKET, socket, socketDrops, sys, systemCallError } from './libc.ts';
import { homeNamespace, inNamespace } from './namespaces.ts';
import { reactor as sharedReactor, type Reactor } from './reactor.ts';
import { receiveBatch, type Received } from './receive-batch.ts';
import { socketAddress, type Family } from './socket-address.ts';
import { localPort } from './udp-socket.ts';

const IPPROTO_IP = 0, IPPROTO_ICMP = 1, IPPROTO_IPV6 = 41, IPPROTO_ICMPV6 = 58, SOL_RAW = 255;
const ECHO = { inet: { request: 8, reply: 0 }, inet6: { request: 128, reply: 129 } } as const;

/** One echo reply; refilled for each, as Received is. */
export interface EchoReply {
  readonly sequence: number;
  readonly source: string;
  readonly ttl: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  /** What followed the ICMP header; a view, valid until the handler returns. */
  readonly payload: Uint8Array;
}

let nextIdentifier = (process.pid & 0x7fff) | 1;

export class IcmpSocket implements Disposable {
  readonly fd: number;
  readonly family: Family;
  /** True when the kernel filters and sums for us (SOCK_DGRAM). */
  readonly datagram: boolean;
  /** Identifier in our requests. */
  readonly identifier: number;
  readonly #packet: Uint8Array;
  readonly #view: DataView;
  #watchedBy: Reactor | undefined;
  #open = true;

  /** `payloadBytes`: length of what follows the ICMP header in our requests. */
  constructor({ namespace = homeNamespace(), family, payloadBytes = 56 }: { readonly namespace?: number; readonly family: Family; readonly payloadBytes?: number }) {
    const v4 = family === 'inet', domain = v4 ? AF.INET : AF.INET6, protocol = v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
    this.family = family;
    [this.fd, this.datagram] = inNamespace(namespace, (): [number, boolean] => {
      const fd = sys.socket(domain, SOCK.DGRAM | SOCK.NONBLOCK | SOCK.CLOEXEC, protocol);
      if (fd !== -1) return [fd, true];
      const number = errno();
      if (number !== EACCES && number !== EPERM) throw systemCallError('socket', 'open an ICMP socket', number);
      return [socket(domain, SOCK.RAW | SOCK.NONBLOCK, protocol, 'open a raw ICMP socket'), false];
    });
    try {
      setsockoptInt(this.fd, SOL_SOCKET, SO.TIMESTAMPNS, 1, 'time ICMP replies');
      setsockoptInt(this.fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? 12 : 51, 1, 'learn the TTL of ICMP replies');
      if (this.datagram) {
        const any = socketAddress(v4 ? '0.0.0.0' : '::', 0);
        check(sys.bind(this.fd, any, any.length), 'bind', 'take an ICMP identifier');
        this.identifier = localPort(this.fd);
      } else {
        this.identifier = nextIdentifier = (nextIdentifier + 1) & 0xffff;
        // ICMP_FILTER: bits that are set are dropped. ICMP6_FILTER: the same, 256 of them.
        const filter = pinned(v4 ? 4 : 32).fill(0xff);
        const { reply } = ECHO[family];
        filter[reply >> 3] = 0xff & ~(1 << (reply & 7));
        setsockopt(this.fd, v4 ? SOL_RAW : IPPROTO_ICMPV6, 1, filter, 'filter ICMP to echo replies');
      }
    } catch (error) {
      close(this.fd);
      throw error;
    }
    this.#packet = pinned(8 + payloadBytes);
    this.#view = new DataView(this.#packet.buffer);
  }

  /** Sends an echo request to an address made with `socketAddress(address, 0)`. Returns 0, or the errno. */
  send(to: Uint8Array, sequence: number): number {
    const view = this.#view;
    view.setUint8(0, ECHO[this.family].request);
    view.setUint16(2, 0, false);
    view.setUint16(4, this.identifier, false);
    view.setUint16(6, sequence & 0xffff, false);
    // The kernel sums for datagram sockets and for all of ICMPv6.
    if (!this.datagram && this.family === 'inet') view.setUint16(2, checksum(view), false);
    return sys.sendto(this.fd, this.#packet, this.#packet.length, MSG.DONTWAIT, to, to.length) === -1 ? errno() : 0;
  }

  /** Replies that came and found no room in the receive buffer. */
  drops(): number { return socketDrops(this.fd); }

  /** Takes the echo replies to our requests that have arrived; returns how many. */
  receive(handler: (reply: EchoReply) => void): number {
    let count = 0;
    receiveBatch(this.fd, (received) => {
      const reply = this.#replyOf(received);
      if (!reply) return;
      count++;
      handler(reply);
    }, 'receive ICMP replies');
    return count;
  }

  onReceive(handler: (reply: EchoReply) => void, { reactor = sharedReactor(), holds = true }: { readonly reactor?: Reactor; readonly holds?: boolean } = {}): void {
    this.#watchedBy = reactor;
    reactor.add(this.fd, () => { this.receive(handler); }, { holds });
  }

  #replyOf({ bytes, start, end, source, ttl, seconds, nanoseconds }: Received): EchoReply | undefined {
    // Raw IPv4 sockets deliver the IP header too.
    const at = start + (!this.datagram && this.family === 'inet' ? ((bytes[start] ?? 0) & 0x0f) * 4 : 0);
    if (end - at < 8 || bytes[at] !== ECHO[this.family].reply) return undefined;
    if ((((bytes[at + 4] ?? 0) << 8) | (bytes[at + 5] ?? 0)) !== this.identifier) return undefined;
    return { sequence: ((bytes[at + 6] ?? 0) << 8) | (bytes[at + 7] ?? 0), source, ttl, seconds, nanoseconds, payload: bytes.subarray(at + 8, end) };
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#watchedBy?.remove(this.fd);
    close(this.fd, 'close an ICMP socket');
  }
  [Symbol.dispose](): void { this.close(); }
}

/** RFC 1071. */
function checksum(view: DataView): number {
  let sum = 0;
  for (let at = 0; at + 1 < view.byteLength; at += 2) sum += view.getUint16(at, false);
  if (view.byteLength % 2) sum += view.getUint8(view.byteLength - 1) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
