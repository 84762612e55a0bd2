/** UDP sockets of any namespace for probes: kernel receive times, TTL, real destination, and source-specific joins, none of which dgram shows. */
import { AF } from '../../../lib/netlink/constants.ts';
import { ipFromBytes } from '../../../lib/netlink/text.ts';
import { check, close, errno, getsockoptInt, MSG, pinned, receiveBuffer, setsockopt, setsockoptInt, SO, SOCK, SOL_SOCKET, socket, socketDrops, sys } from './libc.ts';
import { homeNamespace, inNamespace } from './namespaces.ts';
import { reactor as sharedReactor, type Reactor } from './reactor.ts';
import { type ReceiveArea, receiveBatch, type Received } from './receive-batch.ts';
import { anyAddress, groupRequest, socketAddress, type Family } from './socket-address.ts';

const IPPROTO_IP = 0, IPPROTO_IPV6 = 41;
const IP = { TTL: 2, PKTINFO: 8, RECVTTL: 12, MULTICAST_IF: 32, MULTICAST_TTL: 33, MULTICAST_LOOP: 34, MULTICAST_ALL: 49 } as const;
const IPV6 = { UNICAST_HOPS: 16, MULTICAST_IF: 17, MULTICAST_HOPS: 18, MULTICAST_LOOP: 19, V6ONLY: 26, MULTICAST_ALL: 29, RECVPKTINFO: 49, RECVHOPLIMIT: 51 } as const;
const MCAST = { JOIN_GROUP: 42, BLOCK_SOURCE: 43, UNBLOCK_SOURCE: 44, LEAVE_GROUP: 45, JOIN_SOURCE_GROUP: 46, LEAVE_SOURCE_GROUP: 47 } as const;

export interface UdpOptions {
  /** Descriptor of the namespace; the process's own when absent. */
  readonly namespace?: number;
  readonly family: Family;
  /** Address and port to bind; any address and a free port by default. */
  readonly address?: string;
  readonly port?: number;
  /** Index of the interface, for a link-local bind address. */
  readonly scope?: number;
  /** Name of the device to be bound to (SO_BINDTODEVICE). */
  readonly device?: string;
  /** Several sockets on one port (SO_REUSEADDR). */
  readonly shared?: boolean;
  /** The same for sockets that several processes have open on one group and port (SO_REUSEPORT). */
  readonly sharedPort?: boolean;
  readonly broadcast?: boolean;
  readonly receiveBufferBytes?: number;
  /** Hear every group that anyone in the namespace joined, as Linux does by default. Off: only what this socket joined. */
  readonly hearAllGroups?: boolean;
  /** Where its datagrams are received; the process's area (2048 bytes a datagram) when absent. */
  readonly area?: ReceiveArea;
}

export class UdpSocket implements Disposable {
  readonly fd: number;
  readonly family: Family;
  readonly port: number;
  readonly #level: number;
  readonly #area: ReceiveArea | undefined;
  #watchedBy: Reactor | undefined;
  #open = true;

  constructor(options: UdpOptions) {
    const { namespace = homeNamespace(), family, address = anyAddress(family), port = 0, scope = 0, device, shared, sharedPort, broadcast, receiveBufferBytes, hearAllGroups = false } = options;
    const v4 = family === 'inet', what = `a UDP socket on ${address} port ${String(port)}`;
    this.family = family;
    this.#area = options.area;
    this.#level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
    const fd = this.fd = inNamespace(namespace, () => socket(v4 ? AF.INET : AF.INET6, SOCK.DGRAM | SOCK.NONBLOCK, 0, `open ${what}`));
    try {
      setsockoptInt(fd, SOL_SOCKET, SO.TIMESTAMPNS, 1, what);
      if (v4) {
        for (const option of [IP.RECVTTL, IP.PKTINFO]) setsockoptInt(fd, IPPROTO_IP, option, 1, what);
        if (!hearAllGroups) setsockoptInt(fd, IPPROTO_IP, IP.MULTICAST_ALL, 0, what);
      } else {
        for (const option of [IPV6.V6ONLY, IPV6.RECVHOPLIMIT, IPV6.RECVPKTINFO]) setsockoptInt(fd, IPPROTO_IPV6, option, 1, what);
        if (!hearAllGroups) setsockoptInt(fd, IPPROTO_IPV6, IPV6.MULTICAST_ALL, 0, what);
      }
      if (shared) setsockoptInt(fd, SOL_SOCKET, SO.REUSEADDR, 1, what);
      if (sharedPort) setsockoptInt(fd, SOL_SOCKET, SO.REUSEPORT, 1, what);
      if (broadcast) setsockoptInt(fd, SOL_SOCKET, SO.BROADCAST, 1, what);
      if (receiveBufferBytes !== undefined) receiveBuffer(fd, receiveBufferBytes);
      if (device !== undefined) setsockopt(fd, SOL_SOCKET, SO.BINDTODEVICE, Buffer.from(`${device}\0`), `bind ${what} to ${device}`);
      const local = socketAddress(address, port, scope);
      check(sys.bind(fd, local, local.length), 'bind', `bind ${what}`);
      this.port = port || localPort(fd);
    } catch (error) {
      close(fd);
      throw error;
    }
  }

