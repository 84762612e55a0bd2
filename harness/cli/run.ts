/** `wirewarp run [PATTERN…]`: from words to verdicts. All that can be wrong is looked at before anything is built. */
import { availableParallelism, freemem } from 'node:os';
import { Command } from 'commander';
import { carryOut, prepare } from './carry-out.ts';
import { exitStatus, status } from './exit-status.ts';
import { option, Reader, readWords } from './options.ts';
import { addShared } from './shared-options.ts';

export function runCommand(): Command {
  const command = new Command('run')
    .summary('run scenarios and give verdicts')
    .description(
      'Run scenarios and give verdicts. A PATTERN is a path (multicast/membership-expiry), the begin of words of a title, a case (A1),\n' +
        'a glob (bonding/*) or a file of your own (./my-scenario.ts), each with or without #VARIANT. None means the default set.',
    )
    .argument('[patterns...]', 'what to run');
  addShared(command, 'kernel', 'modules', 'time', 'seed', 'jobs', 'all', 'controls', 'capture', 'capture-everything', 'results');
  command
    .addOption(option('--reporter <name>', 'auto, plain, live, tap, json, junit, quiet (default: auto)'))
    .addOption(option('--json', 'the run record alone on standard output, progress on standard error'));
  return addShared(command, 'timeout', 'shift', 'cpus', 'qemu', 'arch-kernel', 'time-travel', 'allow-log')
    .addHelpText(
      'after',
      '\nExit status: 0 all as expected; 1 something broken, crashed or otherwise not as expected; 2 bad input;\n3 nothing could run here; 4 the harness failed; 130 interrupted.',
    )
    .action(async (_patterns: string[], values: Record<string, unknown>, command: Command) => {
      process.exitCode = await runScenarios(values, command);
    });
}

async function runScenarios(values: Record<string, unknown>, command: Command): Promise<number> {
  const [{ createReporter }, { readRunSettings }] = await Promise.all([
    import('../report/reporter.ts'),
    import('./run-options.ts'),
  ]);
  const words = readWords(command);
  const reader = new Reader(values);
  const settings = readRunSettings(reader, { cpus: availableParallelism(), freeBytes: freemem() });
  const prepared = await prepare({ words, reader, settings });
  const carried = await carryOut(prepared, { reporter: () => createReporter(settings.reporter) });
  if (!carried) return status.interrupted;
  if (settings.reporter !== 'quiet') {
    const forPeople = ['auto', 'plain', 'live'].includes(settings.reporter);
    (forPeople ? process.stdout : process.stderr).write(`report: ${carried.report}\n`);
  }
  return exitStatus(carried.record);
}
