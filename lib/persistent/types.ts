/** What is read off a user's files: settings with the place that says so, and what could not be read. */
import type { OptionValue } from '../topology.ts';

/** A file as its owner handed it over. */
export interface FileText {
  readonly path: string;
  readonly text: string;
  /** Its mode: scripts that are not executable are not run by anybody. Absent: not told. */
  readonly executable?: boolean;
}

/** A line of a file: where something was said, and in which words. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** One option of a bridge, or (`port`) of one of its ports, by the kernel's name and in our units. */
export interface Setting extends Place {
  readonly bridge: string;
  readonly port?: string;
  readonly option: string;
  readonly value: OptionValue;
}

/** A line that says nothing certain of a bridge, and what to do about it. */
export interface Problem extends Place {
  readonly problem: string;
  readonly fix: string;
}

/** What one file (with its helpers) says. */
export interface Parsed {
  /** Bridges that it speaks of. */
  readonly bridges: readonly string[];
  readonly settings: readonly Setting[];
  readonly problems: readonly Problem[];
}

/** Whose option a line sets. */
export interface Target { readonly bridge: string; readonly port?: string }

/** Collects what a parser reads. Each problem is told once. */
export class Reading implements Parsed {
  readonly #bridges = new Set<string>();
  readonly settings: Setting[] = [];
  readonly problems: Problem[] = [];

  get bridges(): readonly string[] { return [...this.#bridges]; }

  bridge(name: string): void {
    if (name !== '') this.#bridges.add(name);
  }

  set(place: Place, target: Target, option: string, value: OptionValue): void {
    this.bridge(target.bridge);
    this.settings.push({ ...placeOf(place), ...target, option, value });
  }

  problem(place: Place, problem: string, fix: string): void {
    if (this.problems.some((p) => p.file === place.file && p.line === place.line && p.problem === problem)) return;
    this.problems.push({ ...placeOf(place), problem, fix });
  }

  add(other: Parsed): void {
    for (const name of other.bridges) this.bridge(name);
    this.settings.push(...other.settings);
    for (const p of other.problems) this.problem(p, p.problem, p.fix);
  }
}

const LONGEST = 200;
/** The line as it is shown: trimmed, and never a page. */
const placeOf = ({ file, line, text }: Place): Place => {
  const trimmed = text.trim();
  return { file, line, text: trimmed.length > LONGEST ? `${trimmed.slice(0, LONGEST)}…` : trimmed };
};

/** Lines of a text, whatever ends them. */
export const linesOf = (text: string): string[] => text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/);

/** The last part of a path. */
export const baseName = (path: string): string => path.replace(/\/+$/, '').split('/').at(-1) ?? path;

/** Logical lines: those that end in a backslash go on in the next. The number is that of the first. */
export function continued(lines: readonly string[]): { line: number; text: string }[] {
  const out: { line: number; text: string }[] = [];
  let open: { line: number; text: string } | undefined;
  lines.forEach((raw, index) => {
    const more = /(?<!\\)(\\\\)*\\$/.test(raw);
    const text = more ? raw.slice(0, -1) : raw;
    if (open) open.text += text;
    else open = { line: index + 1, text };
    if (more) return;
    out.push(open);
    open = undefined;
  });
  if (open) out.push(open);
  return out;
}
