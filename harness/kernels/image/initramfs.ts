/**
 * The initramfs that a VM boots: Node and our agent, the network tools, the kernel's modules, and nothing else. Made
 * from what is on this machine, kept in the cache under a name that stands for all that went into it.
 */
import { createHash } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writevSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { type Bundle, manifestOf, NO_BUNDLE } from '../../programs/bundle.ts';
import { cacheFolder, cacheTrouble } from '../../setup/cache.mjs';
import { TREE_LINKS } from '../../../lib/programs.ts';
import { cpioArchive, type CpioEntry } from './cpio.ts';
import { stripElf } from './elf.ts';
import type { KernelImage } from './find.ts';
import { librariesOf, type Libraries } from './libraries.ts';
import { readModuleFolder, selectModules, type ModuleFolder, type ModuleSet } from './modules.ts';
import { findProgram, koffiFile, sharedBuiltins } from './parts.ts';

const FW_CFG = 'qemu_fw_cfg';

/** What scenarios use; what a kernel lacks of it is reported, not refused. */
export const defaultModules: readonly string[] = [
  'af_packet',
  'bridge',
  'veth',
  'bonding',
  '8021q',
  'dummy',
  'macvlan',
  'sch_netem',
  'sch_ingress',
  'cls_bpf',
  // How a machine that was stopped is told its job.
  FW_CFG,
];

/** What goes into an initramfs. */
export interface InitramfsRequest {
  /** The bundled agent: one JavaScript file. */
  readonly agent: string;
  /** Whose modules; without a module folder, all must be in the image. */
  readonly modules: Pick<KernelImage, 'modules'>;
  readonly wanted?: readonly string[];
  readonly programs?: readonly string[];
  /** What a story needs beyond that: its programs, and modules by name. */
  readonly extras?: { readonly bundle: Bundle; readonly modules: readonly string[] } | undefined;
  /** The kernel was built with all that stories need in it: nothing is missing for want of a module folder. */
  readonly builtIn?: boolean;
  /** Our cache, unless a test wants its own. */
  readonly cache?: string;
}

/** A file ready to be booted. */
export interface Initramfs {
  readonly path: string;
  /** Modules in it, in the order to load them. */
  readonly load: readonly string[];
  /** Wanted ones that the image holds already. */
  readonly builtin: readonly string[];
  /** Wanted ones that this kernel does not have. */
  readonly missing: readonly string[];
  /** False when it came from the cache. */
  readonly made: boolean;
}

/** Paths inside. */
export const inside = {
  node: 'bin/node',
  agent: 'agent.cjs',
  koffi: 'koffi.node',
  modules: 'lib/modules-wirewarp',
  /** Module names, one a line, in the order to load them. */
  moduleList: 'lib/modules-wirewarp/modules.list',
  /** What the agent must know of a story's programs; absent where it has none. */
  manifest: 'programs.json',
} as const;

/** Raised when what is put inside changes without its inputs changing. */
const layout = 2;

/** So many are kept; each is about 100 MB. One for each set of programs that stories run, beside the plain one. */
const kept = 8;

/** Nobody takes longer from being handed a path to having read the file. */
const inUseMs = 10 * 60_000;

/** Makes it, or takes it from the cache. */
export async function buildInitramfs(request: InitramfsRequest): Promise<Initramfs> {
  const {
    programs = ['ip', 'bridge', 'tcpdump'],
    cache = join(cacheFolder(), 'initramfs'),
    extras = { bundle: NO_BUNDLE, modules: [] },
  } = request;
  const wanted = [...(request.wanted ?? defaultModules), ...extras.modules];
  const node = realpathSync(process.execPath);
  const files = new Map(programs.map((name) => [name, findProgram(name)]));
  const libraries = librariesOf([node, ...files.values(), ...extras.bundle.linked], undefined, extras.bundle.trees);
  const folder = request.modules.modules === undefined ? undefined : readModuleFolder(request.modules.modules);
  const parts: Parts = { node, agent: request.agent, koffi: koffiFile(libraries), programs: files, libraries, ...(request.extras === undefined ? {} : { extras }) };
  const key = keyOf(parts, folder, request.builtIn === true ? ['all built in'] : wanted);
  const path = join(cache, `${key}.cpio`);
  const known = remembered(path);
  if (known !== undefined) return { path, ...known, made: false };

  const modules = request.builtIn === true ? { load: [], builtin: wanted, missing: [] } : await modulesFor(folder, wanted);
  const facts: Facts = {
    load: modules.load.map(({ name }) => name),
    builtin: modules.builtin,
    // Without it a machine is booted for each job, and lacks nothing.
    missing: modules.missing.filter((name) => name !== FW_CFG),
  };
  prepareFolder(cache);
  write(path, cpioArchive(entriesOf(parts, modules)));
  write(`${path}.json`, [Buffer.from(`${JSON.stringify(facts)}\n`)]);
  prune(cache, path);
  return { path, ...facts, made: true };
}

