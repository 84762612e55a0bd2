/** Decided places made ready to launch: this is where an initramfs is built, and nothing before it. */
import type { Place, Time } from '../kernels/choose.ts';
import type { Extras, Kernel } from '../kernels/kernel.ts';
import { type ChosenKernel, quoted } from './run.ts';

export interface PlaceOptions {
  /** The agent that runs in a place. */
  readonly agent: string;
  readonly qemu: string;
  readonly icountShift: number;
}

export async function makePlaces(places: readonly Place[], options: PlaceOptions): Promise<ChosenKernel[]> {
  const chosen: ChosenKernel[] = [];
  for (const place of places) {
    const kernel = await makeKernel(place, options);
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

async function makeKernel(place: Place, { agent, qemu, icountShift }: PlaceOptions): Promise<Kernel> {
  if (place.place === 'running') {
    const { runningKernel } = await import('../kernels/running.ts');
    return runningKernel({ agent });
  }
  const [{ buildInitramfs }, { qemuKernel, QEMU_DEFAULTS }] = await Promise.all([
    import('../kernels/image/initramfs.ts'),
    import('../kernels/qemu.ts'),
  ]);
  const { path } = await buildInitramfs({ agent, modules: place.image });
  // Stories with programs have an initramfs of their own, made when the first of them runs.
  const others = new Map<string, Promise<string>>();
  const initramfsWith = (extras: Extras): Promise<string> => {
    const key = JSON.stringify(extras);
    const made = others.get(key) ?? buildInitramfs({ agent, modules: place.image, extras }).then((built) => built.path);
    others.set(key, made);
    return made;
  };
  const time = place.time === 'warp' ? 'warp' : 'real';
  return qemuKernel({
    ...QEMU_DEFAULTS,
    release: place.image.release,
    image: place.image.image,
    initramfs: path,
    initramfsWith,
    time,
    icountShift,
    kvm: place.kvm,
    qemu,
  });
}

const timeOption = (time: Time): string =>
  time === 'warp' ? '' : ` --time ${typeof time === 'string' ? time : `scaled=${time.scaled}`}`;

/** The options that lead to this place again, on a machine where "auto" would choose another. */
export function replayOptions(place: Place, { icountShift, qemu }: Pick<PlaceOptions, 'icountShift' | 'qemu'>): string {
  if (place.place === 'running') return `--kernel running${timeOption(place.time)}`;
  const { image, modules, origin } = place.image;
  const folder = origin === 'file' && modules !== undefined ? ` --modules ${quoted(modules)}` : '';
  const shift = icountShift === 0 ? '' : ` --shift ${icountShift}`;
  const program = qemu === 'qemu-system-x86_64' ? '' : ` --qemu ${quoted(qemu)}`;
  return `--kernel ${quoted(image)}${folder}${timeOption(place.time)}${shift}${program}`;
}
