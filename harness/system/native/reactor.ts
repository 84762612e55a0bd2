/**
 * Tells in the main thread when descriptors become readable.
 *
 * All descriptors sit in one epoll set, and libuv polls that set's own descriptor (koffi's `node.poll`): no thread,
 * no blocked call, and Node sleeps in its usual place. So it works as PID 1 on one CPU, and in virtual time.
 * Level-triggered: a handler that does not drain its descriptor is called again.
 */
import { check, close, pinned, pollDescriptor, sys } from './libc.ts';

const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2;
const EPOLLIN = 1;
/** struct epoll_event {u32 events; u64 data} is packed on x86-64 only. */
const EVENT_SIZE = process.arch === 'x64' ? 12 : 16;
const DATA_AT = EVENT_SIZE - 8;
const BATCH = 128;

interface Watch { readonly onReadable: () => void; readonly holds: boolean }

export class Reactor implements Disposable {
  readonly #epoll = check(sys.epoll_create1(EPOLL_CLOEXEC), 'epoll_create1', 'watch sockets');
  readonly #events = pinned(BATCH * EVENT_SIZE);
  readonly #view = new DataView(this.#events.buffer);
  readonly #watches = new Map<number, Watch>();
  readonly #poll = pollDescriptor(this.#epoll, () => { this.#dispatch(); });
  #holding = 0;
  #closed = false;

  constructor() { this.#poll.unref(); }

  /**
   * Calls `onReadable` when `fd` has something to read or an error. `holds: false`: the watch does not keep the
   * process alive. A handler that throws ends up as an uncaught exception; the others are served first.
   */
  add(fd: number, onReadable: () => void, { holds = true }: { readonly holds?: boolean } = {}): void {
    if (this.#watches.has(fd)) throw new Error(`descriptor ${String(fd)} is watched already`);
    const event = pinned(EVENT_SIZE);
    const view = new DataView(event.buffer);
    view.setUint32(0, EPOLLIN, true);
    view.setInt32(DATA_AT, fd, true);
    check(sys.epoll_ctl(this.#epoll, EPOLL_CTL_ADD, fd, event), 'epoll_ctl(ADD)', `watch descriptor ${String(fd)}`);
    this.#watches.set(fd, { onReadable, holds });
    if (holds && this.#holding++ === 0) this.#poll.ref();
  }

  /** Stops watching. Call it before the descriptor is closed. Unknown descriptors are ignored. */
  remove(fd: number): void {
    const watch = this.#watches.get(fd);
    if (!watch) return;
    this.#watches.delete(fd);
    if (watch.holds && --this.#holding === 0) this.#poll.unref();
    check(sys.epoll_ctl(this.#epoll, EPOLL_CTL_DEL, fd, null), 'epoll_ctl(DEL)', `stop watching descriptor ${String(fd)}`);
  }

  get size(): number { return this.#watches.size; }

  /** Stops everything; the watched descriptors stay open. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watches.clear();
    this.#poll.close();
    close(this.#epoll, 'stop watching sockets');
  }
  [Symbol.dispose](): void { this.close(); }

  #dispatch(): void {
    let failure: unknown, failed = false;
    while (!this.#closed) {
      const count = sys.epoll_wait(this.#epoll, this.#events, BATCH, 0);
      for (let at = 0; at < count; at++) {
        // Removed by an earlier handler of this batch: no entry, no call.
        const watch = this.#watches.get(this.#view.getInt32(at * EVENT_SIZE + DATA_AT, true));
        try { watch?.onReadable(); } catch (error) { failure ??= error; failed = true; }
      }
      if (count < BATCH || failed) break;
    }
    if (failed) queueMicrotask(() => { throw failure; });
  }
}

let shared: Reactor | undefined;
/** The process's reactor. */
export function reactor(): Reactor {
  shared ??= new Reactor();
  return shared;
}

