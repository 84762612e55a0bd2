/**
 * tcpdump on one interface, from before the story until after it. Its stream is decoded as it comes, so that a story
 * can wait for a frame; what claims count is read after tcpdump has ended, when nothing is missing.
 */
import { CaptureReader, type Packet } from '../../lib/tcpdump-parser/index.ts';
import type { Sighting } from '../../lib/claims.ts';
import type { FrameKind } from '../../lib/frame-kinds.ts';
import type { At } from '../../lib/topology.ts';
import { at } from '../../lib/topology.ts';
import type { Duration, Moment } from '../../lib/units.ts';
import { decodeFrame, describeFrame, type Frame } from '../../lib/wire/index.ts';
import type { Clock } from '../lab/clock.ts';
import type { Node } from '../lab/node.ts';
import { startTcpdump, type Tcpdump } from './tcpdump.ts';

export interface CapturedFrame {
  /** On the story's clock. */
  readonly ns: number;
  readonly packet: Packet;
  readonly frame: Frame;
}

interface Waiter {
  readonly kind: FrameKind;
  readonly afterNs: number;
  readonly resolve: (frame: CapturedFrame) => void;
}

/** tcpdump has begun when it says so; a machine that needs longer has other troubles. */
const START_WITHIN_MS = 20_000;

export class Capture {
  readonly where: At;
  /** tcpdump's filter: undefined for every frame. */
  readonly only: string | undefined;
  readonly frames: CapturedFrame[] = [];
  readonly #clock: () => Clock;
  readonly #roomKib: number | undefined;
  readonly #reader = new CaptureReader();
  readonly #waiters = new Set<Waiter>();
  /** Packets that came before the story's clock started. */
  #early: Packet[] = [];
  #tcpdump: Tcpdump | undefined;
  #said = '';
  /** Packets that tcpdump says the kernel dropped for want of room. */
  dropped = 0;
  /** When it was stopped, or tcpdump ended by itself (its interface was removed): from here on it saw nothing. */
  endedNs: number | undefined;

  constructor(where: At & { readonly only?: string }, clock: () => Clock, options: { readonly roomKib?: number } = {}) {
    this.where = { node: where.node, device: where.device };
    this.only = where.only;
    this.#clock = clock;
    this.#roomKib = options.roomKib;
  }

  /** Resolves when tcpdump listens. */
  async start(node: Node): Promise<void> {
    const label = at(this.where);
    // The child is born in the namespace that the thread is in: no nsenter, no ip netns exec.
    const tcpdump = node.inside(() => startTcpdump(this.where.device, this.only, this.#roomKib));
    this.#tcpdump = tcpdump;
    tcpdump.output.on('data', (chunk: Buffer) => { this.#take(this.#reader.push(chunk)); });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => { reject(new Error(`tcpdump on ${label} did not begin within ${START_WITHIN_MS / 1000} s; it said: ${this.#said.trim() || 'nothing'}`)); }, START_WITHIN_MS);
      const settle = (then: () => void): void => { clearTimeout(timer); then(); };
      tcpdump.messages.on('data', (chunk: Buffer) => {
        this.#said += chunk.toString();
        if (this.#said.includes('listening on')) settle(resolve);
      });
      void tcpdump.ended.then((how) => { this.#over(); settle(() => { reject(new Error(`cannot capture on ${label}: tcpdump: ${how}; it said: ${this.#said.trim() || 'nothing'}`)); }); });
    });
  }

  /** Flushes and ends tcpdump; everything seen is in `frames` then. Safe to call twice. */
  async stop(): Promise<void> {
    const tcpdump = this.#tcpdump;
    if (!tcpdump) return;
    this.#tcpdump = undefined;
    this.#over();
    tcpdump.interrupt();
    await tcpdump.ended;
    this.dropped = Number(/(\d+) packets? dropped by kernel/.exec(this.#said)?.[1] ?? 0);
  }

  /** Put what came before the story's clock on it. */
  clockStarted(): void {
    const early = this.#early;
    this.#early = [];
    this.#take(early);
  }

  /** The next frame of a kind, or one since `after`; the moment carries the frame's own time. Rejects when none comes in time. */
  async sees(kind: FrameKind, withinTime: Duration, after?: Moment): Promise<Moment> {
    const clock = this.#clock();
    const afterNs = after?.ns ?? clock.ns;
    const there = this.frames.find((f) => f.ns >= afterNs && kind.matches(f.frame));
    if (there) return this.#moment(kind, there);
    let waiter: Waiter | undefined;
    const came = new Promise<CapturedFrame>((resolve) => {
      waiter = { kind, afterNs, resolve };
      this.#waiters.add(waiter);
    });
    const end = clock.ns + withinTime.ns;
    const late = clock.until(end).then(() => { throw new Error(`no ${kind.what} at ${at(this.where)} within ${withinTime.ns / 1e9} s`); });
    try {
      return this.#moment(kind, await Promise.race([came, late]));
    } finally {
      if (waiter) this.#waiters.delete(waiter);
      late.catch(() => undefined);
    }
  }

  /** The first frame of a kind so far, or so far since a moment. */
  first(kind: FrameKind, after?: Moment): Moment | undefined {
    const found = this.frames.find((f) => f.ns >= (after?.ns ?? -Infinity) && kind.matches(f.frame));
    return found && this.#moment(kind, found);
  }

  /** The last frame of a kind so far. */
  last(kind: FrameKind): Moment | undefined {
    const found = this.frames.findLast((f) => kind.matches(f.frame));
    return found && { ns: found.ns, what: `the last of the ${kind.what} at ${at(this.where)}` };
  }

  /** Frames of a kind so far, with a line each. */
  seen(kind: FrameKind): Sighting[] {
    // A line is made where it is read: of thousands of frames a claim prints one.
    return this.frames.filter((f) => kind.matches(f.frame)).map((f) => ({ ns: f.ns, lengthBytes: f.packet.originalLength, get line() { return describeFrame(f.frame); } }));
  }

  /** Proof that it would have seen something in the window: frames in it, or both before and after it. */
  wasAlive(fromNs: number, toNs: number): boolean {
    return this.frames.some((f) => f.ns >= fromNs && f.ns <= toNs) || (this.frames.some((f) => f.ns < fromNs) && this.frames.some((f) => f.ns > toNs));
  }

  #moment(kind: FrameKind, frame: CapturedFrame): Moment {
    return { ns: frame.ns, what: `${kind.what} at ${at(this.where)}` };
  }

  #over(): void {
    try {
      this.endedNs ??= this.#clock().ns;
    } catch {
      // Before the story began: nobody asks for anything then.
    }
  }

  #take(packets: readonly Packet[]): void {
    let clock: Clock;
    try {
      clock = this.#clock();
    } catch {
      this.#early.push(...packets);
      return;
    }
    for (const packet of packets) {
      const frame: CapturedFrame = {
        ns: clock.fromRealtime(packet.timestampNs), packet,
        // Decoded on first use: most frames of a long flow are never asked about.
        get frame() {
          const decoded = decodeFrame(packet.bytes, { linkType: packet.linkType, originalLength: packet.originalLength });
          Object.defineProperty(this, 'frame', { value: decoded });
          return decoded;
        },
      };
      this.frames.push(frame);
      for (const waiter of this.#waiters) {
        if (frame.ns < waiter.afterNs || !waiter.kind.matches(frame.frame)) continue;
        this.#waiters.delete(waiter);
        waiter.resolve(frame);
      }
    }
  }
}
