/**
 * A cable. Pulling it at one end takes the other end's carrier, as on a switch port that is shut. Silencing it at a
 * bridge's end leaves carrier and tables as they are; frames vanish.
 */
import { bridgePortSet, type BridgePortOptions, linkSet } from '../../lib/netlink/index.ts';
import type { LinkRef } from '../../lib/topology-words.ts';
import { at, endsOf, findDevice } from '../../lib/topology.ts';
import { isDuration, type Moment } from '../../lib/units.ts';
import type { LabCore } from './lab.ts';
import { waitUntilUp } from './ready.ts';

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
    await waitUntilUp(this.#lab.nodes, [where, far]);
    return this.#lab.clock.moment(`${where.node}:${where.device} came up`);
  }

  /**
   * Frames vanish at this end, a bridge's port, and both ends keep their carrier; the bridge goes on believing what it
   * has learned. 'both' ways (`bridge link set dev PORT state disabled`: such a port neither takes nor gives), or only
   * those that would 'leave' by it, where the bridge floods everything (ageing_time 0): the port takes no flood.
   */
  silences(end: 'a' | 'b', which: 'both' | 'leave' = 'both'): Moment {
    return this.#port(end, which === 'both' ? { state: 'disabled' } : { flood: false, mcast_flood: false, bcast_flood: false }, `fell silent${which === 'both' ? '' : ' one way'}`, which);
  }

  /** The end of a silence. */
  speaksAgain(end: 'a' | 'b', which: 'both' | 'leave' = 'both'): Moment {
    return this.#port(end, which === 'both' ? { state: 'forwarding' } : { flood: true, mcast_flood: true, bcast_flood: true }, 'spoke again', which);
  }

  #port(end: 'a' | 'b', options: BridgePortOptions, what: string, which: 'both' | 'leave'): Moment {
    const where = this.#ref[end];
    const { topology } = this.#lab;
    const device = endsOf(topology).find((e) => e.node === where.node && e.name === where.device);
    const master = device?.master === undefined ? undefined : findDevice(topology, { node: where.node, device: device.master });
    if (master?.kind !== 'bridge') throw new Error(`${at(where)} is no bridge's port: only such an end can fall silent`);
    const ageing = master.options['ageing_time'];
    if (which === 'leave' && !(isDuration(ageing) && ageing.ns === 0)) throw new Error(`${at(where)} cannot fall silent one way: its bridge learns, and what it has learned it does not flood; give it ageing_time s(0)`);
    this.#lab.step(`${at(where)} ${what}`);
    const node = this.#lab.node(where.node);
    const moment = this.#lab.clock.moment(`${at(where)} ${what}`);
    node.netlink.request([bridgePortSet(node.indexOf(where.device), options)]);
    return moment;
  }
}
