/**
 * The process in which a story runs: PID 1 of a VM, or a child in namespaces of the running kernel. One job, then its
 * last word. Everything it tells goes out as records on one channel.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { catalogue } from 'wirewarp:catalogue';
import type { Manifest } from '../../lib/programs.ts';
import { formatRecord } from '../kernels/records.ts';
import { makeTree, type Programs, readManifest } from '../lab/system-tree.ts';
import { scenarioName } from '../runner/select.ts';
import type { Scenario } from '../scenario.ts';
import { probeCapabilities } from './capabilities.ts';
import { enterEnvironment, type Environment, kernelHz, writeAll } from './environment.ts';
import { freeze, whyNotFrozen } from './frozen.ts';
import type { AgentRecord } from './protocol.ts';
import { describe, runStory } from './run-story.ts';
import { lackedHere, lackedInVm } from './story-modules.ts';

/** A line of the channel stays below this many bytes of base64. */
const PART_BYTES = 48_000;
/** Slept through at start in virtual time: if it takes long, time does not skip. */
const WARP_CHECK_S = 60;
/** Waited in virtual time for what a kernel says only when everything was taken down. */
const AFTERMATH_S = 15;

async function main(): Promise<void> {
  const environment = enterEnvironment();
  const say = (record: AgentRecord): void => { writeAll(environment.channel, formatRecord(record)); };
  try {
    await work(environment, say);
  } catch (error) {
    // Told as such: PID 1 that exits is a panic, and would look like the kernel's own end.
    say({ t: 'failed', reason: error instanceof Error ? (error.stack ?? describe(error)) : String(error) });
  }
  say({ t: 'bye' });
  // A VM is ended from outside; PID 1 must not exit.
  if (environment.virtualMachine) setInterval(() => undefined, 1e9);
  else process.exit(0);
}

async function work({ job: given, virtualMachine, modules, manifest: manifestPath }: Environment, say: (record: AgentRecord) => void): Promise<void> {
  const kernel = (file: string): string => readFileSync(`/proc/sys/kernel/${file}`, 'utf8').trim();
  const release = kernel('osrelease');
  say({ t: 'hello', release, version: kernel('version'), hz: kernelHz(), cpus: availableParallelism(), clockNs: Number(process.hrtime.bigint()) });

  const abort = new AbortController();
  // Thrown by a timer or a socket's handler: nobody's to catch, and the story's end, not the machine's.
  process.on('uncaughtException', (error) => { abort.abort(error); });
  // The other side of the channel is gone: so is our reason to be.
  if (!virtualMachine) {
    const stop = (): void => { abort.abort(new Error('interrupted')); };
    process.stdin.on('end', stop).on('error', stop).resume();
    process.on('SIGTERM', stop);
  }

  if (virtualMachine && (given?.warp ?? true)) {
    say({ t: 'warp', phase: 'begin', sleptS: WARP_CHECK_S });
    await new Promise((resolve) => { setTimeout(resolve, WARP_CHECK_S * 1000); });
    say({ t: 'warp', phase: 'end', sleptS: WARP_CHECK_S });
  }
  if (given === undefined) {
    const why = whyNotFrozen(release);
    if (why !== undefined) throw new Error(why);
    say({ t: 'stopping' });
  }
  const job = given ?? freeze();
  if (job.scenario === '') {
    const { present, missing } = probeCapabilities();
    say({ t: 'capabilities', present, missing: { ...modules, ...missing } });
    return;
  }
  const entry = catalogue.find(({ path }) => scenarioName(path) === job.scenario);
  if (!entry) throw new Error(`this agent does not know the scenario ${job.scenario}`);
  const manifest = manifestPath === undefined ? undefined : readManifest(manifestPath);
  const { result, files } = await runStory(entry.scenario as Scenario, job, {
    onStep: (atS, text) => { say({ t: 'step', atS, upS: Number(process.hrtime.bigint()) / 1e9, text }); }, onAlive: (atS) => { say({ t: 'alive', atS }); }, virtualTime: virtualMachine && job.warp, signal: abort.signal,
    ...(manifest ? { programs: programsOf(manifest, virtualMachine, manifestPath as string), lackedModules: virtualMachine ? lackedInVm(manifest, modules) : lackedHere(manifest) } : {}),
  });
  for (const { name, content } of files) {
    const packed = gzipSync(content, { level: 6 });
    const parts = Math.max(1, Math.ceil(packed.length / PART_BYTES));
    for (let part = 0; part < parts; part++) {
      say({ t: 'file', name, part, last: part === parts - 1, encoding: 'gzip-base64', data: packed.subarray(part * PART_BYTES, (part + 1) * PART_BYTES).toString('base64') });
    }
  }
  say({ t: 'result', result });
  // Namespaces die after the story: a device that somebody still holds is complained of 10 s later (net/core/dev.c).
  if (virtualMachine && job.warp) await new Promise((resolve) => { setTimeout(resolve, AFTERMATH_S * 1000); });
}

/** In a VM its initramfs is the tree; on the running kernel one is made, over the folder that the manifest came in. */
function programsOf(manifest: Manifest, virtualMachine: boolean, path: string): Programs | undefined {
  if (Object.keys(manifest.programs).length === 0) return undefined;
  return virtualMachine ? { manifest, tree: '/', work: '/run' } : makeTree(manifest, dirname(path));
}

main().catch((error: unknown) => {
  process.stderr.write(`wirewarp agent: ${error instanceof Error ? (error.stack ?? describe(error)) : String(error)}\n`);
  // PID 1 that exits is a panic, which the host reports with this message on the console.
  process.exit(70);
});
