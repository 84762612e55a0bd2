/** Counting the frames that leave by a bridge's ports, by the kernel's counters: one dump of all links, twice. */
import { decodeLink, type LinkStats, linkDump } from '../../lib/netlink/index.ts';
import { between, type Window } from '../../lib/claims.ts';
import type { PortCount } from '../../lib/port-counts.ts';
import type { Moment } from '../../lib/units.ts';
import type { LabCore } from './lab.ts';

type Stats = ReadonlyMap<string, LinkStats>;

/** What was counted until a moment, at some of the ports or all. */
export class Counted {
  readonly where: string;
  readonly window: Window;
  readonly ports: readonly PortCount[];

  constructor(where: string, window: Window, ports: readonly PortCount[]) {
    this.where = where;
    this.window = window;
    this.ports = ports;
  }

  /** At the ports of these machines alone. */
  at(machines: readonly { readonly name: string }[]): Counted {
    const names = new Set(machines.map((m) => m.name));
    const ports = this.ports.filter((p) => names.has(p.port));
    for (const { port } of ports) names.delete(port);
    if (names.size > 0) throw new Error(`${this.where} has no port to ${[...names].join(', ')}`);
    return new Counted(this.where, this.window, ports);
  }
}

/** A count that has begun. */
export class PortCounter {
  readonly #lab: LabCore;
  readonly #where: { readonly node: string; readonly device: string };
  readonly #begun: Moment;
  readonly #first: Stats;

  constructor(lab: LabCore, where: { node: string; device: string }) {
    this.#lab = lab;
    this.#where = where;
    this.#begun = lab.clock.moment(`the count at ${where.device} began`);
    this.#first = this.#read();
  }

  /** What has left by each port since the count began. */
  until(what: string): Counted {
    const now = this.#read();
    const ports = [...now].map(([port, { txPackets, txBytes }]): PortCount => {
      const before = this.#first.get(port);
      return { port, frames: txPackets - (before?.txPackets ?? 0), bytes: txBytes - (before?.txBytes ?? 0), earlierFrames: before?.txPackets ?? 0 };
    });
    return new Counted(this.#where.device, between(this.#begun, this.#lab.clock.moment(what)), ports);
  }

  #read(): Stats {
    const node = this.#lab.node(this.#where.node);
    const bridge = node.indexOf(this.#where.device);
    return new Map(node.netlink.dump(linkDump(), decodeLink).flatMap((link) => (link.master === bridge && link.stats ? [[link.name, link.stats] as const] : [])));
  }
}
