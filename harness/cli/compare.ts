/** `wirewarp compare RUN RUN`: a baseline against a fix. `--json` is an interface: docs/finding-the-difference.md. */
import { Command } from 'commander';
import type { RunComparison } from '../../lib/compare/runs.ts';
import { BadInput, type Fault } from '../runner/refusal.ts';
import { status } from './exit-status.ts';
import { option, Reader, readWords } from './options.ts';

export interface CompareRecord extends RunComparison {
  schema: 'wirewarp.compare';
  schemaVersion: 1;
  wirewarp: string;
}

export function compareCommand(): Command {
  return new Command('compare')
    .summary('compare two runs: regressions, fixes, changed figures')
    .description(
      'Compare two runs, a baseline and a fix: regressions, fixes, changed figures, and the first event that differs.\nA RUN is the folder of a run, its run.json, or its id (or a part of it that no other has) below ./results.',
    )
    .argument('[runs...]', 'the run before, and the run after')
    .addOption(option('--results <dir>', 'where ids are looked up (default: ./results)'))
    .addOption(option('--json', 'for programs: schema wirewarp.compare (docs/finding-the-difference.md)'))
    .addHelpText(
      'after',
      '\nExit status: 0 no regression; 1 a regression: what was as expected is broken or crashed now; 2 bad input;\n4 no regression, but what was as expected could not be decided now, since the harness or the machine failed.',
    )
    .action(async (_runs: string[], values: Record<string, unknown>, command: Command) => {
      process.exitCode = await compare(values, command);
    });
}

async function compare(values: Record<string, unknown>, command: Command): Promise<number> {
  const [{ readRun, eventsOf }, { compareRuns }, { renderComparison }, { wantsColour }, { version }] = await Promise.all([
    import('../compare/read-run.ts'),
    import('../../lib/compare/runs.ts'),
    import('../../lib/render/comparison.ts'),
    import('../report/reporter.ts'),
    import('../runner/home.ts'),
  ]);
  const words = readWords(command, 2);
  const reader = new Reader(values);
  const results = reader.text('results') ?? './results';
  const runs = words.operands.map((name) => readRun(name, results));
  const faults: Fault[] = [...words.faults, ...reader.faults, ...runs.filter((run) => 'what' in run)];
  if (words.operands.length < 2)
    faults.push({ what: words.operands.length === 0 ? 'which runs?' : 'compared with which run?', help: 'Give two: the baseline, then the fix.' });
  const [before, after] = runs;
  if (faults.length > 0 || !before || !after || 'what' in before || 'what' in after) throw new BadInput(faults);

  const comparison = compareRuns(before.record, after.record, eventsOf(before, after));
  if (comparison.results.length === 0) throw new BadInput([nothingInCommon(comparison)]);
  const record: CompareRecord = { schema: 'wirewarp.compare', schemaVersion: 1, wirewarp: version(), ...comparison };
  process.stdout.write(
    reader.flag('json')
      ? `${JSON.stringify(record, null, 2)}\n`
      : renderComparison(comparison, { columns: process.stdout.columns || 80, colour: wantsColour(process.stdout, process.env) }),
  );
  if (comparison.counts.regression > 0) return status.unexpected;
  return comparison.results.some(({ change, verdict }) => change === 'undecided' && verdict.after === 'errored') ? status.harnessFailed : status.asExpected;
}

function nothingInCommon({ onlyBefore, onlyAfter }: RunComparison): Fault {
  const names = (missing: RunComparison['onlyBefore']): string =>
    [...new Set(missing.map(({ scenario, variant }) => `${scenario}#${variant}`))].slice(0, 5).join(', ') || 'nothing';
  return {
    what: 'these runs have nothing in common that could be compared',
    help: `Before: ${names(onlyBefore)}. After: ${names(onlyAfter)}. Where a run has several kernels or seeds, the other must have the same ones.`,
  };
}
