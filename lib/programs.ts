/**
 * Programs that a story runs on its machines: what a scenario says of them, and where their files lie in a machine's
 * own tree, which is the same in a VM and on the running kernel.
 */

/** A program that a story runs, and what it opens beyond its libraries. */
export interface ProgramSpec {
  /** As people call it: "corosync", "iptables-legacy". */
  readonly name: string;
  /** The Debian package it comes from; fetched where the program is not installed. */
  readonly package: string;
  /** Files that it opens at run time, as absolute paths with `*` within a name: plugins, tables. /usr/lib/x is looked for in every distribution's library folders. */
  readonly files?: readonly string[];
}

/** What an agent must know of the programs of its story; `programs.json` beside the agent. */
export interface Manifest {
  /** Program → its path on a machine: "/bin/corosync". */
  readonly programs: Readonly<Record<string, string>>;
  /** Loaded before each program so that it writes line by line into a pipe, as it does on a terminal. */
  readonly lineBuffer?: string;
  /** Top folders of the tree that all machines share: "bin", "lib", "usr". */
  readonly shared: readonly string[];
  /** Kernel modules that the story needs beside those of its devices. */
  readonly modules: readonly string[];
  /** Of these, what a VM's kernel package does not have. */
  readonly missingModules: readonly string[];
  /** Files of the tree, with their source: only where no initramfs holds them already. */
  readonly files?: readonly { readonly inside: string; readonly from: string }[];
}

/** Links that make every distribution's folders one: what a loader or a program searches is there under its name. */
export const TREE_LINKS: readonly (readonly [path: string, target: string])[] = [
  ['lib64', 'lib'], ['usr/lib', '../lib'], ['usr/lib64', '../lib'], ['lib/x86_64-linux-gnu', '.'], ['sbin', 'bin'], ['usr/bin', '../bin'], ['usr/sbin', '../bin'],
];

/** Folders each machine has of its own, empty at first; a story's files can lie in them. */
export const OWN_FOLDERS = ['etc', 'run', 'tmp', 'var', 'dev', 'root', 'home', 'srv'] as const;

/** Where a file of this machine lies in the tree, without the first slash: /usr/lib/x86_64-linux-gnu/xtables/a.so is lib/xtables/a.so. */
export function insidePath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts[0] === 'usr' && /^(lib|lib64|bin|sbin)$/.test(parts[1] ?? '')) parts.shift();
  if (parts[0] === 'lib64') parts[0] = 'lib';
  if (parts[0] === 'sbin') parts[0] = 'bin';
  if (parts[0] === 'lib' && parts[1] === 'x86_64-linux-gnu') parts.splice(1, 1);
  return parts.join('/');
}

/** A pattern and its like in the folders where other distributions, or this one, keep the same: libraries' folders above all. */
export function placesOf(pattern: string): string[] {
  const [top, rest] = [/^(lib|bin)(?=\/)/.exec(insidePath(pattern))?.[1], insidePath(pattern).replace(/^[^/]*\//, '')];
  const folders = top === 'lib' ? ['/usr/lib/x86_64-linux-gnu', '/usr/lib64', '/usr/lib', '/lib/x86_64-linux-gnu', '/lib64', '/lib'] : top === 'bin' ? ['/usr/sbin', '/usr/bin', '/sbin', '/bin'] : [];
  return [...new Set([pattern, ...folders.map((folder) => `${folder}/${rest}`)])];
}

/** One part of a path against a pattern with `*` and `?`; a leading dot must be typed. */
export function nameMatches(name: string, pattern: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false;
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(name);
}

/** Everything wrong with what a scenario says of its programs and modules. */
export function programFaults(programs: readonly ProgramSpec[], modules: readonly string[] = []): string[] {
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const { name, package: owner, files = [] } of programs) {
    if (!/^[\w.+-]+$/.test(name)) faults.push(`the program ${JSON.stringify(name)} is not a plain name: give what people type, and paths in \`files\``);
    if (!/^[a-z0-9][a-z0-9.+-]+$/.test(owner)) faults.push(`the program ${name} names ${JSON.stringify(owner)} as its package, which no Debian package is called`);
    if (seen.has(name)) faults.push(`the program ${name} is named twice`);
    seen.add(name);
    for (const file of files) if (!file.startsWith('/') || file.split('/').includes('..')) faults.push(`the program ${name} names the file ${JSON.stringify(file)}, which is no absolute path`);
  }
  for (const module of modules) if (!/^[\w-]+$/.test(module)) faults.push(`${JSON.stringify(module)} is no name of a kernel module`);
  return faults;
}
