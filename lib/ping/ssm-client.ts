/** ssmping and asmping: one request after the other to one server, and what comes back to us and to the group. */
import { Course } from './course.ts';
import { diagnose, type Diagnosis } from './diagnose.ts';
import { Duplicates, SSM_SLOTS } from './duplicates.ts';
import type { Cast } from './omping-client.ts';
import type { Time } from './rfc-message.ts';
import { encodeSsmRequest, numberSsmRequest, readSsmReply, SSM_TTL } from './ssm-message.ts';
import { ssmLoss, SsmStatistics } from './statistics.ts';
import { MESSAGE } from './tlv.ts';

export interface SsmPingOptions {
  readonly program: 'ssmping' | 'asmping';
  /** Server and own address as they are shown, zone included. */
  readonly server: string;
  readonly local: string;
  readonly group: string;
  readonly pid: number;
  readonly asksVersion: boolean;
  readonly sizeBytes?: number;
  readonly intervalMs: number;
}

export interface SsmDatagram {
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly source: string;
  readonly ttl: number;
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** Hops, by the TTL that servers send with: 64, or 128; -1 when it is not known. */
const hops = (ttl: number): number => (ttl < 0 ? -1 : (ttl > SSM_TTL ? 128 : SSM_TTL) - ttl);
const ms = (us: number): string => (us / 1000).toFixed(3);

export class SsmPing {
  transmitted = 0;
  readonly unicast = new SsmStatistics();
  readonly multicast = new SsmStatistics();
  readonly course = new Course();
  /** By the newest reply; -1 before one told. */
  readonly hops: Record<Cast, number> = { unicast: -1, multicast: -1 };
  readonly #options: SsmPingOptions;
  readonly #request: Uint8Array;
  readonly #seen = { unicast: new Duplicates(SSM_SLOTS), multicast: new Duplicates(SSM_SLOTS) };
  #versionTold: boolean;

  constructor(options: SsmPingOptions) {
    const { pid, group, asksVersion, sizeBytes } = options;
    this.#options = options;
    this.#versionTold = !asksVersion;
    this.#request = encodeSsmRequest({ pid, sequence: 0, seconds: 0, microseconds: 0, group, asksVersion, ...(sizeBytes === undefined ? {} : { sizeBytes }) });
  }

  opening(): string[] {
    const { program, server, local, group } = this.#options;
    return program === 'ssmping'
      ? [`ssmping joined (S,G) = (${server},${group})`, `pinging S from ${local}`]
      : [`asmping joined (S,G) = (*,${group})`, `pinging ${server} from ${local}`];
  }

  /** The next request, to be sent at once: its time is asked last. The buffer is used again for the one after it. */
  request(nowMs: number, time: () => Time): Uint8Array {
    this.transmitted++;
    this.course.sends(this.transmitted, nowMs);
    numberSsmRequest(this.#request, this.transmitted, time);
    return this.#request;
  }
  get requestBytes(): number { return this.#request.length; }

  /** Lines to print for a datagram. */
  received(cast: Cast, { bytes, length, source, ttl, seconds, nanoseconds }: SsmDatagram, nowMs: number): string[] {
    const { server, pid, sizeBytes } = this.#options;
    if (source !== server) return [`ignoring packet from wrong host (${source})`];
    if (length < this.#request.length) return ['packet too small'];
    if (bytes[0] !== MESSAGE.reply) return ['received non-reply packet'];
    const reply = readSsmReply(bytes, length);
    // Not what we ever sent: forged, or garbled.
    if (!reply || reply.sequence === 0 || reply.sequence > this.transmitted) return [];
    if (reply.pid !== pid) return [`received someone else's ${cast} reply`];
    const lines: string[] = [];
    if (!this.#versionTold) {
      this.#versionTold = true;
      if (reply.version !== undefined) lines.push(`Server version: ${cleared(reply.version)}`);
    }
    if (sizeBytes !== undefined && length !== sizeBytes) lines.push(`Warning, requested packet size ${sizeBytes}, got ${length}`);
    const us = (seconds - reply.seconds) * 1e6 + Math.trunc(nanoseconds / 1000) - reply.microseconds;
    this.hops[cast] = hops(ttl);
    const duplicate = this.#seen[cast].isRepeat(reply.sequence);
    if (!duplicate) {
      this[cast].add(reply.sequence, us);
      this.course.arrives(cast, reply.sequence, nowMs);
    }
    lines.push(`${cast === 'unicast' ? '  unicast' : 'multicast'} from ${source}, seq=${reply.sequence} dist=${hops(ttl)} time=${ms(us)} ms${duplicate ? ' (DUP!)' : ''}`);
    return lines;
  }

  /** Loss as the summary counts it: multicast from the first that came. */
  lossPercent(cast: Cast): number {
    const { received, first } = this[cast];
    if (received === 0) return 100;
    return ssmLoss(cast === 'multicast' ? this.transmitted - first + 1 : this.transmitted, received);
  }
  /** The same, not cut off. */
  exactLoss(cast: Cast): number {
    const { received, first } = this[cast];
    const of = cast === 'multicast' ? this.transmitted - first + 1 : this.transmitted;
    return received === 0 ? 100 : Math.max(0, 100 * (1 - received / of));
  }

  summary(elapsedMs: number): string[] {
    const block = (cast: Cast): string[] => {
      const { received, first, figures } = this[cast];
      const since = cast === 'multicast' && received > 0 ? ` since first mc packet (seq ${first}) recvd` : '';
      return [
        `${cast}:`, `   ${received} packets received, ${this.lossPercent(cast)}% packet loss${since}`,
        ...(received === 0 ? [] : [`   rtt min/avg/max/std-dev = ${[figures.min, figures.avg, figures.max, figures.deviation].map(ms).join('/')} ms`]),
      ];
    };
    return ['', `--- ${this.#options.server} statistics ---`, `${this.transmitted} packets transmitted, time ${Math.trunc(elapsedMs)} ms`, ...block('unicast'), ...block('multicast')];
  }

  /** 1 when no multicast came, whatever unicast did. */
  get exitStatus(): 0 | 1 { return this.multicast.received > 0 ? 0 : 1; }

  diagnosis(): Diagnosis {
    return diagnose(this.course, { intervalMs: this.#options.intervalMs, source: this.#options.program === 'ssmping' });
  }

  /** For programs. */
  report(elapsedMs: number): object {
    const { server, local, group } = this.#options;
    const cast = (which: Cast): object => {
      const { received, first, figures } = this[which];
      return {
        received, ...(received > 0 ? { firstSequence: first } : {}), lastSequence: this.course[which].last, lossPercent: this.lossPercent(which), ...(this.hops[which] < 0 ? {} : { hops: this.hops[which] }), gaps: this.course[which].gaps,
        ...(received > 0 ? { minMs: figures.min / 1000, avgMs: figures.avg / 1000, maxMs: figures.max / 1000, deviationMs: figures.deviation / 1000 } : {}),
      };
    };
    return { server, local, group, transmitted: this.transmitted, elapsedMs: Math.trunc(elapsedMs), unicast: cast('unicast'), multicast: cast('multicast'), diagnosis: this.diagnosis() };
  }
}

/** What would move a terminal's cursor is somebody else's to send, not ours to print. */
// eslint-disable-next-line no-control-regex
const cleared = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
