/**
 * From `--kernel` and `--time` to places, with the reason in words. Decisions only: what is known of the machine comes in
 * as facts, of which the dear ones are asked for late, and nothing is built.
 */
import { nearest } from '../../lib/validate/nearest.ts';
import type { KernelImage } from './image/find.ts';
import { TOOLS, type TreeArch } from './tree/options.ts';
import type { UmlBinary } from './uml/binary.ts';

export type Time = 'warp' | 'real' | { readonly scaled: number };

/** What the command line asks for. */
export interface Wish {
  /** running, auto, a release, or the path of an image, of a User-Mode Linux program, or of a source tree; at least one. */
  readonly kernels: readonly string[];
  /** What a source tree is built as. */
  readonly treeArch?: TreeArch;
  /** User-Mode Linux: whether computing takes virtual time. */
  readonly timeTravel?: 'inf-cpu' | 'counted';
  /** Absent: virtual time where there can be such. */
  readonly time?: Time;
  /** Virtual CPUs of a VM in real time; 1 if absent. */
  readonly cpus?: number;
  /** Module folder for images named by their path. */
  readonly modules?: string;
}

/** What kernels are asked for by the scenarios. */
export interface Demand {
  /** Capabilities: bridge, bonding … */
  readonly needs: readonly string[];
  /** Protocol time that everything takes at most, one after the other. */
  readonly deadlineS: number;
  readonly jobs: number;
}

export interface Capabilities {
  readonly present: readonly string[];
  /** What is missing, with the kernel's answer. */
  readonly missing: Readonly<Partial<Record<string, string>>>;
  /** Why namespaces of our own cannot be made here, if so. */
  readonly refused?: string;
}

/** This machine. */
export interface Facts {
  /** As process.arch. */
  readonly arch: string;
  readonly images: readonly KernelImage[];
  /** The first image that can be read and lacks nothing. */
  readonly bootable: KernelImage | undefined;
  readonly qemu: string;
  /** Which of these programs are not on this machine. */
  missing(programs: readonly string[]): string[];
  /** The command that installs them here. */
  remedy(programs: readonly string[]): string;
  /** What the running kernel can do in namespaces of ours. */
  running(): Promise<Capabilities>;
  /** Does KVM run a guest here? */
  kvm(): Promise<{ readonly works: boolean; readonly why: string }>;
  /** A kernel by its file; throws with the reason. */
  fromFile(file: string, modules: string | undefined): KernelImage;
  isFile(path: string): boolean;
  /** A User-Mode Linux program's own words; undefined for any other file. */
  uml(path: string): Promise<UmlBinary | undefined>;
  /** A kernel's source tree, and which version; undefined for any other folder. */
  tree(path: string): { readonly version: string } | undefined;
}

export type Place =
  | { readonly place: 'running'; readonly time: Exclude<Time, 'warp'>; readonly reason: string }
  | {
      readonly place: 'qemu';
      readonly time: Time;
      readonly image: KernelImage;
      readonly kvm: boolean;
      readonly reason: string;
    }
  | UmlPlace
  /** Built when the run starts; it then is one of the others. */
  | { readonly place: 'tree'; readonly tree: string; readonly arch: TreeArch; readonly time: Time; readonly timeTravel: 'inf-cpu' | 'counted'; readonly reason: string };

export interface UmlPlace {
  readonly place: 'uml';
  readonly time: 'warp' | 'real';
  readonly binary: string;
  readonly release: string;
  readonly timeTravel: 'inf-cpu' | 'counted';
  readonly reason: string;
}

/** What makes two places the same. */
const identityOf = (place: Place): string =>
  place.place === 'running' ? 'running' : place.place === 'qemu' ? place.image.image : place.place === 'uml' ? place.binary : `${place.arch} ${place.tree}`;

/** A sentence without its full stop, and what to do. */
export interface Trouble {
  readonly what: string;
  readonly help?: string;
}

export interface Decision {
  readonly places: readonly Place[];
  /** The wish itself is wrong. */
  readonly faults: readonly Trouble[];
  /** The wish is fine, and this machine cannot grant it. */
  readonly lacks: readonly Trouble[];
}

type Answer = { readonly place: Place } | { readonly fault: Trouble } | { readonly lack: Trouble };

