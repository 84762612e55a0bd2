/** A bridge: its options, what it believes (querier, MDB, FDB), and what passes its ports. */
import { addressAdd, bridgePortSet, bridgeVlanAdd, decodeLink, decodeMdb, decodeNeighbour, linkAdd, linkDelete, linkGet, linkSet, linkSetOptions, mdbAdd, mdbDelete, mdbDump, type MdbEntry, type MdbSetting, neighbourDump, portVlanSet, type QuerierState, slaveSetOptions, vlanMulticastSet } from '../../lib/netlink/index.ts';
import { report } from '../../lib/frame-kinds.ts';
import type { Step } from '../../lib/plan.ts';
import { netlinkOptions } from '../../lib/plan-options.ts';
import type { BridgeRef } from '../../lib/topology-words.ts';
import { findDevice, type Options } from '../../lib/topology.ts';
import { scalingFaults } from '../../lib/validate/options.ts';
import type { StateTimeline } from '../../lib/timeline.ts';
import { inMilliseconds, isDuration, ms, times, type Duration, type Moment, formatDuration } from '../../lib/units.ts';
import type { LabCore } from './lab.ts';
import { Machine } from './machine.ts';
import type { Node } from './node.ts';
import { PortCounter } from './port-count.ts';
import { waitUntilReady } from './ready.ts';
import { Unfit } from './unfit.ts';
import { fdbKey, filterModeKey, mdbKey } from '../../lib/state-keys.ts';

/** What `bridge mdb add` is told. */
export interface MdbByHand {
  /** An address, or a MAC: a layer 2 group. */
  group: string;
  /** Whose port; absent: the bridge itself. */
  port?: { name: string };
  source?: string;
  vlan?: number;
  /** Default permanent: it does not time out. */
  state?: 'permanent' | 'temporary';
}
const mdbWords = ({ group, port, source, vlan, state = 'permanent' }: MdbByHand): string =>
  `a ${state} MDB entry for ${group}${source === undefined ? '' : ` from ${source}`}${port ? ` on ${port.name}` : ' for itself'}${vlan === undefined ? '' : ` in VLAN ${vlan}`}`;
const wordsOf = (options: Options): string => Object.entries(options).map(([k, v]) => `${k} ${isDuration(v) ? formatDuration(v) : String(v)}`).join(', ');

export class Bridge extends Machine {
  constructor(lab: LabCore, ref: BridgeRef) {
    super(lab, ref.node, ref.name);
  }

  get #label(): string { return `${this.node}:${this.device}`; }

