/** One job from topology to verdict: plan, apply, wait until ready, capture, tell the story, decide, undo. */
import { cureOf, neededBy } from '../../lib/capabilities.ts';
import { alignedTable } from '../../lib/aligned-table.ts';
import { compilePlan } from '../../lib/plan.ts';
import type { ClaimRecord, Readout } from '../../lib/record.ts';
import { writePcapng } from '../../lib/tcpdump-parser/index.ts';
import { storyComments, type StoryMark } from '../../lib/story-comments.ts';
import { at, allDevices, type Topology } from '../../lib/topology.ts';
import type { Ref } from '../../lib/topology-words.ts';
import { timerBound } from '../../lib/timer-wheel.ts';
import { ns, times } from '../../lib/units.ts';
import { randomFrom } from '../../lib/seed.ts';
import { decideVerdict, type StoryEnd } from '../../lib/verdict.ts';
import { Capture } from '../capture/capture.ts';
import { startCaptures } from '../capture/start-captures.ts';
import { Claims, slackOf } from '../expect/expect.ts';
import { applyPlan } from '../lab/apply.ts';
import { Bond } from '../lab/bond.ts';
import { Bridge } from '../lab/bridge.ts';
import { Clock } from '../lab/clock.ts';
import { Guest } from '../lab/guest.ts';
import { LabCore } from '../lab/lab.ts';
import { Link } from '../lab/link.ts';
import { Machine } from '../lab/machine.ts';
import { Querier } from '../lab/querier.ts';
import { waitUntilReady } from '../lab/ready.ts';
import { startOmpings, startSsmping, startSsmpingd } from '../lab/ompings.ts';
import { startSwitchCpus } from '../lab/switch-cpu.ts';
import { Recorder } from '../lab/recorder.ts';
import { ProgramRunner } from '../lab/run-program.ts';
import type { Programs } from '../lab/system-tree.ts';
import { States } from '../lab/states.ts';
import { Unfit } from '../lab/unfit.ts';
import { unknownOptions } from '../lab/unknown-options.ts';
import type { Bounds, CaptureSpec, Scenario, StoryContext } from '../scenario.ts';
import { Omping } from '../probes/omping.ts';
import { Scope } from '../system/scope.ts';
import { probeCapabilities } from './capabilities.ts';
import { kernelHz } from './environment.ts';
import { closeEvidence, recordTraffic } from './evidence.ts';
import type { AgentResult, Job } from './protocol.ts';

export interface StoryOutput {
  readonly result: AgentResult;
  readonly files: { name: string; content: Uint8Array }[];
}

export interface StoryHooks {
  /** Protocol seconds and what the story does then. */
  onStep(atS: number, text: string): void;
  /** Every few seconds of the kernel's clock, with protocol seconds: time goes on. */
  onAlive(atS: number): void;
  readonly virtualTime: boolean;
  /** What the story's programs are made of, where it names any. */
  readonly programs?: Programs | undefined;
  /** Modules that the story names and this kernel has not, each with the reason. */
  readonly lackedModules?: readonly string[];
  /** Aborted: the story is given up, everything undone. */
  readonly signal: AbortSignal;
}

