/** A variant's record as it lies in its folder (events.ndjson, capture.pcapng), made ready to be asked. */
import { CaptureReader } from '../tcpdump-parser/index.ts';
import type { Topology } from '../topology.ts';
import { decodeFrame, type Frame } from '../wire/index.ts';

/** One line of events.ndjson. */
export interface StoryEvent { readonly atNs: number; readonly type: string; readonly [name: string]: unknown }

/** A value that changed, and the line that says so. */
export interface Change<T> { readonly ns: number; readonly value: T; readonly event: number }

export interface Probe {
  readonly kind: 'flow' | 'ping';
  /** "alice → 239.192.5.5", "outside pings 192.0.2.2". */
  readonly name: string;
  readonly receiver: string;
  readonly from: string;
  readonly device: string;
  readonly to: string;
  readonly port: number;
  readonly sizeBytes: number;
  readonly everyNs: number;
  readonly sentNs: readonly number[];
  readonly receivedNs: readonly (number | null)[];
  /** From here on nothing is known. */
  readonly knownToNs: number;
  readonly event: number;
}

export interface BridgeReading {
  readonly querier?: { readonly ipv4?: QuerierReading; readonly ipv6?: QuerierReading };
  readonly groups?: readonly { readonly group: string; readonly source?: string; readonly port?: string; readonly vlan?: number; readonly leftMs?: number }[];
  readonly routers?: readonly { readonly port?: string; readonly leftMs?: number }[];
  readonly stations?: readonly { readonly mac: string; readonly port?: string; readonly vlan?: number; readonly entry: string; readonly heardMsAgo: number }[];
}
export interface QuerierReading { readonly address: string; readonly port?: string; readonly leftMs?: number }
export interface MachineReading { readonly counters: Readonly<Record<string, number>>; readonly groups: Readonly<Record<string, readonly string[]>> }
export interface Reading { readonly ns: number; readonly event: number; readonly why: string; readonly bridges: Readonly<Record<string, BridgeReading>>; readonly machines: Readonly<Record<string, MachineReading>> }

/** A membership that the story asked the machine's kernel for. */
export interface Join { readonly ns: number; readonly event: number; readonly what: 'joins' | 'leaves'; readonly who: string; readonly device: string; readonly group: string }
/** A frame that the story itself put on a wire. */
export interface SentFrame { readonly ns: number; readonly event: number; readonly from: string; readonly src: string; readonly dst: string; readonly etherType: number; readonly line: string; readonly errno: number }

export interface SeenFrame { readonly ns: number; /** Number in the capture, from 1. */ readonly number: number; /** "vmbr0:bob". */ readonly where: string; readonly lengthBytes: number; readonly frame: Frame }

export interface Facts { readonly [name: string]: unknown }

export interface Story {
  readonly topology: Topology;
  readonly seed: number;
  readonly scale: number;
  readonly hz: number;
  /** Notices are read a little after the kernel sent them; in real time later, times the scale. */
  readonly slackNs: number;
  readonly endNs: number;
  readonly states: ReadonlyMap<string, readonly Change<string>[]>;
  readonly devices: ReadonlyMap<string, readonly Change<Facts>[]>;
  readonly probes: readonly Probe[];
  readonly readings: readonly Reading[];
  readonly joins: readonly Join[];
  readonly sent: readonly SentFrame[];
  readonly queries: readonly { readonly ns: number; readonly event: number; readonly from: string; readonly version: string; /** Of a query for one group. */ readonly group?: string; readonly namesNoGroup?: boolean }[];
  readonly steps: readonly { readonly ns: number; readonly event: number; readonly text: string }[];
  readonly frames: readonly SeenFrame[];
  /** Interfaces that were captured. */
  readonly captured: ReadonlySet<string>;
}

export interface StoryInput {
  readonly topology: Topology;
  readonly seed: number;
  /** events.ndjson. */
  readonly events: string;
  /** capture.pcapng. */
  readonly capture?: Uint8Array;
  /** Virtual time: the harness is never late. */
  readonly virtualTime: boolean;
}

/** How late a notice may be read: a process that computes, in virtual time; scheduling besides, in real time. */
const SLACK_NS = { virtual: 60e6, real: 60e6 };