  /** Change options as `ip link set … type bridge` does: { mcast_querier: true }. Durations are protocol time. */
  sets(options: Options): Moment {
    const words = wordsOf(options);
    this.#fitsTheScale(options, words);
    return this.tells(`set ${words}`, (node) => linkSetOptions(node.indexOf(this.device), 'bridge', this.#wire(options)));
  }

  /** Multicast options of one VLAN where the bridge snoops per VLAN, as `bridge vlan global set` does. */
  setsVlan(vid: number, options: Options): Moment {
    return this.tells(`set ${wordsOf(options)} in VLAN ${vid}`, (node) => vlanMulticastSet({ index: node.indexOf(this.device), vid }, this.#wire(options)));
  }

  /** Options of a VLAN on one port, as `bridge vlan set` does: { mcast_router: 'permanent' }. */
  setsPortVlan(port: { name: string }, vid: number, options: Options): Moment {
    return this.tells(`set ${wordsOf(options)} in VLAN ${vid} on ${port.name}`, (node) => portVlanSet({ index: node.indexOf(port.name), vid }, this.#wire(options)));
  }

  /** Options of one port, as `bridge link set` does: { isolated: true }. */
  setsPort(port: { name: string }, options: Options): Moment {
    return this.tells(`set ${wordsOf(options)} on ${port.name}`, (node) => bridgePortSet(node.indexOf(port.name), this.#wire(options)));
  }

  /** The driver of a card in it (`t.card`) says that there is no carrier any more. */
  portLosesCarrier(card: string): Moment {
    return this.tells(`sees ${card} without a carrier`, (node) => linkSet(node.indexOf(card), { carrier: false }));
  }

  /** An MDB entry by hand, as `bridge mdb add` does: on a guest's port, or without one for the bridge itself. A group may be a MAC. */
  mdbAdds(entry: MdbByHand): Moment {
    return this.tells(`adds ${mdbWords(entry)}`, (node) => mdbAdd(this.#mdbSetting(node, entry)));
  }

  mdbDeletes(entry: MdbByHand): Moment {
    return this.tells(`deletes ${mdbWords(entry)}`, (node) => mdbDelete(this.#mdbSetting(node, entry)));
  }

  #mdbSetting(node: Node, { group, port, source, vlan, state = 'permanent' }: MdbByHand): MdbSetting {
    const bridge = node.indexOf(this.device);
    return { bridge, port: port ? node.indexOf(port.name) : bridge, group, state, ...(source === undefined ? {} : { source }), ...(vlan === undefined ? {} : { vlan }) };
  }

  /** As the kernel's interfaces take them: durations in its own milliseconds. */
  #wire(options: Options): Record<string, Exclude<Options[string], Duration> | number> {
    return Object.fromEntries(Object.entries(options).map(([k, v]) => [k, isDuration(v) ? Math.round(inMilliseconds(times(v, 1 / this.lab.plan.scale))) : v]));
  }

  /** The kernel raises a timer below its floor without a word: a story that meets that is not told at this scale. */
  #fitsTheScale(options: Options, words: string): void {
    const { scale } = this.lab.plan;
    const drawn = findDevice(this.lab.topology, { node: this.node, device: this.device });
    const faults = scalingFaults({ ...(drawn?.kind === 'bridge' ? drawn.options : {}), ...options }, scale);
    if (faults.length > 0) throw new Unfit(`${this.#label} sets ${words}, which a run scaled by ${scale} cannot follow: ${faults.map(({ fault, fix }) => `${fault}; ${fix}`).join('. ')}`);
  }

  /**
   * The bridge is deleted and made again as the topology says, as `ifdown` and `ifup` or a reboot do: its ports come back,
   * and what was set at run time, its MDB and its FDB are gone. Resolves when its ports forward.
   */
  async madeAgain(): Promise<Moment> {
    this.lab.step(`${this.device} is made again`);
    const node = this.lab.node(this.node);
    const index = node.indexOf(this.device);
    const steps = this.lab.plan.steps.filter((step) => 'node' in step && step.node === this.node);
    const ports = new Set(steps.flatMap((step) => (step.do === 'master' && step.master === this.device ? [step.name] : [])));
    const ours = (step: Step): boolean => 'name' in step && (step.name === this.device || ports.has(step.name));
    // The same index, so that whatever knows the bridge by it goes on.
    const requests = steps.filter(ours).flatMap((step) => {
      const own = 'name' in step && step.name === this.device;
      switch (step.do) {
        case 'bridge': {
          // The querier last, as files do: switched on in the same request, it waits by the default response interval,
          // because the kernel reads it before the timers.
          const { mcast_querier, ...options } = netlinkOptions(step.options);
          return [
            linkAdd({ kind: 'bridge', name: step.name, index, mac: step.mac, ...(step.mtuBytes ? { mtu: step.mtuBytes } : {}), options }),
            ...(mcast_querier === undefined ? [] : [linkSetOptions(index, 'bridge', { mcast_querier: mcast_querier === true })]),
          ];
        }
        case 'master': return own ? [] : [linkSet(node.indexOf(step.name), { master: index })];
        case 'port': return [slaveSetOptions(node.indexOf(step.name), 'bridge', netlinkOptions(step.options), (d) => node.indexOf(d))];
        case 'vlan-member': return [bridgeVlanAdd({ index: node.indexOf(step.name), vid: step.id, pvid: step.pvid, untagged: step.untagged, self: step.self })];
        case 'address': return own ? [addressAdd({ index, address: step.address, ...(step.address.includes(':') ? { noDad: true } : {}) })] : [];
        case 'up': return own ? [linkSet(index, { up: true })] : [];
        default: return [];
      }
    });
    // A bridge that is taken apart sends a last query out of the ports that are left (br_port_state_selection enables
    // their multicast anew): the new bridge's time begins when the old one is gone.
    node.netlink.request([linkDelete(index)]);
    const moment = this.lab.clock.moment(`${this.device} was made again`);
    node.netlink.request(requests);
    await waitUntilReady({ ...this.lab.plan, steps: steps.filter((step) => step.do === 'ready' && ours(step)) }, this.lab.nodes);
    return moment;
  }

  /** The last membership report for the group that came in by a guest's port: what the membership interval counts from. */
  lastReport(group: string, from: { name: string; mac: string }): Moment {
    const last = this.lab.capture({ node: this.node, device: from.name }).last(report(group, from));
    if (!last) throw new Error(`no report of ${from.name} for ${group} was seen at ${this.#label}`);
    return { ...last, what: `${from.name}'s last report` };
  }

  /** The next report for the group from a guest. */
  async seesReport(group: string, from: { name: string; mac: string }, within: Duration, after?: Moment): Promise<Moment> {
    const seen = await this.lab.capture({ node: this.node, device: from.name }).sees(report(group, from), within, after);
    return { ...seen, what: `${from.name}'s report` };
  }

  /** A timer as the kernel holds it, in protocol time: 'mcast_membership_interval'. */
  holds(option: string): Duration {
    const node = this.lab.node(this.node);
    const value = node.netlink.get(linkGet(node.indexOf(this.device), { skipStats: true }), decodeLink).options?.[option];
    if (typeof value !== 'number') throw new Error(`${this.#label} tells no ${option}`);
    return times(ms(value), this.lab.plan.scale);
  }

  /** Counts the frames that leave by each of its ports from now on. */
  counts(): PortCounter {
    return new PortCounter(this.lab, { node: this.node, device: this.device });
  }

  /** Whom the bridge takes for the querier. */
  querier(): { ipv4?: QuerierState; ipv6?: QuerierState } {
    const node = this.lab.node(this.node);
    return node.netlink.get(linkGet(node.indexOf(this.device), { skipStats: true }), decodeLink).bridge?.querier ?? {};
  }

  /**
   * Asks the kernel now whom the bridge takes for the querier: a state for claims ("192.0.2.6 behind core", "nobody"), and how long
   * it goes on believing in another one without a query.
   */
  saysOfQuerier(family: 4 | 6): { state: StateTimeline; asked: Moment; givenUpIn: Duration | undefined } {
    const asked = this.lab.clock.moment(`${this.device} was asked for its querier`);
    const told = this.querier()[family === 4 ? 'ipv4' : 'ipv6'];
    const port = told?.port === undefined ? undefined : this.lab.node(this.node).nameOf(told.port);
    const words = told === undefined ? 'nobody' : `${told.address}${port === undefined ? ', itself' : ` behind ${port}`}`;
    const state = this.lab.states.learn(`${this.#label} querier IPv${family}`, words, asked.ns);
    return { state, asked, givenUpIn: told?.otherTimerMs === undefined ? undefined : times(ms(told.otherTimerMs), this.lab.plan.scale) };
  }

  mdb(): MdbEntry[] {
    const node = this.lab.node(this.node);
    const index = node.indexOf(this.device);
    return node.netlink.dump(mdbDump(), decodeMdb).flatMap((m) => m.entries).filter((e) => e.bridge === index);
  }

  /** Is there an MDB entry for the group on that guest's port: present or absent, over time. For one source of it also blocked or added_by_star_ex. */
  mdbEntry(group: string, port: { name: string }, { vlan = 0, source }: { vlan?: number; source?: string } = {}): StateTimeline {
    return this.lab.states.mdbTimeline(this.lab.node(this.node), mdbKey(this.#label, port.name, group, vlan, source));
  }

  /** Look the MDB up: `added_by_star_ex` is set after the notification of an entry. */
  readsMdb(): Moment {
    this.lab.states.readMdb(this.lab.node(this.node));
    return this.lab.clock.moment(`${this.device}'s MDB was read`);
  }

  /** Of an IGMPv3 or MLDv2 bridge: include, exclude or absent, over time. */
  filterMode(group: string, port: { name: string }, { vlan = 0 }: { vlan?: number } = {}): StateTimeline {
    return this.lab.states.mdbTimeline(this.lab.node(this.node), filterModeKey(this.#label, port.name, group, vlan));
  }

  /** Behind which port the bridge believes a MAC, over time; "absent" when it does not know. */
  fdbEntry(mac: string, vlan = 0): StateTimeline {
    return this.lab.states.timeline(fdbKey(this.#label, mac, vlan));
  }

  /** Lines for the report. */
  readouts(): { title: string; lines: string[] }[] {
    const node = this.lab.node(this.node);
    const index = node.indexOf(this.device);
    const name = (i: number | undefined): string => (i === undefined ? 'the bridge itself' : (node.nameOf(i) ?? `#${i}`));
    const s = (ms: number | undefined): string => (ms === undefined ? '-' : `${(ms * this.lab.plan.scale) / 1000} s`);
    const querier = this.querier();
    const queriers = (['ipv4', 'ipv6'] as const).flatMap((family) => {
      const q = querier[family];
      return q ? [`${family}: ${q.address} behind ${name(q.port)}, given up in ${s(q.otherTimerMs)}`] : [];
    });
    const mdb = this.mdb().map((e) => `${e.group}${e.source ? ` from ${e.source}` : ''} on ${name(e.port)}${e.vlan ? ` VLAN ${e.vlan}` : ''} ${e.state}, ${s(e.timerMs)} left${e.filterMode ? `, ${e.filterMode}` : ''}`);
    const fdb = node.netlink.dump(neighbourDump('bridge'), decodeNeighbour)
      .flatMap((e) => (e.table === 'fdb' && e.bridge === index && e.entry !== 'permanent' ? [`${e.mac} behind ${name(e.index)}${e.vlan ? ` VLAN ${e.vlan}` : ''} ${e.entry}, last heard ${s(e.updatedMs)} ago`] : []));
    return [
      { title: `${this.#label} querier`, lines: queriers.length ? queriers : ['no querier'] },
      { title: `${this.#label} MDB`, lines: mdb.length ? mdb : ['empty'] },
      { title: `${this.#label} FDB`, lines: fdb.length ? fdb : ['empty'] },
    ];
  }
}
