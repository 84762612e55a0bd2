/**
 * The one door that scenarios import: the words for topologies, durations, windows and frames, and the types of the
 * live things that a story is told with. Nothing in here touches a machine.
 */
import type { ExpectedKind } from '../lib/diagnosis/expected.ts';
import type { Ref, BridgeRef, BondRef, GuestRef, HostRef, LinkRef, QuerierRef, VlanRef } from '../lib/topology-words.ts';
import type { At, Topology } from '../lib/topology.ts';
import type { ProgramSpec } from '../lib/programs.ts';
import type { Duration, Moment } from '../lib/units.ts';
import type { Bound } from '../lib/timer-wheel.ts';
import type { ClaimPattern } from '../lib/breaks.ts';
import type { Capability } from '../lib/capabilities.ts';
import type { Machine } from './lab/machine.ts';
import type { Guest } from './lab/guest.ts';
import type { Bridge } from './lab/bridge.ts';
import type { Bond } from './lab/bond.ts';
import type { Link } from './lab/link.ts';
import type { Querier } from './lab/querier.ts';
import type { Expect } from './expect/expect.ts';
import type { Capture } from './capture/capture.ts';
import type { Omping, OmpingOptions } from './probes/omping.ts';
import type { Ssmping, SsmpingOptions } from './probes/ssmping.ts';

export { topology, type TopologyBuilder } from '../lib/topology-builder.ts';
export type { BridgeRef, BondRef, GuestRef, HostRef, LinkRef, QuerierRef, VlanRef } from '../lib/topology-words.ts';
export { type At, type QuerierVersion } from '../lib/topology.ts';
export { HEADERS_BYTES, LARGEST_PAYLOAD, type SizeLimit } from '../lib/size-limit.ts';
export { type SwitchLike } from '../lib/switch-like.ts';
export { min, s, ms, us, ns, plus, minus, times, formatDuration, type Duration, type Moment } from '../lib/units.ts';
export { between, within, since } from '../lib/claims.ts';
export { bound, later, shifted, timerBound, wheelStep, type Bound } from '../lib/timer-wheel.ts';
export * as frame from '../lib/frame-kinds.ts';
export { persistent, type FileText } from '../lib/persistent/index.ts';
export type { ExpectedKind } from '../lib/diagnosis/expected.ts';
export type { Machine } from './lab/machine.ts';
export type { Program, ProgramEnd, ProgramOptions } from './probes/program.ts';
export type { ProgramSpec } from '../lib/programs.ts';
export { announcementOffsets, QEMU_SCHEDULE } from '../lib/announcement.ts';
export type { Guest } from './lab/guest.ts';
export type { Bridge } from './lab/bridge.ts';
export type { Bond } from './lab/bond.ts';
export type { Link } from './lab/link.ts';
export type { Capture } from './capture/capture.ts';
export type { Querier } from './lab/querier.ts';
export type { Flow } from './probes/flow.ts';
export type { Omping, OmpingOptions, OmpingPath } from './probes/omping.ts';
export type { Ssmping, SsmpingOptions } from './probes/ssmping.ts';
export { after } from '../lib/units.ts';
export type { Capability } from '../lib/capabilities.ts';

/** What a reference of the topology becomes once the network stands. */
export type Live<R> = R extends BridgeRef ? Bridge : R extends BondRef ? Bond : R extends GuestRef ? Guest : R extends QuerierRef ? Querier : R extends LinkRef ? Link : R extends VlanRef ? Machine : R extends HostRef ? Machine : never;
export type Lab<R extends Record<string, Ref>> = { readonly [K in keyof R]: Live<R[K]> };

