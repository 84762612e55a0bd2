/**
 * rtnetlink of one namespace. Requests are synchronous: the kernel does the work within sendmsg, so the answers are
 * there when it returns, and no call here can block. Notifications come through the reactor.
 */
import {
  decodeAcknowledgement, decodeNotification, eachMessage, requestSize, writeRequest, type NetlinkMessage, type NetlinkRequest, type Notification, type NotificationGroup,
} from '../../../lib/netlink/index.ts';
import { AF, NLM_F, NLMSG, RTNLGRP } from '../../../lib/netlink/constants.ts';
import { EAGAIN, EINTR, ENOBUFS, errnoName } from './errno.ts';
import { check, close, errno, getsockoptInt, MSG, pinned, receiveBuffer, setsockoptInt, SO, SOCK, SOL_SOCKET, socket, sys, systemCallError } from './libc.ts';
import { homeNamespace, inNamespace } from './namespaces.ts';
import { reactor as sharedReactor, type Reactor } from './reactor.ts';

const NETLINK_ROUTE = 0;
const SOL_NETLINK = 270;
const NETLINK = { ADD_MEMBERSHIP: 1, CAP_ACK: 10, EXT_ACK: 11, GET_STRICT_CHK: 12 } as const;

/** One request the kernel refused. */
export interface NetlinkFailure {
  /** Position in the list given to `request`. */
  readonly index: number;
  readonly description: string;
  readonly errno: number;
  /** "EEXIST". */
  readonly code: string;
  /** The kernel's own words, if it had any. */
  readonly message?: string;
}

export class NetlinkError extends Error implements NetlinkFailure {
  override readonly name = 'NetlinkError';
  readonly index: number;
  readonly description: string;
  readonly errno: number;
  readonly code: string;
  readonly kernelMessage: string | undefined;
  /** All that failed, the first of them first. */
  readonly failures: readonly NetlinkFailure[];

  constructor(failures: readonly [NetlinkFailure, ...NetlinkFailure[]], total: number) {
    const [first] = failures;
    const more = failures.length > 1 ? `; ${String(failures.length - 1)} more of ${String(total)} failed` : '';
    super(`${first.description} (request ${String(first.index)}): ${first.code}${first.message === undefined ? '' : `: ${first.message}`}${more}`);
    this.index = first.index;
    this.description = first.description;
    this.errno = first.errno;
    this.code = first.code;
    this.kernelMessage = first.message;
    this.failures = failures;
  }
}

/** Messages dropped because we read too slowly: what was built on them must be read anew. */
export class NotificationsLost extends Error {
  override readonly name = 'NotificationsLost';
  constructor() { super('rtnetlink notifications were lost (ENOBUFS): the receive buffer was full; read the tables anew'); }
}

export interface Subscription extends Disposable { close(): void }

/** Shared by all sockets: requests are synchronous, so there is never more than one user. 32 kB is the kernel's largest part of a dump. */
const receiveArea = pinned(128 * 1024);

/** struct sockaddr_nl with port 0: the kernel chooses. An unbound socket has port 0 itself and would get no notification. */
const anyPort = pinned(12);
anyPort[0] = AF.NETLINK;

function openSocket(namespace: number): number {
  const fd = inNamespace(namespace, () => socket(AF.NETLINK, SOCK.RAW | SOCK.NONBLOCK, NETLINK_ROUTE, 'open an rtnetlink socket'));
  check(sys.bind(fd, anyPort, anyPort.length), 'bind', 'give an rtnetlink socket a port');
  return fd;
}

export class NetlinkSocket implements Disposable {
  readonly namespace: number;
  readonly #fd: number;
  readonly #sendArea: Uint8Array;
  readonly #sendView: DataView;
  #sequence = 0;
  #open = true;

