/** Command lines as getopt(3) of glibc reads them, in order, with operands anywhere; and long options for what is ours. */
export type Parsed =
  | { readonly kind: 'option'; readonly name: string; readonly value: string }
  | { readonly kind: 'fault'; readonly text: string };

export interface Getopt {
  /** "46vc:": a colon means that it takes a value. */
  readonly short: string;
  /** Long options by name, without dashes; true means that it takes a value. */
  readonly long: Readonly<Record<string, boolean>>;
}

/** Options until the first fault, and what is left over. A flag's value is empty. */
export function getopt(args: readonly string[], { short, long }: Getopt): { options: Parsed[]; operands: string[] } {
  const options: Parsed[] = [], operands: string[] = [];
  const fault = (text: string): { options: Parsed[]; operands: string[] } => ({ options: [...options, { kind: 'fault', text }], operands });
  for (let at = 0; at < args.length; at++) {
    const word = args[at] as string;
    if (word === '--') { operands.push(...args.slice(at + 1)); break; }
    if (word.startsWith('--')) {
      const [name = '', ...rest] = word.slice(2).split('=');
      const takes = Object.hasOwn(long, name) ? long[name] : undefined;
      if (takes === undefined) return fault(`unrecognized option '--${name}'`);
      if (!takes && rest.length > 0) return fault(`option '--${name}' doesn't allow an argument`);
      const value = rest.length > 0 ? rest.join('=') : takes ? args[++at] : '';
      if (value === undefined) return fault(`option '--${name}' requires an argument`);
      options.push({ kind: 'option', name, value });
      continue;
    }
    if (!/^-./.test(word)) { operands.push(word); continue; }
    for (let letterAt = 1; letterAt < word.length; letterAt++) {
      const letter = word[letterAt] as string;
      const found = letter === ':' ? -1 : short.indexOf(letter);
      if (found < 0) return fault(`invalid option -- '${letter}'`);
      if (short[found + 1] !== ':') { options.push({ kind: 'option', name: letter, value: '' }); continue; }
      const value = letterAt + 1 < word.length ? word.slice(letterAt + 1) : args[++at];
      if (value === undefined) return fault(`option requires an argument -- '${letter}'`);
      options.push({ kind: 'option', name: letter, value });
      break;
    }
  }
  return { options, operands };
}

/** atoi and strtol with their end ignored: the digits that stand in front, 0 without. */
export function leadingInteger(text: string): number {
  const digits = /^\s*([+-]?\d+)/.exec(text)?.[1];
  return digits === undefined ? 0 : Number(digits);
}

/** strtod, all of it: NaN when something is left over. Hexadecimal and "inf" are nobody's intervals. */
export function wholeDouble(text: string): number {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
}
