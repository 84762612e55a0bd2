/** An agent's lines as records. Anything else on the channel (a stray print, noise of a dying kernel) is kept as text. */
import type { AgentRecord } from '../agent/protocol.ts';

/** Each record on the channel begins so; what does not is not ours. */
export const RECORD_MARK = '@ww ';

export function parseRecord(line: string): AgentRecord | undefined {
  const text = line.trimEnd();
  if (!text.startsWith(RECORD_MARK)) return undefined;
  try {
    return JSON.parse(text.slice(RECORD_MARK.length)) as AgentRecord;
  } catch {
    return undefined;
  }
}

export const formatRecord = (record: AgentRecord): string => `${RECORD_MARK}${JSON.stringify(record)}\n`;