export async function decidePlaces(wish: Wish, demand: Demand, facts: Facts): Promise<Decision> {
  const places = new Map<string, Place>();
  const faults: Trouble[] = [];
  const lacks: Trouble[] = [];
  for (const name of new Set(wish.kernels)) {
    const answer = await decideOne(name, wish, demand, facts);
    // "auto" and a release may come to the same.
    if ('place' in answer)
      places.set(identityOf(answer.place), answer.place);
    else if ('fault' in answer) faults.push(answer.fault);
    else lacks.push(answer.lack);
  }
  return { places: [...places.values()], faults, lacks };
}

async function decideOne(name: string, wish: Wish, demand: Demand, facts: Facts): Promise<Answer> {
  if (name === 'running') return decideRunning(wish, demand, facts);
  if (name === 'auto')
    return (wish.time ?? 'warp') === 'warp'
      ? autoWarp(wish, demand, facts)
      : autoReal(wish, wish.time as Exclude<Time, 'warp'>, demand, facts);
  return decideImage(name, wish, facts);
}

/** Asked for by name: what it lacks then shows as skipped results, each with its reason. */
function decideRunning({ time = 'real', ...wish }: Wish, demand: Demand, facts: Facts): Answer {
  if (time === 'warp')
    return {
      fault: {
        what: '--time warp: the running kernel has no virtual time',
        help: 'Take --time real, --time scaled=K, or a VM with --kernel auto.',
      },
    };
  if (several(wish) && time === 'real') return { fault: oneCpuFault('running', wish, "the running kernel has this machine's CPUs") };
  const obstacle = noNamespaces(facts);
  if (obstacle) return { lack: { ...obstacle, what: `--kernel running: ${obstacle.what}` } };
  return { place: { place: 'running', time, reason: `asked for; ${howLong(time, demand)}` } };
}

async function autoWarp({ time }: Wish, demand: Demand, facts: Facts): Promise<Answer> {
  const obstacle = noVm(facts) ?? (facts.bootable ? undefined : noImage(facts));
  if (!obstacle) {
    const image = facts.bootable as KernelImage;
    return {
      place: {
        place: 'qemu',
        time: 'warp',
        image,
        kvm: false,
        reason: `virtual time in QEMU; ${whichImage(image, facts)}`,
      },
    };
  }
  // Typed out, virtual time is a condition: real time could take hours.
  if (time === 'warp') return { lack: { ...obstacle, what: `virtual time was asked for, and ${obstacle.what}` } };
  const obstacles = await runningObstacles(demand, facts);
  if (obstacles === undefined) {
    return {
      place: {
        place: 'running',
        time: 'real',
        reason: `no virtual time here: ${obstacle.what}; so the running kernel, ${howLong('real', demand)}`,
      },
    };
  }
  return { lack: { ...obstacle, what: `${obstacle.what}; and the running kernel cannot stand in: ${obstacles}` } };
}

async function autoReal(wish: Wish, time: Exclude<Time, 'warp'>, demand: Demand, facts: Facts): Promise<Answer> {
  const obstacles = several(wish) ? `--cpus ${wish.cpus} is for VMs` : await runningObstacles(demand, facts);
  if (obstacles === undefined)
    return {
      place: {
        place: 'running',
        time,
        reason: `it has what the scenarios need, and costs no boot; ${howLong(time, demand)}`,
      },
    };
  const obstacle = noVm(facts) ?? (facts.bootable ? undefined : noImage(facts));
  if (obstacle)
    return { lack: { ...obstacle, what: `the running kernel cannot run this: ${obstacles}; and ${obstacle.what}` } };
  const image = facts.bootable as KernelImage;
  const { works, why } = await facts.kvm();
  const reason = `the running kernel cannot run this (${obstacles}); QEMU in real time ${kvmWords(works, why)}${cpuWords(wish)}; ${whichImage(image, facts)}`;
  return { place: { place: 'qemu', time, image, kvm: works, reason } };
}

