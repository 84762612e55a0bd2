/** A machine that stands: it joins groups, sends, pings and announces itself through sockets of its own namespace. */
import { fdbDelete, fdbReplace, type NetlinkRequest } from '../../lib/netlink/index.ts';
import type { SizeLimit } from '../../lib/size-limit.ts';
import type { QuerierVersion } from '../../lib/topology.ts';
import type { Duration, Moment } from '../../lib/units.ts';
import { type Arp, arpFrame, gratuitousArp, type GroupRecord, igmpQuery, igmpV3Report, isMulticastIp, mldQuery, mldV2Report } from '../../lib/wire/index.ts';
import { Flow, type FlowOptions } from '../probes/flow.ts';
import { Pacer } from '../probes/pacer.ts';
import { Ping, type PingOptions } from '../probes/ping.ts';
import { findSizeLimit, type SizeLimitOptions } from '../probes/size-limit.ts';
import type { Program, ProgramOptions } from '../probes/program.ts';
import { PacketSocket } from '../system/native/packet-socket.ts';
import { ENETDOWN, errnoName } from '../system/native/errno.ts';
import { UdpSocket } from '../system/native/udp-socket.ts';
import type { LabCore } from './lab.ts';
import type { Node } from './node.ts';
import type { Tables } from './readings.ts';

/** A group that a machine has joined; leaving sends the leave. */
export interface Membership {
  readonly group: string;
  leaves(): Moment;
  /** One source more is heard: of a list of included ones, or one that was blocked. */
  allows(source: string): Moment;
  /** One source less is heard: of a list of included ones, or of all. */
  blocks(source: string): Moment;
}

export interface JoinOptions {
  /** Only these sources ('include', the default where sources are named), or all but these ('exclude'). */
  sources?: readonly string[];
  mode?: 'include' | 'exclude';
}

export class Machine {
  readonly name: string;
  /** The interface that speaks unless the story names another. */
  readonly device: string;
  protected readonly lab: LabCore;
  readonly #packets = new Map<string, PacketSocket>();

  constructor(lab: LabCore, node: string, device: string) {
    this.lab = lab;
    this.name = node;
    this.device = device;
  }

  get node(): string { return this.name; }

  /** One request to its kernel, with a step for whoever watches; the moment is that before it. */
  protected tells(what: string, request: (node: Node) => NetlinkRequest): Moment {
    this.lab.step(`${this.device} ${what}`);
    const node = this.lab.node(this.node);
    const moment = this.lab.clock.moment(`${this.device} ${what}`);
    node.netlink.request([request(node)]);
    return moment;
  }

  get mac(): string {
    return this.lab.mac({ node: this.name, device: this.device });
  }

  /** The MAC that another interface of this machine was made with. */
  macOf(device: string): string {
    return this.lab.mac({ node: this.name, device });
  }

  /** Its address without prefix length. */
  address(family: 4 | 6 = 4): string {
    return this.lab.address({ node: this.name, device: this.device }, family);
  }

  /** Join a group, from any source or from some: the kernel sends its reports. */
  joins(group: string, { sources = [], mode = sources.length > 0 ? 'include' : 'exclude' }: JoinOptions = {}): Membership {
    if (mode === 'include' && sources.length === 0) throw new Error(`${this.name} cannot join ${group} from no source: that is a leave`);
    const node = this.lab.node(this.name);
    const index = node.indexOf(this.device);
    const socket = new UdpSocket({ namespace: node.namespace.fd, family: group.includes(':') ? 'inet6' : 'inet' });
    this.lab.scope.defer(`${this.name} leaves ${group}`, () => { socket.close(); });
    this.lab.step(`${this.name} joins ${group}${sources.length === 0 ? '' : `${mode === 'include' ? ' from' : ' but'} ${sources.join(', ')}`}`);
    if (mode === 'exclude') socket.join(group, index);
    for (const source of sources) {
      if (mode === 'include') socket.join(group, index, source);
      else socket.block(group, index, source);
    }
    const changes = (word: string, act: (source: string) => void) => (source: string): Moment => {
      this.lab.step(`${this.name} ${word} ${source} in ${group}`);
      const moment = this.lab.clock.moment(`${this.name} ${word} ${source}`);
      act(source);
      return moment;
    };
    this.#notes('joins', group);
    return {
      group,
      leaves: () => {
        this.lab.step(`${this.name} leaves ${group}`);
        // Taken first: the leave is on the wire before close() returns.
        const left = this.lab.clock.moment(`${this.name} left ${group}`);
        socket.close();
        this.#notes('leaves', group);
        return left;
      },
      allows: changes('allows', (source) => { if (mode === 'include') socket.join(group, index, source); else socket.unblock(group, index, source); }),
      blocks: changes('blocks', (source) => { if (mode === 'include') socket.leave(group, index, source); else socket.block(group, index, source); }),
    };
  }

