/**
 * A querier that really asks: general queries from a machine of its own, by RFC timers (RFC 2236 section 8, RFC 3376
 * section 8): two at start-up, a quarter of the interval apart, then one each interval. Where the lab has several of one
 * family they elect one (RFC 3376 section 6.6.2, RFC 3810 section 7.6.2): who hears a query from a lower address asks no
 * more until it has heard none for the other-querier-present interval.
 */
import { report } from '../../lib/frame-kinds.ts';
import type { QuerierSpec } from '../../lib/topology.ts';
import type { QuerierRef } from '../../lib/topology-words.ts';
import { type Duration, formatDuration, inMilliseconds, type Moment, ns, s, times } from '../../lib/units.ts';
import { parseIp } from '../../lib/wire/address.ts';
import { decodeFrame, ETHER_TYPE, type Frame, igmpQuery, mldQuery } from '../../lib/wire/index.ts';
import { PacketSocket } from '../system/native/packet-socket.ts';
import type { Received } from '../system/native/receive-batch.ts';
import { Guest } from './guest.ts';
import type { LabCore } from './lab.ts';
import { Unfit } from './unfit.ts';

const STARTUP_QUERIES = 2;
/** Robustness variable; RFC default. */
const ROBUSTNESS = 2;
/** How long members have to answer a query for their group; RFC 3376 section 8.8. */
const LAST_MEMBER_INTERVAL = s(1);
/** How often it asks before it gives a group up; RFC 3376 section 8.9. */
const LAST_MEMBER_COUNT = 2;

/** Is one address lower than another of its family: who has it wins the election. 0.0.0.0 and :: do not take part. */
export function winsElection(address: string, over: string): boolean {
  const [a, b] = [parseIp(address), parseIp(over)];
  if (a.length !== b.length || a.every((octet) => octet === 0)) return false;
  const differs = a.findIndex((octet, i) => octet !== b[i]);
  return differs >= 0 && (a[differs] as number) < (b[differs] as number);
}

export interface GroupQueryOptions {
  /** IGMP only: the message names no group though it is sent to one, as mrouted 4.0 and 4.1 had it. */
  namesNoGroup?: boolean;
}

export interface LastMemberOptions extends GroupQueryOptions {
  /** How often it asks, a second apart. Default 2. */
  count?: number;
}

/** Where it is a guest, it moves as guests do. */
export class Querier extends Guest {
  readonly spec: QuerierSpec;
  #timer: NodeJS.Timeout | undefined;
  #alive = false;
  #asking = false;
  /** The address that its queries come from, as seen in the first. */
  #ownAddress: string | undefined;
  #nextNs = 0;

  /** The address that its queries come from; before the first one, the machine's own. */
  get asksFrom(): string {
    return this.#ownAddress ?? this.spec.source ?? this.address(this.spec.version.startsWith('IGMP') ? 4 : 6);
  }

  lastQuery: Moment | undefined;
  #ear: PacketSocket | undefined;
  readonly #onReport = new Set<(frame: Frame) => void>();

  constructor(lab: LabCore, ref: QuerierRef) {
    super(lab, ref.node, ref.device);
    const spec = lab.topology.queriers.find((q) => q.node === ref.node);
    if (!spec) throw new Error(`${ref.node} is no querier in this topology`);
    this.spec = spec;
  }

