/** Options that several commands understand, each described once. */
import type { Command, Option } from 'commander';
import { option } from './options.ts';

const made = {
  kernel: () => option('--kernel <kernel>', 'where: auto, running, a release, an image, a User-Mode Linux program, or a source tree (repeatable; default: auto)', true),
  modules: () => option('--modules <dir>', "the module folder of --kernel's image"),
  time: () => option('--time <time>', 'warp (virtual time, in VMs), real, or scaled=K (default: warp where it can be had)'),
  seed: () => option('--seed <n>', 'MACs, delays and random numbers follow from it (default: 1)'),
  jobs: () => option('--jobs <n>', 'so many at a time (default: one a core, at most 4)'),
  all: () => option('--all', 'every scenario, not only the default set'),
  controls: () => option('--controls', 'negative controls as well: settings that must come out broken'),
  capture: () => option('--capture <which>', 'captures to keep: none, failed, all (default: failed)'),
  'capture-everything': () => option('--capture-everything', 'capture every interface, not only those that claims speak of'),
  results: () => option('--results <dir>', 'where the run folder goes (default: ./results)'),
  timeout: () => option('--timeout <s>', 'end a variant after so much wall time'),
  shift: () => option('--shift <n>', 'virtual time: one guest instruction takes 2^N ns, 0 to 10 (default: 0)'),
  cpus: () => option('--cpus <n>', 'QEMU with --time real: so many virtual CPUs, 1 to 16, for races that one CPU cannot show (default: 1)'),
  qemu: () => option('--qemu <program>', 'another QEMU (default: qemu-system-x86_64)'),
  'arch-kernel': () => option('--arch-kernel <arch>', 'what a source tree is built as: uml or x86 (default: uml)'),
  'time-travel': () => option('--time-travel <mode>', 'User-Mode Linux: computing takes no virtual time (inf-cpu, default), or what it takes (counted)'),
  'allow-log': () => option('--allow-log <regex>', 'kernel log lines that are no complaint (repeatable)', true),
} satisfies Record<string, () => Option>;

export type SharedOption = keyof typeof made;

/** In this order, which is that of --help. */
export function addShared(command: Command, ...names: SharedOption[]): Command {
  for (const name of names) command.addOption(made[name]());
  return command;
}
