/**
 * Questions asked of timelines, each with a window. Pure: the answer follows from what was recorded. A bound is held
 * against what the record proves, not against the sampling: the path of a flow died somewhere between the last
 * delivered and the first lost datagram, so a bound is broken only where no instant in between satisfies it.
 */
import type { ClaimVerdict } from './record.ts';
import { type DatagramTimeline, longestOutage, sentWithin, stateAt, type StateTimeline, tally, wasReceived } from './timeline.ts';
import { type Duration, formatDuration, formatInstant, type Moment, ns } from './units.ts';
import type { Bound } from './timer-wheel.ts';

/** From an anchor, between min and max after it. */
export interface Window {
  readonly anchor: Moment;
  readonly min: Duration;
  readonly max: Duration;
  readonly reasons: readonly string[];
  /** What its end is called, where it has a name of its own. */
  readonly until?: string;
}

export function within(anchor: Moment, bound: Bound): Window;
export function within(anchor: Moment, min: Duration, max: Duration, ...reasons: string[]): Window;
export function within(anchor: Moment, minOrBound: Duration | Bound, max?: Duration, ...reasons: string[]): Window {
  if ('min' in minOrBound) return { anchor, ...minOrBound };
  if (!max) throw new TypeError('within: give a bound, or a minimum and a maximum');
  if (max.ns < minOrBound.ns) throw new RangeError(`within: the maximum ${formatDuration(max)} lies before the minimum ${formatDuration(minOrBound)}`);
  return { anchor, min: minOrBound, max, reasons };
}
/** A window that begins at the anchor and lasts. */
export const since = (anchor: Moment, length: Duration, ...reasons: string[]): Window => within(anchor, ns(0), length, ...reasons);

/** From one moment to another. */
export const between = (from: Moment, to: Moment, ...reasons: string[]): Window => ({ ...within(from, ns(0), ns(to.ns - from.ns), ...reasons), until: to.what });

export const windowFrom = (w: Window): number => w.anchor.ns + w.min.ns;
export const windowTo = (w: Window): number => w.anchor.ns + w.max.ns;

/** A decided claim: data first; the words are made from it. */
export interface Decision {
  readonly verdict: ClaimVerdict;
  readonly expected: string;
  readonly observed: string;
  readonly figures: Readonly<Record<string, number>>;
  /** The instant around which a reader wants to see frames. */
  readonly decisiveNs: number | undefined;
}

const seconds = (n: number): number => Number((n / 1e9).toFixed(6));
const rounded = (n: number): number => Number(n.toFixed(3));
export const span = (w: Window): string =>
  w.until !== undefined ? `from ${w.anchor.what} to ${w.until} (${formatDuration(w.max)})`
  : w.min.ns === 0 ? `within ${formatDuration(w.max)} after ${w.anchor.what}` : `between ${formatDuration(w.min)} and ${formatDuration(w.max)} after ${w.anchor.what}`;
export const after = (w: Window, at: number): string => {
  const d = at - w.anchor.ns;
  return d >= 0 ? `${formatDuration(ns(d))} after ${w.anchor.what}` : `${formatDuration(ns(-d))} before ${w.anchor.what}`;
};
export const errored = (expected: string, observed: string): Decision => ({ verdict: 'errored', expected, observed, figures: {}, decisiveNs: undefined });
/** The sender stopped before the observation did: what was not sent cannot be missed. */
const endedEarly = (timeline: DatagramTimeline, w: Window, untilNs: number): string | undefined =>
  timeline.endedNs !== undefined && timeline.endedNs < untilNs ? `the flow itself ended ${after(w, timeline.endedNs)}` : undefined;

