/** `wirewarp doctor`: what this machine can run, what is missing, and how to get it. */
import { Command } from 'commander';
import { palette } from '../../lib/render/ansi.ts';
import { visible } from '../../lib/render/text.ts';
import { BadInput } from '../runner/refusal.ts';
import type { Check, DoctorRecord } from './checks.ts';
import { status } from './exit-status.ts';
import { option, readWords } from './options.ts';

export function doctorCommand(): Command {
  return new Command('doctor')
    .summary('show what this machine can run, and how to get what is missing')
    .description(
      'Show what this machine can run, what is missing, and exactly how to get it. Nothing is installed or changed.\nExit status: 0 when something can run here, 3 when nothing can.',
    )
    .addOption(option('--json', 'for programs (schema wirewarp.doctor)'))
    .action(async (values: { json?: true }, command: Command) => {
      const words = readWords(command, 0);
      if (words.faults.length > 0) throw new BadInput(words.faults);
      const { examine } = await import('./checks.ts');
      const record = await examine();
      const { wantsColour } = await import('../report/reporter.ts');
      const colour = wantsColour(process.stdout, process.env);
      process.stdout.write(values.json ? `${JSON.stringify(record, null, 2)}\n` : doctorText(record, colour));
      process.exitCode = record.canRun.length > 0 ? status.asExpected : status.nothingRan;
    });
}

/** One check a line, its remedy below; the answer to "can it run here" last, where it is read first. */
export function doctorText(record: DoctorRecord, colour: boolean): string {
  const paint = palette(colour);
  const signs: Record<Check['state'], string> = {
    ok: paint.good('✓'),
    missing: paint.bad('✗'),
    unknown: paint.caution('?'),
    note: ' ',
  };
  const longest = Math.max(...record.checks.map(({ what }) => what.length));
  const lines = record.checks.flatMap(({ state, what, found, remedy }) => [
    `${signs[state]} ${what.padEnd(longest)}  ${visible(found)}`,
    ...(remedy === undefined
      ? []
      : visible(remedy)
          .split('\n')
          .map((line) => `  ${' '.repeat(longest)}  → ${line}`)),
  ]);
  const places = record.canRun.map((place) => `  ${place}`);
  const verdict =
    places.length > 0
      ? [paint.strong('Scenarios can run here:'), ...places]
      : [paint.strong('Nothing can run here yet. Get what is marked ✗ above.')];
  return `${[...lines, '', ...verdict].join('\n')}\n`;
}
