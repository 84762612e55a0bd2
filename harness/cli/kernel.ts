/** `wirewarp kernel list|check|get`: which kernels can run here, what one has, and how to get another. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { alignedTable } from '../../lib/aligned-table.ts';
import type { AgentRecord, Job } from '../agent/protocol.ts';
import type { ChosenKernel } from '../runner/run.ts';
import { BadInput, type Fault, NoPlace } from '../runner/refusal.ts';
import { status } from './exit-status.ts';
import { option, Reader, readTime, readWords } from './options.ts';

const ACTIONS = ['list', 'check', 'get'] as const;
type Action = (typeof ACTIONS)[number];

export interface CheckedKernel {
  schema: 'wirewarp.kernel';
  schemaVersion: 1;
  kernel: string;
  place: string;
  release: string;
  version: string;
  hz: number;
  /** A minute of the kernel's clock was slept through in so much of ours; absent without virtual time. */
  minuteTookS?: number;
  /** From its start to the agent's first word. */
  bootS: number;
  present: string[];
  missing: Record<string, string>;
}

export function kernelCommand(): Command {
  return new Command('kernel')
    .summary('list kernels that can run, check one, get another')
    .description(
      'list           every kernel that could run here, with what --kernel takes\n' +
        'check KERNEL   boot it and say what it has; KERNEL as for `run --kernel`\n' +
        "get NAME       fetch a kernel by the distribution's package manager into our cache: \"default\", a package such as\n" +
        '               linux-image-amd64, or "source" (linux-source-*) for a tree to build. Nothing is installed.',
    )
    .argument('[words...]', 'list, check KERNEL, or get NAME')
    .addOption(option('--modules <dir>', "check: the module folder of an image"))
    .addOption(option('--time <time>', 'check: warp (virtual time) or real'))
    .addOption(option('--arch-kernel <arch>', 'check: what a source tree is built as: uml or x86 (default: uml)'))
    .addOption(option('--qemu <program>', 'check: another QEMU'))
    .addOption(option('--json', 'for programs: schema wirewarp.kernels, or wirewarp.kernel for check'))
    .addHelpText('after', '\nExit status: 0 done; 1 check: it lacks something that stories use; 2 bad input; 3 it cannot run or be had here.')
    .action(async (_words: string[], values: Record<string, unknown>, command: Command) => {
      const words = readWords(command, 2);
      const reader = new Reader(values);
      const [action, name] = words.operands;
      const faults: Fault[] = [...words.faults];
      if (!isAction(action)) faults.push({ what: action === undefined ? 'what about kernels?' : `there is no "kernel ${action}"`, help: 'It is list, check KERNEL, or get NAME.' });
      else if (action !== 'list' && name === undefined) faults.push({ what: `kernel ${action}: which?`, help: action === 'get' ? '"default", "source", or a package.' : 'A release, a path, or "running".' });
      else if (action === 'list' && name !== undefined) faults.push({ what: `kernel list takes no name, and ${JSON.stringify(name)} was given` });
      const json = reader.flag('json');
      if (faults.length > 0 || !isAction(action)) throw new BadInput([...faults, ...reader.faults]);
      process.exitCode = action === 'list' ? await list(json) : action === 'get' ? await get(name as string) : await check(name as string, reader, json);
    });
}

const isAction = (word: string | undefined): word is Action => ACTIONS.includes(word as Action);

async function list(json: boolean): Promise<number> {
  const [{ listKernels }, { probeRunning }, { agentFor }] = await Promise.all([import('../kernels/listing.ts'), import('../kernels/running.ts'), import('../runner/agent-bundle.ts')]);
  const kernels = await listKernels(await probeRunning({ agent: await agentFor([]) }));
  if (json) process.stdout.write(`${JSON.stringify({ schema: 'wirewarp.kernels', schemaVersion: 1, kernels }, null, 2)}\n`);
  else {
    const rows = kernels.map(({ kernel, release, virtualTime, lacks, origin }) => [kernel, release, virtualTime ?? 'none', lacks === undefined ? 'not known' : lacks.join(' ') || 'nothing', origin]);
    process.stdout.write(`${alignedTable(['--kernel', 'release', 'virtual time', 'lacks', 'from'], rows).join('\n')}\n`);
  }
  return status.asExpected;
}

async function get(name: string): Promise<number> {
  const say = (line: string): void => void process.stderr.write(`wirewarp: ${line}\n`);
  const root = process.getuid?.() === 0;
  if (name === 'source' || /^linux-source-\d/.test(name)) {
    const { fetchSource } = await import('../setup/fetch-source.mjs');
    const { tree, failed } = await fetchSource({ root, say, ...(name === 'source' ? {} : { wanted: name }) });
    if (tree === undefined) throw new NoPlace([{ what: `cannot get ${name}: ${failed}` }]);
    process.stdout.write(`${tree}\n`);
    say(`run on it with --kernel ${tree}`);
    return status.asExpected;
  }
  if (name !== 'default' && !/^linux-image-/.test(name)) throw new BadInput([{ what: `kernel get ${name}: that is no kernel package`, help: '"default", "source", or a package such as linux-image-amd64 or linux-source-6.1.' }]);
  const [{ fetchKernel }, { isUbuntu }] = await Promise.all([import('../setup/fetch-kernel.mjs'), import('../setup/programs.mjs')]);
  const { release, failed } = await fetchKernel({ ubuntu: isUbuntu(osRelease()), root, say, ...(name === 'default' ? {} : { wanted: name }) });
  if (release === undefined) throw new NoPlace([{ what: `cannot get ${name}: ${failed}` }]);
  process.stdout.write(`${release}\n`);
  say(`run on it with --kernel ${release}`);
  return status.asExpected;
}