  /** The first query goes out now. */
  starts(): Moment {
    this.lab.step(`${this.name} starts to query (${this.spec.version})`);
    this.#alive = this.#asking = true;
    this.#nextNs = this.lab.clock.ns;
    this.lab.scope.defer(`silence ${this.name}`, () => { clearTimeout(this.#timer); this.#alive = this.#asking = false; });
    this.#hearsOthers();
    const first = this.asks();
    this.#schedule(1);
    return first;
  }

  /** It asks no more; nobody is told. */
  fallsSilent(): Moment {
    this.lab.step(`${this.name} falls silent`);
    clearTimeout(this.#timer);
    this.#alive = this.#asking = false;
    return this.lab.clock.moment(`${this.name} fell silent`);
  }

  /** One general query, at once. */
  asks(): Moment {
    return this.#asked(this.sendsFrame(this.#generalQuery()));
  }

  /** By its timer, which does not look whether its own interface is up. */
  #asksInTurn(): void {
    const moment = this.lab.clock.moment(`${this.name}'s query`);
    if (this.losesOrSends(this.#generalQuery(), 'a query')) this.#asked(moment);
  }

  #generalQuery(): Uint8Array {
    const frame = this.#query(this.spec.responseInterval);
    const sent = decodeFrame(frame);
    this.#ownAddress = sent.ipv4?.src ?? sent.ipv6?.src;
    return frame;
  }

  #asked(moment: Moment): Moment {
    this.lastQuery = { ...moment, what: `${this.name}'s query` };
    this.lab.recorder.record(moment.ns, { type: 'query', from: this.name, version: this.spec.version });
    return this.lastQuery;
  }

  /** One query for a group, as after a leave: who is left answers within the last member query interval. */
  asksAbout(group: string, { namesNoGroup = false }: GroupQueryOptions = {}): Moment {
    const { scale } = this.lab.plan;
    // RFC 2236 section 2.2: tenths of a second, and 0 is IGMPv1.
    if (this.spec.version.startsWith('IGMP') && inMilliseconds(LAST_MEMBER_INTERVAL) / scale < 100) throw new Unfit(`${this.name} gives ${formatDuration(LAST_MEMBER_INTERVAL)} to answer a query for ${group}, and ${this.spec.version} counts it in tenths of a second: a run scaled by ${scale} cannot say it; use a scale of at most 10`);
    this.lab.step(`${this.name} asks who is left in ${group}`);
    const asked = { ...this.sendsFrame(this.#query(LAST_MEMBER_INTERVAL, group, namesNoGroup)), what: `${this.name}'s query for ${group}` };
    this.lab.recorder.record(asked.ns, { type: 'query', from: this.name, version: this.spec.version, group, ...(namesNoGroup ? { namesNoGroup } : {}) });
    return asked;
  }

  /**
   * What a router does when a host has left (RFC 2236 section 3, RFC 3376 section 6.4.2): it asks for the group `count`
   * times, and after as many intervals takes a group for abandoned that nobody reported. Resolves with the first report.
   */
  async asksWhoIsLeft(group: string, { count = LAST_MEMBER_COUNT, ...query }: LastMemberOptions = {}): Promise<Moment | undefined> {
    const wanted = report(group);
    let heard: Moment | undefined;
    const hears = (frame: Frame): void => { if (wanted.matches(frame)) heard ??= this.lab.clock.moment(`${this.name} heard a report for ${group}`); };
    this.#listens();
    this.#onReport.add(hears);
    const begin = this.lab.clock.ns;
    for (let n = 0; n < count; n++) {
      this.asksAbout(group, query);
      await this.lab.clock.until(begin + (n + 1) * LAST_MEMBER_INTERVAL.ns);
    }
    this.#onReport.delete(hears);
    this.lab.step(`${this.name} ${heard ? 'has heard of a member that is left' : 'has heard of nobody'}`);
    return heard;
  }

  #query(responseInterval: Duration, group?: string, namesNoGroup = false): Uint8Array {
    const { version, queryInterval, source } = this.spec;
    const { scale } = this.lab.plan;
    // What goes on the wire counts in the kernel's time, not in protocol time.
    const common = {
      srcMac: this.mac, maxResponse: inMilliseconds(times(responseInterval, 1 / scale)), queryInterval: Math.max(1000, inMilliseconds(times(queryInterval, 1 / scale))), ...(group === undefined ? {} : { group }),
    };
    return version.startsWith('IGMP')
      ? igmpQuery({ ...common, version: Number(version.slice(-1)) as 1 | 2 | 3, source: source ?? this.address(4), namesNoGroup })
      : mldQuery({ ...common, version: Number(version.slice(-1)) as 1 | 2, ...(source ? { source } : {}) });
  }

  /** RFC 3376 section 8.5: so long without a query of the elected one, and it is given up. */
  get otherQuerierPresent(): Duration {
    return ns(ROBUSTNESS * this.spec.queryInterval.ns + this.spec.responseInterval.ns / 2);
  }

  #schedule(sent: number): void {
    this.#nextNs += sent < STARTUP_QUERIES ? this.spec.queryInterval.ns / 4 : this.spec.queryInterval.ns;
    this.#atNext(() => {
      this.#asksInTurn();
      this.#schedule(sent + 1);
    });
  }

  #atNext(act: () => void): void {
    clearTimeout(this.#timer);
    const due = (): void => {
      if (!this.#alive) return;
      // Timers count whole milliseconds and may be cut short by one.
      if (this.lab.clock.ns < this.#nextNs) { this.#timer = setTimeout(due, this.lab.clock.realMsUntil(this.#nextNs)); return; }
      act();
    };
    this.#timer = setTimeout(due, this.lab.clock.realMsUntil(this.#nextNs));
  }

  /** One querier alone has nobody to hear, and need not look at every frame of its port. */
  #hearsOthers(): void {
    const family = this.spec.version.slice(0, -2);
    if (this.lab.topology.queriers.filter((q) => q.version.startsWith(family)).length >= 2) this.#listens();
  }

  #listens(): void {
    if (this.#ear) return;
    const node = this.lab.node(this.name);
    const socket = new PacketSocket({ namespace: node.namespace.fd, index: node.indexOf(this.device), receive: this.spec.version.startsWith('IGMP') ? ETHER_TYPE.ipv4 : ETHER_TYPE.ipv6 });
    this.#ear = socket;
    this.lab.scope.defer(`${this.name} listens no more`, () => { socket.close(); });
    socket.onReceive((received) => { this.#heard(received); }, { holds: false });
  }

  #heard(received: Received): void {
    if (!this.#alive && this.#onReport.size === 0) return;
    const frame = decodeFrame(received.copy());
    for (const hears of this.#onReport) hears(frame);
    if (!this.#alive) return;
    const message = frame.igmp ?? frame.mld;
    const from = frame.ipv4?.src ?? frame.ipv6?.src;
    if (message?.type !== 'query' || from === undefined || this.#ownAddress === undefined || !winsElection(from, this.#ownAddress)) return;
    if (this.#asking) this.lab.step(`${this.name} yields to ${from}`);
    this.#asking = false;
    this.#nextNs = this.lab.clock.ns + this.otherQuerierPresent.ns;
    this.#atNext(() => {
      this.lab.step(`${this.name} has heard no query for ${formatDuration(this.otherQuerierPresent)} and takes over`);
      this.#asking = true;
      this.#asksInTurn();
      this.#schedule(STARTUP_QUERIES);
    });
  }
}