async function decideImage(name: string, wish: Wish, facts: Facts): Promise<Answer> {
  const { time = 'warp', modules } = wish;
  const tree = facts.tree(name);
  if (tree) return decideTree(name, tree.version, wish, facts);
  const uml = facts.isFile(name) ? await facts.uml(name) : undefined;
  if (uml) return decideUml(name, uml, wish, facts);
  let image =
    facts.images.find((one) => one.release === name && one.readable) ??
    facts.images.find((one) => one.release === name);
  if (image && !image.readable) {
    return {
      fault: {
        what: `--kernel ${name}: you may not read ${image.image}`,
        help: `Ask root for "chmod a+r ${image.image}", or copy it and name the copy.`,
      },
    };
  }
  if (!image && !facts.isFile(name) && !name.includes('/')) return { fault: unknownKernel(name, facts) };
  try {
    if (!image || modules !== undefined) image = facts.fromFile(image?.image ?? name, modules);
  } catch (error) {
    return {
      fault: {
        what: `--kernel ${name}: ${(error instanceof Error ? error.message : String(error)).replace(/\.$/, '')}`,
      },
    };
  }
  const obstacle = noVm(facts);
  if (obstacle) return { lack: { ...obstacle, what: `--kernel ${name}: ${obstacle.what}` } };
  const { works, why } = time === 'warp' ? { works: false, why: '' } : await facts.kvm();
  const bare =
    image.modules === undefined
      ? '; it has no module folder, so only what is built in can be used (--modules DIR)'
      : '';
  const how = time === 'warp' ? 'virtual time in QEMU' : `QEMU in real time ${kvmWords(works, why)}${cpuWords(wish)}`;
  return { place: { place: 'qemu', time, image, kvm: works, reason: `asked for; ${how}${bare}` } };
}

function decideUml(file: string, { release, timeTravel }: UmlBinary, { time = 'warp', modules, ...wish }: Wish, facts: Facts): Answer {
  const fault = (what: string, help: string): Answer => ({ fault: { what: `--kernel ${file}: ${what}`, help } });
  if (modules !== undefined) return fault('a User-Mode Linux kernel is given no module folder', 'Build in what the story needs, or leave --modules out.');
  if (typeof time === 'object') return fault('--time scaled is for the running kernel', 'A User-Mode Linux kernel has --time warp and --time real.');
  if (time === 'warp' && !timeTravel) return fault(`User-Mode Linux ${release} without virtual time (CONFIG_UML_TIME_TRAVEL_SUPPORT is not set)`, 'Build it with that option (which CONFIG_RAID6_PQ_BENCHMARK excludes), let wirewarp build it from a source tree, or take --time real.');
  if (several(wish) && time === 'real') return { fault: oneCpuFault(file, wish, 'User-Mode Linux has one CPU') };
  const obstacle = noUml(facts);
  if (obstacle) return { lack: { ...obstacle, what: `--kernel ${file}: ${obstacle.what}` } };
  const mode = wish.timeTravel ?? 'inf-cpu';
  const reason = `asked for; ${time === 'warp' ? `virtual time in User-Mode Linux (${mode === 'inf-cpu' ? 'computing takes none' : 'computing takes what it takes'})` : 'User-Mode Linux in real time'}`;
  return { place: { place: 'uml', time, binary: file, release, timeTravel: mode, reason } };
}

function decideTree(tree: string, version: string, wish: Wish, facts: Facts): Answer {
  const { time = 'warp', treeArch: arch = 'uml', timeTravel = 'inf-cpu' } = wish;
  if (wish.modules !== undefined) return { fault: { what: `--kernel ${tree}: a source tree is built with all that stories need built in`, help: 'Leave --modules out.' } };
  if (typeof time === 'object') return { fault: { what: `--kernel ${tree}: --time scaled is for the running kernel`, help: 'A kernel of your own has --time warp and --time real.' } };
  if (arch === 'uml' && several(wish) && time === 'real') return { fault: oneCpuFault(tree, wish, 'it is built for User-Mode Linux, which has one CPU', 'Build it with --arch-kernel x86, or leave --cpus out.') };
  const obstacle = (arch === 'uml' ? noUml(facts) : noVm(facts)) ?? noPrograms(TOOLS[arch], facts);
  if (obstacle) return { lack: { ...obstacle, what: `--kernel ${tree}: ${obstacle.what}` } };
  return { place: { place: 'tree', tree, arch, time, timeTravel, reason: `the source tree ${tree} (Linux ${version}), built for ${arch === 'uml' ? 'User-Mode Linux' : 'QEMU'}` } };
}

function unknownKernel(name: string, { images }: Facts): Trouble {
  const known = [...new Set(images.map(({ release }) => release))];
  const near = nearest(name, ['auto', 'running', ...known]);
  const all = `It is "auto", "running", the path of an image, of a User-Mode Linux program or of a source tree, or a release: ${known.join(', ') || 'none was found on this machine'}.`;
  return {
    what: `--kernel ${name}: there is no such kernel`,
    help: near.length > 0 ? `Nearest: ${near.join(', ')}. ${all}` : all,
  };
}