export async function runStory(scenario: Scenario, job: Job, hooks: StoryHooks): Promise<StoryOutput> {
  const settings = (job.control ? scenario.controls : scenario.variants)[job.variant];
  if (!settings) throw new Error(`${job.scenario} has no ${job.control ? 'control' : 'variant'} ${job.variant}`);
  const expected = settings.expected ?? (job.control ? 'broken' : 'held');
  const result: AgentResult = { title: scenario.title, cases: [...scenario.cases], expected, verdict: 'errored', claims: [], figures: {}, protocolS: 0, readouts: [], phasesMs: {} };
  const notScaled = scenario.notScaled ?? settings.notScaled;
  if (job.scale !== 1 && notScaled) return { result: { ...result, verdict: 'skipped', reason: `protocol time cannot be scaled here: ${notScaled}. Run it in virtual time (--time warp) or in real time.` }, files: [] };

  const { topology, refs } = scenario.topology(settings);
  const needed = neededBy(topology, [...(scenario.needs ?? []), ...(settings.needs ?? [])]);
  const { missing } = probeCapabilities(needed);
  const lacking = needed.filter((c) => c in missing);
  if (lacking.length > 0) {
    return { result: { ...result, verdict: 'skipped', reason: `this kernel lacks ${lacking.map((c) => `${c} (${missing[c] ?? ''}; ${cureOf(c)})`).join(', ')}` }, files: [] };
  }

  const modules = hooks.lackedModules ?? [];
  if (modules.length > 0) {
    return { result: { ...result, verdict: 'skipped', reason: `this kernel lacks ${modules.length === 1 ? 'the module' : 'the modules'} ${modules.join(', ')}: choose another kernel (--kernel), or load ${modules.length === 1 ? 'it' : 'them'}` }, files: [] };
  }

  const phases = new Phases(result.phasesMs);
  const scope = new Scope();
  const recorder = new Recorder();
  const tables: Readout[] = [];
  const files: StoryOutput['files'] = [];
  const troubles: string[] = [];
  let threw: StoryEnd['threw'];
  let lab: LabCore | undefined;
  let claims: Claims | undefined;
  try {
    const plan = compilePlan(topology, { seed: job.seed, scale: job.scale });
    const nodes = applyPlan(topology, plan, scope);
    phases.end('build');
    await waitUntilReady(plan, nodes);
    const unknown = unknownOptions(plan, nodes);
    if (unknown.length > 0) throw new Unfit(`this kernel does not know ${unknown.join(', ')}: choose another (--kernel)`);
    startSwitchCpus(plan, nodes, scope);
    phases.end('ready');

    const begun: { clock?: Clock } = {};
    const captures = new Map<string, Capture>();
    for (const where of interfacesToCapture(scenario, topology, refs, settings, job)) {
      const capture = new Capture(where, () => { if (!begun.clock) throw new Error('the story has not begun'); return begun.clock; }, roomFor(where.roomKib, hooks.virtualTime));
      scope.defer(`stop tcpdump on ${at(where)}`, () => capture.stop());
      captures.set(at(where), capture);
    }
    await startCaptures([...captures.values()], topology, nodes);
    phases.end('captures');

    const deadlineS = Math.min(job.deadlineS, scenario.deadline.ns / 1e9);
    const clock = begun.clock = new Clock(job.scale, deadlineS * 1e9, () => new Error(`the story wanted more than its deadline of ${deadlineS} s of protocol time`));
    for (const capture of captures.values()) capture.clockStarted();
    // What turns a packet's time stamp into an instant of the story.
    recorder.record(0, { type: 'begin', realtimeNs: String(clock.startRealtimeNs), scale: job.scale, hz: kernelHz() });
    const states = new States(clock, recorder);
    scope.defer('stop following notifications', () => { states.close(); });
    // Hosts tell what they know of their neighbours; of hundreds nobody wants to hear it.
    for (const node of nodes.values()) if (nodes.size <= FOLLOWED_HOSTS || topology.devices.some((d) => d.node === node.name) || topology.movables.some((m) => m.guest === node.name)) states.follow(node);

    lab = new LabCore({ topology, plan, nodes, scope, clock, recorder, states, captures });
    if (hooks.programs) lab.runner = new ProgramRunner(lab, hooks.programs);
    lab.onStep = (text) => { hooks.onStep((lab as LabCore).clock.ns / 1e9, text); };
    const alive = setInterval(() => { hooks.onAlive(clock.ns / 1e9); }, ALIVE_EVERY_MS);
    scope.defer('say no more that time goes on', () => { clearInterval(alive); });
    const slack = slackOf(job.scale, hooks.virtualTime);
    claims = new Claims(lab, slack);
    const context = storyContext(lab, claims, settings, job, slack, result.figures, tables);
    await giveUpOn(hooks.signal, clock.realMsUntil(deadlineS * 1e9) + DEADLINE_GRACE_MS, deadlineS, scenario.story(liveThings(lab, refs), context));
    phases.end('story');
  } catch (error) {
    threw = { why: describe(error), unfit: error instanceof Unfit, ours: hooks.signal.aborted };
  }
  if (lab) {
    const core = lab;
    result.protocolS = core.clock.ns / 1e9;
    troubles.push(...await closeEvidence(core));
    // Thrown by nobody's awaited work: what it did not do may be missing in the record.
    if (hooks.signal.aborted && threw?.why !== describe(hooks.signal.reason)) troubles.push(describe(hooks.signal.reason));
    // Whatever fails from here on, what was recorded is kept.
    const told = (what: string, work: () => void): void => {
      try {
        work();
      } catch (error) {
        troubles.push(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      }
    };
    told('decide the claims', () => { result.claims = claims?.conclude() ?? []; });
    told('read the tables', () => { result.readouts = [...tables, ...readouts(core, refs)]; });
    told('record what was sent and received', () => { recordTraffic(core); });
    files.push({ name: 'events.ndjson', content: Buffer.from(recorder.toNdjson()) });
    if (core.captures.size > 0) told('write the capture', () => { files.push({ name: 'capture.pcapng', content: pcapngOf(core, result.claims) }); });
    phases.end('decide');
  }
  const decided = decideVerdict({ claims: result.claims, troubles, ...(threw ? { threw } : {}) });
  let { reason } = decided;
  const failures = await scope.close();
  phases.end('undo');
  if (failures.length > 0) {
    const text = failures.map((f) => `${f.what}: ${describe(f.error)}`).join('; ');
    reason = [reason, `not everything could be undone: ${text}`].filter(Boolean).join('\n');
  }
  return { result: { ...result, verdict: decided.verdict, ...(reason ? { reason } : {}) }, files };
}

function interfacesToCapture(scenario: Scenario, topology: Topology, refs: Record<string, Ref>, settings: object, job: Job): CaptureSpec[] {
  const wanted: CaptureSpec[] = [...scenario.captures(refs, settings)];
  // tcpdump takes no interface that is down.
  if (job.capture === 'all') wanted.push(...allDevices(topology).filter((d) => !('up' in d && d.up === false)).map((d) => ({ node: d.node, device: d.name })));
  return [...new Map(wanted.map((where) => [at(where), where])).values()];
}

function liveThings(lab: LabCore, refs: Record<string, Ref>): Record<string, unknown> {
  const live = (ref: Ref): unknown => {
    switch (ref.kind) {
      case 'bridge': return new Bridge(lab, ref);
      case 'bond': return new Bond(lab, ref);
      case 'guest': return new Guest(lab, ref.node, ref.device);
      case 'querier': return new Querier(lab, ref);
      case 'link': return new Link(lab, ref);
      case 'vlan': return new Machine(lab, ref.node, ref.name);
      case 'host': return new Machine(lab, ref.node, speakingDevice(lab.topology, ref.node));
    }
  };
  return Object.fromEntries(Object.entries(refs).map(([name, ref]) => [name, live(ref)]));
}

/** The device of a host that has its address; the first one otherwise. */
function speakingDevice(topology: Topology, node: string): string {
  const own = allDevices(topology).filter((d) => d.node === node);
  return (own.find((d) => d.addresses.length > 0) ?? own[0])?.name ?? 'lo';
}

function storyContext(lab: LabCore, claims: Claims, settings: object, job: Job, slack: Bounds['slack'], figures: Record<string, number>, tables: Readout[]): StoryContext<unknown> {
  const hz = kernelHz();
  const bounds: Bounds = {
    hz, slack,
    timer(what, length) {
      // The kernel sees the scaled timer; its wheel's step is scaled back into protocol time.
      const kernel = timerBound(what, times(length, 1 / job.scale), hz);
      const max = ns(kernel.max.ns * job.scale + slack.ns);
      const reasons = job.scale === 1 ? [...kernel.reasons] : [`${what}: ${length.ns / 1e9} s, scaled by ${job.scale}`, kernel.reasons[1] as string];
      // In real time the instant that a timer counts from is known to so much only.
      if (slack.ns > 0) reasons.push(`the harness itself may act or look ${slack.ns / 1e9} s late: so much earlier or later will do`);
      return { min: ns(length.ns - slack.ns), max, reasons };
    },
  };
  return {
    expect: claims.expect, variant: settings, seed: job.seed, bounds,
    now: (what) => lab.clock.moment(what),
    passes: (length) => lab.clock.passes(length),
    until: (moment, after = ns(0)) => lab.clock.until(moment.ns + after.ns),
    step: (text) => { lab.step(text); },
    figure: (name, value) => { if (value !== undefined) figures[name] = Number(value.toFixed(6)); },
    table: (title, columns, rows) => { tables.push({ title, atS: lab.clock.ns / 1e9, lines: alignedTable(columns, rows) }); },
    capture: (where) => lab.capture(where),
    ompings: (machines, options = {}) => startOmpings(lab, machines, options),
    ssmpings: (machine, server, options = {}) => startSsmping(lab, machine, server, options),
    ssmpingd: (machine) => startSsmpingd(lab, machine),
    random: randomFrom(job.seed, 'story'),
  };
}

function readouts(lab: LabCore, refs: Record<string, Ref>): Readout[] {
  const atS = lab.clock.ns / 1e9;
  const matrices = lab.ompings.filter((probe) => probe instanceof Omping).map((omping): Readout => ({ title: `omping to ${omping.group}: what each machine measured towards each other`, atS, lines: omping.lines(), rows: omping.matrix().map((row) => ({ ...row })) }));
  const tables = Object.values(refs).flatMap((ref): Readout[] => {
    try {
      if (ref.kind === 'bridge') return new Bridge(lab, ref).readouts().map((r) => ({ ...r, atS }));
      if (ref.kind === 'bond') return [{ title: `${ref.node}:${ref.name} /proc/net/bonding`, atS, lines: new Bond(lab, ref).proc() }];
    } catch (error) {
      return [{ title: 'node' in ref ? ref.node : ref.name, atS, lines: [`could not be read: ${describe(error)}`] }];
    }
    return [];
  });
  return [...matrices, ...tables];
}

/** All captures as one file; the story stands in it as comments. */
function pcapngOf(lab: LabCore, claims: readonly ClaimRecord[]): Uint8Array {
  const captures = [...lab.captures.values()];
  const frames = captures
    .flatMap((capture, interfaceId) => capture.frames.map(({ ns, packet }) => ({ ns, timestampNs: packet.timestampNs, bytes: packet.bytes, originalLength: packet.originalLength, interfaceId })))
    .sort((a, b) => (a.timestampNs < b.timestampNs ? -1 : a.timestampNs > b.timestampNs ? 1 : a.interfaceId - b.interfaceId));
  const comments = storyComments(frames.map(({ ns }) => ns), storyMarks(lab, claims));
  const packets = frames.map((frame, i) => ({ ...frame, ...(comments.has(i) ? { comments: comments.get(i) } : {}) }));
  return writePcapng(packets, captures.map((c) => ({ name: at(c.where) })), { application: 'wirewarp' });
}

/** What the story did, how memberships and active slaves changed, and what decided the claims. */
function storyMarks(lab: LabCore, claims: readonly ClaimRecord[]): StoryMark[] {
  const events = lab.recorder.events.flatMap(({ ns, event }) => {
    if (event.type === 'step') return [{ ns, text: String(event['text']) }];
    const what = event.type === 'state' ? String(event['what']) : '';
    return / MDB |active slave/.test(what) ? [{ ns, text: `${what}: ${String(event['value'])}` }] : [];
  });
  const decided = claims.flatMap((c) => (c.observedAtS === undefined ? [] : [{ ns: c.observedAtS * 1e9, text: `${c.claim}: ${c.observed}` }]));
  return [...events, ...decided];
}

/** Tells a slow host from a VM that stands still; in virtual time a few hundred for a long story. */
const ALIVE_EVERY_MS = 5000;

/** In real time tcpdump is kept waiting by whatever else the machine does. */
const REAL_ROOM_KIB = 16_384;
const roomFor = (wantedKib: number | undefined, virtualTime: boolean): { roomKib?: number } =>
  wantedKib !== undefined || !virtualTime ? { roomKib: Math.max(wantedKib ?? 0, virtualTime ? 0 : REAL_ROOM_KIB) } : {};

/** Networks of up to so many machines have all of them followed. */
const FOLLOWED_HOSTS = 40;
/** Past the clock's own deadline, which ends whatever waits for an instant. */
const DEADLINE_GRACE_MS = 1000;
/** Node fires anything above 2^31 ms at once. */
const LONGEST_TIMER_MS = 1e9;

/**
 * Waits for the story, but not for ever: one that waits for something that never happens has no timer of its own, and
 * a process without timers ends, in a VM with a panic.
 */
async function giveUpOn<T>(signal: AbortSignal, withinMs: number, deadlineS: number, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([work, new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => { reject(signal.reason as Error); }, { once: true });
      timer = setTimeout(() => { reject(new Error(`the story waited past its deadline of ${deadlineS} s of protocol time for something that did not happen`)); }, Math.min(withinMs, LONGEST_TIMER_MS));
    })]);
  } finally {
    clearTimeout(timer);
  }
}

export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error && !error.message.includes(error.cause.message) ? ` (${error.cause.message})` : '';
  return `${error.message}${cause}`;
}

/** Milliseconds of the kernel's clock that each phase took. */
class Phases {
  #last = process.hrtime.bigint();
  readonly #into: Record<string, number>;
  constructor(into: Record<string, number>) { this.#into = into; }
  end(phase: string): void {
    const now = process.hrtime.bigint();
    this.#into[phase] = Number(now - this.#last) / 1e6;
    this.#last = now;
  }
}
