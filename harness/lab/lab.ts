/** The network as it stands: nodes, clock, captures, states, and who is where. Live things are views on this. */
import { macOf, type Plan } from '../../lib/plan.ts';
import { allDevices, type At, at, type Topology } from '../../lib/topology.ts';
import { decodeFrame, describeFrame } from '../../lib/wire/index.ts';
import type { Capture } from '../capture/capture.ts';
import type { Flow, FlowEnd } from '../probes/flow.ts';
import type { Omping } from '../probes/omping.ts';
import type { Ssmping } from '../probes/ssmping.ts';
import type { Ping } from '../probes/ping.ts';
import type { Program } from '../probes/program.ts';
import type { Scope } from '../system/scope.ts';
import type { Clock } from './clock.ts';
import type { Node } from './node.ts';
import type { ProgramRunner } from './run-program.ts';
import { Readings } from './readings.ts';
import type { Recorder } from './recorder.ts';
import type { States } from './states.ts';

export class LabCore {
  readonly topology: Topology;
  readonly plan: Plan;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly scope: Scope;
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly states: States;
  readonly captures: ReadonlyMap<string, Capture>;
  readonly flows: Flow[] = [];
  readonly pings: Ping[] = [];
  /** Of either kind. */
  readonly ompings: (Omping | Ssmping)[] = [];
  readonly programs: Program[] = [];
  /** Runs the programs that the scenario names. */
  runner: ProgramRunner | undefined;
  readonly readings: Readings;
  #nextId = 1;

  constructor(parts: Pick<LabCore, 'topology' | 'plan' | 'nodes' | 'scope' | 'clock' | 'recorder' | 'states' | 'captures'>) {
    this.topology = parts.topology;
    this.plan = parts.plan;
    this.nodes = parts.nodes;
    this.scope = parts.scope;
    this.clock = parts.clock;
    this.recorder = parts.recorder;
    this.states = parts.states;
    this.captures = parts.captures;
    this.readings = new Readings(this);
  }

  node(name: string): Node {
    const node = this.nodes.get(name);
    if (!node) throw new Error(`no node ${name} in this lab; there are ${[...this.nodes.keys()].join(', ')}`);
    return node;
  }

  end(where: At): FlowEnd {
    return { name: where.node, node: this.node(where.node), device: where.device };
  }

  mac(where: At): string {
    return macOf(this.topology, this.plan.seed, where);
  }

  /** An address of the device, without prefix length. */
  address(where: At, family: 4 | 6 = 4): string {
    const device = allDevices(this.topology).find((d) => d.node === where.node && d.name === where.device);
    const found = device?.addresses.find((a) => a.includes(':') === (family === 6));
    if (!found) throw new Error(`${at(where)} has no IPv${family} address`);
    return found.split('/')[0] as string;
  }

  /** The machine whose address this is, if one of this network has it. */
  ownerOf(address: string): At | undefined {
    const owner = allDevices(this.topology).find((d) => d.addresses.some((a) => a.split('/')[0] === address));
    return owner && { node: owner.node, device: owner.name };
  }

  capture(where: At): Capture {
    const capture = this.captures.get(at(where));
    if (!capture) throw new Error(`nothing captures ${at(where)}: name it in the scenario's captures. Captured: ${[...this.captures.keys()].join(', ') || 'nothing'}`);
    return capture;
  }

  programRunner(): ProgramRunner {
    if (!this.runner) throw new Error('this scenario names no programs: list what its story runs in `programs`');
    return this.runner;
  }

  nextId(): number {
    return this.#nextId++;
  }

  /** A frame that the story itself put on a wire: who is heard from, and when, decides what switches believe. */
  notesFrame(ns: number, from: At, bytes: Uint8Array, errno = 0): void {
    const frame = decodeFrame(bytes);
    this.recorder.record(ns, { type: 'frame', from: at(from), src: frame.eth?.src, dst: frame.eth?.dst, etherType: frame.eth?.etherType, line: describeFrame(frame), ...(errno === 0 ? {} : { errno }) });
  }

  /** Say what happens, for the record and for whoever watches. */
  step(text: string): void {
    this.recorder.record(this.clock.ns, { type: 'step', text });
    this.onStep(text);
  }

  onStep: (text: string) => void = () => undefined;
}
