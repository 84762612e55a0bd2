/** Decided places made ready to launch: this is where a kernel or an initramfs is built, and nothing before it. */
import { join } from 'node:path';
import type { Place, Time } from '../kernels/choose.ts';
import type { Extras, Kernel } from '../kernels/kernel.ts';
import { kernelFromFile } from '../kernels/image/find.ts';
import { home } from './home.ts';
import { NoPlace } from './refusal.ts';
import { type ChosenKernel, quoted } from './run.ts';

export interface PlaceOptions {
  /** The agent that runs in a place. */
  readonly agent: string;
  readonly qemu: string;
  readonly icountShift: number;
  /** Virtual CPUs of a QEMU machine. */
  readonly cpus: number;
  /** What building a source tree says. */
  readonly say?: (line: string) => void;
  readonly signal?: AbortSignal;
}

type Ready = Exclude<Place, { place: 'tree' }>;

export async function makePlaces(places: readonly Place[], options: PlaceOptions): Promise<ChosenKernel[]> {
  const chosen: ChosenKernel[] = [];
  for (const place of places) {
    const kernel = await makeKernel(await builtPlace(place, options), options);
    chosen.push({
      kernel: { ...kernel, id: unique(kernel.id, chosen) },
      reason: place.reason,
      time: place.time,
      replay: replayOptions(place, options),
    });
  }
  return chosen;
}

/** Results refer to a kernel by its id, and two images may be of one release. */
function unique(id: string, others: readonly ChosenKernel[]): string {
  let name = id;
  for (let n = 2; others.some(({ kernel }) => kernel.id === name); n++) name = `${id}-${n}`;
  return name;
}

/** A tree becomes the kernel that it is built to. */
async function builtPlace(place: Place, { say = () => undefined, signal }: PlaceOptions): Promise<Ready> {
  if (place.place !== 'tree') return place;
  const { buildTree, TreeError } = await import('../kernels/tree/build.ts');
  try {
    const { path, version } = await buildTree({ tree: place.tree, arch: place.arch, say, ...(signal ? { signal } : {}) });
    const { reason, timeTravel } = place;
    if (place.arch === 'uml') return { place: 'uml', time: place.time === 'real' ? 'real' : 'warp', binary: path, release: version, timeTravel, reason };
    return { place: 'qemu', time: place.time, image: { release: kernelFromFile(path).release, image: path, origin: 'tree', readable: true }, kvm: false, reason };
  } catch (error) {
    if (!(error instanceof TreeError)) throw error;
    throw new NoPlace([{ what: error.message.replace(/\.$/, '') }]);
  }
}

async function makeKernel(place: Ready, { agent, qemu, icountShift, cpus }: PlaceOptions): Promise<Kernel> {
  if (place.place === 'running') {
    const { runningKernel } = await import('../kernels/running.ts');
    return runningKernel({ agent });
  }
  const { buildInitramfs } = await import('../kernels/image/initramfs.ts');
  const modules = place.place === 'uml' ? {} : place.image;
  const builtIn = place.place === 'uml' || place.image.origin === 'tree';
  const { path } = await buildInitramfs({ agent, modules, builtIn });
  // Stories with programs have an initramfs of their own, made when the first of them runs.
  const others = new Map<string, Promise<string>>();
  const initramfsWith = (extras: Extras): Promise<string> => {
    const key = JSON.stringify(extras);
    const made = others.get(key) ?? buildInitramfs({ agent, modules, extras, builtIn }).then((built) => built.path);
    others.set(key, made);
    return made;
  };
  if (place.place === 'uml') {
    const { umlKernel, UML_DEFAULTS } = await import('../kernels/uml/kernel.ts');
    const timeTravel = place.time === 'real' ? 'real' : place.timeTravel;
    return umlKernel({ ...UML_DEFAULTS, release: place.release, binary: place.binary, launcher: join(home(), 'dist/uml.cjs'), initramfs: path, initramfsWith, timeTravel });
  }
  const { qemuKernel, QEMU_DEFAULTS } = await import('../kernels/qemu.ts');
  const time = place.time === 'warp' ? 'warp' : 'real';
  return qemuKernel({
    ...QEMU_DEFAULTS,
    release: place.image.release,
    image: place.image.image,
    initramfs: path,
    initramfsWith,
    time,
    icountShift,
    cpus,
    kvm: place.kvm,
    qemu,
  });
}

const timeOption = (time: Time): string =>
  time === 'warp' ? '' : ` --time ${typeof time === 'string' ? time : `scaled=${time.scaled}`}`;

/** The options that lead to this place again, on a machine where "auto" would choose another. */
export function replayOptions(place: Place, { icountShift, cpus, qemu }: Pick<PlaceOptions, 'icountShift' | 'cpus' | 'qemu'>): string {
  if (place.place === 'running') return `--kernel running${timeOption(place.time)}`;
  const several = cpus === 1 ? '' : ` --cpus ${cpus}`;
  const travel = place.place !== 'qemu' && place.timeTravel === 'counted' ? ' --time-travel counted' : '';
  if (place.place === 'uml') return `--kernel ${quoted(place.binary)}${timeOption(place.time)}${travel}`;
  if (place.place === 'tree') return `--kernel ${quoted(place.tree)}${place.arch === 'uml' ? '' : ` --arch-kernel ${place.arch}`}${timeOption(place.time)}${place.arch === 'uml' ? '' : several}${travel}`;
  const { image, modules, origin } = place.image;
  const folder = origin === 'file' && modules !== undefined ? ` --modules ${quoted(modules)}` : '';
  const shift = icountShift === 0 ? '' : ` --shift ${icountShift}`;
  const program = qemu === 'qemu-system-x86_64' ? '' : ` --qemu ${quoted(qemu)}`;
  return `--kernel ${quoted(image)}${folder}${timeOption(place.time)}${several}${shift}${program}`;
}
