/** Runs of lost datagrams and pings, each with the instants at which the tables are asked why. */
import { changeAt, type Join, type Probe, type Story } from './story.ts';

export interface Outage {
  readonly probe: Probe;
  /** Sequence numbers, rising. */
  readonly lost: readonly number[];
  readonly fromNs: number;
  readonly toNs: number;
  /** Sent last before it and delivered. */
  readonly lastDeliveredNs: number | undefined;
  readonly nextDeliveredNs: number | undefined;
  /** It lasted to the end of what was watched. */
  readonly open: boolean;
}

/** A long outage is asked at so many of its datagrams, both ends among them. */
const SAMPLES = 40;

const isGroup = (address: string): boolean => /^(22[4-9]|23\d)\./.test(address) || /^ff/i.test(address);

export function outagesOf(story: Story, probe: Probe): Outage[] {
  const found: Outage[] = [];
  let run: number[] = [];
  let lastDelivered: number | undefined;
  const close = (next: number | undefined): void => {
    const [first, last] = [run[0], run.at(-1)];
    if (first !== undefined && last !== undefined)
      found.push({ probe, lost: run, fromNs: probe.sentNs[first] as number, toNs: probe.sentNs[last] as number, lastDeliveredNs: lastDelivered, nextDeliveredNs: next, open: next === undefined });
    run = [];
  };
  probe.sentNs.forEach((at, seq) => {
    if (at > probe.knownToNs - story.slackNs) return;
    if (typeof probe.receivedNs[seq] === 'number') {
      close(at);
      lastDelivered = at;
    } else if (entitled(story, probe, at)) run.push(seq);
    else close(at);
  });
  close(undefined);
  return found;
}

/** Who left a group, or has yet to join it, misses nothing; who never joins at all has a reason to be told. */
function entitled(story: Story, probe: Probe, ns: number): boolean {
  if (!isGroup(probe.to)) return true;
  const mine = joinsOf(story, probe);
  if (mine.length === 0) return true;
  const since = mine.findLast((j) => j.ns <= ns);
  return since?.what === 'joins' && ns - since.ns > story.slackNs;
}

/** What the story had the receiver's kernel do about the flow's group. */
export const joinsOf = (story: Story, probe: Probe): Join[] => story.joins.filter((j) => j.who === probe.receiver && spelt(j.group) === spelt(probe.to));

/** Is the receiver a member at an instant: by the story's own sockets, else by what its kernel told. Undefined: nobody knows. */
export function isMember(story: Story, probe: Probe, ns: number): boolean | undefined {
  const mine = joinsOf(story, probe);
  const last = mine.findLast((j) => j.ns <= ns);
  if (last) return last.what === 'joins';
  const told = story.readings.filter((r) => r.machines[probe.receiver]).sort((a, b) => Math.abs(a.ns - ns) - Math.abs(b.ns - ns))[0]?.machines[probe.receiver]?.groups;
  if (told) return Object.values(told).some((groups) => groups.some((g) => spelt(g) === spelt(probe.to)));
  return mine.length > 0 ? false : undefined;
}

/** Instants of an outage at which it is asked why, each standing for the datagrams around it. */
export function samplesOf(outage: Outage): { seq: number; ns: number; stands: number }[] {
  const { lost, probe } = outage;
  const step = Math.max(1, lost.length / SAMPLES);
  const picked = new Set<number>([0, lost.length - 1]);
  for (let i = 0; i < lost.length; i += step) picked.add(Math.floor(i));
  const indices = [...picked].sort((a, b) => a - b);
  return indices.map((index, i) => {
    const seq = lost[index] as number;
    return { seq, ns: probe.sentNs[seq] as number, stands: (indices[i + 1] ?? lost.length) - index };
  });
}

export { isGroup, changeAt };
/** A group as written by a person and by a kernel: case and zeros do not matter. */
const spelt = (group: string): string => group.toLowerCase();
