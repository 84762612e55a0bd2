/**
 * Where frames go: through cables, bonds, VLAN devices and bridges, with their tags. Good for two questions: who hears
 * whom (one broadcast domain), and can a frame come round to where it was (a loop).
 *
 * A frame never leaves a bridge by the port it came in by, and a bond is one port with all its slaves, so slaves are no
 * loop by themselves. Not modelled: which slave of an active-backup bond is the active one (any may become it), several
 * tags on one frame.
 */
import { BRIDGE_DEFAULTS } from '../kernel-defaults.ts';
import { isUnplugged } from '../plan.ts';
import type { Context, Device } from './context.ts';
import { whereIs } from './context.ts';

type Bridge = Device & { kind: 'bridge' };
/** A VLAN id on the wire or, within a filtering bridge, inside; undefined: untagged. */
type Tag = number | undefined;
/** A frame that has come into a bridge by a port (the bridge itself: sent by the machine). */
interface Entry { readonly bridge: Bridge; readonly port: Device; readonly tag: Tag }
interface Memberships { readonly pvid: Tag; readonly untagged: ReadonlyMap<number, boolean> }

/** Bridges in order with the port that the frame leaves each by. */
export type Ring = readonly { readonly bridge: Bridge; readonly out: Device }[];

export class Layer2 {
  readonly #context: Context;
  readonly #vlansOver = new Map<string, (Device & { kind: 'vlan' })[]>();
  readonly #memberships = new Map<Device, Memberships>();

  constructor(context: Context) {
    this.#context = context;
    for (const device of context.devices) {
      if (device.kind !== 'vlan') continue;
      const key = `${device.node}:${device.over}`;
      this.#vlansOver.set(key, [...(this.#vlansOver.get(key) ?? []), device]);
    }
  }

