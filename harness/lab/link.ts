/** A cable. Pulling it at one end takes the other end's carrier, as on a switch port that is shut. */
import { linkSet } from '../../lib/netlink/index.ts';
import type { LinkRef } from '../../lib/topology-builder.ts';
import type { Moment } from '../../lib/units.ts';
import type { LabCore } from './lab.ts';
import { linkKey } from './states.ts';

export class Link {
  readonly name: string;
  readonly #lab: LabCore;
  readonly #ref: LinkRef;

  constructor(lab: LabCore, ref: LinkRef) {
    this.#lab = lab;
    this.#ref = ref;
    this.name = ref.name;
  }

  /** One end goes down administratively; the far end loses carrier. Returns the instant of the cut. */
  fails(end: 'a' | 'b'): Moment {
    const where = this.#ref[end];
    this.#lab.step(`${where.node}:${where.device} goes down`);
    const node = this.#lab.node(where.node);
    const moment = this.#lab.clock.moment(`${where.node}:${where.device} went down`);
    node.netlink.request([linkSet(node.indexOf(where.device), { up: false })]);
    return moment;
  }

  /** Up again; resolves when both ends have carrier. */
  async returns(end: 'a' | 'b'): Promise<Moment> {
    const where = this.#ref[end];
    const far = this.#ref[end === 'a' ? 'b' : 'a'];
    this.#lab.step(`${where.node}:${where.device} comes up`);
    const node = this.#lab.node(where.node);
    node.netlink.request([linkSet(node.indexOf(where.device), { up: true })]);
    // A machine without devices of its own is not followed unless somebody asks.
    for (const end of [where, far]) this.#lab.states.follow(this.#lab.node(end.node));
    await Promise.all([where, far].map((e) => this.#lab.states.becomes(linkKey(`${e.node}:${e.device}`), 'up')));
    return this.#lab.clock.moment(`${where.node}:${where.device} came up`);
  }
}
