/** omping's two sockets: one of our address, by which everything is sent, and one of the group. */
import type { Chosen } from '../../lib/ping/omping-hosts.ts';
import type { OmpingDatagram } from '../../lib/ping/omping-node.ts';
import type { OmpingOptions } from '../../lib/ping/omping-options.ts';
import { SystemCallError } from '../system/native/errno.ts';
import { getsockoptInt, setsockoptInt, SO, SOL_SOCKET, strerror } from '../system/native/libc.ts';
import { ReceiveArea, type Received } from '../system/native/receive-batch.ts';
import { socketAddress } from '../system/native/socket-address.ts';
import { UdpSocket } from '../system/native/udp-socket.ts';
import { Ended } from './output.ts';

/** Sends that may succeed the next time: no buffers, interface or host down. */
const TRANSIENT: readonly number[] = [11, 12, 64, 100, 101, 105, 111, 112, 113];

export class OmpingSockets implements Disposable {
  readonly #unicast: UdpSocket;
  readonly #multicast: UdpSocket;
  readonly #destinations = new Map<string, Uint8Array>();
  readonly #index: number;

  constructor(options: OmpingOptions, chosen: Chosen, group: string) {
    const { port, ttl, serves, transport, device, receiveBufferBytes, sendBufferBytes } = options;
    const { family, local, single } = chosen;
    const area = new ReceiveArea(16, 65_536), onDevice = device === undefined ? {} : { device };
    const scope = this.#index = chosen.interface.index;
    const v6scope = family === 'inet6' ? scope : 0;
    this.#unicast = orRefuse("Can't create/bind unicast socket", () => new UdpSocket({ family, address: local, port: serves ? port : 0, scope: linkLocal(local) ? v6scope : 0, area, broadcast: transport === 'ipbc', ...onDevice }));
    try {
      this.#unicast.setTtl(ttl);
      this.#unicast.setMulticastTtl(ttl);
      this.#unicast.setMulticastInterface(scope);
      this.#unicast.setMulticastLoop(single);
      this.#multicast = orRefuse("Can't create/bind multicast socket", () => {
        const socket = new UdpSocket({ family, address: group, port: this.#unicast.port, scope: v6scope, shared: true, sharedPort: true, area, broadcast: transport === 'ipbc', ...onDevice });
        try {
          if (transport === 'asm') socket.join(group, scope);
          if (transport === 'ssm') for (const peer of chosen.peers) socket.join(group, scope, peer.address);
        } catch (error) {
          socket.close();
          throw error;
        }
        return socket;
      });
    } catch (error) {
      this.#unicast.close();
      throw error;
    }
    for (const { fd } of [this.#unicast, this.#multicast]) {
      buffer(fd, SO.RCVBUF, receiveBufferBytes);
      buffer(fd, SO.SNDBUF, sendBufferBytes);
    }
  }

  send(bytes: Uint8Array, address: string, port: number, complain: (text: string) => void): void {
    const key = `${address} ${String(port)}`;
    let to = this.#destinations.get(key);
    if (!to) {
      // As many as have asked from different ports; forgotten together.
      if (this.#destinations.size > 1024) this.#destinations.clear();
      this.#destinations.set(key, to = socketAddress(address, port, linkLocal(address) ? this.#index : 0));
    }
    const errno = this.#unicast.sendTo(bytes, to);
    if (errno === 0) return;
    if (!TRANSIENT.includes(errno)) throw new Ended(2, `omping: Cannot send message to ${address}: ${strerror(errno)}`);
    complain(`Cannot send message to ${address}: ${strerror(errno)}`);
  }

  onReceive(unicast: (datagram: OmpingDatagram) => void, multicast: (datagram: OmpingDatagram) => void, failed: (error: unknown) => void): void {
    const refilled: { -readonly [K in keyof OmpingDatagram]: OmpingDatagram[K] } = { bytes: new Uint8Array(), source: '', sourcePort: 0, ttl: -1, seconds: 0, nanoseconds: 0 };
    const taking = (take: (datagram: OmpingDatagram) => void) => (received: Received): void => {
      refilled.bytes = received.bytes.subarray(received.start, received.end);
      refilled.source = received.source;
      refilled.sourcePort = received.sourcePort;
      refilled.ttl = received.ttl;
      refilled.seconds = received.seconds;
      refilled.nanoseconds = received.nanoseconds;
      take(refilled);
    };
    // An ICMP error is told to sockets that are not connected too, where the kernel was asked so; it says nothing of the rest.
    const onError = (error: unknown): void => { if (!(error instanceof SystemCallError && TRANSIENT.includes(error.errno))) failed(error); };
    this.#unicast.onReceive(taking(unicast), { onError });
    this.#multicast.onReceive(taking(multicast), { onError });
  }

  [Symbol.dispose](): void {
    this.#unicast.close();
    this.#multicast.close();
  }
}

const linkLocal = (address: string): boolean => /^(fe[89ab]|ff.2)/.test(address);

/** The kernel doubles what it grants; less than was asked for is a failure, as the original has it. */
function buffer(fd: number, option: number, bytes: number | undefined): void {
  if (bytes === undefined) return;
  setsockoptInt(fd, SOL_SOCKET, option, bytes, 'set the size of a buffer');
  if (getsockoptInt(fd, SOL_SOCKET, option, 'read the size of a buffer') < bytes) throw new Ended(1, `omping: Can't set ${option === SO.RCVBUF ? 'receive' : 'send'} buffer of ${bytes} bytes: No buffer space available`);
}

function orRefuse<T>(what: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof SystemCallError) throw new Ended(1, `omping: ${what}: ${strerror(error.errno)}`);
    throw error;
  }
}