  /** Every device that receives a broadcast of this one, itself left out. */
  reach(from: Device): ReadonlySet<Device> {
    const heard = new Set<Device>();
    const seen = new Set<string>();
    const queue: Entry[] = [];
    const arrive = (entries: readonly Entry[]): void => {
      for (const entry of entries) {
        const key = keyOf(entry);
        if (seen.has(key)) continue;
        seen.add(key);
        queue.push(entry);
      }
    };
    const hear = (device: Device): void => { if (device !== from) heard.add(device); };
    arrive(this.#send(from, undefined, hear));
    for (let entry = queue.pop(); entry; entry = queue.pop()) for (const { next } of this.#flood(entry, hear)) arrive(next);
    return heard;
  }

  /** Loops in which no bridge speaks STP, each once. A bridge without STP passes BPDUs on, so one that speaks it is enough. */
  rings(): Ring[] {
    const edges = this.#edges();
    const rings = new Map<string, Ring>();
    for (;;) {
      prune(edges);
      const [start] = edges.keys();
      if (start === undefined) return [...rings.values()];
      const cycle = shortestCycle(edges, start);
      for (const key of cycle ? cycle.map((step) => step.from) : [start]) edges.delete(key);
      if (!cycle) continue;
      const ring = cycle.map(({ bridge, out }) => ({ bridge, out }));
      // The same ring the other way round leaves by the ports that this one comes in by.
      const ports = cycle.flatMap(({ out, port }) => [whereIs(out), whereIs(port)]);
      const key = [...new Set(ports)].sort().join(' ');
      if (!rings.has(key)) rings.set(key, ring);
    }
  }

  /** From each way into a bridge without STP to the next such ways. */
  #edges(): Map<string, Edge[]> {
    const edges = new Map<string, Edge[]>();
    const queue: Entry[] = [];
    const nobody = (): void => undefined;
    const visit = (entries: readonly Entry[]): string[] =>
      entries.filter((e) => e.bridge.options['stp_state'] !== true).map((entry) => {
        const key = keyOf(entry);
        if (!edges.has(key)) {
          edges.set(key, []);
          queue.push(entry);
        }
        return key;
      });
    for (const device of this.#context.devices) if (device.master === undefined) visit(this.#send(device, undefined, nobody));
    for (let entry = queue.pop(); entry; entry = queue.pop()) {
      const { bridge, port } = entry;
      const found = edges.get(keyOf(entry));
      for (const { out, next } of this.#flood(entry, nobody, true)) for (const to of visit(next)) found?.push({ from: keyOf(entry), to, bridge, port, out });
    }
    return edges;
  }

  /** Where a frame goes from a bridge. `inwards`: leave out ports that only lead to a machine. */
  *#flood({ bridge, port, tag }: Entry, hear: (device: Device) => void, inwards = false): Generator<{ out: Device; next: Entry[] }> {
    const vid = this.#ingress(bridge, port, tag);
    if (vid === 'dropped') return;
    for (const out of [bridge, ...this.#context.members(bridge)]) {
      if (out === port || (out.port?.['isolated'] === true && port.port?.['isolated'] === true)) continue;
      const leaves = this.#egress(bridge, out, vid);
      if (leaves === 'dropped') continue;
      if (out === bridge) yield { out, next: this.#up(bridge, leaves, hear, true) };
      else if (!inwards || this.#leadsOn(out)) yield { out, next: this.#send(out, leaves, hear) };
    }
  }

  /** A cable whose other end is a machine's plain device leads nowhere. */
  #leadsOn(port: Device): boolean {
    const peer = this.#peer(port);
    return port.kind !== 'end' || (peer !== undefined && (peer.master !== undefined || this.#vlansOver.has(whereIs(peer))));
  }

  /** A frame sent on a device: the bridges that it comes into at the other side. */
  #send(device: Device, tag: Tag, hear: (device: Device) => void, depth = 0): Entry[] {
    // Depth ends what validation reports elsewhere: masters and VLAN devices in circles.
    if (device.up === false || depth > 8) return [];
    switch (device.kind) {
      case 'dummy': return [];
      case 'bridge': return [{ bridge: device, port: device, tag }];
      case 'bond': return this.#context.members(device).flatMap((slave) => this.#send(slave, tag, hear, depth + 1));
      case 'vlan': {
        const lower = this.#context.device(device.node, device.over);
        return lower && tag === undefined ? this.#send(lower, device.id, hear, depth + 1) : [];
      }
      case 'end': {
        const peer = this.#peer(device);
        return peer ? this.#up(peer, tag, hear) : [];
      }
    }
  }

  #peer(end: Device): Device | undefined {
    const link = this.#context.linkOf(end);
    if (!link) return undefined;
    const { topology } = this.#context;
    const peer = link.a === end ? link.b : link.a;
    return [end, peer].some((e) => e.up === false || isUnplugged(topology, e)) ? undefined : peer;
  }

  /** A frame that a device receives: to the VLAN device of its tag, else to its master, else it is heard here. */
  #up(device: Device, tag: Tag, hear: (device: Device) => void, atBridge = false, depth = 0): Entry[] {
    if (device.up === false || depth > 8) return [];
    const vlan = tag === undefined ? undefined : this.#vlansOver.get(whereIs(device))?.find((v) => v.id === tag);
    if (vlan) return this.#up(vlan, undefined, hear, false, depth + 1);
    const master = atBridge ? undefined : this.#context.masterOf(device);
    if (master?.kind === 'bond') return this.#up(master, tag, hear, false, depth + 1);
    if (master?.kind === 'bridge') return [{ bridge: master, port: device, tag }];
    if (tag === undefined) hear(device);
    return [];
  }

  #ingress(bridge: Bridge, port: Device, tag: Tag): Tag | 'dropped' {
    if (bridge.options['vlan_filtering'] !== true) return tag;
    const { pvid, untagged } = this.#member(bridge, port);
    const vid = tag ?? pvid;
    return vid !== undefined && untagged.has(vid) ? vid : 'dropped';
  }

  #egress(bridge: Bridge, port: Device, vid: Tag): Tag | 'dropped' {
    if (bridge.options['vlan_filtering'] !== true || vid === undefined) return vid;
    const bare = this.#member(bridge, port).untagged.get(vid);
    return bare === undefined ? 'dropped' : bare ? undefined : vid;
  }

  /** VLANs of a port: the bridge's default one, and those declared; a declared pvid takes the default's place as pvid. */
  #member(bridge: Bridge, port: Device): Memberships {
    const known = this.#memberships.get(port);
    if (known) return known;
    const standard = bridge.options['vlan_default_pvid'] ?? BRIDGE_DEFAULTS['vlan_default_pvid'];
    let pvid: Tag = typeof standard === 'number' && standard > 0 ? standard : undefined;
    const untagged = new Map<number, boolean>(pvid === undefined ? [] : [[pvid, true]]);
    for (const vlan of port.vlans ?? []) {
      untagged.set(vlan.id, vlan.untagged ?? false);
      if (vlan.pvid) pvid = vlan.id;
      else if (pvid === vlan.id) pvid = undefined;
    }
    const memberships = { pvid, untagged };
    this.#memberships.set(port, memberships);
    return memberships;
  }
}

interface Edge { readonly from: string; readonly to: string; readonly bridge: Bridge; readonly port: Device; readonly out: Device }

const keyOf = ({ bridge, port, tag }: Entry): string => `${whereIs(bridge)} ${port.name} ${tag ?? ''}`;

/** Leaves only what has a way in and a way out: all loops survive. */
function prune(edges: Map<string, Edge[]>): void {
  for (let changed = true; changed; ) {
    changed = false;
    const entered = new Set([...edges.values()].flatMap((list) => list.filter((e) => edges.has(e.to)).map((e) => e.to)));
    for (const [key, list] of edges) {
      if (entered.has(key) && list.some((e) => edges.has(e.to))) continue;
      edges.delete(key);
      changed = true;
    }
  }
}

/** The shortest way from a key back to itself, breadth first. */
function shortestCycle(edges: ReadonlyMap<string, readonly Edge[]>, start: string): Edge[] | undefined {
  const came = new Map<string, Edge>();
  const queue = [start];
  for (let at = queue.shift(); at !== undefined; at = queue.shift())
    for (const edge of edges.get(at) ?? []) {
      if (!edges.has(edge.to) || came.has(edge.to)) continue;
      came.set(edge.to, edge);
      if (edge.to !== start) { queue.push(edge.to); continue; }
      const path: Edge[] = [];
      for (let step: Edge | undefined = edge; step; step = step.from === start ? undefined : came.get(step.from)) path.unshift(step);
      return path;
    }
  return undefined;
}
