/** What the record of a variant says of its losses. A fault of the diagnosis costs the findings, not the result. */
import { diagnose } from '../../lib/diagnosis/diagnose.ts';
import { KINDS } from '../../lib/diagnosis/kinds.ts';
import type { StoryInput } from '../../lib/diagnosis/story.ts';
import type { FindingRecord } from '../../lib/record.ts';

export function findingsOf(input: StoryInput): FindingRecord[] {
  try {
    return diagnose(input).map((f) => ({
      ...f, affects: f.affects.map((a) => ({ ...a })), evidence: f.evidence.map((e) => ({ ...e })),
      cures: f.cures.map(({ where, lines, note }) => ({ where, lines: [...lines], ...(note === undefined ? {} : { note }) })),
    }));
  } catch (error) {
    return [{ kind: 'unexplained', title: KINDS.unexplained, sure: 'possible', where: 'lib/diagnosis', what: `The diagnosis itself failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, affects: [], evidence: [], cures: [] }];
  }
}
