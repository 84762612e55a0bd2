/** Who owns what lies about: a process that is told from another one with its pid, from another boot, container or machine. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, so that another one with its pid is not taken for it. */
export interface Owner {
  readonly pid: number;
  /** Clock ticks since boot (/proc/PID/stat). */
  readonly startTicks: number;
  readonly bootId: string;
  readonly pidNamespace: string;
  readonly host: string;
}

/** Facts of /proc, so that a test can put others in their place. */
export interface Processes {
  startTicks(pid: number): number | undefined;
  readonly bootId: string;
  readonly pidNamespace: string;
  readonly host: string;
}

export const processes = (): Processes => ({
  startTicks,
  bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
  pidNamespace: readlinkSync('/proc/self/ns/pid'),
  host: `${hostname()} ${machineId()}`,
});

/** Machines that share a home folder may share a name as well. */
function machineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** When a process started; undefined when there is none, or only its corpse. */
export function startTicks(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses, and may hold blanks and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : Number(fields[19]);
  } catch {
    return undefined;
  }
}

/** stranger: of another machine or container, where we cannot look. */
export function standingOf(owner: Owner, system: Processes): 'alive' | 'gone' | 'stranger' {
  if (owner.host !== system.host) return 'stranger';
  // The machine was started anew: none of its processes is left.
  if (owner.bootId !== system.bootId) return 'gone';
  if (owner.pidNamespace !== system.pidNamespace) return 'stranger';
  return system.startTicks(owner.pid) === owner.startTicks ? 'alive' : 'gone';
}

export const ourselves = (system = processes()): Owner => ({
  pid: process.pid,
  startTicks: system.startTicks(process.pid) ?? 0,
  bootId: system.bootId,
  pidNamespace: system.pidNamespace,
  host: system.host,
});
