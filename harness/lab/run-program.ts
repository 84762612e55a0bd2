/** Runs programs on machines of the lab: each machine has a root, a host name and IPC of its own, made when it is first asked for. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { type OutputLine, Program, type ProgramEnd, type ProgramOptions, startProgram } from '../probes/program.ts';
import { eventually } from '../system/eventually.ts';
import { createOwnSystem, inOwnSystem, type OwnSystem } from '../system/native/own-system.ts';
import type { LabCore } from './lab.ts';
import { enterNewRoot, type Programs, putFiles } from './system-tree.ts';

/** A process that was killed is gone in microseconds, unless a system call holds it. */
const GONE_WITHIN_MS = 5000;

export class ProgramRunner {
  readonly #lab: LabCore;
  readonly #programs: Programs;
  readonly #systems = new Map<string, OwnSystem>();
  readonly #count = new Map<string, number>();

  constructor(lab: LabCore, programs: Programs) {
    this.#lab = lab;
    this.#programs = programs;
  }

  async run(machine: string, name: string, args: readonly string[], options: ProgramOptions): Promise<Program> {
    const { manifest } = this.#programs;
    const path = Object.hasOwn(manifest.programs, name) ? manifest.programs[name] : undefined;
    if (path === undefined) throw new Error(`${machine} cannot run ${name}: the scenario does not name it. In \`programs\`: ${Object.keys(manifest.programs).join(', ') || 'nothing'}`);
    const system = this.#systemOf(machine);
    const inside = <T>(work: () => T): T => this.#lab.node(machine).inside(() => inOwnSystem(system, work));
    inside(() => { putFiles(options.files ?? {}, options.folders ?? [], machine); });
    const what = this.#nameOf(machine, name);
    const { recorder, clock, states } = this.#lab;
    const env = {
      PATH: '/bin', HOME: '/root', LC_ALL: 'C', TZ: 'UTC',
      ...(manifest.lineBuffer === undefined ? {} : { LD_PRELOAD: manifest.lineBuffer, _STDBUF_O: 'L' }), ...options.env,
    };
    recorder.record(clock.ns, { type: 'program', machine, program: what, args: [...args] });
    const program = await Program.start({
      what, machine, name, clock,
      start: () => inside(() => startProgram(path, args, env, options.input !== undefined)),
      onLine: (line: OutputLine) => { recorder.record(line.ns, { type: 'output', program: what, stream: line.stream, text: line.text }); },
      onEnd: ({ status, signal, at }: ProgramEnd) => { recorder.record(at.ns, { type: 'program-end', program: what, ...(status === undefined ? {} : { status }), ...(signal === undefined ? {} : { signal }) }); },
      learn: (key, value, ns) => states.learn(key, value, ns), timeline: (key) => states.timeline(key),
    }, options.input);
    this.#lab.programs.push(program);
    this.#lab.scope.defer(`end ${what}`, () => program.killed());
    return program;
  }

  read(machine: string, path: string): string {
    const system = this.#systemOf(machine);
    return this.#lab.node(machine).inside(() => inOwnSystem(system, () => readFileSync(path, 'utf8')));
  }

  #nameOf(machine: string, name: string): string {
    const key = `${name} on ${machine}`;
    const n = (this.#count.get(key) ?? 0) + 1;
    this.#count.set(key, n);
    return n === 1 ? key : `${key} (${n})`;
  }

  #systemOf(machine: string): OwnSystem {
    const known = this.#systems.get(machine);
    if (known) return known;
    // In its network too: what is mounted as /sys shows that machine's interfaces.
    const made = this.#lab.node(machine).inside(() => createOwnSystem(machine, () => { enterNewRoot(this.#programs, machine); }, () => readlinkSync('/proc/thread-self/ns/mnt')));
    this.#lab.scope.defer(`end every process of ${machine}`, async () => {
      made.close();
      await killAll(made.mounts, machine);
    });
    this.#systems.set(machine, made);
    return made;
  }
}

/** Whoever is in these mounts: daemons leave their parents, but not their root. */
async function killAll(mounts: string, machine: string): Promise<void> {
  await eventually({ for: `every process of ${machine} to end`, withinMs: GONE_WITHIN_MS }, () => {
    const alive = processesIn(mounts);
    for (const pid of alive) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself just now.
      }
    }
    if (alive.length > 0) throw new Error(`still there: ${alive.join(', ')}`);
  });
}

function processesIn(mounts: string): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return pid !== process.pid && readlinkSync(`/proc/${pid}/ns/mnt`) === mounts;
    } catch {
      return false; // a corpse, or gone
    }
  });
}