function prepareFolder(cache: string): void {
  try {
    mkdirSync(cache, { recursive: true });
    accessSync(cache, constants.W_OK);
  } catch (cause) {
    throw cannotKeep(cache, cause);
  }
}

const cannotKeep = (path: string, cause: unknown): Error =>
  new Error(`cannot keep the VM's initramfs: ${cacheTrouble(path, cause as NodeJS.ErrnoException, INITRAMFS_MB)}`, { cause });
/** Node with its libraries is most of it. */
const INITRAMFS_MB = 100;

interface Parts {
  readonly node: string;
  readonly agent: string;
  readonly koffi: string;
  readonly programs: ReadonlyMap<string, string>;
  readonly libraries: Libraries;
  readonly extras?: NonNullable<InitramfsRequest['extras']>;
}

type Facts = Pick<Initramfs, 'load' | 'builtin' | 'missing'>;

/** A kernel without a module folder is asked by nobody here: all that is wanted counts as missing. */
async function modulesFor(folder: ModuleFolder | undefined, wanted: readonly string[]): Promise<ModuleSet> {
  return folder === undefined ? { load: [], builtin: [], missing: [...wanted] } : selectModules(folder, wanted);
}

/** The agent counts by its content, since builds rewrite it; the rest by name, size and time, since hashing takes long. */
function keyOf(
  { node, agent, koffi, programs, libraries, extras }: Parts,
  folder: ModuleFolder | undefined,
  wanted: readonly string[],
): string {
  const hash = createHash('sha256');
  hash.update(`layout ${String(layout)}\nnode ${process.version}\nwanted ${wanted.join(' ')}\n`);
  hash.update(readFileSync(agent));
  const modules =
    folder === undefined
      ? []
      : [...wanted.map((name) => folder.files.get(name)), join(folder.folder, 'modules.builtin')];
  const files = [
    node,
    koffi,
    ...programs.values(),
    ...libraries.byName.values(),
    ...libraries.loaders.values(),
    ...modules,
    ...(extras?.bundle.files.map(({ from }) => from) ?? []),
  ];
  if (extras !== undefined) hash.update(`extras ${JSON.stringify(extras)}\n`);
  for (const file of files) {
    const stat = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false });
    hash.update(`${file ?? '-'} ${String(stat?.size)} ${String(stat?.mtimeMs)}\n`);
  }
  return hash.digest('hex').slice(0, 32);
}

function remembered(path: string): Facts | undefined {
  try {
    const facts = JSON.parse(readFileSync(`${path}.json`, 'utf8')) as Facts;
    const now = new Date();
    utimesSync(path, now, now); // in use: not to be pruned; and throws where it was
    return facts;
  } catch {
    return undefined;
  }
}