function osRelease(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}

async function check(name: string, reader: Reader, json: boolean): Promise<number> {
  const chosen = await chosenKernel(name, reader);
  const checked = await ask(name, chosen);
  if (json) process.stdout.write(`${JSON.stringify(checked, null, 2)}\n`);
  else process.stdout.write(`${checkText(checked).join('\n')}\n`);
  return Object.keys(checked.missing).length > 0 ? status.unexpected : status.asExpected;
}

async function chosenKernel(name: string, reader: Reader): Promise<ChosenKernel> {
  const [{ machineFacts, QEMU }, { decidePlaces }, { agentFor }, { makePlaces }] = await Promise.all([
    import('../runner/machine.ts'), import('../kernels/choose.ts'), import('../runner/agent-bundle.ts'), import('../runner/places.ts'),
  ]);
  const [time, modules, qemu = QEMU] = [readTime(reader), reader.text('modules'), reader.text('qemu')];
  const wish = { kernels: [name], treeArch: reader.choice('arch-kernel', 'uml', ['uml', 'x86'] as const), ...(time === undefined ? {} : { time }), ...(modules === undefined ? {} : { modules }) };
  const facts = machineFacts({ qemu, agent: () => agentFor([]) });
  const { places, faults, lacks } = await decidePlaces(wish, { needs: [], deadlineS: 60, jobs: 1 }, facts);
  if (reader.faults.length + faults.length > 0) throw new BadInput([...reader.faults, ...faults, ...lacks]);
  if (lacks.length > 0) throw new NoPlace(lacks);
  const [chosen] = await makePlaces(places, { agent: await agentFor([]), qemu, icountShift: 0, cpus: 1, say: (line) => void process.stderr.write(`wirewarp: ${line}\n`) });
  return chosen as ChosenKernel;
}

/** Boots it, and has the agent in it say what there is. */
async function ask(name: string, { kernel }: ChosenKernel): Promise<CheckedKernel> {
  const job: Job = { scenario: '', variant: '', control: false, seed: 1, scale: 1, capture: 'claims', deadlineS: 60, warp: kernel.virtualTime };
  const dir = mkdtempSync(join(tmpdir(), 'wirewarp-check-'));
  try {
    const began = performance.now();
    const since = (): number => Math.round(performance.now() - began) / 1000;
    const launched = await kernel.launch(job, { dir, wallDeadlineMs: 180_000, fresh: true });
    let hello: Extract<AgentRecord, { t: 'hello' }> | undefined;
    let able: Extract<AgentRecord, { t: 'capabilities' }> | undefined;
    let [bootS, sleptFrom, minuteTookS] = [0, 0, undefined as number | undefined];
    let failure: string | undefined;
    for await (const record of launched.records) {
      if (record.t === 'hello') [hello, bootS] = [record, since()];
      else if (record.t === 'warp' && record.phase === 'begin') sleptFrom = since();
      else if (record.t === 'warp') minuteTookS = Math.round((since() - sleptFrom) * 1000) / 1000;
      else if (record.t === 'capabilities') able = record;
      else if (record.t === 'failed') failure = record.reason;
    }
    if (!hello || !able) {
      const end = launched.ending();
      const last = (await launched.console()).trim().split('\n').slice(-5).join('\n  ');
      const why = failure ?? (end.how === 'done' ? 'the agent in it did not answer' : end.detail);
      throw new NoPlace([{ what: `${name} does not run: ${why.replace(/\.$/, '')}${last === '' ? '' : `. Its console ends with:\n  ${last}`}`, help: 'What a kernel must have: docs/kernels.md.' }]);
    }
    return {
      schema: 'wirewarp.kernel', schemaVersion: 1, kernel: name, place: kernel.place, release: hello.release, version: hello.version, hz: hello.hz,
      ...(minuteTookS === undefined ? {} : { minuteTookS }), bootS, present: able.present, missing: able.missing,
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function checkText(checked: CheckedKernel): string[] {
  const missing = Object.entries(checked.missing);
  return [
    `${checked.release} (${checked.version}), ${checked.place}, HZ=${checked.hz}`,
    `up in ${checked.bootS} s; ${checked.minuteTookS === undefined ? 'real time' : `virtual time: a minute of it passed in ${checked.minuteTookS} s`}`,
    `has ${checked.present.join(', ') || 'nothing that stories use'}`,
    ...(missing.length === 0 ? ['lacks nothing that stories use'] : missing.map(([name, why]) => `lacks ${name}: ${why}`)),
  ];
}
