/**
 * Everything that is wrong with a topology, found before anything is built: the kernel tells one fault at a time, half
 * way through, as "Invalid argument".
 */
import type { Topology } from './topology.ts';
import { checkAddresses } from './validate/addresses.ts';
import { contextOf } from './validate/context.ts';
import type { Fault } from './validate/fault.ts';
import { Layer2 } from './validate/layer2.ts';
import { checkLoops } from './validate/loops.ts';
import { checkNames } from './validate/names.ts';
import { checkOptions } from './validate/options.ts';
import { checkQueriers } from './validate/queriers.ts';
import { checkStructure } from './validate/structure.ts';
import { checkSwitches } from './validate/switches.ts';

export type { Fault } from './validate/fault.ts';
export { nearest } from './validate/nearest.ts';

export interface ValidateOptions {
  /** Protocol time runs this many times faster than the kernel's clock; 1 by default. */
  readonly scale?: number;
}

/** All faults, in the order of the checks, each once; none for a topology that the kernel will take. */
export function validateTopology(topology: Topology, { scale = 1 }: ValidateOptions = {}): Fault[] {
  const faults = new Map<string, Fault>();
  const report = (where: string, fault: string, fix: string): void => {
    const key = `${where}\n${fault}`;
    if (!faults.has(key)) faults.set(key, { where, fault, fix });
  };
  if (!Number.isFinite(scale) || scale <= 0) {
    report('scale', `the scale is ${scale}`, 'give a number above 0; 1 is real time');
    scale = 1;
  }
  const context = contextOf(topology, scale, report);
  const layer2 = new Layer2(context);
  checkNames(context);
  checkStructure(context);
  checkAddresses(context, layer2);
  checkOptions(context);
  checkSwitches(context);
  checkQueriers(context);
  checkLoops(context, layer2);
  return [...faults.values()];
}

/** One report for people: a count, then each fault with its place and what mends it. "" when there is none. */
export function formatFaults(faults: readonly Fault[]): string {
  if (faults.length === 0) return '';
  const count = faults.length === 1 ? 'The topology has a fault:' : `The topology has ${faults.length} faults:`;
  return [count, ...faults.map(({ where, fault, fix }) => `  ${where}: ${fault}.\n    → ${fix}`)].join('\n');
}