  /** Joins a group on an interface; with `source` only what that source sends (SSM). Sends the report at once. */
  join(group: string, index: number, source?: string): void {
    setsockopt(this.fd, this.#level, source === undefined ? MCAST.JOIN_GROUP : MCAST.JOIN_SOURCE_GROUP, groupRequest(group, index, source), `join ${group}${source === undefined ? '' : ` from ${source}`}`);
  }
  leave(group: string, index: number, source?: string): void {
    setsockopt(this.fd, this.#level, source === undefined ? MCAST.LEAVE_GROUP : MCAST.LEAVE_SOURCE_GROUP, groupRequest(group, index, source), `leave ${group}${source === undefined ? '' : ` from ${source}`}`);
  }
  /** Of a group joined from any source: hears this one no more. */
  block(group: string, index: number, source: string): void {
    setsockopt(this.fd, this.#level, MCAST.BLOCK_SOURCE, groupRequest(group, index, source), `block ${source} in ${group}`);
  }
  unblock(group: string, index: number, source: string): void {
    setsockopt(this.fd, this.#level, MCAST.UNBLOCK_SOURCE, groupRequest(group, index, source), `unblock ${source} in ${group}`);
  }

  /** TTL or hop limit of multicast sent from here; the kernel's default is 1. */
  setMulticastTtl(ttl: number): void { setsockoptInt(this.fd, this.#level, this.family === 'inet' ? IP.MULTICAST_TTL : IPV6.MULTICAST_HOPS, ttl, 'set the multicast TTL'); }
  setTtl(ttl: number): void { setsockoptInt(this.fd, this.#level, this.family === 'inet' ? IP.TTL : IPV6.UNICAST_HOPS, ttl, 'set the TTL'); }
  /** Whether our own host hears what we send to a group; on by default. */
  setMulticastLoop(on: boolean): void { setsockoptInt(this.fd, this.#level, this.family === 'inet' ? IP.MULTICAST_LOOP : IPV6.MULTICAST_LOOP, on ? 1 : 0, 'set multicast loopback'); }
  /** Interface by which multicast leaves. */
  setMulticastInterface(index: number): void {
    if (this.family === 'inet6') { setsockoptInt(this.fd, IPPROTO_IPV6, IPV6.MULTICAST_IF, index, 'choose the multicast interface'); return; }
    // struct ip_mreqn {group, address, ifindex}
    const request = pinned(12);
    new DataView(request.buffer).setInt32(8, index, true);
    setsockopt(this.fd, IPPROTO_IP, IP.MULTICAST_IF, request, 'choose the multicast interface');
  }

  /** Fixes the destination for `send`. The socket then hears nobody else. */
  connect(address: string, port: number, scope = 0): void {
    const to = socketAddress(address, port, scope);
    check(sys.connect(this.fd, to, to.length), 'connect', `connect to ${address} port ${String(port)}`);
  }

  /** Sends to the connected peer. Returns 0, or the errno: a probe counts ENETUNREACH, ECONNREFUSED and the like, it does not die of them. */
  send(bytes: Uint8Array, length = bytes.length): number {
    return sys.send(this.fd, bytes, length, MSG.DONTWAIT | MSG.NOSIGNAL) === -1 ? errno() : 0;
  }

  /** Sends to an address made once with `socketAddress`. Returns 0, or the errno. */
  sendTo(bytes: Uint8Array, to: Uint8Array, length = bytes.length): number {
    return sys.sendto(this.fd, bytes, length, MSG.DONTWAIT | MSG.NOSIGNAL, to, to.length) === -1 ? errno() : 0;
  }

  /** Takes what has arrived; returns how many. An ICMP error that came back for something we sent is thrown as ECONNREFUSED and so on. */
  receive(handler: (datagram: Received) => void): number {
    return this.#area ? this.#area.receive(this.fd, handler, 'receive UDP datagrams') : receiveBatch(this.fd, handler, 'receive UDP datagrams');
  }

  /**
   * Calls `handler` for every datagram from now on, in the main thread. `onError` gets errors of the socket (ICMP
   * refusals on connected sockets); by default they are thrown.
   */
  onReceive(handler: (datagram: Received) => void, options: { readonly onError?: (error: unknown) => void; readonly reactor?: Reactor; readonly holds?: boolean } = {}): void {
    const { reactor = sharedReactor(), holds = true, onError } = options;
    this.#watchedBy = reactor;
    reactor.add(this.fd, () => {
      if (!onError) { this.receive(handler); return; }
      try { this.receive(handler); } catch (error) { onError(error); }
    }, { holds });
  }

  /** Datagrams that came and found no room in the receive buffer. */
  drops(): number { return socketDrops(this.fd); }

  /** SO_ERROR: reads and clears a pending error; 0 for none. */
  takeError(): number { return getsockoptInt(this.fd, SOL_SOCKET, SO.ERROR, 'read a socket error'); }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#watchedBy?.remove(this.fd);
    close(this.fd, 'close a UDP socket');
  }
  [Symbol.dispose](): void { this.close(); }
}

/** Port the kernel chose. */
export const localPort = (fd: number): number => boundAddress(fd).port;

/** What a socket is bound to; on one that is connected, the address that the kernel chose towards its peer. `scope`: of a link-local address. */
export function boundAddress(fd: number): { address: string; port: number; scope: number } {
  const name = pinned(28), length = pinned(4);
  length[0] = 28;
  check(sys.getsockname(fd, name, length), 'getsockname', 'learn our address');
  const view = new DataView(name.buffer), v4 = view.getUint16(0, true) === AF.INET;
  return { address: ipFromBytes(v4 ? name.subarray(4, 8) : name.subarray(8, 24)), port: view.getUint16(2, false), scope: v4 ? 0 : view.getUint32(24, true) };
}
