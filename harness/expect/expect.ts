/**
 * Claims as a story makes them. A claim waits until its window is over, then looks back at what was recorded. What is
 * asked of captures is answered when tcpdump has ended, so that nothing in its buffers is missing; the order of the
 * claims stays that of the story.
 */
import { becomes, between, continues, type Decision, type FrameBounds, frames, neverArrives, outage, type OutageBounds, resumes, stays, stops, windowFrom, windowTo, type Window, withRefusals } from '../../lib/claims.ts';
import { says, type Spoken } from '../../lib/claims-output.ts';
import type { FrameKind } from '../../lib/frame-kinds.ts';
import { countedAtEach } from '../../lib/port-counts.ts';
import type { ClaimRecord } from '../../lib/record.ts';
import { type SizeLimit, sizeLimitIs } from '../../lib/size-limit.ts';
import { type DatagramTimeline, type StateTimeline } from '../../lib/timeline.ts';
import { at } from '../../lib/topology.ts';
import { type Duration, ms, ns, s } from '../../lib/units.ts';
import { describeFrame } from '../../lib/wire/index.ts';
import { Capture } from '../capture/capture.ts';
import type { LabCore } from '../lab/lab.ts';
import { Counted } from '../lab/port-count.ts';
import { Flow } from '../probes/flow.ts';
import { onTheWire } from '../probes/on-the-wire.ts';
import { OmpingPath } from '../probes/omping.ts';
import { Ping } from '../probes/ping.ts';
import { Program } from '../probes/program.ts';

/** Watched beyond a window that ends in silence, or silence would be the end of watching. */
const WATCH = s(10);
/** A datagram of the window's last instant may still be on its way. */
const FLIGHT = s(1);

/** The numbers that decided a claim; absent ones did not apply: { stoppedAfterS: 271.4 }. */
export type Figures = Readonly<Record<string, number>>;

export interface DatagramExpectation {
  /** Every datagram sent in the window arrives. */
  continues(window: Window): Promise<Figures>;
  /** Delivery ends in the window and stays ended for `watch` beyond it (10 s). */
  stops(window: Window, options?: { watch?: Duration }): Promise<Figures>;
  /** Delivery, dead until the window's anchor, begins in the window and goes on for `watch` beyond it (10 s). */
  resumes(window: Window, options?: { watch?: Duration }): Promise<Figures>;
  /** Nothing arrives in the window, while another receiver of the flow gets each datagram of it. */
  neverArrives(window: Window): Promise<Figures>;
  /** The longest outage of the window is as long as said. */
  outage(window: Window, bounds: OutageBounds): Promise<Figures>;
}
export interface FlowExpectation {
  /** As that machine's socket received it. */
  to(machine: { name: string }): DatagramExpectation;
  /** As it passed a captured interface: where sockets filter by themselves, the port's wire decides. */
  at(capture: Capture): DatagramExpectation;
}
export interface FrameExpectation {
  /** At least one, or as many as said. */
  sees(kind: FrameKind, window: Window, bounds?: FrameBounds): Promise<void>;
  /** None, while other frames are seen, or before the window and after it. */
  seesNo(kind: FrameKind, window: Window): Promise<void>;
}
export interface StateExpectation {
  becomes(value: string, window: Window): Promise<Figures>;
  stays(value: string, window: Window): Promise<Figures>;
}
export interface OutputExpectation {
  /** At least one line that matches, or as many as said. */
  says(pattern: RegExp, window: Window, bounds?: FrameBounds): Promise<Figures>;
  /** None, while the program runs. */
  neverSays(pattern: RegExp, window: Window): Promise<Figures>;
}
export interface CountExpectation {
  /** Each of the counted ports carried as many frames as said. */
  each(bounds: FrameBounds): Promise<Figures>;
}
export interface SizeLimitExpectation {
  /** The largest payload that arrived has exactly so many bytes, and one more did not; 'none': the largest that was tried arrived. */
  is(payloadBytes: number | 'none'): Promise<Figures>;
}
export interface Expect {
  (flow: Flow): FlowExpectation;
  /** Of an omping's or ssmping's path: sent is the query, arrived is its answer. */
  (ping: Ping | OmpingPath): DatagramExpectation;
  (capture: Capture): FrameExpectation;
  (program: Program): OutputExpectation;
  (counted: Counted): CountExpectation;
  (state: StateTimeline): StateExpectation;
  (limit: SizeLimit): SizeLimitExpectation;
}

const isSizeLimit = (subject: object): subject is SizeLimit => 'found' in subject;

interface Pending {
  readonly claim: string;
  readonly window: Window;
  readonly decide: () => Decision;
  readonly when: 'now' | 'deferred';
  record?: ClaimRecord & { decisiveNs: number | undefined };
}

