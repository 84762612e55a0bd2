/**
 * What a kernel tells only when it is asked: whom a bridge takes for the querier, how long its groups have left, when a MAC
 * was last heard, what a machine's stack did with the packets that came. Asked when a flow begins, when its delivery ends
 * or begins again, and at the story's end: a report that says why needs the tables as they stood then.
 */
import { readFileSync } from 'node:fs';
import { decodeLink, decodeMdb, decodeNeighbour, linkGet, mdbDump, neighbourDump, type QuerierState } from '../../lib/netlink/index.ts';
import { readCounters, readCounters6, readMemberships } from '../../lib/proc-counters.ts';
import type { DatagramTimeline } from '../../lib/timeline.ts';
import { at } from '../../lib/topology.ts';
import type { LabCore } from './lab.ts';
import type { Node } from './node.ts';

/** Each costs some milliseconds of virtual time; a flow that flaps says nothing new after so many. */
const MOST = 24;
/** In a network of hundreds of bridges nobody reads all their tables in a hurry. */
const MOST_BRIDGES = 16;

/** A group's tables are the MDB and the querier, a station's the FDB entries of these MACs. */
export type Tables = { readonly group: true } | { readonly macs: readonly string[] };

export class Readings {
  readonly #lab: LabCore;
  #taken = 0;

  constructor(lab: LabCore) {
    this.#lab = lab;
  }

  /**
   * Reads the machines' counters now; what it returns is called before each datagram, and reads when what became of the one
   * before it is news. `records`: one for each receiver.
   */
  watches(machines: readonly Node[], tables: Tables, records: () => readonly DatagramTimeline[]): (seq: number) => void {
    const delivering = new Map<DatagramTimeline, boolean>();
    this.#read('a flow begins', machines, undefined);
    return (seq) => {
      if (seq === 0) return;
      const changed = records().filter((record) => {
        const arrived = record.receivedNs[seq - 1] !== undefined;
        const before = delivering.get(record) ?? true;
        delivering.set(record, arrived);
        return before !== arrived;
      });
      const [first] = changed;
      if (first) this.#read(`${changed.map((r) => r.receiver).join(', ')}: ${first.flow} ${first.receivedNs[seq - 1] === undefined ? 'no longer arrives' : 'arrives again'}`, machines, tables);
    };
  }

  /** The tables of all bridges, and the counters of everybody who received or answered, whatever was read before. */
  atEnd(): void {
    this.#taken = 0;
    const { flows, pings } = this.#lab;
    const names = [...flows.flatMap((flow) => flow.records.map((r) => r.receiver)), ...pings.flatMap(({ facts }) => [facts.from, ...(this.#lab.ownerOf(facts.to) ? [this.#lab.ownerOf(facts.to)?.node as string] : [])])];
    this.#read('the end', [...new Set(names)].map((name) => this.#lab.node(name)), { group: true });
  }

  #read(why: string, machines: readonly Node[], tables: Tables | undefined): void {
    if (this.#taken >= MOST) return;
    this.#taken++;
    const { recorder, clock } = this.#lab;
    const ns = clock.ns;
    recorder.record(ns, {
      type: 'reading', why,
      ...(tables ? { bridges: this.#bridges(tables) } : {}),
      machines: Object.fromEntries([...new Set(machines)].map((node) => [node.name, this.#machine(node)])),
    });
  }

  #machine(node: Node): object {
    const text = (file: string): string => { try { return readFileSync(`/proc/thread-self/net/${file}`, 'utf8'); } catch { return ''; } };
    return node.inside(() => ({
      counters: { ...readCounters(text('snmp'), text('netstat')), ...(node.spec.ipv6 ? readCounters6(text('snmp6')) : {}) },
      groups: readMemberships(text('igmp'), node.spec.ipv6 ? text('igmp6') : ''),
    }));
  }

  #bridges(tables: Tables): Record<string, object> {
    const bridges = this.#lab.topology.devices.filter((d) => d.kind === 'bridge' && this.#lab.node(d.node).spec.role !== 'nic').slice(0, MOST_BRIDGES);
    return Object.fromEntries(bridges.flatMap((bridge): [string, object][] => {
      const node = this.#lab.node(bridge.node);
      const label = at({ node: bridge.node, device: bridge.name });
      try {
        return [[label, 'group' in tables ? this.#groups(node, bridge.name) : { stations: this.#stations(node, bridge.name, tables.macs) }]];
      } catch {
        // The story has taken it away.
        return [];
      }
    }));
  }

  #groups(node: Node, bridge: string): object {
    const index = node.indexOf(bridge);
    const protocolMs = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms * this.#lab.plan.scale);
    const name = (i: number | undefined): string | undefined => (i === undefined ? undefined : node.nameOf(i));
    const querier = (q: QuerierState | undefined): object | undefined => q && { address: q.address, port: name(q.port), leftMs: protocolMs(q.otherTimerMs) };
    const { ipv4, ipv6 } = node.netlink.get(linkGet(index, { skipStats: true }), decodeLink).bridge?.querier ?? {};
    const mdb = node.netlink.dump(mdbDump(), decodeMdb);
    return {
      querier: { ipv4: querier(ipv4), ipv6: querier(ipv6) },
      groups: mdb.flatMap((m) => m.entries).filter((e) => e.bridge === index)
        .map((e) => ({ group: e.group, ...(e.source ? { source: e.source } : {}), port: name(e.port), ...(e.vlan ? { vlan: e.vlan } : {}), leftMs: protocolMs(e.timerMs) })),
      routers: mdb.flatMap((m) => m.routers).filter((r) => r.bridge === index).map((r) => ({ port: name(r.port), leftMs: protocolMs(r.timerMs) })),
    };
  }

  #stations(node: Node, bridge: string, macs: readonly string[]): object[] {
    const index = node.indexOf(bridge);
    return node.netlink.dump(neighbourDump('bridge'), decodeNeighbour)
      .flatMap((e) => (e.table === 'fdb' && e.bridge === index && e.entry !== 'permanent' && macs.includes(e.mac)
        ? [{ mac: e.mac, port: node.nameOf(e.index), ...(e.vlan ? { vlan: e.vlan } : {}), entry: e.entry, heardMsAgo: (e.updatedMs ?? 0) * this.#lab.plan.scale }] : []));
  }
}
