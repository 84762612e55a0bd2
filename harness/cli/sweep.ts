/** `wirewarp sweep SCENARIO --seeds 1..1000`: the same stories under many seeds. */
import { availableParallelism, freemem } from 'node:os';
import { Command } from 'commander';
import type { ResultRecord, SweepRecord } from '../../lib/record.ts';
import { parseSeeds } from '../../lib/sweep/seeds.ts';
import { nearest } from '../../lib/validate/nearest.ts';
import { BadInput, type Fault } from '../runner/refusal.ts';
import { carryOut, prepare } from './carry-out.ts';
import { exitStatus, status } from './exit-status.ts';
import { option, Reader, readWords } from './options.ts';
import { addShared } from './shared-options.ts';

/** More would not be slower, but each takes a core. */
const AT_A_TIME = 2;

export function sweepCommand(): Command {
  const command = new Command('sweep')
    .summary('run a scenario under many seeds')
    .description(
      'Run a scenario under many seeds: MACs, report delays and the start offsets of the actors follow from the seed. Says how\nmany seeds came out as expected, how the measured figure lies, and the smallest seed that fails, with the command that\nrepeats it byte for byte. A SCENARIO is a pattern as for `run`; with #VARIANT only that variant.',
    )
    .argument('[scenarios...]', 'what to run under each seed')
    .addOption(option('--seeds <range>', 'which: 1..1000, or a list such as 1..50,99'))
    .addOption(option('--figure <name>', 'what to measure, a name in run.json (default: the deciding figure)'));
  addShared(command, 'kernel', 'modules', 'time');
  command.addOption(option('--jobs <n>', `so many at a time (default: ${AT_A_TIME}, on one core 1)`));
  addShared(command, 'controls', 'capture', 'capture-everything', 'results');
  command.addOption(option('--json', 'the run record alone on standard output, with `sweep` in it (docs/run-json.md)'));
  return addShared(command, 'timeout', 'shift', 'cpus', 'qemu', 'arch-kernel', 'time-travel', 'allow-log')
    .addHelpText(
      'after',
      '\nFiles are kept of seeds that fail and of the smallest that came out as expected. Ctrl-C keeps what was done until then.\nExit status: 0 all seeds as expected; 1 one was not; 2 bad input; 3 nothing could run here; 4 the harness failed; 130 interrupted.',
    )
    .action(async (_scenarios: string[], values: Record<string, unknown>, command: Command) => {
      process.exitCode = await sweep(values, command);
    });
}

async function sweep(values: Record<string, unknown>, command: Command): Promise<number> {
  const [{ readRunSettings }, { sweepOf, sparing }, { renderSweep }, { sweepProgress }, { wantsColour }, { renderRunJson }] = await Promise.all([
    import('./run-options.ts'),
    import('../../lib/sweep/sweep.ts'),
    import('../../lib/render/sweep.ts'),
    import('../report/sweep-progress.ts'),
    import('../report/reporter.ts'),
    import('../report/files.ts'),
  ]);
  const words = readWords(command);
  const reader = new Reader(values);
  const read = readRunSettings(reader, { cpus: availableParallelism(), freeBytes: freemem() });
  const settings = values['jobs'] === undefined ? { ...read, jobs: Math.min(AT_A_TIME, read.jobs) } : read;
  const figure = reader.text('figure');
  const seeds = readSeeds(reader);
  const faults: Fault[] = words.operands.length === 0 ? [{ what: 'which scenario?', help: '`wirewarp list` shows them.' }] : [];
  const prepared = await prepare({ words, reader, settings, faults });

  const json = reader.flag('json');
  const stream = json ? process.stderr : process.stdout;
  const stop = new AbortController();
  const stories = prepared.gathered.selections.length * prepared.places.length;
  const judged: ResultRecord[] = [];
  const spare = sparing();
  const carried = await carryOut(prepared, {
    reporter: () => sweepProgress({ stream, colour: wantsColour(stream, process.env), stories, figure }),
    seeds, stop: stop.signal,
    spare: (result) => {
      judged.push(result);
      // Nobody shall wait for a thousand seeds to learn of a slip of the finger.
      if (judged.length === stories && figure !== undefined && unknownFigure(sweepOf(judged, { seeds, figure }), figure)) stop.abort();
      return spare(result);
    },
    finish: (record) => {
      record.sweep = sweepOf(record.results, { seeds, figure });
      for (const result of record.results) if (result.files.length === 0) result.readouts = [];
    },
  });
  if (!carried) return status.interrupted;
  const { record, report } = carried;
  const fault = record.sweep && figure !== undefined ? unknownFigure(record.sweep, figure) : undefined;
  if (fault) throw new BadInput([fault]);
  if (json) process.stdout.write(renderRunJson(record));
  else process.stdout.write(`\n${renderSweep(record, { columns: process.stdout.columns || 80, colour: wantsColour(process.stdout, process.env) })}`);
  stream.write(`report: ${report}\n`);
  return exitStatus(record);
}

function readSeeds(reader: Reader): readonly number[] {
  const text = reader.text('seeds');
  const help = 'Give a range such as --seeds 1..200.';
  if (text === undefined) {
    if (reader.faults.every(({ what }) => !what.startsWith('--seeds'))) reader.fault('which seeds?', help);
    return [1];
  }
  const parsed = parseSeeds(text);
  if ('seeds' in parsed) return parsed.seeds;
  reader.fault(`--seeds ${text}: ${parsed.fault}`, help);
  return [1];
}

/** A figure that no result has, although something was measured. */
function unknownFigure({ stories }: SweepRecord, figure: string): Fault | undefined {
  const names = [...new Set(stories.flatMap(({ figures }) => figures))];
  if (names.length === 0 || names.includes(figure)) return undefined;
  const near = nearest(figure, names);
  return { what: `--figure ${figure}: nothing measures that here`, help: `${near.length > 0 ? `Nearest: ${near.join(', ')}. ` : ''}There are ${names.join(', ')}.` };
}