/** Of a broken claim: the sends of its window that the sender's own kernel refused, which no network lost. */
export function withRefusals(decision: Decision, timeline: DatagramTimeline, w: Window): Decision {
  if (decision.verdict !== 'broken' || !timeline.refused || timeline.refused.size === 0) return decision;
  const counts = new Map<string, number>();
  for (const seq of sentWithin(timeline, w.anchor.ns, windowTo(w))) {
    const code = timeline.refused.get(seq);
    if (code !== undefined) counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  if (counts.size === 0) return decision;
  const text = [...counts].map(([code, n]) => `${n} with ${code}`).join(', ');
  return { ...decision, observed: `${decision.observed}; the sender's own kernel refused some: ${text}`, figures: { ...decision.figures, refusedSends: [...counts.values()].reduce((a, b) => a + b, 0) } };
}

/** Every datagram sent in the window arrives. */
export function continues(timeline: DatagramTimeline, w: Window): Decision {
  const expected = `every datagram sent from ${w.anchor.what} on, for ${formatDuration(ns(w.max.ns - w.min.ns))}, arrives`;
  const t = tally(timeline, windowFrom(w), windowTo(w));
  if (t.sent === 0) return errored(expected, 'no datagram was sent in the window');
  const worst = longestOutage(timeline, windowFrom(w), windowTo(w));
  const figures = { sentDatagrams: t.sent, lostDatagrams: t.lost, ...(worst ? { outageS: seconds(worst.atLeastNs), firstLostS: seconds(worst.firstLostNs) } : {}) };
  if (!worst) {
    const ended = endedEarly(timeline, w, windowTo(w));
    return ended ? errored(expected, `all ${t.sent} arrived, but ${ended}`) : { verdict: 'held', expected, observed: `all ${t.sent} arrived`, figures, decisiveNs: undefined };
  }
  return {
    verdict: 'broken', expected, figures, decisiveNs: worst.firstLostNs,
    observed: `${t.lost} of ${t.sent} lost; the longest outage began ${after(w, worst.firstLostNs)} and took ${worst.nextDeliveredNs === undefined ? 'until the end of the window' : formatDuration(ns(worst.nextDeliveredNs - worst.firstLostNs))}`,
  };
}

/** Delivery ends in the window and stays ended until `observedToNs`. It must have worked between the anchor and the window. */
export function stops(timeline: DatagramTimeline, w: Window, observedToNs: number): Decision {
  const expected = `delivery stops ${span(w)} and stays stopped`;
  const seqs = sentWithin(timeline, w.anchor.ns, observedToNs);
  if (seqs.length === 0) return errored(expected, 'no datagram was sent in the window');
  const firstLost = seqs.find((seq) => !wasReceived(timeline, seq));
  const received = seqs.filter((seq) => wasReceived(timeline, seq));
  if (received.length === 0) return { verdict: 'broken', expected, observed: `nothing arrived after ${w.anchor.what} at all`, figures: { receivedDatagrams: 0 }, decisiveNs: w.anchor.ns };
  if (firstLost === undefined) {
    const ended = endedEarly(timeline, w, windowTo(w));
    if (ended) return errored(expected, `all ${seqs.length} arrived, but ${ended}`);
    return { verdict: 'broken', expected, observed: `delivery did not stop: all ${seqs.length} arrived until ${after(w, observedToNs)}`, figures: { lostDatagrams: 0, sentDatagrams: seqs.length }, decisiveNs: windowTo(w) };
  }
  const lostAt = timeline.sentNs[firstLost] as number;
  const lastDelivered = received.at(-1) as number;
  const deliveredAt = timeline.sentNs[lastDelivered] as number;
  const figures = { stoppedAfterS: seconds(lostAt - w.anchor.ns), lastDeliveredAfterS: seconds(deliveredAt - w.anchor.ns), lostDatagrams: seqs.length - received.length };
  if (lastDelivered > firstLost) {
    const came = received.filter((seq) => seq > firstLost).length;
    return { verdict: 'broken', expected, figures, decisiveNs: lostAt, observed: `the first loss came ${after(w, lostAt)}, but ${came} later datagrams arrived, the last sent ${after(w, deliveredAt)}` };
  }
  const observed = `last delivered ${after(w, deliveredAt)}, first lost ${after(w, lostAt)}, nothing since`;
  const tooEarly = lostAt < windowFrom(w);
  const tooLate = deliveredAt > windowTo(w);
  // Silence must have been watched beyond the window, or "stays stopped" says nothing.
  if (!tooEarly && !tooLate && (observedToNs <= lostAt || timeline.sentNs[seqs.at(-1) as number] === lostAt)) return errored(expected, `${observed}: and the observation ended there`);
  const ended = endedEarly(timeline, w, observedToNs);
  if (!tooEarly && !tooLate && ended) return errored(expected, `${observed}, but ${ended}`);
  return { verdict: tooEarly || tooLate ? 'broken' : 'held', expected, observed: tooEarly ? `${observed}: too early` : tooLate ? `${observed}: too late` : observed, figures, decisiveNs: lostAt };
}

/** Delivery begins again in the window and goes on until `observedToNs`. It must have been dead just before the window's anchor. */
export function resumes(timeline: DatagramTimeline, w: Window, observedToNs: number): Decision {
  const expected = `delivery resumes ${span(w)} and goes on`;
  const seqs = sentWithin(timeline, w.anchor.ns, observedToNs);
  if (seqs.length === 0) return errored(expected, 'no datagram was sent in the window');
  const before = timeline.sentNs.findLastIndex((at) => at < w.anchor.ns);
  if (before < 0 || wasReceived(timeline, before)) return errored(expected, `delivery was not dead before ${w.anchor.what}, so it cannot resume`);
  const received = seqs.filter((seq) => wasReceived(timeline, seq));
  const first = received[0];
  if (first === undefined) {
    const ended = endedEarly(timeline, w, windowTo(w));
    if (ended) return errored(expected, `nothing arrived, but ${ended}`);
  }
  if (first === undefined) return { verdict: 'broken', expected, observed: `nothing arrived until ${after(w, observedToNs)}`, figures: { lostDatagrams: seqs.length }, decisiveNs: windowTo(w) };
  const firstAt = timeline.sentNs[first] as number;
  const lost = seqs.filter((seq) => !wasReceived(timeline, seq));
  const lastLost = lost.at(-1);
  const lastLostAt = lastLost === undefined ? undefined : (timeline.sentNs[lastLost] as number);
  const figures = { resumedAfterS: seconds(firstAt - w.anchor.ns), lostDatagrams: lost.length };
  const observed = `first delivered ${after(w, firstAt)}${lastLostAt === undefined ? '' : `, last lost ${after(w, lastLostAt)}`}`;
  if (lastLost !== undefined && lastLost > first) return { verdict: 'broken', expected, observed: `${observed}: it resumed and broke again`, figures, decisiveNs: lastLostAt };
  const tooEarly = firstAt < windowFrom(w);
  const tooLate = (lastLostAt ?? -Infinity) > windowTo(w);
  const ended = endedEarly(timeline, w, observedToNs);
  if (!tooEarly && !tooLate && ended) return errored(expected, `${observed}, but ${ended}`);
  return { verdict: tooEarly || tooLate ? 'broken' : 'held', expected, observed: tooEarly ? `${observed}: too early` : tooLate ? `${observed}: too late` : observed, figures, decisiveNs: firstAt };
}

/** Nothing arrives in the window, while another receiver gets each datagram of it: silence alone proves nothing. */
export function neverArrives(timeline: DatagramTimeline, w: Window, controls: readonly DatagramTimeline[]): Decision {
  const expected = `nothing arrives from ${w.anchor.what} on, for ${formatDuration(ns(w.max.ns - w.min.ns))}`;
  const t = tally(timeline, windowFrom(w), windowTo(w));
  if (t.sent === 0) return errored(expected, 'no datagram was sent in the window');
  const control = controls.map((c) => ({ who: c.receiver, received: tally(c, windowFrom(w), windowTo(w)).received }));
  const figures = { sentDatagrams: t.sent, receivedDatagrams: t.received };
  if (t.received > 0) {
    const first = sentWithin(timeline, windowFrom(w), windowTo(w)).find((seq) => wasReceived(timeline, seq)) as number;
    return { verdict: 'broken', expected, observed: `${t.received} of ${t.sent} arrived`, figures, decisiveNs: timeline.sentNs[first] };
  }
  const ended = endedEarly(timeline, w, windowTo(w));
  if (ended) return errored(expected, `none of ${t.sent} arrived, but ${ended}`);
  const heard = control.find((c) => c.received === t.sent);
  if (!heard) return errored(expected, `none of ${t.sent} arrived, but no other receiver got all of them (${control.map((c) => `${c.who} ${c.received}`).join(', ') || 'there is none'}): the silence proves nothing`);
  return { verdict: 'held', expected, observed: `none of ${t.sent} arrived, while ${heard.who} received ${heard.received}`, figures, decisiveNs: undefined };
}

export interface OutageBounds {
  atLeast?: Duration;
  atMost?: Duration;
  /** Lost datagrams or pings, counted over the whole window. */
  lostAtLeast?: number;
  lostAtMost?: number;
  /** The window must end with the path working again. Default: true where atMost is given. */
  recovers?: boolean;
  /** Why these bounds. */
  reasons?: readonly string[];
}

/** How long the longest outage among the datagrams sent in the window was. */
export function outage(timeline: DatagramTimeline, w: Window, bounds: OutageBounds): Decision {
  const parts = [
    bounds.atLeast && `at least ${formatDuration(bounds.atLeast)}`,
    bounds.atMost && `at most ${formatDuration(bounds.atMost)}`,
    bounds.lostAtLeast !== undefined && `at least ${bounds.lostAtLeast} lost`,
    bounds.lostAtMost !== undefined && `at most ${bounds.lostAtMost} lost`,
  ].filter(Boolean);
  const recovers = bounds.recovers ?? bounds.atMost !== undefined;
  const expected = `after ${w.anchor.what}: outage ${parts.join(', ')}${recovers ? ', then it works again' : ''}`;
  if (parts.length === 0) throw new TypeError('outage: give atLeast, atMost, lostAtLeast or lostAtMost');
  const t = tally(timeline, windowFrom(w), windowTo(w));
  if (t.sent === 0) return errored(expected, 'nothing was sent in the window');
  if (t.received === 0 && bounds.atMost === undefined && bounds.lostAtMost === undefined && !timeline.sentNs.some((at, seq) => at < windowFrom(w) && wasReceived(timeline, seq))) {
    return errored(expected, 'nothing arrived, before the window or in it: the path may never have worked');
  }
  const worst = longestOutage(timeline, windowFrom(w), windowTo(w));
  // What was delivered before the window bounds a run that opens it; where nothing was, only what was lost is known.
  const before = timeline.sentNs.findLastIndex((at, seq) => at < windowFrom(w) && wasReceived(timeline, seq));
  const lastDelivered = worst?.lastDeliveredNs ?? (before < 0 ? worst?.firstLostNs : timeline.sentNs[before]);
  const open = worst !== undefined && worst.nextDeliveredNs === undefined;
  const observedTo = Math.min(windowTo(w), timeline.endedNs ?? Infinity);
  const longest = worst === undefined || lastDelivered === undefined ? 0 : (worst.nextDeliveredNs ?? observedTo) - lastDelivered;
  const shortest = worst?.atLeastNs ?? 0;
  const about = worst === undefined ? 0 : (worst.nextDeliveredNs ?? observedTo) - worst.firstLostNs;
  const figures = { sentDatagrams: t.sent, lostDatagrams: t.lost, outageS: seconds(about), ...(worst ? { outageBeganS: seconds(worst.firstLostNs) } : {}) };
  const observed = worst === undefined
    ? `no loss: all ${t.sent} arrived`
    : `${t.lost} of ${t.sent} lost; out ${open ? `from ${after(w, worst.firstLostNs)} to the end of the window` : `for ${formatDuration(ns(about))}, from ${after(w, worst.firstLostNs)} to ${after(w, worst.nextDeliveredNs ?? 0)}`}`;
  if (open && !recovers && bounds.atLeast !== undefined && longest < bounds.atLeast.ns) return errored(expected, `${observed}: watched too short to say`);
  const broken =
    (bounds.atLeast !== undefined && longest < bounds.atLeast.ns) ||
    (bounds.atMost !== undefined && shortest > bounds.atMost.ns) ||
    (bounds.lostAtLeast !== undefined && t.lost < bounds.lostAtLeast) ||
    (bounds.lostAtMost !== undefined && t.lost > bounds.lostAtMost) ||
    (recovers && open);
  // An upper bound speaks of the whole window.
  const ended = bounds.atMost !== undefined || bounds.lostAtMost !== undefined ? endedEarly(timeline, w, windowTo(w)) : undefined;
  if (!broken && ended) return errored(expected, `${observed}, but ${ended}`);
  return { verdict: broken ? 'broken' : 'held', expected, observed, figures, decisiveNs: worst?.firstLostNs };
}

/** Frames of one kind that a capture holds. */
export interface Sighting { readonly ns: number; readonly line: string; /** On the wire, without preamble and checksum. */ readonly lengthBytes?: number }

export interface FrameBounds { atLeast?: number; atMost?: number }

/**
 * How many frames of a kind were on the wire in the window. `alive`: the capture provably worked then, its positive control.
 * `endedNs`: when the capture ended; what came later it cannot have seen.
 */
export function frames(kind: string, where: string, seen: readonly Sighting[], alive: boolean, w: Window, bounds: FrameBounds, endedNs = Infinity): Decision {
  const { atLeast, atMost } = bounds;
  if (atLeast === undefined && atMost === undefined) throw new TypeError('frames: give atLeast or atMost');
  const count = atMost === 0 ? 'no' : atLeast === atMost ? `exactly ${atLeast}` : [atLeast === undefined ? '' : `at least ${atLeast}`, atMost === undefined ? '' : `at most ${atMost}`].filter(Boolean).join(', ');
  const expected = `${count} ${kind} at ${where} ${span(w)}`;
  const found = seen.filter((f) => f.ns >= windowFrom(w) && f.ns <= windowTo(w));
  const lengthS = (windowTo(w) - windowFrom(w)) / 1e9;
  const bits = found.reduce((sum, f) => sum + 8 * (f.lengthBytes ?? 0), 0);
  const figures = { frames: found.length, ...(lengthS > 0 ? { framesPerSecond: rounded(found.length / lengthS), ...(bits > 0 ? { bitsPerSecond: rounded(bits / lengthS) } : {}) } : {}) };
  const first = found[0];
  const observed = first ? `${found.length}, the first ${after(w, first.ns)}: ${first.line}` : 'none';
  if (found.length === 0 && atLeast === undefined && !alive) return errored(expected, `none, but the capture at ${where} saw no frame at all in the window, nor both before and after it: the silence proves nothing`);
  const tooMany = atMost !== undefined && found.length > atMost;
  const enough = atMost === undefined && atLeast !== undefined && found.length >= atLeast;
  if (endedNs < windowTo(w) && !tooMany && !enough) return errored(expected, `${observed}, but the capture at ${where} ended ${after(w, endedNs)}`);
  const broken = (atLeast !== undefined && found.length < atLeast) || tooMany;
  return { verdict: broken ? 'broken' : 'held', expected, observed, figures, decisiveNs: first?.ns ?? (broken ? windowTo(w) : undefined) };
}

/** A state takes a value in the window, not before and not after. */
export function becomes(timeline: StateTimeline, value: string, w: Window): Decision {
  const expected = `${timeline.what} becomes ${value} ${span(w)}`;
  if (timeline.changes.length === 0) return errored(expected, `${timeline.what} was never observed`);
  const before = stateAt(timeline, w.anchor.ns);
  const change = timeline.changes.find((c) => c.ns > w.anchor.ns && c.value === value);
  if (before === value && !change) return { verdict: 'broken', expected, observed: `it was ${value} already at ${w.anchor.what} and did not change`, figures: {}, decisiveNs: w.anchor.ns };
  if (!change) {
    const last = timeline.changes.findLast((c) => c.ns <= windowTo(w));
    return { verdict: 'broken', expected, observed: `never; it is ${last?.value ?? 'unknown'}${last ? ` since ${formatInstant(last.ns)}` : ''}`, figures: {}, decisiveNs: windowTo(w) };
  }
  const figures = { becameAfterS: seconds(change.ns - w.anchor.ns) };
  const broken = change.ns < windowFrom(w) || change.ns > windowTo(w);
  return { verdict: broken ? 'broken' : 'held', expected, observed: after(w, change.ns), figures, decisiveNs: change.ns };
}

/** A state keeps a value throughout the window. */
export function stays(timeline: StateTimeline, value: string, w: Window): Decision {
  const expected = `${timeline.what} stays ${value} from ${w.anchor.what} for ${formatDuration(w.max)}`;
  const before = stateAt(timeline, windowFrom(w));
  if (before === undefined) return errored(expected, `${timeline.what} was not known at ${w.anchor.what}`);
  if (before !== value) return { verdict: 'broken', expected, observed: `it was ${before}`, figures: {}, decisiveNs: windowFrom(w) };
  const change = timeline.changes.find((c) => c.ns > windowFrom(w) && c.ns <= windowTo(w) && c.value !== value);
  return change
    ? { verdict: 'broken', expected, observed: `${change.value} ${after(w, change.ns)}`, figures: { changedAfterS: seconds(change.ns - w.anchor.ns) }, decisiveNs: change.ns }
    : { verdict: 'held', expected, observed: `${value} throughout`, figures: {}, decisiveNs: undefined };
}