export class Claims {
  readonly #lab: LabCore;
  /** In protocol time, how much later the harness may look than the frames happened. */
  readonly #slack: Duration;
  readonly #pending: Pending[] = [];

  constructor(lab: LabCore, slack: Duration) {
    this.#lab = lab;
    this.#slack = slack;
  }

  readonly expect: Expect = ((subject: Flow | Ping | OmpingPath | Capture | Program | Counted | StateTimeline) => {
    if (subject instanceof Flow) return this.#flow(subject);
    if (subject instanceof Ping) return this.#datagrams(() => subject.record, subject.name, () => []);
    if (subject instanceof OmpingPath) return this.#datagrams(() => subject.record, subject.name, () => [subject.other]);
    if (subject instanceof Capture) return this.#frames(subject);
    if (subject instanceof Program) return this.#output(subject);
    if (subject instanceof Counted) return this.#counts(subject);
    if (isSizeLimit(subject)) return this.#sizeLimit(subject);
    return this.#state(subject);
  }) as Expect;

  /** Answers that waited for the captures to end, then everything in the story's order, with frames around what broke. */
  conclude(): ClaimRecord[] {
    return this.#pending.map((pending) => {
      const { decisiveNs, ...record } = pending.record ?? this.#concluded(pending.when === 'now' ? this.#unfinished(pending) : pending);
      return record.verdict === 'held' || decisiveNs === undefined ? record : { ...record, evidence: this.#evidence(decisiveNs) };
    });
  }

  #flow(flow: Flow): FlowExpectation {
    const elsewhere = (capture: Capture): DatagramTimeline[] => [...this.#lab.captures.values()].filter((c) => c !== capture).map((c) => onTheWire(flow, c));
    return {
      to: (machine) => this.#datagrams(() => flow.at(machine.name), `${machine.name} hears ${flow.name}`, () => flow.records.filter((r) => r.receiver !== machine.name)),
      at: (capture) => this.#datagrams(() => onTheWire(flow, capture), `${flow.name} at ${at(capture.where)}`, () => elsewhere(capture), 'deferred'),
    };
  }

  /** What is judged is asked for when the claim is decided: a capture has it all only when it has ended. */
  #datagrams(timelineOf: () => DatagramTimeline, name: string, othersOf: () => readonly DatagramTimeline[], when: 'now' | 'deferred' = 'now'): DatagramExpectation {
    const make = (what: string, window: Window, watchTo: number, decide: (timeline: DatagramTimeline, observedToNs: number) => Decision): Promise<Figures> =>
      this.#claim(`${name}: ${what}`, window, watchTo, () => {
        const timeline = timelineOf();
        return withRefusals(decide(timeline, watchTo), timeline, window);
      }, when);
    const watched = (window: Window, options?: { watch?: Duration }): number => windowTo(window) + (options?.watch ?? WATCH).ns;
    return {
      continues: (window) => make('delivery continues', window, windowTo(window), (timeline) => continues(timeline, window)),
      stops: (window, options) => make('delivery stops', window, watched(window, options), (timeline, to) => stops(timeline, window, to)),
      resumes: (window, options) => make('delivery resumes', window, watched(window, options), (timeline, to) => resumes(timeline, window, to)),
      neverArrives: (window) => make('nothing arrives', window, windowTo(window), (timeline) => neverArrives(timeline, window, othersOf())),
      outage: (window, bounds) => make('outage', { ...window, reasons: [...window.reasons, ...(bounds.reasons ?? [])] }, windowTo(window), (timeline) => outage(timeline, window, bounds)),
    };
  }

  #frames(capture: Capture): FrameExpectation {
    const where = at(capture.where);
    const make = async (kind: FrameKind, window: Window, bounds: FrameBounds): Promise<void> => {
      await this.#claim(
        `${where}: ${bounds.atMost === 0 ? 'no ' : ''}${kind.what}`, window, windowTo(window),
        () => frames(kind.what, where, capture.seen(kind), capture.wasAlive(windowFrom(window), windowTo(window)), window, bounds, capture.endedNs), 'deferred',
      );
    };
    return {
      sees: (kind, window, bounds = { atLeast: 1 }) => make(kind, window, bounds),
      seesNo: (kind, window) => make(kind, window, { atMost: 0 }),
    };
  }

  #output(program: Program): OutputExpectation {
    const spoken = (): Spoken => ({ what: program.what, lines: program.output, endedNs: program.ended?.at.ns });
    const make = (what: string, pattern: RegExp, window: Window, bounds?: FrameBounds): Promise<Figures> =>
      this.#claim(`${program.what} ${what} ${String(pattern)}`, window, windowTo(window), () => says(spoken(), pattern, window, bounds));
    return {
      says: (pattern, window, bounds) => make('says', pattern, window, bounds),
      neverSays: (pattern, window) => make('never says', pattern, window, { atMost: 0 }),
    };
  }

  #counts({ where, window, ports }: Counted): CountExpectation {
    return {
      each: (bounds) => this.#claim(`${where}: frames at each of ${ports.length} port${ports.length === 1 ? '' : 's'}`, window, windowTo(window), () => countedAtEach(where, ports, window, bounds)),
    };
  }

  #state(timeline: StateTimeline): StateExpectation {
    return {
      becomes: (value, window) => this.#claim(`${timeline.what} becomes ${value}`, window, windowTo(window), () => becomes(this.#lab.states.timeline(timeline.what), value, window)),
      stays: (value, window) => this.#claim(`${timeline.what} stays ${value}`, window, windowTo(window), () => stays(this.#lab.states.timeline(timeline.what), value, window)),
    };
  }

  #sizeLimit(limit: SizeLimit): SizeLimitExpectation {
    const searched = between(limit.from, limit.to);
    return { is: (payloadBytes) => this.#claim(`${limit.what}: the largest datagram`, searched, windowTo(searched), () => sizeLimitIs(limit, payloadBytes)) };
  }

  async #claim(claim: string, window: Window, waitToNs: number, decide: () => Decision, when: 'now' | 'deferred' = 'now'): Promise<Figures> {
    const pending: Pending = { claim, window, decide, when };
    this.#pending.push(pending);
    // What other claims wait for may lie later: each waits for itself only.
    await this.#lab.clock.until(waitToNs + FLIGHT.ns + this.#slack.ns);
    if (when === 'deferred') return {};
    pending.record = this.#record(pending);
    return pending.record.figures;
  }

  /** A claim that the story did not wait for. Before its window is over nothing is decided. */
  #unfinished(pending: Pending): Pending {
    if (this.#lab.clock.ns >= windowTo(pending.window)) return pending;
    return { ...pending, decide: () => ({ ...pending.decide(), verdict: 'errored', observed: 'the story ended before the window did: was the claim awaited?' }) };
  }

  /** One claim that cannot even be decided is that claim's misfortune, not that of the others. */
  #concluded(pending: Pending): ClaimRecord & { decisiveNs: number | undefined } {
    try {
      return this.#record(pending);
    } catch (error) {
      const observed = `it could not be decided: ${error instanceof Error ? error.message : String(error)}`;
      return this.#record({ ...pending, decide: () => ({ verdict: 'errored', expected: pending.claim, observed, figures: {}, decisiveNs: undefined }) });
    }
  }

  #record({ claim, window, decide }: Pending): ClaimRecord & { decisiveNs: number | undefined } {
    const decision = decide();
    const { ns: now } = this.#lab.clock;
    this.#lab.recorder.record(now, { type: 'claim', claim, verdict: decision.verdict, expected: decision.expected, observed: decision.observed });
    return {
      claim, verdict: decision.verdict, expected: decision.expected, observed: decision.observed, atS: now / 1e9,
      ...(decision.decisiveNs === undefined ? {} : { observedAtS: decision.decisiveNs / 1e9 }),
      windowS: { from: windowFrom(window) / 1e9, to: windowTo(window) / 1e9 }, reasons: [...window.reasons], figures: { ...decision.figures }, evidence: [], decisiveNs: decision.decisiveNs,
    };
  }

  /** Frames around an instant, of all captures, and what programs said: a few before, a few after, and the last of each control protocol. */
  #evidence(aroundNs: number): string[] {
    const framesSeen = [...this.#lab.captures.values()].flatMap((c) => c.frames.map(({ ns: atNs, frame }) => ({ ns: atNs, where: at(c.where), frame, get text() { return describeFrame(frame); } })));
    const said = this.#lab.programs.flatMap((p) => p.output.map((line) => ({ ns: line.ns, where: p.what, frame: undefined, text: `"${line.text}"` })));
    const all = [...framesSeen, ...said].sort((a, b) => a.ns - b.ns);
    const index = all.findIndex((f) => f.ns >= aroundNs);
    const from = Math.max(0, (index < 0 ? all.length : index) - 6);
    const line = (f: (typeof all)[number]): string => `${(f.ns / 1e9).toFixed(6).padStart(12)} s  ${f.where}  ${f.text}`;
    const lastControl = all.slice(0, from).findLast((f) => f.frame?.igmp ?? f.frame?.mld ?? f.frame?.arp);
    return [...(lastControl ? [line(lastControl), '             …'] : []), ...all.slice(from, from + 12).map(line)];
  }
}

/** How late a process in real time acts and looks, before scaling: scheduling on a loaded machine. */
export const REAL_SLACK = ms(30);
export const slackOf = (scale: number, virtual: boolean): Duration => (virtual ? ns(0) : ns(REAL_SLACK.ns * scale));
