/**
 * What a program on a machine sees as "/": programs and libraries that all machines share, read-only, and folders of the
 * machine's own for everything that is written. The same in a VM, where the initramfs holds the programs, and on the
 * running kernel, where a tree is made of them; nothing of the host's own files is written to, or seen at all.
 */
import { copyFileSync, chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { type Manifest, OWN_FOLDERS, TREE_LINKS } from '../../lib/programs.ts';
import { check, mount, MS, sys } from '../system/native/libc.ts';

/** The programs of a story, and where their tree lies. */
export interface Programs {
  readonly manifest: Manifest;
  /** The shared tree: "/" in a VM. */
  readonly tree: string;
  /** A tmpfs in which machines get their root. */
  readonly work: string;
}

const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
const DEVICE_LINKS = [['fd', '/proc/self/fd'], ['stdin', '/proc/self/fd/0'], ['stdout', '/proc/self/fd/1'], ['stderr', '/proc/self/fd/2']] as const;
const EMPTY_FOLDERS = ['var/lib', 'var/log', 'var/cache', 'var/tmp', 'dev/shm', 'run/lock'];
const OPEN_TO_ALL = ['tmp', 'var/tmp', 'dev/shm'];

/** The tree of an initramfs, made of this machine's files on a tmpfs over a folder of the run's. */
export function makeTree(manifest: Manifest, folder: string): Programs {
  mount('tmpfs', folder, 'tmpfs', MS.NOSUID, 'mode=755');
  const tree = join(folder, 'tree');
  mkdirSync(tree);
  for (const { inside, from } of manifest.files ?? []) {
    const to = join(tree, inside);
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
    chmodSync(to, 0o755);
  }
  for (const [path, target] of TREE_LINKS) {
    mkdirSync(join(tree, dirname(path)), { recursive: true });
    symlinkSync(target, join(tree, path));
  }
  const id = [process.getuid?.() ?? 0, process.getgid?.() ?? 0] as const;
  mkdirSync(join(tree, 'etc'));
  writeFileSync(join(tree, 'etc/passwd'), ['root:x:0:0:root:/root:/bin/sh\n', ...(id[0] === 0 ? [] : [`user:x:${id[0]}:${id[1]}:user:/root:/bin/sh\n`])].join(''));
  writeFileSync(join(tree, 'etc/group'), ['root:x:0:\n', ...(id[1] === 0 ? [] : [`user:x:${id[1]}:\n`])].join(''));
  writeFileSync(join(tree, 'etc/nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files\n');
  writeFileSync(join(tree, 'etc/hosts'), '127.0.0.1 localhost\n::1 localhost\n');
  return { manifest, tree, work: folder };
}

/** Called in new namespaces of the machine's own: builds its root and steps into it. */
export function enterNewRoot({ manifest, tree, work }: Programs, hostname: string): void {
  const root = join(work, 'root');
  mkdirSync(root, { recursive: true });
  mount('tmpfs', root, 'tmpfs', MS.NOSUID, 'mode=755');
  for (const name of OWN_FOLDERS) mkdirSync(join(root, name));
  for (const name of EMPTY_FOLDERS) mkdirSync(join(root, name), { recursive: true });
  for (const name of OPEN_TO_ALL) chmodSync(join(root, name), 0o1777);
  symlinkSync('/run', join(root, 'var/run'));
  shareFolders(manifest, tree, root);
  cpSync(join(tree, 'etc'), join(root, 'etc'), { recursive: true });
  writeFileSync(join(root, 'etc/hostname'), `${hostname}\n`);
  for (const name of DEVICES.filter((device) => existsSync(`/dev/${device}`))) {
    writeFileSync(join(root, 'dev', name), '');
    mount(`/dev/${name}`, join(root, 'dev', name), null, MS.BIND);
  }
  for (const [name, target] of DEVICE_LINKS) symlinkSync(target, join(root, 'dev', name));
  mkdirSync(join(root, 'proc'));
  mount('/proc', join(root, 'proc'), null, MS.BIND | MS.REC);
  mountSys(join(root, 'sys'));
  // Not process.chdir: it would remember a folder that this process is in only now.
  check(sys.chdir(root), `chdir("${root}")`, 'step into a machine’s root');
  mount('.', '/', null, MS.MOVE);
  check(sys.chroot('.'), 'chroot', 'step into a machine’s root');
  check(sys.chdir('/'), 'chdir("/")', 'step into a machine’s root');
}

function shareFolders({ shared }: Manifest, tree: string, root: string): void {
  for (const name of shared) {
    if ((OWN_FOLDERS as readonly string[]).includes(name)) { cpSync(join(tree, name), join(root, name), { recursive: true }); continue; }
    const from = join(tree, name);
    if (!existsSync(from)) continue;
    mkdirSync(join(root, name), { recursive: true });
    mount(from, join(root, name), null, MS.BIND);
    mount(null, join(root, name), null, MS.BIND | MS.REMOUNT | MS.RDONLY | MS.NOSUID);
  }
  for (const [path] of TREE_LINKS) {
    if (path.includes('/') || !lstatSync(join(tree, path), { throwIfNoEntry: false })?.isSymbolicLink()) continue;
    symlinkSync(readlinkSync(join(tree, path)), join(root, path));
  }
}

/** The machine's own, with its own interfaces; who may not mount one sees this process's. */
function mountSys(folder: string): void {
  mkdirSync(folder);
  try {
    mount('sysfs', folder, 'sysfs', MS.NOSUID);
  } catch {
    mount('/sys', folder, null, MS.BIND | MS.REC);
  }
}

/** Called inside a machine: the story's folders and files. */
export function putFiles(files: Readonly<Record<string, string | Uint8Array>>, folders: readonly string[], machine: string): void {
  for (const path of [...folders, ...Object.keys(files)]) {
    const [top = ''] = posix.normalize(path).split('/').slice(1);
    if (!path.startsWith('/') || !(OWN_FOLDERS as readonly string[]).includes(top)) {
      throw new Error(`${machine} cannot have ${path}: a machine's own files lie below ${OWN_FOLDERS.map((name) => `/${name}`).join(', ')}. Name what shall lie elsewhere in the scenario's programs (files).`);
    }
  }
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}

/** The manifest that came with the agent; undefined where the story names no programs and no modules. */
export function readManifest(path: string): Manifest | undefined {
  if (!existsSync(path)) return undefined;
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest;
}
