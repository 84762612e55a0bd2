/** Runs of one seed, which must be the same byte for byte: which are, and where the others begin to differ. Pure. */
import { describeFrame } from '../wire/describe.ts';
import { type Capture, decodePacket, type Packet, parseCapture } from '../tcpdump-parser/index.ts';
import { compareEvents, type Happening } from './events.ts';

/** What a run left. */
export interface Repeat {
  /** 0: all as expected. */
  readonly status: number | null;
  /** By their place below the run's folder. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Runs that are the same. */
export interface Alike {
  readonly run: Repeat;
  count: number;
}

/** Adds a run to those that are the same, or as the first of its kind. */
export function addRepeat(kinds: Alike[], run: Repeat): void {
  const same = kinds.find((kind) => kind.run.status === run.status && differing(kind.run, run).length === 0);
  if (same) same.count += 1;
  else kinds.push({ run, count: 1 });
}

export interface Judgement {
  /** All runs are the same, came out as expected, and left what can be compared. */
  readonly same: boolean;
  readonly lines: readonly string[];
}

/** The most frequent kind is what the others are held against. */
export function judgeRepeats(kinds: readonly Alike[]): Judgement {
  const runs = kinds.reduce((sum, { count }) => sum + count, 0);
  const [most, ...others] = [...kinds].sort((a, b) => b.count - a.count);
  if (!most) return { same: false, lines: ['nothing was run'] };
  const lines = [`${most.count} of ${runs} runs were the same`, ...[...most.run.files].map(([file, bytes]) => `  ${file}, ${bytes.length} bytes`)];
  const ended = ({ status, files }: Repeat): string[] => [
    ...(status === 0 ? [] : [`ended with status ${String(status)}: it did not come out as expected`]),
    ...['events.ndjson', 'capture.pcapng', 'plan.sh'].filter((name) => ![...files.keys()].some((file) => file.endsWith(name))).map((name) => `left no ${name}`),
  ];
  const faults = ended(most.run);
  lines.push(...faults);
  for (const { run, count } of others) {
    lines.push(`${count} of ${runs} ${count === 1 ? 'was' : 'were'} not:`);
    if (run.status !== most.run.status) lines.push(`  ended with status ${String(run.status)}, not ${String(most.run.status)}`);
    for (const file of differing(most.run, run)) lines.push(`  ${file}: ${difference(file, most.run.files.get(file), run.files.get(file))}`);
  }
  return { same: others.length === 0 && faults.length === 0, lines };
}

const equal = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean => a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;

/** Files of either run that are not the same in both, the events first: they tell most. */
function differing(one: Repeat, other: Repeat): string[] {
  const files = [...new Set([...one.files.keys(), ...other.files.keys()])].filter((file) => !equal(one.files.get(file), other.files.get(file)));
  return files.sort((a, b) => Number(b.endsWith('.ndjson')) - Number(a.endsWith('.ndjson')) || (a < b ? -1 : 1));
}

function difference(file: string, one: Uint8Array | undefined, other: Uint8Array | undefined): string {
  if (!one || !other) return one ? 'there is none' : 'only there';
  const event = file.endsWith('.ndjson') ? eventDifference(text(one), text(other)) : undefined;
  const frame = file.endsWith('.pcapng') ? frameDifference(parseCapture(one), parseCapture(other)) : undefined;
  return event ?? frame ?? byteDifference(one, other);
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

function eventDifference(one: string, other: string): string | undefined {
  const { first } = compareEvents(one, other);
  if (!first) return undefined;
  const told = (happening: Happening | undefined): string => (happening ? `${happening.atS} s (line ${happening.event}) ${happening.text}`.trimEnd() : 'nothing');
  return `the first event that differs, ${first.subject}: ${told(first.after)}; most have ${told(first.before)}`;
}

function frameDifference(one: Capture, other: Capture): string | undefined {
  const length = Math.max(one.packets.length, other.packets.length);
  const told = (capture: Capture, packet: Packet | undefined): string => (packet ? `${packet.timestampNs} ns at ${capture.interfaces[packet.interfaceId]?.name ?? 'an interface'}, ${describeFrame(decodePacket(packet))}` : 'nothing');
  for (let i = 0; i < length; i++) {
    const [mine, theirs] = [one.packets[i], other.packets[i]];
    if (mine && theirs && mine.timestampNs === theirs.timestampNs && mine.interfaceId === theirs.interfaceId && equal(mine.bytes, theirs.bytes)) continue;
    const at = mine && theirs && !equal(mine.bytes, theirs.bytes) ? ` (from its byte ${firstByte(mine.bytes, theirs.bytes)})` : '';
    return `the first frame that differs is frame ${i + 1}${at}: ${told(other, theirs)}; most have ${told(one, mine)}`;
  }
  return undefined;
}

function firstByte(one: Uint8Array, other: Uint8Array): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  return at;
}

/** Every file, whatever it is: nothing that differs goes without a place. */
function byteDifference(one: Uint8Array, other: Uint8Array): string {
  const at = firstByte(one, other);
  const line = text(one.subarray(0, at)).split('\n').length;
  return `they differ from byte ${at} (line ${line}); ${other.length} bytes, most have ${one.length}`;
}
