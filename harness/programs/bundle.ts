/**
 * What a story's programs consist of: their files and those they name, each with its place in a machine's tree. A VM's
 * initramfs takes them in; on the running kernel an agent makes a tree of them.
 */
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { insidePath, type Manifest, placesOf, type ProgramSpec } from '../../lib/programs.ts';
import { librariesOf } from '../kernels/image/libraries.ts';
import { searchPath } from '../system/exec.ts';
import { fileBelow, matchesBelow, programBelow } from './find.ts';

export interface BundleFile {
  /** Place in the tree: "lib/xtables/libxt_addrtype.so". */
  readonly inside: string;
  readonly from: string;
}

export interface Bundle {
  /** Program → its path on a machine. */
  readonly programs: Readonly<Record<string, string>>;
  /** Programs and what they name, without their libraries; sorted. */
  readonly files: readonly BundleFile[];
  /** Of these, what has libraries. */
  readonly linked: readonly string[];
  /** Unpacked packages in which libraries may lie. */
  readonly trees: readonly string[];
  /** Place of the library that makes programs write line by line. */
  readonly lineBuffer?: string;
}

export const NO_BUNDLE: Bundle = { programs: {}, files: [], linked: [], trees: [] };

/** Where a program was found: below "/" or an unpacked package. */
export interface Found {
  readonly spec: ProgramSpec;
  readonly root: string;
}

/** coreutils' stdbuf: Debian's and Fedora's place, Arch's. */
const LINE_BUFFER = ['/usr/libexec/coreutils/libstdbuf.so', '/usr/lib/coreutils/libstdbuf.so'];

/** Is all of it below this root: the program and what it names? The answer names what is not. */
export function lackedBelow(root: string, { name, files = [] }: ProgramSpec): string[] {
  const program = locate(root, name) === undefined ? [name] : [];
  return [...program, ...files.filter((pattern) => filesOf(root, pattern).length === 0)];
}

/** What a pattern means, in the package first; and in the first folder that has any of it. */
function filesOf(root: string, pattern: string): { path: string; from: string }[] {
  for (const at of new Set([root, '/'])) {
    for (const place of placesOf(pattern)) {
      const paths = matchesBelow(at, place);
      if (paths.length > 0) return paths.map((path) => ({ path, from: fileBelow(at, path) as string }));
    }
  }
  return [];
}

const locate = (root: string, name: string): string | undefined =>
  root === '/' ? programBelow('/', name, searchPath().split(':')) : programBelow(root, name);

/** Everything found becomes one tree; throws where two things want one place. */
export function bundleOf(found: readonly Found[]): Bundle {
  const files = new Map<string, string>();
  const programs: Record<string, string> = {};
  const put = (inside: string, from: string): void => {
    const other = files.get(inside);
    if (other !== undefined && other !== from) throw new Error(`Cannot put ${from} at /${inside} of a machine: ${other} lies there already.`);
    files.set(inside, from);
  };
  const trees = [...new Set(found.map(({ root }) => root).filter((root) => root !== '/'))];
  for (const { spec, root } of found) {
    const file = locate(root, spec.name);
    if (file === undefined) throw new Error(`Cannot run ${spec.name}: it was not found below ${root}.`);
    programs[spec.name] = `/bin/${spec.name}`;
    put(`bin/${spec.name}`, file);
    for (const pattern of spec.files ?? []) {
      for (const { path, from } of filesOf(root, pattern)) put(insidePath(path), from);
    }
    const interpreter = interpreterOf(file);
    if (interpreter !== undefined) {
      const source = [root, '/'].map((at) => fileBelow(at, interpreter)).find((path) => path !== undefined);
      if (source === undefined) throw new Error(`Cannot run ${spec.name}: it is a script for ${interpreter}, which is not on this machine.`);
      put(insidePath(interpreter), source);
    }
  }
  // glibc opens it by itself where a thread ends early.
  const [libgcc] = found.length === 0 ? [] : filesOf('/', '/usr/lib/libgcc_s.so.1');
  if (libgcc) put(insidePath(libgcc.path), libgcc.from);
  const preload = found.length === 0 ? undefined : LINE_BUFFER.find((path) => existsSync(path));
  if (preload !== undefined) put(`lib/${basename(preload)}`, preload);
  const sorted = [...files].map(([inside, from]) => ({ inside, from })).sort((a, b) => (a.inside < b.inside ? -1 : 1));
  return {
    programs, files: sorted, linked: sorted.map(({ from }) => from).filter((from) => startsWith(from, '\x7fELF')), trees,
    ...(preload === undefined ? {} : { lineBuffer: `/lib/${basename(preload)}` }),
  };
}

/** "#!/bin/sh" → "/bin/sh". What `env` would look for must be named as a program of its own. */
function interpreterOf(file: string): string | undefined {
  if (!startsWith(file, '#!')) return undefined;
  return /^#!\s*(\S+)/.exec(head(file, 256))?.[1];
}

const startsWith = (file: string, text: string): boolean => head(file, text.length) === text;

function head(file: string, length: number): string {
  const handle = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(length);
    return bytes.toString('latin1', 0, readSync(handle, bytes, 0, length, 0));
  } finally {
    closeSync(handle);
  }
}

/** What the agent is told. With `whole`, the tree's files and libraries too: there is no initramfs that holds them. */
export function manifestOf(bundle: Bundle, modules: readonly string[], { missing = [], whole = false }: { missing?: readonly string[]; whole?: boolean } = {}): Manifest {
  const top = (path: string): string => path.split('/')[0] as string;
  const shared = [...new Set(['bin', 'lib', 'usr', ...bundle.files.map(({ inside }) => top(inside))])].sort();
  return {
    programs: bundle.programs, shared, modules: [...modules], missingModules: [...missing],
    ...(bundle.lineBuffer === undefined ? {} : { lineBuffer: bundle.lineBuffer }),
    ...(whole ? { files: wholeTree(bundle) } : {}),
  };
}

function wholeTree({ files, linked, trees }: Bundle): BundleFile[] {
  const { byName, loaders } = librariesOf(linked, undefined, trees);
  const all = new Map(files.map(({ inside, from }) => [inside, from]));
  for (const [name, from] of byName) if (!all.has(`lib/${name}`)) all.set(`lib/${name}`, from);
  for (const [path, from] of loaders) all.set(`lib/${basename(path)}`, from);
  return [...all].map(([inside, from]) => ({ inside, from })).sort((a, b) => (a.inside < b.inside ? -1 : 1));
}