export interface StoryContext<V> {
  readonly expect: Expect;
  /** This variant's settings. */
  readonly variant: V;
  readonly seed: number;
  /** Bounds that know the kernel: its HZ, its timer wheel, and in scaled runs the scheduler's delay. */
  readonly bounds: Bounds;
  /** This instant, with a name for the report. */
  readonly now: (what: string) => Moment;
  /** The story waits: this much protocol time passes. In virtual time it costs nothing. */
  readonly passes: (length: Duration) => Promise<void>;
  /** Wait until so long after a moment; at once if that is over. */
  readonly until: (moment: Moment, after?: Duration) => Promise<void>;
  /** Say what happens now, for progress and the record. */
  readonly step: (text: string) => void;
  /** A number for the report; the unit ends the name: outageS, framesPerSecond. What did not come about has none. */
  readonly figure: (name: string, value: number | undefined) => void;
  /** A table for the report: a title, the columns' names, and rows of words and numbers. */
  readonly table: (title: string, columns: readonly string[], rows: readonly (readonly (string | number)[])[]) => void;
  /** The capture of an interface that the scenario asked for in `captures`. */
  readonly capture: (where: At) => Capture;
  /** An omping on each of these machines, from now until stopped: each asks all the others, by unicast and to the group. */
  readonly ompings: (machines: readonly Machine[], options?: OmpingOptions) => Omping;
  /** ssmping on a machine, towards another that runs ssmpingd; with a group asmping. */
  readonly ssmpings: (machine: Machine, server: Machine, options?: SsmpingOptions) => Ssmping;
  /** ssmpingd on a machine, until the story is over. */
  readonly ssmpingd: (machine: Machine) => Moment;
  /** Numbers in [0, 1) from the seed. */
  readonly random: () => number;
}

export interface Bounds {
  readonly hz: number;
  /** When a kernel timer of this length fires after it was armed. */
  timer(what: string, length: Duration): Bound;
  /** How late the harness itself may act or look, in protocol time: nothing in virtual time, K times the scheduler's delay when scaled. */
  readonly slack: Duration;
}

/** An interface to capture, whole or (`only`, in tcpdump's words: "igmp or icmp6") what the claims speak of: under emulation each captured frame costs as much as sending it. */
export interface CaptureSpec extends At {
  readonly only?: string;
  /** Room for frames that tcpdump has not read yet, where more than 30 come at once; its own 2048 KiB else. */
  readonly roomKib?: number;
}

export interface VariantCommon {
  /** What the run of this variant should give. Default: held for variants, broken for controls. */
  readonly expected?: 'held' | 'broken';
  /** Which claim must break, by part of its words or a pattern of them (its bounds included); of several each must. */
  readonly breaks?: ClaimPattern | readonly ClaimPattern[];
  /** Why this variant cannot run with protocol time scaled, where others can. */
  readonly notScaled?: string;
  /** Why one seed holds what another breaks: such a variant is for `sweep`, and run only where #VARIANT names it. */
  readonly upToTheSeed?: string;
  /** What this variant asks of the kernel beyond what its topology shows. */
  readonly needs?: readonly Capability[];
  /** What the report has to call its losses: each of these kinds, and no other; "membership-expired?" where it is up to the seed (docs/diagnosis.md). */
  readonly diagnosis?: ExpectedKind | readonly ExpectedKind[];
}

export interface ScenarioDefinition<V extends object, R extends Record<string, Ref>> {
  /** A noun phrase: "membership expiry". */
  readonly title: string;
  /** Rows of the case list that it covers. */
  readonly cases: readonly string[];
  /** Settings of the story by name: broken, cured, healthy. */
  readonly variants: Readonly<Record<string, V & VariantCommon>>;
  /** Negative controls: settings for which the claims must come out broken. */
  readonly controls?: Readonly<Record<string, V & VariantCommon>>;
  /** What the report has to call the losses of each variant and control; one that is not named has none to be called. Or the variants say it themselves. */
  readonly diagnosis?: Readonly<Record<string, ExpectedKind | readonly ExpectedKind[]>>;
  readonly topology: (settings: V) => { topology: Topology; refs: R };
  /** Interfaces whose frames the claims speak of: captured by tcpdump from before the story until after it. */
  readonly captures?: (refs: R, settings: V) => readonly CaptureSpec[];
  /** Programs that the story runs on its machines, by `runs`: installed here, or fetched into our cache for this scenario. */
  readonly programs?: readonly ProgramSpec[] | ((settings: V) => readonly ProgramSpec[]);
  /** Kernel modules that those need: "nf_tables". A kernel without one skips the variant. */
  readonly modules?: readonly string[] | ((settings: V) => readonly string[]);
  /** Longest protocol time that the story may take. Default 2000 s. */
  readonly deadline?: Duration;
  /** false: run when it is named, or with --all; the default set ends within three minutes on two cores. */
  readonly inDefaultSet?: boolean;
  /** Why it cannot run with protocol time scaled, where it cannot: "forward_delay has a floor of 2 s". */
  readonly notScaled?: string;
  /** What it asks of the kernel beyond what the topology shows: where it is missing the variants are skipped. */
  readonly needs?: readonly Capability[];
  readonly story: (lab: Lab<R>, context: StoryContext<V>) => Promise<void>;
}

