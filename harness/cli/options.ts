/**
 * Options of the commands, read so that every fault is found in one go: the parser takes all values as text and knows no
 * errors; what they mean is decided here, purely.
 */
import { Command, Option } from 'commander';
import { nearest } from '../../lib/validate/nearest.ts';
import type { Time } from '../kernels/choose.ts';
import type { Fault } from '../runner/refusal.ts';

/** An option whose missing value is ours to report: the parser would stop at the first. */
export function option(flags: string, description: string, repeatable = false): Option {
  const made = new Option(flags, description);
  if (made.required) {
    made.required = false;
    made.optional = true;
  }
  // `true` stands for a missing value.
  return repeatable
    ? made.argParser((value: string, before: (string | true)[] | undefined) => [...(before ?? []), value])
    : made;
}

/** What is on the command line beside its known options. */
export interface Words {
  readonly operands: string[];
  readonly faults: Fault[];
}

/** Sorts what the parser left over into operands and unknown options, each with the nearest known one. */
export function readWords(command: Command, most = Infinity): Words {
  const operands: string[] = [];
  const faults: Fault[] = [];
  const args = command.args;
  const known = command.options.flatMap(({ long }) => (long == null ? [] : [long]));
  for (let i = 0; i < args.length; i++) {
    const word = args[i] as string;
    if (!/^-./.test(word)) {
      operands.push(word);
      continue;
    }
    const name = word.split('=', 1)[0] as string;
    const near = nearest(name, [...known, '--help']);
    faults.push({
      what: `unknown option ${name}`,
      ...(near.length > 0 ? { help: `Nearest: ${near.join(', ')}.` } : {}),
    });
    // Its value is no operand, if it was meant to be the one nearest to it.
    const meant = command.options.find(({ long }) => long === near[0]);
    const next = args[i + 1];
    if (meant && takesValue(meant) && !word.includes('=') && next !== undefined && !next.startsWith('-')) i++;
  }
  for (const word of operands.slice(most)) faults.push({ what: `one argument too many: ${JSON.stringify(word)}` });
  return { operands: operands.slice(0, most), faults };
}

const takesValue = ({ flags }: Option): boolean => flags.includes('<');

/** Reads values one by one and gathers what is wrong with them. */
export class Reader {
  readonly faults: Fault[] = [];
  readonly #values: Record<string, unknown>;

  constructor(values: Record<string, unknown>) {
    this.#values = values;
  }

  fault(what: string, help?: string): void {
    this.faults.push(help === undefined ? { what } : { what, help });
  }

  flag(name: string): boolean {
    return this.#values[camel(name)] === true;
  }

  text(name: string): string | undefined {
    const value = this.#values[camel(name)];
    if (value === true || value === '') {
      this.fault(`--${name} needs a value`);
      return undefined;
    }
    return typeof value === 'string' ? value : undefined;
  }

  list(name: string): string[] {
    const value = this.#values[camel(name)];
    if (value === undefined) return [];
    const items = Array.isArray(value) ? (value as unknown[]) : [value];
    const texts = items.filter((item): item is string => typeof item === 'string' && item !== '');
    if (texts.length < items.length) this.fault(`--${name} needs a value`);
    return texts;
  }

  /** A whole number within bounds. */
  whole(name: string, otherwise: number, from: number, to: number): number {
    const text = this.text(name);
    if (text === undefined) return otherwise;
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= from && value <= to) return value;
    this.fault(`--${name} ${text}: a whole number from ${from} to ${to} is needed`);
    return otherwise;
  }

  choice<T extends string>(name: string, otherwise: T, choices: readonly T[]): T {
    const text = this.text(name);
    if (text === undefined) return otherwise;
    if ((choices as readonly string[]).includes(text)) return text as T;
    const near = nearest(text, choices, 1);
    this.fault(
      `--${name} ${text}: it is one of ${choices.join(', ')}`,
      near.length > 0 ? `Nearest: ${near[0] ?? ''}.` : undefined,
    );
    return otherwise;
  }
}

const camel = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/** "warp", "real", "scaled=100". */
export function readTime(reader: Reader): Time | undefined {
  const text = reader.text('time');
  if (text === undefined || text === 'warp' || text === 'real') return text;
  const scale = /^scaled=(\d+(?:\.\d+)?)$/.exec(text)?.[1];
  if (scale !== undefined && Number(scale) >= 1 && Number(scale) <= 10_000)
    return Number(scale) === 1 ? 'real' : { scaled: Number(scale) };
  const help = /^scaled/.test(text)
    ? 'K says how many times faster protocol time runs, from 1 to 10000: --time scaled=100.'
    : nearest(text, ['warp', 'real', 'scaled=100'], 1).map((near) => `Nearest: ${near}.`)[0];
  reader.fault(`--time ${text}: it is one of warp, real, scaled=K`, help);
  return undefined;
}

/** MACs, delays and random numbers follow from it; any number that JSON holds exactly. */
export const readSeed = (reader: Reader): number => reader.whole('seed', 1, 0, Number.MAX_SAFE_INTEGER);
