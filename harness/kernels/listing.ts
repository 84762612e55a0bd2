/** All kernels that could run here, in one list: what `kernel list` shows. */
import { readdirSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../setup/cache.mjs';
import { sourcesFolder } from '../setup/fetch-source.mjs';
import type { Capabilities } from './choose.ts';
import { findKernels, lackedModules } from './image/find.ts';
import { treeVersion } from './tree/tree.ts';
import { askUml } from './uml/binary.ts';

export interface ListedKernel {
  /** What --kernel takes. */
  readonly kernel: string;
  /** uname -r; of a tree the Makefile's version. */
  readonly release: string;
  readonly place: 'running' | 'qemu' | 'uml' | 'tree';
  readonly origin: string;
  /** How it has virtual time; absent where it has none. */
  readonly virtualTime?: string;
  /** Of what stories use, what it is known to lack; absent where only running it would tell. */
  readonly lacks?: readonly string[];
}

export async function listKernels(running: Capabilities): Promise<ListedKernel[]> {
  const images = findKernels().map((image): ListedKernel => ({
    kernel: image.readable ? image.release : image.image, release: image.release, place: 'qemu',
    origin: image.readable ? `${image.origin}: ${image.image}` : `${image.origin}, and you may not read it`,
    virtualTime: 'QEMU, icount', ...(image.modules === undefined ? {} : { lacks: lackedModules(image) }),
  }));
  return [
    { kernel: 'running', release: release(), place: 'running', origin: 'this machine', lacks: running.refused === undefined ? Object.keys(running.missing) : [`namespaces: ${running.refused}`] },
    ...images,
    ...(await builtKernels()),
    ...sources(),
  ];
}

/** Kernels that were built from trees, newest options and all, as files of our cache. */
async function builtKernels(): Promise<ListedKernel[]> {
  const folder = join(cacheFolder(), 'trees', 'kernels');
  const listed = await Promise.all(namesIn(folder).map(async (name): Promise<ListedKernel[]> => {
    const kernel = join(folder, name);
    const uml = await askUml(kernel).catch(() => undefined);
    if (uml) return [{ kernel, release: uml.release, place: 'uml', origin: 'built from a source tree', ...(uml.timeTravel ? { virtualTime: 'time travel' } : {}), lacks: [] }];
    return name.startsWith('x86-') ? [{ kernel, release: name.split('-')[1] ?? '', place: 'qemu', origin: 'built from a source tree', virtualTime: 'QEMU, icount', lacks: [] }] : [];
  }));
  return listed.flat();
}

function sources(): ListedKernel[] {
  return namesIn(sourcesFolder()).flatMap((name): ListedKernel[] => {
    const kernel = join(sourcesFolder(), name);
    const version = treeVersion(kernel);
    return version === undefined ? [] : [{ kernel, release: version, place: 'tree', origin: 'a source package, built when it is run', virtualTime: 'time travel, or QEMU with --arch-kernel x86' }];
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith('.') && !name.endsWith('.tmp')).sort();
  } catch {
    return [];
  }
}