  /** Numbered datagrams to an address, from now until stopped, heard by `to`. */
  sends(destination: string, options: FlowOptions & { to: readonly Machine[] }): Flow {
    this.lab.step(`${this.name} sends to ${destination}`);
    const receivers = options.to.map((m) => m.end());
    const before = this.lab.readings.watches(receivers.map((r) => r.node), this.#tablesFor(destination), () => flow.records);
    const flow: Flow = new Flow(this.lab.nextId(), this.end(), destination, receivers, this.lab.clock, { ...options, before });
    this.lab.scope.defer(`stop ${flow.name}`, () => { flow.close(); });
    this.lab.flows.push(flow);
    return flow;
  }

  /** The largest datagram that reaches all of `to`, by bisection over its payload. */
  async findsLimit(destination: string, options: SizeLimitOptions & { to: readonly Machine[] }): Promise<SizeLimit> {
    this.lab.step(`${this.name} looks for the largest datagram to ${destination} that arrives`);
    const id = this.lab.nextId();
    const limit = await findSizeLimit(id, this.end(), destination, options.to.map((m) => m.end()), this.lab.clock, options, (close) => { this.lab.scope.defer(`close a socket of ${this.name}'s search`, close); });
    this.lab.recorder.record(limit.to.ns, { type: 'size-limit', what: limit.what, ...limit.found });
    return limit;
  }

  /** Echo requests from now until stopped. */
  pings(destination: string, options: PingOptions): Ping {
    this.lab.step(`${this.name} pings ${destination}`);
    const owner = this.lab.ownerOf(destination);
    const machines = [this.end().node, ...(owner ? [this.lab.node(owner.node)] : [])];
    const before = this.lab.readings.watches(machines, this.#tablesFor(destination), () => [ping.record]);
    const ping: Ping = new Ping(this.end(), destination, this.lab.clock, { ...options, before });
    this.lab.scope.defer(`stop ${ping.name}`, () => { ping.close(); });
    this.lab.pings.push(ping);
    return ping;
  }

  /** Any program that the scenario names in `programs`, unmodified, on this machine: with files, folders and a host name of its own. */
  runs(program: string, args: readonly string[] = [], options: ProgramOptions = {}): Promise<Program> {
    this.lab.step(`${this.name} runs ${[program, ...args].join(' ')}`);
    return this.lab.programRunner().run(this.name, program, args, options);
  }

  /** A file as this machine's programs left it. */
  reads(path: string): string {
    return this.lab.programRunner().read(this.name, path);
  }

  /** An IGMPv3 or MLDv2 report written by hand: what no socket of this machine has asked for. All records of one family. */
  reports(records: readonly GroupRecord[]): Moment {
    const words = records.map((r) => `${r.type} {${r.sources.join(', ')}} for ${r.group}`).join('; ');
    this.lab.step(`${this.name} reports ${words}`);
    const srcMac = this.mac;
    const frame = records[0]?.group.includes(':') ? mldV2Report({ srcMac, records }) : igmpV3Report({ srcMac, source: this.address(4), records });
    return { ...this.sendsFrame(frame), what: `${this.name}'s report` };
  }

  /** One query by hand, of a querier that is heard this once: general, or for a group. */
  queries(version: QuerierVersion, options: { group?: string; maxResponse?: Duration } = {}): Moment {
    this.lab.step(`${this.name} asks once (${version})`);
    const common = { srcMac: this.mac, ...(options.group === undefined ? {} : { group: options.group }), ...(options.maxResponse ? { maxResponse: options.maxResponse.ns / 1e6 } : {}) };
    const frame = version.startsWith('IGMP')
      ? igmpQuery({ ...common, version: Number(version.slice(-1)) as 1 | 2 | 3, source: this.address(4) })
      : mldQuery({ ...common, version: Number(version.slice(-1)) as 1 | 2 });
    return { ...this.sendsFrame(frame), what: `${this.name}'s query` };
  }

  /** One frame, as it is, out of an interface of this machine. */
  sendsFrame(frame: Uint8Array, device = this.device): Moment {
    const moment = this.lab.clock.moment(`${this.name} sent a frame`);
    const errno = this.#emits(frame, device);
    if (errno !== 0) throw new Error(`send a frame out of ${this.name}:${device}: ${errnoName(errno)}`);
    return moment;
  }

  /** The same from a timer, where nobody looks whether the interface is up: what cannot leave is lost, as it is on a real machine, and recorded. */
  protected losesOrSends(frame: Uint8Array, what: string, device = this.device): boolean {
    const errno = this.#emits(frame, device);
    if (errno === 0) return true;
    if (errno !== ENETDOWN) throw new Error(`send ${what} out of ${this.name}:${device}: ${errnoName(errno)}`);
    this.lab.recorder.record(this.lab.clock.ns, { type: 'lost', what, at: `${this.name}:${device}`, errno: errnoName(errno) });
    return false;
  }

  #emits(frame: Uint8Array, device: string): number {
    let socket = this.#packets.get(device);
    if (!socket) {
      const node = this.lab.node(this.name);
      socket = new PacketSocket({ namespace: node.namespace.fd, index: node.indexOf(device) });
      const opened = socket;
      this.lab.scope.defer(`close the packet socket of ${this.name}:${device}`, () => { opened.close(); });
      this.#packets.set(device, socket);
    }
    const { ns: sentNs } = this.lab.clock;
    const errno = socket.send(frame);
    this.lab.notesFrame(sentNs, { node: this.name, device }, frame, errno);
    return errno;
  }

  /** What `arping -U -c1` sends: a broadcast ARP request for its own address. */
  gratuitousArp(): Moment {
    return { ...this.sendsFrame(this.#announcement()), what: `${this.name}'s gratuitous ARP` };
  }

  #announcement(): Uint8Array {
    return gratuitousArp({ mac: this.mac, ip: this.address(4) });
  }

  /** `arping -q -U` in a loop, the first after one interval. Those that come while its own interface is down are lost. */
  gratuitousArpEvery(every: Duration): { stop(): void } {
    this.lab.step(`${this.name} sends a gratuitous ARP every ${every.ns / 1e9} s`);
    const pacer = new Pacer(this.lab.clock, every, (n) => { if (n > 0) this.losesOrSends(this.#announcement(), 'a gratuitous ARP'); }).start();
    this.lab.scope.defer(`stop the gratuitous ARPs of ${this.name}`, () => { pacer.stop(); });
    return pacer;
  }

  /** A broadcast ARP request for somebody's address, as any peer that knows no MAC sends it. */
  asksFor(address: string): Moment {
    const arp: Arp = { operation: 1, senderMac: this.mac, senderIp: this.address(4), targetMac: '00:00:00:00:00:00', targetIp: address };
    return { ...this.sendsFrame(arpFrame(arp, { srcMac: this.mac, dstMac: 'ff:ff:ff:ff:ff:ff' })), what: `${this.name} asked who has ${address}` };
  }

  /**
   * A station that this machine's bridge shall believe behind a port for good: `bridge fdb replace MAC dev PORT master
   * static`. Heard behind another port it moves there all the same, unless it is sticky.
   */
  believes(station: { mac: string; name: string }, port: string, { sticky = false, vlan }: { sticky?: boolean; vlan?: number } = {}): Moment {
    this.lab.step(`${this.name} holds ${station.name} to be behind ${port}`);
    const node = this.lab.node(this.name);
    const moment = this.lab.clock.moment(`${this.name} was told that ${station.name} is behind ${port}`);
    node.netlink.request([fdbReplace({ index: node.indexOf(port), mac: station.mac, entry: 'static', ...(sticky ? { sticky } : {}), ...(vlan === undefined ? {} : { vlan }) })]);
    return moment;
  }

  /** The end of that. */
  forgets(station: { mac: string; name: string }, port: string, { vlan }: { vlan?: number } = {}): Moment {
    this.lab.step(`${this.name} forgets ${station.name} behind ${port}`);
    const node = this.lab.node(this.name);
    const moment = this.lab.clock.moment(`${this.name} forgot ${station.name} behind ${port}`);
    node.netlink.request([fdbDelete({ index: node.indexOf(port), mac: station.mac, ...(vlan === undefined ? {} : { vlan }) })]);
    return moment;
  }

  /** Which of the bridges' tables decide whether it arrives. */
  #tablesFor(destination: string): Tables {
    if (isMulticastIp(destination)) return { group: true };
    const owner = this.lab.ownerOf(destination);
    return { macs: [this.mac, ...(owner ? [this.lab.mac(owner)] : [])] };
  }

  #notes(type: 'joins' | 'leaves', group: string): void {
    this.lab.recorder.record(this.lab.clock.ns, { type, who: this.name, device: this.device, group });
  }

  end(): { name: string; node: ReturnType<LabCore['node']>; device: string } {
    return this.lab.end({ node: this.name, device: this.device });
  }
}
