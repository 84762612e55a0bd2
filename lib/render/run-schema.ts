/**
 * The door for run records that come from a file: `compare`, `explain` and whatever reads results/ go through it.
 * Fields that this version does not know are dropped, so that a newer wirewarp may add some within a schema version.
 */
import { z } from 'zod';
import { unbroken } from '../breaks.ts';
import type { RunRecord } from '../record.ts';

const seconds = z.number().nonnegative();
const figures = z.record(z.string(), z.number())
  .describe('Numbers by name; the unit is the end of the name: outageS, latencyMs, lostDatagrams.');

const claim = z.object({
  claim: z.string().describe('The question in words.'),
  verdict: z.enum(['held', 'broken', 'errored']),
  expected: z.string(),
  observed: z.string(),
  atS: z.number().describe('When it was decided: protocol seconds since the story began.'),
  observedAtS: z.number().optional().describe('When that happened which decided it: protocol seconds since the story began. Absent where no single instant did.'),
  windowS: z.object({ from: z.number(), to: z.number() }).optional().describe('Protocol seconds since the story began.'),
  reasons: z.array(z.string()).describe('Why the bound is what it is.'),
  figures,
  evidence: z.array(z.string()).describe('Frames around the deciding instant, one line each; empty when held.'),
});

const readout = z.object({
  title: z.string(),
  atS: z.number().describe('Protocol seconds since the story began.'),
  lines: z.array(z.string()),
  rows: z.array(z.record(z.string(), z.union([z.string(), z.number()]))).optional().describe('The same for programs; units end the names.'),
});

const affected = z.object({
  flow: z.string(),
  receiver: z.string(),
  fromS: z.number().describe('When the first that was lost was sent: protocol seconds since the story began.'),
  toS: z.number().describe('When the last that was lost was sent.'),
  lost: z.number().int(),
  open: z.boolean().describe('It lasted to the end of what was watched.'),
});

const evidence = z.object({
  atS: z.number().optional().describe('Protocol seconds since the story began.'),
  event: z.number().int().optional().describe('Line of events.ndjson, from 1.'),
  frame: z.number().int().optional().describe('Number of the frame in capture.pcapng, from 1.'),
  text: z.string(),
});

const cure = z.object({
  where: z.string().describe('Whose language the lines are: sysfs, ifcfg, Cisco IOS.'),
  lines: z.array(z.string()),
  note: z.string().optional(),
});

const finding = z.object({
  kind: z.string().describe('What happened, by a name of lib/diagnosis/kinds.ts; more may come.'),
  title: z.string(),
  sure: z.enum(['certain', 'likely', 'possible']),
  where: z.string().describe('The bridge, port or machine where it was lost.'),
  what: z.string().describe('What happened, in sentences.'),
  affects: z.array(affected),
  evidence: z.array(evidence),
  cures: z.array(cure),
});

const kernel = z.object({
  id: z.string().describe('The key that results refer to.'),
  place: z.enum(['running', 'qemu', 'uml']),
  release: z.string().describe('uname -r'),
  version: z.string().describe('uname -v'),
  hz: z.number().nonnegative().describe('Timer interrupts a second; 0 when the kernel never came up.'),
  image: z.string().optional().describe('Path of the image that was booted.'),
  cpus: z.number().int().positive().optional().describe('CPUs that it may use, as it says itself.'),
  icountShift: z.number().int().nonnegative().optional().describe('One guest instruction takes 2^shift ns.'),
  reason: z.string().describe('Why this place was taken.'),
});

const result = z.object({
  scenario: z.string().describe('Path below scenarios/ without the ending.'),
  title: z.string(),
  variant: z.string(),
  control: z.boolean().describe('A negative control: its claims must come out broken.'),
  cases: z.array(z.string()),
  kernel: z.string().describe('A kernel\'s id. A skipped result may name one that could not be had.'),
  seed: z.number().int(),
  time: z.string().describe('"warp", "real" or "scaled=K".'),
  verdict: z.enum(['held', 'broken', 'skipped', 'errored', 'crashed']),
  expected: z.enum(['held', 'broken']),
  breaks: z.array(z.string()).optional().describe('Of a control: the claims that must break, each part of a claim\'s words ("claim: expected") or a pattern /…/. Absent: any will do.'),
  asExpected: z.boolean().describe('verdict equals expected, and each claim named in breaks is broken; false for a skip, which is no failure either.'),
  reason: z.string().optional().describe('For skipped, errored, crashed.'),
  claims: z.array(claim),
  figures,
  protocolS: seconds.describe('Protocol seconds that the story took.'),
  wallS: seconds.describe('Wall seconds from launch to verdict, boot included.'),
  readouts: z.array(readout),
  // Runs of earlier versions have none.
  findings: z.array(finding).default([]).describe('Why datagrams or pings were lost; empty when none were.'),
  diagnosis: z.array(z.string()).optional().describe('Kinds of findings that this variant should give; absent when its scenario does not say.'),
  files: z.array(z.string()).describe('Relative to the run\'s folder.'),
  notes: z.array(z.string()).optional().describe('Beside the verdict: that the running kernel\'s log could not be read, or that it complained of what is not ours.'),
  replay: z.string().describe('A command that repeats exactly this result.'),
}).refine((one) => one.asExpected === (one.verdict === one.expected && (one.verdict !== 'broken' || unbroken(one.breaks ?? [], one.claims).length === 0)), {
  // JSON Schema cannot say this; every report and the exit status lean on it.
  message: 'asExpected must say whether verdict equals expected, in the claims named by breaks',
  path: ['asExpected'],
});

