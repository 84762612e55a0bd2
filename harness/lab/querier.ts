/**
 * A querier that really asks: general queries from a machine of its own, by RFC timers (RFC 2236 section 8, RFC 3376
 * section 8): two at start-up, a quarter of the interval apart, then one each interval.
 */
import type { QuerierSpec } from '../../lib/topology.ts';
import type { QuerierRef } from '../../lib/topology-builder.ts';
import { inMilliseconds, type Moment, times } from '../../lib/units.ts';
import { igmpQuery, mldQuery } from '../../lib/wire/index.ts';
import type { LabCore } from './lab.ts';
import { Machine } from './machine.ts';

const STARTUP_QUERIES = 2;

export class Querier extends Machine {
  readonly spec: QuerierSpec;
  #timer: NodeJS.Timeout | undefined;
  #asking = false;
  #nextNs = 0;
  lastQuery: Moment | undefined;

  constructor(lab: LabCore, ref: QuerierRef) {
    super(lab, ref.node, ref.device);
    const spec = lab.topology.queriers.find((q) => q.node === ref.node);
    if (!spec) throw new Error(`${ref.node} is no querier in this topology`);
    this.spec = spec;
  }

  /** The first query goes out now. */
  starts(): Moment {
    this.lab.step(`${this.name} starts to query (${this.spec.version})`);
    this.#asking = true;
    this.#nextNs = this.lab.clock.ns;
    this.lab.scope.defer(`silence ${this.name}`, () => { clearTimeout(this.#timer); this.#asking = false; });
    const first = this.asks();
    this.#schedule(1);
    return first;
  }

  /** It asks no more; nobody is told. */
  fallsSilent(): Moment {
    this.lab.step(`${this.name} falls silent`);
    clearTimeout(this.#timer);
    this.#asking = false;
    return this.lab.clock.moment(`${this.name} fell silent`);
  }

  /** One general query, at once. */
  asks(): Moment {
    const { version, responseInterval, queryInterval, source } = this.spec;
    const { scale } = this.lab.plan;
    // What goes on the wire counts in the kernel's time, not in protocol time.
    const maxResponse = inMilliseconds(times(responseInterval, 1 / scale));
    const interval = Math.max(1000, inMilliseconds(times(queryInterval, 1 / scale)));
    const frame = version.startsWith('IGMP')
      ? igmpQuery({ version: Number(version.slice(-1)) as 1 | 2 | 3, source: source ?? this.address(4), srcMac: this.mac, maxResponse, queryInterval: interval })
      : mldQuery({ version: Number(version.slice(-1)) as 1 | 2, ...(source ? { source } : {}), srcMac: this.mac, maxResponse, queryInterval: interval });
    this.lastQuery = { ...this.sendsFrame(frame), what: `${this.name}'s query` };
    this.lab.recorder.record(this.lastQuery.ns, { type: 'query', from: this.name, version });
    return this.lastQuery;
  }

  #schedule(sent: number): void {
    this.#nextNs += sent < STARTUP_QUERIES ? this.spec.queryInterval.ns / 4 : this.spec.queryInterval.ns;
    const due = (): void => {
      if (!this.#asking) return;
      // Timers count whole milliseconds and may be cut short by one.
      if (this.lab.clock.ns < this.#nextNs) { this.#timer = setTimeout(due, this.lab.clock.realMsUntil(this.#nextNs)); return; }
      this.asks();
      this.#schedule(sent + 1);
    };
    this.#timer = setTimeout(due, this.lab.clock.realMsUntil(this.#nextNs));
  }
}
