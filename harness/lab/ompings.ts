/** Starts ompings, ssmpings and their servers on machines of the lab, and has them end with the story. */
import { randomFrom } from '../../lib/seed.ts';
import type { Moment } from '../../lib/units.ts';
import { Omping, type OmpingEnd, type OmpingOptions } from '../probes/omping.ts';
import { Ssmping, ssmpingdOn, type SsmpingOptions } from '../probes/ssmping.ts';
import type { LabCore } from './lab.ts';
import type { Machine } from './machine.ts';

export function startOmpings(lab: LabCore, machines: readonly Machine[], options: OmpingOptions): Omping {
  lab.step(`omping between ${machines.map(({ name }) => name).join(', ')}`);
  const ends = machines.map((machine) => ({ ...machine.end(), address: machine.address(options.family ?? 4) }));
  const omping = new Omping(ends, lab.clock, lab.plan.seed, options);
  lab.ompings.push(omping);
  lab.scope.defer('end the ompings', () => { omping.close(); });
  for (const { name, device } of machines) lab.recorder.record(lab.clock.ns, { type: 'joins', who: name, device, group: omping.group });
  return omping;
}

/** ssmpingd on a machine, until the story is over. */
export function startSsmpingd(lab: LabCore, machine: Machine): Moment {
  lab.step(`${machine.name} runs ssmpingd of ours`);
  const random = randomFrom(lab.plan.seed, `ssmpingd on ${machine.name}`);
  const end = ssmpingdOn(machine.end(), lab.clock, (n) => Uint8Array.from({ length: n }, () => Math.floor(random() * 256)));
  lab.scope.defer(`end ssmpingd on ${machine.name}`, end);
  return lab.clock.moment(`ssmpingd ran on ${machine.name}`);
}

/** ssmping or asmping of ours on a machine, from now until stopped. */
export function startSsmping(lab: LabCore, machine: Machine, server: Machine, options: SsmpingOptions): Ssmping {
  const { family = 4, group } = options;
  lab.step(`${machine.name} ${group === undefined ? 'ssmpings' : 'asmpings'} ${server.name}`);
  const end = (of: Machine): OmpingEnd => ({ ...of.end(), address: of.address(family) });
  const ping = new Ssmping(lab.nextId(), end(machine), end(server), lab.clock, options);
  lab.ompings.push(ping);
  lab.scope.defer(`end the ping of ${machine.name}`, () => { ping.close(); });
  lab.recorder.record(lab.clock.ns, { type: 'joins', who: machine.name, device: machine.device, group: ping.group });
  return ping;
}