/** What a VM is launched with, and what goes into its initramfs. */
function noVm(facts: Facts): Trouble | undefined {
  if (facts.arch !== 'x64') return { what: `VMs are x86-64, and this machine is ${facts.arch}` };
  return noPrograms([facts.qemu, 'setpriv', 'ip', 'bridge', 'tcpdump'], facts);
}

/** It runs as a process, with the same initramfs as a VM. */
function noUml(facts: Facts): Trouble | undefined {
  if (facts.arch !== 'x64') return { what: `User-Mode Linux is x86-64, and this machine is ${facts.arch}` };
  return noPrograms(['setpriv', 'ip', 'bridge', 'tcpdump'], facts);
}

const noNamespaces = (facts: Facts): Trouble | undefined => noPrograms(['unshare', 'setpriv', 'tcpdump'], facts);

function noPrograms(programs: readonly string[], facts: Facts): Trouble | undefined {
  const missing = facts.missing(programs);
  if (missing.length === 0) return undefined;
  return {
    what: `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not on this machine`,
    help: `Install: ${facts.remedy(missing)}`,
  };
}

/** Why none of the images will do. */
function noImage({ images }: Facts): Trouble {
  const help = '`npm start` in the checkout fetches one into our cache, or name one with --kernel IMAGE.';
  const unreadable = images.filter(({ readable }) => !readable);
  if (images.length === 0) return { what: 'no kernel image was found to boot', help };
  if (unreadable.length === images.length)
    return {
      what: `no kernel image may be read (${unreadable.map(({ image }) => image).join(', ')})`,
      help: `Ask root for "chmod a+r ${unreadable[0]?.image ?? ''}"; or ${help}`,
    };
  return {
    what: `none of the kernel images found has bridge, veth, bonding and 8021q (${images.map(({ image }) => image).join(', ')})`,
    help,
  };
}

/** Why this image: the running one's own is the first choice. */
function whichImage(image: KernelImage, { images }: Facts): string {
  if (image.origin === 'running') return `the running kernel's own image, ${image.image}`;
  const running = images.find(({ origin }) => origin === 'running');
  const why = !running
    ? 'the running one has no image on this machine'
    : running.readable
      ? 'the running one lacks what is needed'
      : "the running one's image may not be read";
  const from = image.origin === 'installed' ? image.image : `from our cache (${image.origin})`;
  return `${image.release} ${from}, since ${why}`;
}

/** Why the running kernel will not do; undefined when it will. */
async function runningObstacles({ needs }: Demand, facts: Facts): Promise<string | undefined> {
  const obstacle = noNamespaces(facts);
  if (obstacle) return obstacle.what;
  const { missing, refused } = await facts.running();
  if (refused !== undefined)
    return `namespaces of our own cannot be made on it (${(refused.split('\n')[0] ?? '').replace(/\.$/, '')})`;
  const lacking = needs.filter((need) => missing[need] !== undefined);
  return lacking.length === 0
    ? undefined
    : `it lacks ${lacking.map((need) => `${need} (${missing[need] ?? ''})`).join(', ')}`;
}

const several = ({ cpus = 1 }: Pick<Wish, 'cpus'>): boolean => cpus > 1;
const cpuWords = (wish: Wish): string => (several(wish) ? `, with ${wish.cpus} CPUs` : '');
const oneCpuFault = (kernel: string, { cpus = 1 }: Pick<Wish, 'cpus'>, why: string, help = 'Take a VM: --kernel auto or an image, with --time real; or leave --cpus out.'): Trouble => ({ what: `--cpus ${cpus} with --kernel ${kernel}: ${why}`, help });

const kvmWords = (works: boolean, why: string): string => (works ? 'with KVM' : `without KVM (${why})`);

/** In words that tell seconds from hours: nobody waits for an estimate's third digit. */
export function howLong(time: Exclude<Time, 'warp'>, { deadlineS, jobs }: Demand): string {
  const scale = typeof time === 'string' ? 1 : time.scaled;
  const seconds = deadlineS / scale / Math.max(1, jobs);
  return `${scale === 1 ? 'in real time' : `${scale} times as fast as real time`}, at most about ${roundLength(seconds)}`;
}

function roundLength(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 360) / 10} h`;
}
