/** Whole Ethernet frames in and out of one interface (AF_PACKET, CAP_NET_RAW). packet(7). */
import { type BpfInstruction, bpfBytes } from '../../../lib/netlink/classic-bpf.ts';
import { AF } from '../../../lib/netlink/constants.ts';
import { ENETDOWN, SystemCallError } from './errno.ts';
import { check, close, errno, MSG, permanent, receiveBuffer, setsockopt, setsockoptInt, SO, SOCK, SOL_SOCKET, socket, sys } from './libc.ts';
import { homeNamespace, inNamespace } from './namespaces.ts';
import { reactor as sharedReactor, type Reactor } from './reactor.ts';
import { receiveBatch, type Received } from './receive-batch.ts';
import { linkAddress } from './socket-address.ts';

const SOL_PACKET = 263, PACKET_ADD_MEMBERSHIP = 1, PACKET_IGNORE_OUTGOING = 23, PACKET_MR_PROMISC = 1;
/** Every EtherType, as `receive` wants it for all frames. */
export const ETH_P_ALL = 3;

export interface PacketOptions {
  readonly namespace?: number;
  readonly index: number;
  /** EtherType to receive, ETH_P_ALL for all; none by default, so a sender's queue never fills. */
  readonly receive?: number;
  /** Hear frames for other hosts as well. */
  readonly promiscuous?: boolean;
  /** Hear what this machine sends too; not by default (5.0 and newer; older kernels always tell, see `packetType`). */
  readonly outgoing?: boolean;
  readonly receiveBufferBytes?: number;
  /** Hear only what this program ends with a length for. */
  readonly filter?: readonly BpfInstruction[];
  /** SO_MARK of what is sent. */
  readonly mark?: number;
}

export class PacketSocket implements Disposable {
  readonly fd: number;
  readonly index: number;
  #watchedBy: Reactor | undefined;
  #open = true;

  constructor({ namespace = homeNamespace(), index, receive = 0, promiscuous, outgoing, receiveBufferBytes, filter, mark }: PacketOptions) {
    const what = `a packet socket on interface ${String(index)}`;
    this.index = index;
    // Protocol 0 at first: frames of other interfaces must not come in before the bind.
    this.fd = inNamespace(namespace, () => socket(AF.PACKET, SOCK.RAW | SOCK.NONBLOCK, 0, `open ${what}`));
    try {
      if (receive !== 0) {
        setsockoptInt(this.fd, SOL_SOCKET, SO.TIMESTAMPNS, 1, `time the frames of ${what}`);
        if (receiveBufferBytes !== undefined) receiveBuffer(this.fd, receiveBufferBytes);
        const one = Uint8Array.of(1, 0, 0, 0);
        if (!outgoing) sys.setsockopt(this.fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, one, 4);
      }
      if (filter) attachFilter(this.fd, filter, what);
      if (mark !== undefined) setsockoptInt(this.fd, SOL_SOCKET, SO.MARK, mark, `mark what ${what} sends`);
      const local = linkAddress(index, receive);
      check(sys.bind(this.fd, local, local.length), 'bind', `bind ${what}`);
      if (promiscuous) {
        // struct packet_mreq {int ifindex; u16 type, alen; u8 address[8]}
        const request = new Uint8Array(16);
        const view = new DataView(request.buffer);
        view.setInt32(0, index, true);
        view.setUint16(4, PACKET_MR_PROMISC, true);
        check(sys.setsockopt(this.fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, request, 16), 'setsockopt(PACKET_ADD_MEMBERSHIP)', `hear all frames on ${what}`);
      }
    } catch (error) {
      close(this.fd);
      throw error;
    }
  }

  /** Sends one frame from its destination address on, without checksum. Returns 0, or the errno (ENETDOWN, ENOBUFS). */
  send(frame: Uint8Array, length = frame.length): number {
    return sys.send(this.fd, frame, length, MSG.DONTWAIT) === -1 ? errno() : 0;
  }

  /** Takes the frames that have arrived; returns how many. A VLAN tag that the device took off is not shown. */
  receive(handler: (frame: Received) => void): number { return receiveBatch(this.fd, handler, 'receive frames'); }

  /** Calls `handler` for every frame from now on. While the interface is down there are none. */
  onReceive(handler: (frame: Received) => void, { reactor = sharedReactor(), holds = true }: { readonly reactor?: Reactor; readonly holds?: boolean } = {}): void {
    this.#watchedBy = reactor;
    reactor.add(this.fd, () => {
      try {
        this.receive(handler);
      } catch (error) {
        // Told once when the interface goes down; the kernel hooks the socket up again by itself (packet_notifier).
        if (!(error instanceof SystemCallError && error.errno === ENETDOWN)) throw error;
      }
    }, { holds });
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#watchedBy?.remove(this.fd);
    close(this.fd, 'close a packet socket');
  }
  [Symbol.dispose](): void { this.close(); }
}

/** struct sock_fprog {u16 length; sock_filter *instructions}: the kernel copies what it points to. */
function attachFilter(fd: number, filter: readonly BpfInstruction[], what: string): void {
  const program = permanent(filter.length * 8);
  program.bytes.set(bpfBytes(filter));
  const request = permanent(16);
  request.view.setUint16(0, filter.length, true);
  request.view.setBigUint64(8, program.address, true);
  setsockopt(fd, SOL_SOCKET, SO.ATTACH_FILTER, request.bytes, `choose the frames of ${what}`);
}
