/** `wirewarp matrix --kernel A --kernel B … [PATTERN…]`: the same scenarios on several kernels, side by side. */
import { availableParallelism, freemem } from 'node:os';
import { Command } from 'commander';
import type { Grid } from '../../lib/matrix/grid.ts';
import type { KernelRecord } from '../../lib/record.ts';
import type { Wish } from '../kernels/choose.ts';
import { BadInput, type Fault } from '../runner/refusal.ts';
import { carryOut, prepare } from './carry-out.ts';
import { exitStatus, status } from './exit-status.ts';
import { option, Reader, readWords } from './options.ts';
import type { RunSettings } from './run-options.ts';
import { addShared } from './shared-options.ts';

export interface MatrixRecord extends Omit<Grid, 'kernels'> {
  schema: 'wirewarp.matrix';
  schemaVersion: 1;
  wirewarp: string;
  runId: string;
  interrupted: boolean;
  kernels: KernelRecord[];
}

export function matrixCommand(): Command {
  const command = new Command('matrix')
    .summary('run scenarios on several kernels, side by side')
    .description(
      'Run scenarios on several kernels and show them side by side: a row a variant, a column a kernel. Rows whose verdicts\ndiffer are marked ≠, rows whose deciding figure differs by more than 1 % are marked ~. Patterns as for `run`.',
    )
    .argument('[patterns...]', 'what to run');
  addShared(command, 'kernel', 'modules');
  command.addOption(option('--time <time>', 'where the running kernel is among them, its time: real or scaled=K; VMs run in virtual time then'));
  addShared(command, 'seed', 'jobs', 'all', 'controls', 'capture', 'capture-everything', 'results');
  command.addOption(option('--json', 'for programs: schema wirewarp.matrix (docs/finding-the-difference.md)'));
  return addShared(command, 'timeout', 'shift', 'cpus', 'qemu', 'arch-kernel', 'time-travel', 'allow-log')
    .addHelpText(
      'after',
      '\nExit status: 0 all as expected; 1 something broken, crashed or otherwise not as expected; 2 bad input;\n3 nothing could run here; 4 the harness failed; 130 interrupted. That kernels differ is no failure by itself.',
    )
    .action(async (_patterns: string[], values: Record<string, unknown>, command: Command) => {
      process.exitCode = await matrix(values, command);
    });
}

async function matrix(values: Record<string, unknown>, command: Command): Promise<number> {
  const [{ readRunSettings }, { gridOf }, { imageLegend, renderGrid }, { renderTroubles }, { progressOn, wantsColour }, { version }] = await Promise.all([
    import('./run-options.ts'),
    import('../../lib/matrix/grid.ts'),
    import('../../lib/render/grid.ts'),
    import('../../lib/render/table.ts'),
    import('../report/reporter.ts'),
    import('../runner/home.ts'),
  ]);
  const words = readWords(command);
  const reader = new Reader(values);
  const settings = readRunSettings(reader, { cpus: availableParallelism(), freeBytes: freemem() });
  const kernels = [...new Set(settings.kernels)];
  const faults: Fault[] = kernels.length > 1 ? [] : [{ what: 'a matrix needs two kernels or more', help: 'Give each with --kernel: `wirewarp doctor` shows those of this machine.' }];
  const prepared = await prepare({ words, reader, settings, faults, wishes: wishesOf(settings, kernels) });
  if (prepared.places.length < 2) throw new BadInput([{ what: `${kernels.join(' and ')} are one kernel here`, help: '`wirewarp doctor` shows which images there are.' }]);

  const json = reader.flag('json');
  const carried = await carryOut(prepared, { reporter: () => progressOn(json ? process.stderr : process.stdout) });
  if (!carried) return status.interrupted;
  const { record, report } = carried;
  const grid = gridOf(record.results);
  if (json) {
    const answer: MatrixRecord = { schema: 'wirewarp.matrix', schemaVersion: 1, wirewarp: version(), runId: record.runId, interrupted: record.interrupted, kernels: record.kernels, rows: grid.rows };
    process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
  } else {
    const look = { columns: process.stdout.columns || 80, colour: wantsColour(process.stdout, process.env) };
    const reasons = new Set(record.results.filter(({ verdict }) => verdict === 'skipped').map(({ kernel, reason }) => `skipped on ${kernel}: ${reason ?? 'no reason recorded'}\n`));
    process.stdout.write(`\n${renderGrid(grid, look)}${imageLegend(record.kernels).map((line) => `${line}\n`).join('')}\n${renderTroubles(record, look)}${[...reasons].join('')}${record.interrupted ? 'Interrupted: these are the results until then.\n' : ''}`);
  }
  (json ? process.stderr : process.stdout).write(`report: ${report}\n`);
  return exitStatus(record);
}

/** The running kernel has no virtual time and a VM can do nothing better: each is asked in its own. */
function wishesOf(settings: RunSettings, kernels: readonly string[]): Wish[] {
  const { time, ...rest } = settings;
  const mixed = kernels.includes('running') && kernels.length > 1;
  return kernels.map((kernel) => ({ ...rest, kernels: [kernel], time: mixed && kernel !== 'running' ? undefined : time }));
}