function entriesOf(parts: Parts, modules: ModuleSet): CpioEntry[] {
  const { node, agent, koffi, programs, libraries, extras } = parts;
  const file = (path: string, data: Uint8Array, executable = false): CpioEntry => ({
    kind: 'file',
    path,
    data,
    executable,
  });
  const device = (path: string, major: number, minor: number): CpioEntry => ({ kind: 'device', path, major, minor });
  const text = (path: string, content: string, executable = false): CpioEntry =>
    file(path, Buffer.from(content), executable);
  const program = (path: string, from: string): CpioEntry => file(path, stripElf(readFileSync(from)), true);
  const folder = (path: string): CpioEntry => ({ kind: 'folder', path });
  const link = (path: string, target: string): CpioEntry => ({ kind: 'link', path, target });
  const added = extras === undefined ? [] : entriesOfStory(extras, modules, { programs, libraries });
  return [
    // Node itself is process 1. Booting with rdinit=/bin/node and "-- /agent.cjs" comes to the same.
    text('init', `#!/${inside.node} /${inside.agent}\n`, true),
    program(inside.node, node),
    file(inside.agent, readFileSync(agent)),
    program(inside.koffi, koffi),
    ...[...programs].map(([name, from]) => program(`bin/${name}`, from)),
    ...[...libraries.byName].map(([name, from]) => program(`lib/${name}`, from)),
    ...[...libraries.loaders].map(([path, from]) => program(`lib/${basename(path)}`, from)),
    // Loaders search their distribution's folders: all are this one.
    ...TREE_LINKS.map(([path, target]) => link(path, target)),
    ...added,
    ...sharedBuiltins([node, ...libraries.byName.values()]).map((path) => file(path.slice(1), readFileSync(path))),
    ...modules.load.map(({ name, data }) => file(`${inside.modules}/${name}.ko`, data)),
    text(inside.moduleList, modules.load.map(({ name }) => `${name}\n`).join('')),
    // tcpdump looks up the user it should become.
    text('etc/passwd', 'root:x:0:0:root:/:/bin/sh\n'),
    text('etc/group', 'root:x:0:\n'),
    text('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files\n'),
    text('etc/hosts', '127.0.0.1 localhost\n::1 localhost\n'),
    // The kernel opens the console before process 1 could mount anything.
    device('dev/console', 5, 1),
    device('dev/null', 1, 3),
    device('dev/zero', 1, 5),
    device('dev/random', 1, 8),
    device('dev/urandom', 1, 9),
    device('dev/ttyS0', 4, 64),
    device('dev/ttyS1', 4, 65),
    ...['proc', 'sys', 'run', 'tmp'].map(folder),
  ];
}

/** A story's programs and what they open; libraries and tools that are there anyway are not put twice. */
function entriesOfStory({ bundle, modules }: NonNullable<Parts['extras']>, { missing }: ModuleSet, { programs, libraries }: Pick<Parts, 'programs' | 'libraries'>): CpioEntry[] {
  const there = new Set([...[...programs.keys()].map((name) => `bin/${name}`), ...[...libraries.byName.keys()].map((name) => `lib/${name}`)]);
  const manifest = manifestOf(bundle, modules, { missing: modules.filter((name) => missing.includes(name)) });
  return [
    ...bundle.files.filter(({ inside: path }) => !there.has(path)).map(({ inside: path, from }): CpioEntry => ({ kind: 'file', path, data: stripElf(readFileSync(from)), executable: true })),
    { kind: 'file', path: inside.manifest, data: Buffer.from(JSON.stringify(manifest)) },
  ];
}

/** Under another name first: a reader sees the whole file or none. */
function write(path: string, pieces: readonly Uint8Array[]): void {
  const temporary = `${path}.${String(process.pid)}.tmp`;
  try {
    const handle = openSync(temporary, 'w');
    try {
      writeAll(handle, pieces);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw cannotKeep(path, error);
  }
}

/** The system may write less than asked for. */
function writeAll(handle: number, pieces: readonly Uint8Array[]): void {
  let rest = pieces.slice();
  while (rest.length > 0) {
    let written = writevSync(handle, rest.slice(0, 1000));
    let whole = 0;
    for (const piece of rest) {
      if (written < piece.byteLength) break;
      written -= piece.byteLength;
      whole += 1;
    }
    rest = rest.slice(whole);
    if (written > 0 && rest[0] !== undefined) rest = [rest[0].subarray(written), ...rest.slice(1)];
  }
}

/** Drops the files used longest ago, and what killed builders left; never one that somebody may be about to read. */
function prune(cache: string, made: string): void {
  const idle = (path: string): number => Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  const paths = readdirSync(cache).map((name) => join(cache, name));
  const old = paths
    .filter((path) => path.endsWith('.cpio') && path !== made)
    .sort((a, b) => idle(a) - idle(b))
    .slice(kept - 1);
  const orphans = paths.filter(
    (path) => path.endsWith('.tmp') || (path.endsWith('.cpio.json') && !existsSync(path.slice(0, -5))),
  );
  for (const path of [...old, ...orphans].filter((path) => idle(path) > inUseMs)) {
    rmSync(path, { force: true });
    rmSync(`${path}.json`, { force: true });
  }
}
