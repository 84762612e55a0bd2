/**
 * The running kernel, in namespaces of our own: network, mounts and processes, and for an ordinary user a user
 * namespace around them. Nothing of the host's own network is touched, and when the agent ends, however it ends, the
 * kernel removes all of it with the process namespace.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { encodeJob, type AgentRecord, type Job } from '../agent/protocol.ts';
import { manifestOf } from '../programs/bundle.ts';
import { type Ended, start } from '../system/exec.ts';
import { type Ending, type Kernel, type Launched, type LaunchOptions, PROGRAMS_FOLDER } from './kernel.ts';
import { openKernelLog } from './kmsg.ts';
import { parseRecord } from './records.ts';

export interface RunningOptions {
  /** The bundled agent. */
  agent: string;
  /** Default: a user namespace unless we are root. */
  userNamespace?: boolean;
}

/**
 * unshare's arguments; pure. An ordinary user keeps his own number, with capabilities over the new namespaces: as root
 * of a user namespace tcpdump would try to change its groups, which is denied there. --kill-child ties the agent to unshare, setpriv ties unshare to us. */
export function isolationArguments(agent: string, job: Job, userNamespace: boolean, programs?: string): string[] {
  return [
    '--pdeathsig', 'KILL', '--', 'unshare', ...(userNamespace ? ['--user', '--map-current-user', '--keep-caps'] : []),
    '--net', '--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child', '--mount-proc', '--',
    process.execPath, agent, `--job=${encodeJob(job)}`, ...(programs === undefined ? [] : [`--programs=${programs}`]),
  ];
}

export function runningKernel(options: RunningOptions): Kernel {
  return {
    id: `running:${release()}`,
    place: 'running',
    virtualTime: false,
    launch: (job, launch) => Promise.resolve(launchAgent(options, job, launch)),
  };
}

function launchAgent(options: RunningOptions, job: Job, launch: Pick<LaunchOptions, 'wallDeadlineMs' | 'extras'> & { dir?: string }): Launched {
  const userNamespace = options.userNamespace ?? process.getuid?.() !== 0;
  // The agent mounts its tree over this folder, in mounts of its own: here it holds nothing but the list.
  const folder = launch.extras && launch.dir !== undefined ? join(launch.dir, PROGRAMS_FOLDER) : undefined;
  const list = folder === undefined ? undefined : join(folder, 'programs.json');
  if (launch.extras && folder !== undefined && list !== undefined) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(list, JSON.stringify(manifestOf(launch.extras.bundle, launch.extras.modules, { whole: true })));
  }
  const agent = start('setpriv', isolationArguments(options.agent, job, userNamespace, list), {
    // Our end of stdin closes with us: the agent takes that as the order to undo everything.
    doing: 'make namespaces of our own on the running kernel', stdio: ['pipe', 'ignore', 'pipe', 'pipe'], detached: true,
  });
  const log = openKernelLog();
  let kernelSaid = '';
  const pids: number[] = [];
  let ended: Ended | undefined;
  let said = false;
  let late = false;
  const over = agent.ended.then((e) => { ended = e; });
  const deadline = setTimeout(() => { late = true; agent.kill('SIGKILL'); }, launch.wallDeadlineMs);
  const kill = async (): Promise<void> => {
    clearTimeout(deadline);
    if (!ended) agent.kill('SIGKILL');
    await over;
    // The namespaces are gone with it: what the kernel says of that is said by now.
    if (typeof log !== 'string') {
      kernelSaid ||= log.text();
      log.close();
    }
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  };

  async function* records(): AsyncGenerator<AgentRecord> {
    const channel = agent.extra(3);
    try {
      if (!channel) return;
      for await (const line of createInterface({ input: channel, crlfDelay: Infinity })) {
        const record = parseRecord(line);
        if (!record) continue;
        if (record.t === 'bye') { said = true; break; }
        // Known from now on: unshare has forked.
        if (record.t === 'hello') pids.push(agent.pid, ...childrenOf(agent.pid));
        yield record;
      }
      // Its last word is said: it ends by itself.
      if (said) await over;
    } finally {
      await kill();
    }
  }

  const ending = (): Ending => {
    if (said) return { how: 'done' };
    if (late) return { how: 'deadline', detail: `the agent was ended after ${launch.wallDeadlineMs / 1000} s of wall time` };
    const words = ended?.error?.message ?? ended?.stderr.trim();
    return { how: 'died', detail: words || `it ended with status ${String(ended?.exitCode ?? ended?.signal)}` };
  };
  return { records: records(), console: () => Promise.resolve(kernelSaid), shared: () => ({ pids, ...(typeof log === 'string' ? { unread: log } : { lines: log.lines() }) }), ending, kill };
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return []; // gone already, or a kernel without CONFIG_PROC_CHILDREN
  }
}

export interface RunningCapabilities {
  readonly present: readonly string[];
  /** What is missing, with the kernel's answer. */
  readonly missing: Readonly<Record<string, string>>;
  /** Why namespaces of our own cannot be made here, if so. */
  readonly refused?: string;
}

/** Ask the running kernel what it can do. Makes and removes a namespace; some 200 ms. */
export async function probeRunning(options: RunningOptions): Promise<RunningCapabilities> {
  const job: Job = { scenario: '', variant: '', control: false, seed: 1, scale: 1, capture: 'claims', deadlineS: 10, warp: false };
  const launched = launchAgent(options, job, { wallDeadlineMs: 20_000 });
  let answer: RunningCapabilities | undefined;
  let failure: string | undefined;
  for await (const record of launched.records) {
    if (record.t === 'capabilities') answer = { present: record.present, missing: record.missing };
    else if (record.t === 'failed') failure = record.reason;
  }
  const end = launched.ending();
  return answer ?? { present: [], missing: {}, refused: failure ?? (end.how === 'done' ? 'the agent did not answer' : end.detail) };
}
