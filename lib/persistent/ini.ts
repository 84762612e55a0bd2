/** Sections and keys of systemd's and NetworkManager's files. */
import { continued, linesOf } from './types.ts';

export interface IniLine {
  readonly line: number;
  readonly text: string;
  readonly section: string;
  /** Absent: the section's own line. */
  readonly key?: string;
  readonly value: string;
}

/** `other`: lines that are neither section, comment nor KEY=value. */
export function readIni(text: string, other: (line: number, text: string) => void): IniLine[] {
  const out: IniLine[] = [];
  let section = '';
  for (const { line, text: raw } of continued(linesOf(text))) {
    const t = raw.trim();
    if (t === '' || t.startsWith('#') || t.startsWith(';')) continue;
    const head = /^\[([^\]]*)\]$/.exec(t);
    if (head) {
      section = (head[1] ?? '').trim();
      out.push({ line, text: raw, section, value: '' });
      continue;
    }
    const equals = t.indexOf('=');
    if (equals < 1) { other(line, raw); continue; }
    out.push({ line, text: raw, section, key: t.slice(0, equals).trim(), value: t.slice(equals + 1).trim() });
  }
  return out;
}
