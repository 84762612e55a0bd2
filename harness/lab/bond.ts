/** A bond: which slave carries its traffic, and what the kernel says of it. */
import { readFileSync } from 'node:fs';
import { type BondOptions, linkSet, linkSetOptions } from '../../lib/netlink/index.ts';
import type { BondRef } from '../../lib/topology-words.ts';
import type { StateTimeline } from '../../lib/timeline.ts';
import type { Moment } from '../../lib/units.ts';
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

  /** Change options as `ip link set … type bond` does: { ad_actor_sys_prio: 100 }. */
  sets(options: BondOptions): Moment {
    return this.tells(`set ${Object.entries(options).map(([k, v]) => `${k} ${String(v)}`).join(', ')}`, (node) => linkSetOptions(node.indexOf(this.device), 'bond', options));
  }

  /** Another MAC, as `ip link set … address` does; slaves that it has take it too. */
  setsAddress(mac: string): Moment {
    return this.tells(`has the address ${mac}`, (node) => linkSet(node.indexOf(this.device), { mac }));
  }

  /** The slave leaves, as with `ip link set … nomaster`: the kernel sets it down and gives it its own MAC back. */
  releases(slave: string): Moment {
    return this.tells(`releases ${slave}`, (node) => linkSet(node.indexOf(slave), { master: 0 }));
  }

  /** A device that is down becomes a slave; the bond sets it up. */
  enslaves(slave: string): Moment {
    return this.tells(`enslaves ${slave}`, (node) => linkSet(node.indexOf(slave), { master: node.indexOf(this.device) }));
  }

  /** Set down, as some options ask for: its mode among them. */
  goesDown(): Moment {
    return this.tells('goes down', (node) => linkSet(node.indexOf(this.device), { up: false }));
  }

  comesUp(): Moment {
    return this.tells('comes up', (node) => linkSet(node.indexOf(this.device), { up: true }));
  }

  /** /proc/net/bonding/NAME, line by line. */
  proc(): string[] {
    return this.lab.node(this.node).inside(() => readFileSync(`/proc/net/bonding/${this.device}`, 'utf8')).trimEnd().split('\n');
  }
}