  /** `namespace`: its descriptor; the one the process started in when absent. */
  constructor(namespace: number = homeNamespace()) {
    this.namespace = namespace;
    this.#fd = openSocket(namespace);
    for (const option of [NETLINK.CAP_ACK, NETLINK.EXT_ACK, NETLINK.GET_STRICT_CHK]) {
      setsockoptInt(this.#fd, SOL_NETLINK, option, 1, 'set up an rtnetlink socket');
    }
    receiveBuffer(this.#fd, 1024 * 1024);
    // A datagram must be 32 bytes smaller than the send buffer (netlink_sendmsg).
    const most = Math.min(getsockoptInt(this.#fd, SOL_SOCKET, SO.SNDBUF, 'read the size of a send buffer') - 32, 128 * 1024);
    this.#sendArea = pinned(most);
    this.#sendView = new DataView(this.#sendArea.buffer);
  }

  /**
   * Makes changes, in order, many to a datagram. The kernel goes on after a refused request, unlike `ip -batch`: all
   * requests were tried when this returns or throws. Throws a NetlinkError naming each refused one.
   */
  request(requests: readonly NetlinkRequest[]): void {
    const failures: NetlinkFailure[] = [];
    for (let next = 0; next < requests.length;) next = this.#sendSome(requests, next, failures);
    const [first, ...rest] = failures;
    if (first) throw new NetlinkError([first, ...rest], requests.length);
  }

  /** Sends as many as fit, from `from` on; only the last is to be acknowledged, errors come by themselves. */
  #sendSome(requests: readonly NetlinkRequest[], from: number, failures: NetlinkFailure[]): number {
    let end = from, size = 0;
    for (; end < requests.length; end++) {
      const request = requests[end];
      if (!request || size + requestSize(request) > this.#sendArea.length) break;
      size += requestSize(request);
    }
    if (end === from) throw new RangeError(`${requests[from]?.description ?? 'a request'}: larger than a datagram`);
    const base = this.#sequence + 1;
    this.#sequence += end - from;
    let at = 0;
    for (let index = from; index < end; index++) {
      const request = requests[index];
      if (request) at = writeRequest(this.#sendArea, this.#sendView, at, request, index === end - 1 ? NLM_F.ACK : 0, base + index - from);
    }
    this.#send(at, requests[from]?.description ?? 'a request');
    const last = base + end - 1 - from;
    for (let done = false; !done;) { // eslint-disable-line @typescript-eslint/no-unnecessary-condition -- set in the callback
      this.#receive(`${requests[from]?.description ?? ''} and ${String(end - from - 1)} more`, (message) => {
        if (message.type !== NLMSG.ERROR || message.sequence < base || message.sequence > last) return;
        if (message.sequence === last) done = true;
        const index = message.sequence - base + from;
        const failure = failureOf(message, index, requests[index]);
        if (failure) failures.push(failure);
      });
    }
    return end;
  }

  /** Asks one question that is no dump; the answer is handed to `decode`, which must keep no view of it. */
  get<T>(request: NetlinkRequest, decode: (message: NetlinkMessage) => T): T {
    const sequence = ++this.#sequence;
    this.#send(writeRequest(this.#sendArea, this.#sendView, 0, request, NLM_F.ACK, sequence), request.description);
    const answers: T[] = [];
    for (let done = false; !done;) { // eslint-disable-line @typescript-eslint/no-unnecessary-condition -- set in the callback
      this.#receive(request.description, (message) => {
        if (message.sequence !== sequence) return;
        if (message.type !== NLMSG.ERROR) { answers.push(decode(message)); return; }
        done = true;
        const failure = failureOf(message, 0, request);
        if (failure) throw new NetlinkError([failure], 1);
      });
    }
    if (answers.length === 0) throw new Error(`${request.description}: acknowledged, but not answered`);
    return answers[0] as T;
  }

  /**
   * Reads a table. `decode` gets each message and must keep no view of it; undefined leaves it out. A dump during which
   * the table changed (NLM_F_DUMP_INTR) is read again, at most five times.
   */
  dump<T>(request: NetlinkRequest, decode: (message: NetlinkMessage) => T | undefined): T[] {
    for (let attempt = 0; ; attempt++) {
      const { rows, interrupted } = this.#dumpOnce(request, decode);
      if (!interrupted) return rows;
      if (attempt === 4) throw new Error(`${request.description}: the table changed under all of five dumps`);
    }
  }

  #dumpOnce<T>(request: NetlinkRequest, decode: (message: NetlinkMessage) => T | undefined): { rows: T[]; interrupted: boolean } {
    const sequence = ++this.#sequence;
    this.#send(writeRequest(this.#sendArea, this.#sendView, 0, request, NLM_F.DUMP, sequence), request.description);
    const rows: T[] = [];
    let interrupted = false;
    for (let done = false; !done;) { // eslint-disable-line @typescript-eslint/no-unnecessary-condition -- set in the callback
      this.#receive(request.description, (message) => {
        if (message.sequence !== sequence) return;
        if (message.flags & NLM_F.DUMP_INTR) interrupted = true;
        if (message.type === NLMSG.DONE || message.type === NLMSG.ERROR) {
          done = true;
          const failure = failureOf(message, 0, request);
          if (failure) throw new NetlinkError([failure], 1);
          return;
        }
        const row = decode(message);
        if (row !== undefined) rows.push(row);
      });
    }
    return { rows, interrupted };
  }

  #send(length: number, purpose: string): void {
    if (!this.#open) throw new Error(`${purpose}: the rtnetlink socket is closed`);
    let sent: number;
    do sent = sys.send(this.#fd, this.#sendArea, length, 0); while (sent === -1 && errno() === EINTR);
    check(sent, 'send', purpose);
  }

  #receive(purpose: string, visit: (message: NetlinkMessage) => void): void {
    const length = receiveDatagram(this.#fd, purpose);
    if (length === EMPTY) throw new Error(`${purpose}: the kernel did not answer`);
    if (length === LOST) throw systemCallError('recv', `${purpose}: answers were lost`, ENOBUFS);
    eachMessage(receiveArea.subarray(0, length), visit);
  }

  /**
   * Follows changes. Groups are joined before this returns, so nothing after it is missed. The handler runs in the main
   * thread, one call a message; `onLost` when the kernel dropped some (by default it throws, into nobody's hands).
   * The buffer is a limit, not a reservation: 1000 guests built at one go, before the main thread comes round to reading,
   * take about 10 notifications each, and 16 MB were not enough.
   */
  subscribe(
    groups: readonly NotificationGroup[],
    onNotification: (notification: Notification) => void,
    options: { readonly onLost?: (error: NotificationsLost) => void; readonly reactor?: Reactor; readonly holds?: boolean; readonly bufferBytes?: number } = {},
  ): Subscription {
    const { onLost = (error) => { throw error; }, reactor = sharedReactor(), holds = false, bufferBytes = 64 * 1024 * 1024 } = options;
    const fd = openSocket(this.namespace);
    receiveBuffer(fd, bufferBytes);
    for (const group of groups) setsockoptInt(fd, SOL_NETLINK, NETLINK.ADD_MEMBERSHIP, RTNLGRP[group], `follow ${group} notifications`);
    let open = true;
    reactor.add(fd, () => {
      while (open) {
        const length = receiveDatagram(fd, 'read notifications');
        if (length === EMPTY) return;
        if (length === LOST) { onLost(new NotificationsLost()); continue; }
        // Decoded before the first handler runs: a handler may use the shared receive area itself.
        const notifications: Notification[] = [];
        eachMessage(receiveArea.subarray(0, length), (message) => {
          const notification = decodeNotification(message);
          if (notification) notifications.push(notification);
        });
        for (const notification of notifications) onNotification(notification);
      }
    }, { holds });
    const closeIt = (): void => {
      if (!open) return;
      open = false;
      reactor.remove(fd);
      close(fd, 'stop following notifications');
    };
    return { close: closeIt, [Symbol.dispose]: closeIt };
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    close(this.#fd, 'close an rtnetlink socket');
  }
  [Symbol.dispose](): void { this.close(); }
}

const EMPTY = -1, LOST = -2;

/** One datagram into the shared area: its length, EMPTY or LOST. */
function receiveDatagram(fd: number, purpose: string): number {
  for (;;) {
    const length = sys.recv(fd, receiveArea, receiveArea.length, MSG.DONTWAIT | MSG.TRUNC);
    if (length > receiveArea.length) throw new Error(`${purpose}: an rtnetlink datagram of ${String(length)} bytes does not fit`);
    if (length !== -1) return length;
    const number = errno();
    if (number === EINTR) continue;
    if (number === EAGAIN) return EMPTY;
    if (number === ENOBUFS) return LOST;
    throw systemCallError('recv', purpose, number);
  }
}

function failureOf(message: NetlinkMessage, index: number, request: NetlinkRequest | undefined): NetlinkFailure | undefined {
  const { errno: number, message: text } = decodeAcknowledgement(message);
  if (number === 0) return undefined;
  return { index, description: request?.description ?? 'a request', errno: number, code: errnoName(number), ...(text !== undefined && { message: text }) };
}