export function readStory({ topology, seed, events: text, capture, virtualTime }: StoryInput): Story {
  const events = text.split('\n').flatMap((line): StoryEvent[] => (line === '' ? [] : [JSON.parse(line) as StoryEvent]));
  const begin = events.find((e) => e.type === 'begin');
  const scale = typeof begin?.['scale'] === 'number' ? begin['scale'] : 1;
  const numbered = events.map((e, i) => ({ e, event: i + 1 }));
  const of = (type: string): { e: StoryEvent; event: number }[] => numbered.filter(({ e }) => e.type === type);

  const states = new Map<string, Change<string>[]>();
  for (const { e, event } of of('state')) into(states, str(e['what'])).push({ ns: e.atNs, value: str(e['value']), event });
  const devices = new Map<string, Change<Facts>[]>();
  for (const { e, event } of of('device')) {
    const { atNs, type: _type, what, ...facts } = e;
    const changes = into(devices, str(what));
    changes.push({ ns: atNs, value: { ...changes.at(-1)?.value, ...facts }, event });
  }
  const frames = capture && begin ? readFrames(capture, BigInt(str(begin['realtimeNs'])), scale) : { frames: [], captured: new Set<string>() };
  // Sockets close with the last reading of the tables; the traffic is written down later, when captures have ended.
  const end = of('reading').find(({ e }) => e['why'] === 'the end')?.e.atNs ?? Infinity;
  return {
    topology, seed, scale, hz: Number(begin?.['hz'] ?? 0), slackNs: virtualTime ? SLACK_NS.virtual : SLACK_NS.real * scale,
    endNs: events.at(-1)?.atNs ?? 0, states, devices,
    probes: numbered.flatMap(({ e, event }) => (e.type === 'flow' || e.type === 'ping' ? [probe(e, event, end)] : [])),
    readings: of('reading').map(({ e, event }) => ({ ns: e.atNs, event, why: str(e['why']), bridges: (e['bridges'] ?? {}) as Reading['bridges'], machines: (e['machines'] ?? {}) as Reading['machines'] })),
    joins: numbered.flatMap(({ e, event }): Join[] => (e.type === 'joins' || e.type === 'leaves' ? [{ ns: e.atNs, event, what: e.type, who: str(e['who']), device: str(e['device']), group: str(e['group']) }] : [])),
    sent: of('frame').map(({ e, event }) => ({ ns: e.atNs, event, from: str(e['from']), src: str(e['src']), dst: str(e['dst']), etherType: Number(e['etherType'] ?? 0), line: str(e['line']), errno: Number(e['errno'] ?? 0) })),
    queries: of('query').map(({ e, event }) => ({ ns: e.atNs, event, from: str(e['from']), version: str(e['version']), ...(typeof e['group'] === 'string' ? { group: e['group'] } : {}), ...(e['namesNoGroup'] === true ? { namesNoGroup: true } : {}) })),
    steps: of('step').map(({ e, event }) => ({ ns: e.atNs, event, text: str(e['text']) })),
    ...frames,
  };
}

const str = (value: unknown): string => (typeof value === 'string' ? value : '');

function into<T>(map: Map<string, T[]>, key: string): T[] {
  let list = map.get(key);
  if (!list) map.set(key, (list = []));
  return list;
}

function probe(e: StoryEvent, event: number, endNs: number): Probe {
  const flow = e.type === 'flow';
  return {
    kind: flow ? 'flow' : 'ping', name: str(flow ? e['flow'] : e['ping']), receiver: str(flow ? e['receiver'] : e['from']), from: str(e['from']), device: str(e['device']), to: str(e['to']),
    port: Number(e['port'] ?? 0), sizeBytes: Number(e['sizeBytes'] ?? 0), everyNs: Number(e['everyNs'] ?? 0), sentNs: e['sentNs'] as number[],
    receivedNs: (flow ? e['receivedNs'] : e['repliedNs']) as (number | null)[], knownToNs: Math.min(e.atNs, endNs), event,
  };
}

function readFrames(capture: Uint8Array, realtimeNs: bigint, scale: number): { frames: SeenFrame[]; captured: Set<string> } {
  const reader = new CaptureReader();
  const packets = reader.push(capture);
  const name = (id: number): string => reader.interfaces[id]?.name ?? `interface ${id}`;
  return {
    captured: new Set(reader.interfaces.map((_, id) => name(id))),
    frames: packets.map((packet, index) => ({
      ns: Number(packet.timestampNs - realtimeNs) * scale, number: index + 1, where: name(packet.interfaceId), lengthBytes: packet.originalLength,
      // Decoded when it is asked for: of a long flow most frames are not.
      get frame() {
        const frame = decodeFrame(packet.bytes, { linkType: packet.linkType, originalLength: packet.originalLength });
        Object.defineProperty(this, 'frame', { value: frame });
        return frame;
      },
    })),
  };
}

/** What a state was at an instant: the last change until then; before the first, what the first one says (tables are read when the story begins). */
export function changeAt<T>(changes: readonly Change<T>[] | undefined, ns: number): Change<T> | undefined {
  if (!changes) return undefined;
  return changes.findLast((c) => c.ns <= ns) ?? (changes[0] && changes[0].ns < 1e9 ? changes[0] : undefined);
}
