/** `wirewarp explain CAPTURE…`: what a customer's capture shows. `--json` is an interface: docs/explain.md. */
import { statSync } from 'node:fs';
import { Command } from 'commander';
import type { Explanation } from '../../lib/explain/explain.ts';
import type { ReadCapture } from '../explain/read-captures.ts';
import { BadInput, type Fault } from '../runner/refusal.ts';
import { status } from './exit-status.ts';
import { option, Reader, readWords } from './options.ts';

export interface ExplainRecord extends Explanation {
  schema: 'wirewarp.explain';
  schemaVersion: 1;
  wirewarp: string;
  captures: ReadCapture[];
}

export function explainCommand(): Command {
  return new Command('explain')
    .summary('say what a capture shows')
    .description(
      'Say what captures show: queriers, memberships, outages, announcements, LACP partners. A CAPTURE is a pcap or pcapng\nfile, the text that tcpdump printed (with or without its hex dump), or - for standard input. Several of one time are\nread together. Exit status 1 when something in them is broken.',
    )
    .argument('[captures...]', 'files')
    .addOption(option('--membership-interval <s>', 'what the bridges on the way hold (default: 260)'))
    .addOption(option('--json', 'for programs: schema wirewarp.explain (docs/explain.md)'))
    .action(async (_captures: string[], values: Record<string, unknown>, command: Command) => {
      const words = readWords(command);
      const reader = new Reader(values);
      const membershipIntervalS = reader.whole('membership-interval', 260, 1, 100_000);
      const faults: Fault[] = [...words.faults, ...reader.faults, ...words.operands.flatMap(unreadable)];
      if (words.operands.length === 0)
        faults.push({
          what: 'which capture?',
          help: 'Give files of tcpdump -w, of Wireshark, or pasted text; - is standard input.',
        });
      if (words.operands.filter((file) => file === '-').length > 1)
        faults.push({ what: 'standard input can be read once' });
      if (faults.length > 0) throw new BadInput(faults);
      await explain(words.operands, membershipIntervalS, values['json'] === true);
    });
}

function unreadable(file: string): Fault[] {
  if (file === '-') return [];
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return [{ what: `there is no file ${JSON.stringify(file)}` }];
  return stat.isDirectory() ? [{ what: `${JSON.stringify(file)} is a folder`, help: 'Name the captures in it.' }] : [];
}

async function explain(files: readonly string[], membershipIntervalS: number, json: boolean): Promise<void> {
  const [{ Explainer }, { captureFrames, captureName, merged, prefixOf }, { version }] = await Promise.all([
    import('../../lib/explain/explain.ts'),
    import('../explain/read-captures.ts'),
    import('../runner/home.ts'),
  ]);
  const captures: ReadCapture[] = files.map((file) => ({
    name: captureName(file),
    format: 'text',
    frames: 0,
    notes: [],
  }));
  const sources = files.map((file, i) =>
    captureFrames(file, captures[i] as ReadCapture, prefixOf(file, files.length > 1)),
  );
  const explainer = new Explainer({ membershipIntervalS });
  for await (const frame of merged(sources)) explainer.see(frame);
  const empty = captures.filter(({ frames }) => frames === 0);
  if (empty.length === captures.length) {
    throw new BadInput(
      empty.map(({ name, notes }) => ({
        what: `no frame could be read from ${name}`,
        ...(notes.length > 0 && { help: notes.join('; ') }),
      })),
    );
  }
  const explanation = explainer.end();
  if (json) {
    const record: ExplainRecord = {
      schema: 'wirewarp.explain',
      schemaVersion: 1,
      wirewarp: version(),
      captures,
      ...explanation,
    };
    process.stdout.write(`${JSON.stringify(record, null, 2)}\n`);
  } else {
    const [{ explanationText }, { wantsColour }] = await Promise.all([
      import('../../lib/explain/text.ts'),
      import('../report/reporter.ts'),
    ]);
    const width = Math.max(60, Math.min(process.stdout.isTTY ? process.stdout.columns : 110, 130));
    process.stdout.write(
      explanationText(explanation, captures, { colour: wantsColour(process.stdout, process.env), width }),
    );
  }
  if (explanation.findings.some(({ level }) => level === 'alarm')) process.exitCode = status.unexpected;
}
