/** The facts of this machine that decisions rest on; what is dear is found out when asked for, once. */
import { readFileSync } from 'node:fs';
import type { Capabilities, Facts } from '../kernels/choose.ts';
import { bootableKernel, findKernels, kernelFromFile } from '../kernels/image/find.ts';
import { decide, decompressors, isInstalled, programs } from '../setup/programs.mjs';
import { treeVersion } from '../kernels/tree/tree.ts';
import { askUml } from '../kernels/uml/binary.ts';
import { isFile } from './stat.ts';

export const QEMU = 'qemu-system-x86_64';

const once = <T>(find: () => Promise<T>): (() => Promise<T>) => {
  let found: Promise<T> | undefined;
  return () => (found ??= find());
};

/** `agent` gives the bundled agent, which asks the running kernel. */
export function machineFacts({ qemu = QEMU, agent }: { qemu?: string; agent: () => Promise<string> }): Facts {
  const images = findKernels();
  return {
    arch: process.arch,
    images,
    bootable: bootableKernel(images),
    qemu,
    missing: (names) => names.filter((name) => !isProgram(name)),
    remedy,
    running: once(() => probe(agent)),
    kvm: once(async () => (await import('./kvm.ts')).probeKvm(qemu)),
    fromFile: kernelFromFile,
    isFile,
    uml: askUml,
    tree: (path) => {
      const version = treeVersion(path);
      return version === undefined ? undefined : { version };
    },
  };
}

async function probe(agent: () => Promise<string>): Promise<Capabilities> {
  const { probeRunning } = await import('../kernels/running.ts');
  return probeRunning({ agent: await agent() });
}

/** A path, or a name to look up. */
export function isProgram(program: string): boolean {
  return program.includes('/') ? isFile(program) : isInstalled(program);
}

/** The command that installs programs here; for an unknown distribution, those of all that we know. */
export function remedy(names: readonly string[]): string {
  const wanted = [...programs, ...Object.values(decompressors)].filter(({ name }) => names.includes(name));
  if (wanted.length === 0) return `see to it that ${names.join(', ')} is found in PATH`;
  const machine = { osRelease: osRelease(), uid: process.getuid?.() ?? -1, terminal: false, ci: false };
  // We install nothing here: set-up does.
  const [, ...commands] = decide(wanted, machine, { noInstall: true }).say;
  return commands.map((line) => line.trim()).join(', or ');
}

function osRelease(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}