/** A scenario with its types forgotten: what the runner handles. */
export interface Scenario {
  readonly wirewarp: 'scenario';
  readonly title: string;
  readonly cases: readonly string[];
  readonly variants: Readonly<Record<string, VariantCommon>>;
  readonly controls: Readonly<Record<string, VariantCommon>>;
  readonly deadline: Duration;
  readonly inDefaultSet: boolean;
  readonly notScaled?: string;
  readonly needs?: readonly Capability[];
  readonly topology: (settings: object) => { topology: Topology; refs: Record<string, Ref> };
  readonly captures: (refs: Record<string, Ref>, settings: object) => readonly CaptureSpec[];
  readonly programs: (settings: object) => readonly ProgramSpec[];
  readonly modules: (settings: object) => readonly string[];
  readonly story: (lab: Record<string, unknown>, context: StoryContext<unknown>) => Promise<void>;
}

export function scenario<V extends object, R extends Record<string, Ref>>(definition: ScenarioDefinition<V, R>): Scenario {
  return {
    wirewarp: 'scenario',
    controls: {},
    inDefaultSet: true,
    deadline: { ns: 2000e9 },
    captures: () => [],
    ...definition,
    ...diagnosed(definition),
    programs: bySettings(definition.programs ?? []),
    modules: bySettings(definition.modules ?? []),
  } as unknown as Scenario;
}

type Variants = Readonly<Record<string, VariantCommon>>;

/** Who says it of one variant says it of all: the others lose nothing that needs a name. */
function diagnosed({ title, variants, controls = {}, diagnosis }: { title: string; variants: Variants; controls?: Variants; diagnosis?: Readonly<Record<string, VariantCommon['diagnosis']>> }): { variants?: Variants; controls?: Variants } {
  const unknown = Object.keys(diagnosis ?? {}).filter((name) => !(name in variants) && !(name in controls));
  if (unknown.length > 0) throw new Error(`"${title}" has no variant ${unknown.join(', ')}, though diagnosis names it; there are ${[...Object.keys(variants), ...Object.keys(controls)].join(', ')}`);
  if (diagnosis === undefined && ![...Object.values(variants), ...Object.values(controls)].some((v) => v.diagnosis !== undefined)) return {};
  const all = (settings: Variants): Variants => Object.fromEntries(Object.entries(settings).map(([name, v]) => [name, { ...v, diagnosis: v.diagnosis ?? diagnosis?.[name] ?? [] }]));
  return { variants: all(variants), controls: all(controls) };
}

const bySettings = <V, T>(given: readonly T[] | ((settings: V) => readonly T[])): ((settings: V) => readonly T[]) => (typeof given === 'function' ? given : () => given);

/** The bridge's side of a guest's (or querier's) cable: where frames to and from it are counted. */
export const portOf = (bridge: { node: string }, guest: { node: string }): At => ({ node: bridge.node, device: guest.node });
/** Of an interface's frames all but datagrams: where only reports, queries and announcements matter, a long flow costs nothing. */
export const signalling = (where: At): CaptureSpec => ({ ...where, only: 'not udp' });
/** The machine's own side. */
export const cardOf = (machine: { node: string }, device = 'eth0'): At => ({ node: machine.node, device });