const count = z.number().int().nonnegative();
const distribution = z.object({
  count, min: z.number(), p05: z.number(), p25: z.number(), median: z.number(), p75: z.number(), p95: z.number(), max: z.number(), mean: z.number(),
  bins: z.array(z.object({
    from: z.number().describe('Inclusive.'),
    to: z.number().describe('Exclusive, but for the last bin.'),
    count,
    unexpected: count.describe('Of those, from seeds that did not come out as expected.'),
  })),
});

const sweep = z.object({
  seeds: z.array(z.number().int()).describe('As asked for.'),
  figure: z.string().optional().describe('What was asked to be measured. Absent: each story\'s deciding figure.'),
  stories: z.array(z.object({
    scenario: z.string(),
    variant: z.string(),
    control: z.boolean(),
    kernel: z.string(),
    seeds: count.describe('How many ran.'),
    asExpected: count,
    verdicts: z.object({ held: count, broken: count, skipped: count, errored: count, crashed: count }),
    figure: z.string().optional().describe('What was measured.'),
    figures: z.array(z.string()).describe('Names of all figures that could be measured.'),
    distribution: distribution.optional(),
    unexpectedSeeds: z.array(z.number().int()).describe('Rising.'),
    smallestUnexpected: z.object({
      seed: z.number().int(),
      verdict: z.enum(['held', 'broken', 'skipped', 'errored', 'crashed']),
      replay: z.string(),
    }).optional(),
  })),
});

export const runRecordSchema = z.object({
  schema: z.literal('wirewarp.run'),
  schemaVersion: z.literal(1),
  runId: z.string().min(1).describe('Name of the folder in results/.'),
  wirewarp: z.string().describe('Version of wirewarp.'),
  startedAt: z.iso.datetime({ offset: true }),
  endedAt: z.iso.datetime({ offset: true }),
  wallS: seconds,
  interrupted: z.boolean().describe('Ctrl-C: results hold what was done until then.'),
  command: z.array(z.string()),
  machine: z.object({ node: z.string(), platform: z.string(), release: z.string(), cpus: z.number().int() }),
  kernels: z.array(kernel),
  results: z.array(result),
  sweep: sweep.optional().describe('Of `wirewarp sweep`: the same stories under many seeds.'),
});

/** True only for types that are identical, optional marks included. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
/** Fails to compile when schema and lib/record.ts drift apart. */
const inStep: Same<z.infer<typeof runRecordSchema>, RunRecord> = true;
void inStep;

/** A run record that cannot be read. The message lists each fault with its place, one a line. */
export class RunRecordError extends Error {
  override name = 'RunRecordError';
}

/** Check what came out of a run.json. Throws RunRecordError. */
export function parseRunRecord(input: unknown): RunRecord {
  if (typeof input !== 'object' || input === null || (input as { schema?: unknown }).schema !== 'wirewarp.run') {
    throw new RunRecordError('This is no wirewarp run record: "schema" must be "wirewarp.run". Give a results/<run-id>/run.json.');
  }
  const { schemaVersion } = input as { schemaVersion?: unknown };
  if (schemaVersion !== 1) {
    throw new RunRecordError(
      `This run record has schema version ${schemaVersion === undefined ? 'none' : JSON.stringify(schemaVersion)}; this wirewarp reads version 1. Use the wirewarp that wrote it, or run again.`,
    );
  }
  const parsed = runRecordSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `  ${place(issue.path)}: ${issue.message}`);
  throw new RunRecordError(`This run record is damaged:\n${faults.join('\n')}`);
}

/** As jq would write it: .results[3].claims[0].atS */
function place(path: readonly PropertyKey[]): string {
  return path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('') || '.';
}

/**
 * The JSON Schema as docs/run.schema.json holds it. Draft 7, which most validators read; unknown fields are allowed,
 * because fields may be added within a schema version.
 */
export function runJsonSchema(): string {
  const { $schema, ...rest } = z.toJSONSchema(runRecordSchema, { target: 'draft-7', io: 'input' });
  const schema = { $schema, title: 'wirewarp run record', description: 'results/<run-id>/run.json; see docs/run-json.md', ...rest };
  return `${JSON.stringify(schema, null, 2)}\n`;
}
