/**
 * Two logs of events (events.ndjson), and the first thing that is not the same in both. Events are compared subject by
 * subject (a port's state, the frames at a guest, one receiver of a flow), since two subjects may change places without
 * meaning anything; the earliest difference of all subjects is the answer.
 */

export interface Happening {
  /** Protocol seconds since the story began. */
  atS: number;
  /** Line of events.ndjson, from 1. */
  event: number;
  text: string;
}

export interface EventDifference {
  /** "vmbr0:bob port state", "alice → 239.192.5.5 at bob". */
  subject: string;
  /** Absent: there it did not happen. */
  before?: Happening;
  after?: Happening;
}

export interface EventComparison {
  /** Byte for byte. */
  identical: boolean;
  /** Lines of each. */
  events: { before: number; after: number };
  /** The first difference of any kind, an instant that is a nanosecond off among them. */
  first?: EventDifference;
  /** The first that is more than another instant. */
  substance?: EventDifference;
  /** The first datagram or ping whose fate is another. */
  datagram?: EventDifference;
}

interface Entry {
  readonly atNs: number;
  readonly event: number;
  readonly subject: string;
  readonly datagram: boolean;
  /** What happened, without when. */
  readonly substance: string;
  readonly exact: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly text: string;
}

type Line = Readonly<Record<string, unknown>> & { readonly atNs: number; readonly type: string };

export class EventLogError extends Error {
  override name = 'EventLogError';
}

export function compareEvents(before: string, after: string): EventComparison {
  const [mine, theirs] = [entriesOf(before), entriesOf(after)];
  const events = { before: mine.lines, after: theirs.lines };
  if (before === after) return { identical: true, events };
  const first = firstDifference(mine.entries, theirs.entries, ({ exact }) => exact);
  const substance = firstDifference(mine.entries, theirs.entries, (entry) => entry.substance);
  const datagrams = ({ entries }: { entries: readonly Entry[] }): Entry[] => entries.filter((entry) => entry.datagram);
  const datagram = firstDifference(datagrams(mine), datagrams(theirs), (entry) => entry.substance);
  return { identical: false, events, ...(first ? { first } : {}), ...(substance ? { substance } : {}), ...(datagram ? { datagram } : {}) };
}

function firstDifference(before: readonly Entry[], after: readonly Entry[], of: (entry: Entry) => string): EventDifference | undefined {
  const [mine, theirs] = [bySubject(before), bySubject(after)];
  let best: { atNs: number; one?: Entry | undefined; other?: Entry | undefined } | undefined;
  for (const subject of new Set([...mine.keys(), ...theirs.keys()])) {
    const [ones, others] = [mine.get(subject) ?? [], theirs.get(subject) ?? []];
    const length = Math.max(ones.length, others.length);
    for (let i = 0; i < length; i++) {
      const [one, other] = [ones[i], others[i]];
      if (one && other && of(one) === of(other)) continue;
      const atNs = Math.min(one?.atNs ?? Infinity, other?.atNs ?? Infinity);
      if (!best || atNs < best.atNs) best = { atNs, one, other };
      break;
    }
  }
  if (!best) return undefined;
  const { one, other } = best;
  const told = (entry: Entry, partner: Entry | undefined): Happening => ({ atS: entry.atNs / 1e9, event: entry.event, text: partner ? differing(entry, partner) : entry.text });
  return { subject: one?.subject ?? other?.subject ?? '', ...(one ? { before: told(one, other) } : {}), ...(other ? { after: told(other, one) } : {}) };
}

function bySubject(entries: readonly Entry[]): Map<string, Entry[]> {
  const subjects = new Map<string, Entry[]>();
  for (const entry of entries) {
    const list = subjects.get(entry.subject);
    if (list) list.push(entry);
    else subjects.set(entry.subject, [entry]);
  }
  return subjects;
}

/** Of a long record only what is not the same in its partner. */
function differing(entry: Entry, partner: Entry): string {
  if (entry.text !== '') return entry.text;
  const [mine, theirs] = [flat(entry.fields), flat(partner.fields)];
  const keys = [...mine.keys()].filter((key) => mine.get(key) !== theirs.get(key));
  const gone = [...theirs.keys()].filter((key) => !mine.has(key)).map((key) => `no ${key}`);
  const words = [...keys.map((key) => `${key} ${mine.get(key) ?? ''}`), ...gone];
  return words.join(', ') || 'the same, at another time';
}

function flat(value: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) into.set(path, JSON.stringify(value));
  else for (const [key, inner] of Object.entries(value)) flat(inner, path === '' ? key : `${path}.${key}`, into);
  return into;
}

