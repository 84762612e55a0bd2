/** The command line. Commands load what they need when they run: `list` and a typing mistake are answered at once. */
import { Command, CommanderError } from 'commander';
import { nearest } from '../../lib/validate/nearest.ts';
import { BadInput, type Fault, NoPlace } from '../runner/refusal.ts';
import { version } from '../runner/home.ts';
import { compareCommand } from './compare.ts';
import { bisectCommand, bisectStepCommand } from './bisect.ts';
import { doctorCommand } from './doctor.ts';
import { status } from './exit-status.ts';
import { kernelCommand } from './kernel.ts';
import { listCommand } from './list.ts';
import { matrixCommand } from './matrix.ts';
import { planCommand } from './plan.ts';
import { explainCommand } from './explain.ts';
import { faultReport } from './report-faults.ts';
import { runCommand } from './run.ts';
import { sweepCommand } from './sweep.ts';

function program(): Command {
  const wirewarp = new Command('wirewarp')
    .description('Tests Linux bridges, bonds and multicast on any kernel, in virtual time, without root.')
    .version(version())
    .addHelpText('after', "\nPing tools, with the originals' options (docs/ping-tools.md): omping, ssmping, asmping, ssmpingd, mcfirst\n")
    .helpCommand(false);
  const commands = [
    runCommand(),
    matrixCommand(),
    sweepCommand(),
    compareCommand(),
    listCommand(),
    planCommand(),
    explainCommand(),
    kernelCommand(),
    bisectCommand(),
    doctorCommand(),
  ];
  for (const command of commands)
    wirewarp.addCommand(tolerant(command));
  // Called by git, not by people.
  wirewarp.addCommand(tolerant(bisectStepCommand()), { hidden: true });
  return wirewarp;
}

/** What is unknown is ours to report, with everything else that is wrong. */
const tolerant = (command: Command): Command => command.allowUnknownOption().allowExcessArguments().exitOverride();

/** The program's own words: an unknown command, or an option before any command. */
function ownFault(commands: readonly string[], word: string): Fault {
  const near = nearest(word, commands.concat(['--help', '--version']));
  const what = word.startsWith('-') ? `unknown option ${word}` : `there is no command ${JSON.stringify(word)}`;
  return { what, help: near.length > 0 ? `Nearest: ${near.join(', ')}.` : `Commands: ${commands.join(', ')}.` };
}

async function main(argv: readonly string[]): Promise<void> {
  // A reader that has seen enough (`| head`) is no error of ours.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  const wirewarp = program();
  const commands = wirewarp.commands.map((command) => command.name());
  const [word] = argv;
  try {
    if (word === undefined) {
      wirewarp.outputHelp({ error: true });
      process.exitCode = status.badInput;
      return;
    }
    if (!commands.includes(word) && !['-h', '--help', '-V', '--version'].includes(word))
      throw new BadInput([ownFault(commands, word)]);
    await wirewarp.exitOverride().parseAsync([...argv], { from: 'user' });
  } catch (error) {
    process.exitCode = await tell(error, commands.includes(word ?? '') ? (word as string) : '');
  }
}

/** Says why it came to nothing, and gives the status. */
async function tell(error: unknown, command: string): Promise<number> {
  const { wantsColour } = await import('../report/reporter.ts');
  const colour = wantsColour(process.stderr, process.env);
  const report = (faults: readonly Fault[], hint?: string): void =>
    void process.stderr.write(faultReport({ command, faults, colour, ...(hint === undefined ? {} : { hint }) }));
  if (error instanceof CommanderError) return error.exitCode === 0 ? status.asExpected : status.badInput;
  if (error instanceof BadInput) {
    report(
      error.faults,
      command === ''
        ? 'See `wirewarp --help`.'
        : `\`wirewarp list\` shows the scenarios, \`wirewarp ${command} --help\` the options.`,
    );
    return status.badInput;
  }
  if (error instanceof NoPlace) {
    report(error.faults, '`wirewarp doctor` shows what this machine can run, and how to get the rest.');
    return status.nothingRan;
  }
  // An error of the system says all in its message; one of ours needs its stack.
  const own = error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError;
  const text = error instanceof Error ? (own ? (error.stack ?? error.message) : error.message) : String(error);
  process.stderr.write(`wirewarp${command === '' ? '' : ` ${command}`}: the harness failed: ${text}\n`);
  return status.harnessFailed;
}

await main(process.argv.slice(2));
