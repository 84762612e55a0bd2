/** A bond: which slave carries its traffic, and what the kernel says of it. */
import { readFileSync } from 'node:fs';
import type { BondRef } from '../../lib/topology-words.ts';
import type { StateTimeline } from '../../lib/timeline.ts';
import type { LabCore } from './lab.ts';
import { Machine } from './machine.ts';
import { activeSlaveKey } from '../../lib/state-keys.ts';

export class Bond extends Machine {
  constructor(lab: LabCore, ref: BondRef) {
    super(lab, ref.node, ref.name);
  }

  get activeSlave(): StateTimeline {
    return this.lab.states.timeline(activeSlaveKey(`${this.node}:${this.device}`));
  }

  /** /proc/net/bonding/NAME, line by line. */
  proc(): string[] {
    return this.lab.node(this.node).inside(() => readFileSync(`/proc/net/bonding/${this.device}`, 'utf8')).trimEnd().split('\n');
  }
}
