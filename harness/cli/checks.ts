/** What doctor looks at: each check says what was found, and how to get it where it is missing. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { CAPABILITIES, type Capability, moduleOf } from '../../lib/capabilities.ts';
import { type Capabilities, type Facts } from '../kernels/choose.ts';
import { type KernelImage, lackedModules } from '../kernels/image/find.ts';
import { agentFor } from '../runner/agent-bundle.ts';
import { version } from '../runner/home.ts';
import { liveRuns } from '../runner/live.ts';
import { machineFacts } from '../runner/machine.ts';
import { said } from '../runner/refusal.ts';
import { cacheFolder, unwritable } from '../setup/cache.mjs';
import { exec } from '../system/exec.ts';

export interface Check {
  /** Stable name for programs. */
  id: string;
  /** missing: something cannot run without it. unknown: it could not be asked. note: for information. */
  state: 'ok' | 'missing' | 'unknown' | 'note';
  what: string;
  found: string;
  remedy?: string;
}

export interface DoctorRecord {
  schema: 'wirewarp.doctor';
  schemaVersion: 1;
  wirewarp: string;
  /** Places, in words; empty when nothing can run. */
  canRun: string[];
  checks: Check[];
}

export async function examine(): Promise<DoctorRecord> {
  const facts = machineFacts({ agent: () => agentFor([]) });
  const [tools, running, users, kvm] = await Promise.all([
    toolChecks(facts),
    askRunning(facts),
    userNamespaces(),
    kvmCheck(facts),
  ]);
  const agent = await agentFor([]).then(
    (path): Check => ({ id: 'agent', state: 'ok', what: 'agent', found: path }),
    (error: unknown): Check => ({
      id: 'agent',
      state: 'missing',
      what: 'agent',
      found: said(error),
      remedy: 'npm run build',
    }),
  );
  const checks = [
    nodeCheck(),
    agent,
    ...tools,
    ...runningChecks(running),
    users,
    ...imageChecks(facts),
    kvm,
    cacheCheck(),
    leftoversCheck(),
  ];
  return {
    schema: 'wirewarp.doctor',
    schemaVersion: 1,
    wirewarp: version(),
    canRun: canRun(facts, running, agent.state === 'ok'),
    checks,
  };
}

/** Places with all that they need. */
export function canRun(facts: Facts, running: Capabilities | Error, hasAgent: boolean): string[] {
  if (!hasAgent) return [];
  const places: string[] = [];
  const vm = facts.arch === 'x64' && facts.missing([facts.qemu, 'setpriv', 'ip', 'bridge', 'tcpdump']).length === 0;
  if (vm && facts.bootable) places.push(`in VMs, in virtual time: kernel ${facts.bootable.release}`);
  const able =
    !(running instanceof Error) &&
    running.refused === undefined &&
    facts.missing(['unshare', 'setpriv', 'tcpdump']).length === 0 &&
    running.missing['bridge'] === undefined &&
    running.missing['veth'] === undefined;
  if (able) places.push(`on the running kernel, in real or scaled time: ${release()}`);
  return places;
}

function nodeCheck(): Check {
  const major = Number(process.versions.node.split('.')[0]);
  const check = { id: 'node', what: 'Node.js', found: process.version };
  return major >= 20
    ? { ...check, state: 'ok' }
    : { ...check, state: 'missing', remedy: 'install Node.js 20 or later: https://nodejs.org' };
}

const TOOLS = [
  { id: 'qemu', program: 'qemu-system-x86_64', what: 'QEMU', args: ['--version'] },
  { id: 'iproute2', program: 'ip', what: 'iproute2', args: ['-V'] },
  { id: 'bridge', program: 'bridge', what: 'iproute2 bridge', args: ['-V'] },
  { id: 'tcpdump', program: 'tcpdump', what: 'tcpdump', args: ['--version'] },
  { id: 'unshare', program: 'unshare', what: 'unshare', args: ['--version'] },
  { id: 'setpriv', program: 'setpriv', what: 'setpriv', args: ['--version'] },
] as const;

function toolChecks(facts: Facts): Promise<Check[]> {
  return Promise.all(
    TOOLS.map(async ({ id, program, what, args }): Promise<Check> => {
      if (facts.missing([program]).length > 0)
        return {
          id,
          state: 'missing',
          what,
          found: `the program ${program} is not on this machine`,
          remedy: facts.remedy([program]),
        };
      try {
        const { stdout, stderr } = await exec(program, args, {
          doing: `ask ${program} for its version`,
          timeoutMs: 5000,
        });
        return { id, state: 'ok', what, found: (stdout || stderr).split('\n')[0] ?? '' };
      } catch (error) {
        return { id, state: 'unknown', what, found: said(error) };
      }
    }),
  );
}

const askRunning = (facts: Facts): Promise<Capabilities | Error> =>
  facts.running().catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));

/** One line for what is there, one for each thing that is not. */
function runningChecks(running: Capabilities | Error): Check[] {
  const check = { id: 'running', what: 'running kernel' };
  if (running instanceof Error)
    return [{ ...check, state: 'unknown', found: `${release()}; it could not be asked: ${said(running)}` }];
  if (running.refused !== undefined)
    return [
      {
        ...check,
        state: 'missing',
        found: `${release()}; namespaces of our own cannot be made: ${said(running.refused)}`,
        remedy: 'run as root, or allow user namespaces (below)',
      },
    ];
  const missing = Object.entries(running.missing).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return [
    { ...check, state: 'ok', found: `${release()}: ${running.present.join(', ') || 'nothing that scenarios need'}` },
    ...missing.map(([name, answer]): Check => ({
      id: `running.${name}`,
      state: 'missing',
      what: `  ${name}`,
      found: said(answer),
      remedy: `another kernel in a VM (--kernel)${moduleRemedy(name)}`,
    })),
  ];
}

