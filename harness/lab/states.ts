/**
 * What bridges and bonds say of themselves as it changes, from rtnetlink notifications: MDB and FDB entries, ports'
 * and links' states, a bond's active slave. Each becomes a timeline that claims can ask, and an event of the record.
 */
import { type ForwardingEntry, decodeLink, decodeMdb, decodeNeighbour, type Link, linkDump, mdbDump, type MdbEntry, type MdbMessage, type NeighbourEntry, neighbourDump, type Notification } from '../../lib/netlink/index.ts';
import { type LinkFacts, linkFacts, newFacts } from '../../lib/link-facts.ts';
import { activeSlaveKey, fdbKey, filterModeKey, linkKey, mdbKey, neighbourKey, portKey, routerKey } from '../../lib/state-keys.ts';
import type { StateTimeline } from '../../lib/timeline.ts';
import type { Clock } from './clock.ts';
import type { Node } from './node.ts';
import type { Recorder } from './recorder.ts';

export const ABSENT = 'absent';
export const PRESENT = 'present';
/** Flags of an entry for one source: it keeps the source from the port; or the port is EXCLUDE for the group and another port asked for the source. */
const SOURCE_FLAGS = ['blocked', 'added_by_star_ex'] as const;

class Timeline implements StateTimeline {
  readonly what: string;
  readonly changes: { ns: number; value: string }[] = [];
  constructor(what: string) { this.what = what; }
}


export class States {
  readonly #clock: Clock;
  readonly #recorder: Recorder;
  readonly #timelines = new Map<string, Timeline>();
  readonly #subscriptions: { close(): void }[] = [];
  /** Since when: what a table did not hold then was absent. */
  readonly #followed = new Map<Node, number>();
  readonly #facts = new Map<string, LinkFacts>();
  readonly lost: string[] = [];

  constructor(clock: Clock, recorder: Recorder) {
    this.#clock = clock;
    this.#recorder = recorder;
  }