function entriesOf(text: string): { entries: Entry[]; lines: number } {
  const lines = text.split('\n').flatMap((line, index) => (line === '' ? [] : [{ line, event: index + 1 }]));
  return { entries: lines.flatMap(({ line, event }) => entriesFrom(parse(line, event), event)), lines: lines.length };
}

function parse(line: string, event: number): Line {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new EventLogError(`line ${event} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { atNs, type } = (value ?? {}) as { atNs?: unknown; type?: unknown };
  if (typeof atNs !== 'number' || typeof type !== 'string') throw new EventLogError(`line ${event} is no event: "atNs" and "type" are missing`);
  return value as Line;
}

const word = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

function entriesFrom(line: Line, event: number): Entry[] {
  const { atNs, type, ...fields } = line;
  if (type === 'flow' || type === 'ping') return [...datagramsOf(line, event), restOf(line, event)];
  // The host's clock at the begin says nothing of the story.
  if (type === 'begin') delete (fields as { realtimeNs?: unknown }).realtimeNs;
  const { subject, text, substance = fields } = wordsOf(type, fields);
  return [{
    atNs, event, subject, text, fields, datagram: false,
    substance: substance === undefined ? '' : JSON.stringify(substance), exact: JSON.stringify([atNs, fields]),
  }];
}

interface Words {
  subject: string;
  /** Empty: too long to be told whole. */
  text: string;
  /** What counts beside the instant, where that is not all; its own words of instants do not. */
  substance?: unknown;
}

function wordsOf(type: string, fields: Readonly<Record<string, unknown>>): Words {
  const { what, value, who, device, group, from, text, line, claim, verdict, observed } = fields;
  switch (type) {
    case 'state': return { subject: word(what), text: `${word(what)}: ${word(value)}` };
    case 'device': return { subject: `device ${word(what)}`, text: '' };
    case 'step': return { subject: 'the story', text: word(text) };
    case 'frame': return { subject: `frames at ${word(from)}`, text: word(line) };
    case 'joins': case 'leaves': return { subject: `groups of ${word(who)}`, text: `${word(who)} ${type} ${word(group)} on ${word(device)}`, substance: { type, ...fields } };
    case 'claim': return { subject: `claim: ${word(claim)}`, text: `${word(verdict)}: ${word(observed)}`, substance: { verdict } };
    // Counters and remaining times: what they mean shows elsewhere.
    case 'reading': return { subject: 'tables and counters', text: '', substance: null };
    default: return { subject: [type, word(what ?? who ?? from)].filter((part) => part !== '').join(' '), text: '' };
  }
}

interface Traffic {
  readonly name: string;
  readonly sentNs: readonly number[];
  readonly came: readonly (number | null)[];
  readonly refused: ReadonlyMap<number, string>;
}

function trafficOf(line: Line): Traffic {
  const { type, flow, receiver, ping, sentNs, receivedNs, repliedNs, refused } = line as Line & { refused?: Record<string, number[]> };
  const numbers = (value: unknown): readonly number[] => (Array.isArray(value) ? (value as number[]) : []);
  return {
    name: type === 'flow' ? `${word(flow)} at ${word(receiver)}` : word(ping),
    sentNs: numbers(sentNs), came: numbers(type === 'flow' ? receivedNs : repliedNs),
    refused: new Map(Object.entries(refused ?? {}).flatMap(([code, numbersOf]) => numbersOf.map((n) => [n, code] as const))),
  };
}

/** Each datagram is an event of its own, at the instant when it was sent. */
function datagramsOf(line: Line, event: number): Entry[] {
  const { name, sentNs, came, refused } = trafficOf(line);
  const noun = line.type === 'flow' ? 'datagram' : 'ping';
  return sentNs.map((atNs, i) => {
    const arrived = came[i] ?? undefined;
    const code = refused.get(i);
    const fate = code !== undefined ? `refused (${code})` : arrived === undefined ? 'lost' : noun === 'ping' ? 'answered' : 'delivered';
    const late = arrived === undefined ? '' : ` after ${((arrived - atNs) / 1e6).toFixed(3)} ms`;
    return { atNs, event, subject: name, datagram: true, substance: `${i} ${fate}`, exact: `${atNs} ${arrived ?? ''} ${fate}`, fields: {}, text: `${noun} ${i + 1}: ${fate}${late}` };
  });
}

/** What is said of a flow as a whole. */
function restOf(line: Line, event: number): Entry {
  const { atNs, sentNs: _sent, receivedNs: _received, repliedNs: _replied, refused: _refused, type, ...fields } = line;
  return { atNs, event, subject: `${type} ${trafficOf(line).name}, as a whole`, datagram: false, substance: JSON.stringify(fields), exact: JSON.stringify([atNs, fields]), fields, text: '' };
}