function moduleRemedy(name: string): string {
  const module = CAPABILITIES.includes(name as Capability) ? moduleOf(name as Capability) : undefined;
  return module === undefined ? '' : `, or the module loaded by root: modprobe ${module}`;
}

/** Really made, since a distribution has several ways to forbid it. */
async function userNamespaces(): Promise<Check> {
  const check = { id: 'user-namespaces', what: 'user namespaces' };
  try {
    await exec('unshare', ['--user', '--map-root-user', '--net', 'true'], {
      doing: 'make a user namespace',
      timeoutMs: 5000,
    });
    return { ...check, state: 'ok', found: 'an ordinary user may make them' };
  } catch (error) {
    const root = process.getuid?.() === 0;
    return {
      ...check,
      state: root ? 'note' : 'missing',
      found: `refused: ${said(error).split('\n')[0] ?? ''}${root ? ' (as root none is needed)' : ''}`,
      remedy: userNamespaceRemedy(readSetting),
    };
  }
}

const readSetting = (path: string): string | undefined => {
  try {
    return readFileSync(join('/proc/sys', path), 'utf8').trim();
  } catch {
    return undefined; // this kernel has no such switch
  }
};

/** The switch that is off; each distribution has its own. */
export function userNamespaceRemedy(read: (path: string) => string | undefined): string {
  if (read('kernel/unprivileged_userns_clone') === '0') return 'sysctl kernel.unprivileged_userns_clone=1 (Debian)';
  if (read('kernel/apparmor_restrict_unprivileged_userns') === '1')
    return 'sysctl kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu)';
  if (read('user/max_user_namespaces') === '0') return 'sysctl user.max_user_namespaces=15000 (RHEL and others)';
  return 'a container or security module may forbid it: run as root, or use VMs';
}

function imageChecks(facts: Facts): Check[] {
  const { images, bootable } = facts;
  if (images.length === 0)
    return [
      {
        id: 'kernels',
        state: 'missing',
        what: 'kernels to boot',
        found: 'none was found',
        remedy: '`npm start` in the checkout fetches one; or name an image with --kernel IMAGE',
      },
    ];
  const lines = images.map((image): Check => ({
    id: `kernel.${image.release}`,
    state: image === bootable ? 'ok' : 'note',
    what: image === images[0] ? 'kernels to boot' : '',
    found: imageText(image, image === bootable),
  }));
  return bootable
    ? lines
    : [
        ...lines,
        {
          id: 'kernels',
          state: 'missing',
          what: '',
          found: 'none of these will do',
          remedy: '`npm start` in the checkout fetches one; or name an image with --kernel IMAGE',
        },
      ];
}

function imageText(image: KernelImage, chosen: boolean): string {
  const lacks = lackedModules(image);
  const modules =
    image.modules === undefined
      ? 'no module folder'
      : lacks.length > 0
        ? `lacks ${lacks.join(', ')}`
        : `modules in ${image.modules}`;
  const readable = image.readable ? '' : ', may not be read (chmod a+r)';
  return `${image.release} (${image.origin}): ${image.image}, ${modules}${readable}${chosen ? '; --kernel auto takes this one' : ''}`;
}

async function kvmCheck(facts: Facts): Promise<Check> {
  const check = { id: 'kvm', what: 'KVM' };
  if (facts.missing([facts.qemu, 'setpriv']).length > 0)
    return { ...check, state: 'unknown', found: 'not tried: that takes QEMU' };
  const { works, why } = await facts.kvm();
  // Virtual time does without it, so its absence is no fault.
  return works
    ? { ...check, state: 'ok', found: 'a guest ran' }
    : { ...check, state: 'note', found: `not usable: ${why}. Virtual time does without` };
}

function cacheCheck(): Check {
  const folder = cacheFolder();
  const check = { id: 'cache', what: 'cache' };
  const closed = unwritable(folder);
  if (closed !== undefined)
    return {
      ...check,
      state: 'missing',
      found: `${folder} cannot be used: ${closed}`,
      remedy: 'make it writable, or set XDG_CACHE_HOME to a folder of yours',
    };
  if (!statSync(folder, { throwIfNoEntry: false })) return { ...check, state: 'note', found: `${folder}: nothing yet` };
  return { ...check, state: 'ok', found: `${folder}: ${Math.round(sizeOf(folder) / 1e6)} MB; safe to delete` };
}

function sizeOf(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat?.size ?? 0;
  return readdirSync(path, { withFileTypes: true }).reduce(
    (sum, entry) => sum + (entry.isSymbolicLink() ? 0 : sizeOf(join(path, entry.name))),
    0,
  );
}

function leftoversCheck(): Check {
  const check = { id: 'leftovers', what: 'leftovers' };
  const runs = liveRuns();
  const of = (standing: string): string[] =>
    runs.filter((run) => run.standing === standing).map(({ entry }) => entry.runId);
  const words = [
    ...(of('alive').length > 0 ? [`running now: ${of('alive').join(', ')}`] : []),
    ...(of('gone').length > 0 ? [`killed: ${of('gone').join(', ')}; the next run removes what they left`] : []),
    ...(of('stranger').length > 0 ? [`of another machine or container: ${of('stranger').join(', ')}`] : []),
  ];
  return words.length > 0
    ? { ...check, state: 'note', found: words.join('; ') }
    : { ...check, state: 'ok', found: 'none' };
}