  /** Follow a node from now on, if nobody did; its tables as they stand are the first values. */
  follow(node: Node): void {
    if (this.#followed.has(node)) return;
    this.#followed.set(node, this.#clock.ns);
    this.#subscriptions.push(node.netlink.subscribe(['link', 'neigh', 'mdb'], (n) => { this.#on(node, n); }, {
      onLost: () => { this.lost.push(node.name); },
    }));
    for (const link of node.netlink.dump(linkDump({ skipStats: true }), decodeLink)) this.#link(node, link);
    this.#readMdb(node, true);
    for (const entry of node.netlink.dump(neighbourDump('bridge'), decodeNeighbour)) if (entry.table === 'fdb') this.#fdb(node, entry, true);
  }

  /** The entries as they stand: some flags change without a notification. */
  readMdb(node: Node): void {
    this.#readMdb(node, false);
  }

  #readMdb(node: Node, first: boolean): void {
    for (const message of node.netlink.dump(mdbDump(), decodeMdb)) this.#mdbMessage(node, message, PRESENT, first);
  }

  /** Of an MDB entry: what was never seen there is absent. */
  mdbTimeline(node: Node, key: string): StateTimeline {
    if (this.#followed.has(node)) this.#absentUntilNow(node, key);
    return this.timeline(key);
  }

  #absentUntilNow(node: Node, key: string): void {
    if (this.#timelines.has(key)) return;
    const timeline = new Timeline(key);
    timeline.changes.push({ ns: this.#followed.get(node) ?? 0, value: ABSENT });
    this.#timelines.set(key, timeline);
  }

  timeline(key: string): StateTimeline {
    return this.#timelines.get(key) ?? new Timeline(key);
  }

  /** What else a story knows to change: what a program says of itself. */
  learn(key: string, value: string, ns: number): StateTimeline {
    this.#set(key, value, ns);
    return this.timeline(key);
  }

  close(): void {
    for (const s of this.#subscriptions.splice(0)) s.close();
  }

  #set(key: string, value: string, ns = this.#clock.ns): void {
    let timeline = this.#timelines.get(key);
    if (!timeline) this.#timelines.set(key, (timeline = new Timeline(key)));
    if (timeline.changes.at(-1)?.value === value) return;
    timeline.changes.push({ ns, value });
    this.#recorder.record(ns, { type: 'state', what: key, value });
  }

  #on(node: Node, n: Notification): void {
    if (n.event === 'NEWLINK') this.#link(node, n.link);
    // A port that left its bridge: the device is still there, what it was allowed as a port is over.
    else if (n.event === 'DELLINK' && n.link.bridgeFamily) this.#set(portKey(`${node.name}:${n.link.name}`), ABSENT);
    else if (n.event === 'NEWMDB' || n.event === 'DELMDB') this.#mdbMessage(node, n.mdb, n.event === 'NEWMDB' ? PRESENT : ABSENT);
    else if (n.event === 'NEWNEIGH' || n.event === 'DELNEIGH') {
      if (n.neighbour.table === 'fdb') this.#fdb(node, n.neighbour, n.event === 'NEWNEIGH');
      else this.#neighbour(node, n.neighbour, n.event === 'NEWNEIGH');
    }
  }

  #link(node: Node, link: Link): void {
    const where = `${node.name}:${link.name}`;
    if (link.name === 'lo') return;
    if (link.portState) this.#set(portKey(where), link.portState);
    this.#device(where, linkFacts(link, (index) => node.nameOf(index)));
    // Messages of the bridge family say nothing certain of the device as such.
    if (link.bridgeFamily) return;
    if (link.operstate) this.#set(linkKey(where), link.operstate);
    if (link.kind === 'bond') {
      const active = link.options?.['active_slave'];
      this.#set(activeSlaveKey(where), typeof active === 'number' && active > 0 ? (node.nameOf(active) ?? String(active)) : 'none');
    }
  }

  /** What a device's forwarding depends on, and of it only what has changed. */
  #device(where: string, facts: LinkFacts): void {
    const before = this.#facts.get(where);
    const changed = newFacts(before, facts);
    if (!changed) return;
    this.#facts.set(where, { ...before, ...facts });
    this.#recorder.record(this.#clock.ns, { type: 'device', what: where, ...changed });
  }

  #mdbMessage(node: Node, { entries, routers }: MdbMessage, value: string, first = false): void {
    for (const entry of entries) this.#mdb(node, entry, value, first);
    for (const router of routers) {
      const [bridge, port] = [node.nameOf(router.bridge), node.nameOf(router.port)];
      if (bridge && port) this.#set(routerKey(`${node.name}:${bridge}`, port), value);
    }
  }

  #mdb(node: Node, entry: MdbEntry, value: string, first = false): void {
    const [bridge, port] = [node.nameOf(entry.bridge), node.nameOf(entry.port)];
    if (!bridge || !port) return;
    const takes = (key: string, now: string): void => {
      if (!first) this.#absentUntilNow(node, key);
      this.#set(key, now);
    };
    const flag = value === PRESENT ? SOURCE_FLAGS.find((f) => entry.flags.includes(f)) : undefined;
    takes(mdbKey(`${node.name}:${bridge}`, port, entry.group, entry.vlan, entry.source), flag ?? value);
    // IGMPv3 and MLDv2 bridges tell it with the group; an entry of one source has none worth telling.
    if (entry.source === undefined && entry.filterMode) takes(filterModeKey(`${node.name}:${bridge}`, port, entry.group, entry.vlan), value === PRESENT ? entry.filterMode : ABSENT);
  }

  #neighbour(node: Node, entry: NeighbourEntry, there: boolean): void {
    const device = node.nameOf(entry.index);
    if (!device || entry.state === 'noarp') return;
    this.#set(neighbourKey(`${node.name}:${device}`, entry.address), there ? entry.state : ABSENT);
  }

  #fdb(node: Node, entry: ForwardingEntry, there: boolean): void {
    // A port's own address is permanent and says nothing about where a station is.
    if (entry.entry === 'permanent' || entry.bridge === undefined) return;
    const [bridge, port] = [node.nameOf(entry.bridge), node.nameOf(entry.index)];
    if (bridge && port) this.#set(fdbKey(`${node.name}:${bridge}`, entry.mac, entry.vlan ?? 0), there ? port : ABSENT);
  }
}
