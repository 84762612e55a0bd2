/** Command lines of ssmping, asmping, ssmpingd and mcfirst, as the originals read them, and what is ours behind long options. */
import { getopt, leadingInteger, wholeDouble } from './getopt.ts';

export type SsmProgram = 'ssmping' | 'asmping' | 'mcfirst' | 'ssmpingd';

/** Why it cannot be done, for stderr; and whether the usage belongs below. */
export interface Refused { readonly refused: string[]; readonly usage: boolean }
export const isRefused = (value: object): value is Refused => 'refused' in value;

/** What all of the ping tools have beyond the originals. */
export interface Extras {
  /** SO_BINDTODEVICE. */
  readonly device?: string;
  readonly json: boolean;
  /** Per cent of loss above which the exit status says so. */
  readonly failLossPercent?: number;
  /** Name the likely cause; undefined: on a terminal. */
  readonly explain?: boolean;
}
export const EXTRAS = { device: true, json: false, 'fail-loss': true, explain: false, 'no-explain': false } as const;

export interface SsmOptions extends Extras {
  readonly family?: 4 | 6;
  readonly asksVersion: boolean;
  readonly interface?: string;
  readonly count?: number;
  readonly sizeBytes?: number;
  readonly intervalMs: number;
  readonly operands: readonly string[];
}
export interface McfirstOptions extends Extras {
  readonly family?: 4 | 6;
  readonly quiet: boolean;
  readonly interface?: string;
  readonly count?: number;
  readonly seconds?: number;
  readonly operands: readonly string[];
}
export interface DaemonOptions { readonly quiet: boolean; readonly rateMs: number; readonly device?: string; readonly port: number }

const VERSION = 'version 0.9.1 (wirewarp)';
const SYNOPSIS: Record<SsmProgram, readonly string[]> = {
  ssmping: ['ssmping [ -46v ] [ -I interface ] [ -c count ] [ -s size ] destination'],
  asmping: ['asmping [ -46v ] [ -I interface ] [ -c count ] [ -s size ] group destination', 'or', 'asmping [ -46v ] [ -I interface ] [ -c count ] [ -s size ] destination group'],
  mcfirst: ['mcfirst [ -46vr ] [ -I interface ] [ -c count ] [ -t time ] [source] group port', 'or', 'mcfirst [ -46vr ] [ -I interface ] [ -c count ] [ -t time ] group [source] port'],
  ssmpingd: ['ssmpingd'],
};
const MORE: Record<SsmProgram, string> = {
  ssmping: '[ --interval seconds ] [ --device name ] [ --json ] [ --fail-loss percent ] [ --explain ]',
  asmping: '[ --interval seconds ] [ --device name ] [ --json ] [ --fail-loss percent ] [ --explain ]',
  mcfirst: '[ --device name ] [ --json ]',
  ssmpingd: '[ --quiet ] [ --device name ] [ --port port ] [ --rate-limit seconds ]',
};
export const ssmUsage = (program: SsmProgram): string[] => [`${program} ${VERSION}`, '', 'Usage:', ...SYNOPSIS[program], `also: ${MORE[program]}`];

const refused = (text: string, usage = true): Refused => ({ refused: [text], usage });
/** Interface indices and 16-bit sizes are all that C's atoi can hold here. */
const MOST_COUNT = 0x7fff_ffff, MOST_SIZE = 65_535;

export function ssmOptions(program: 'ssmping' | 'asmping', args: readonly string[]): SsmOptions | Refused {
  const made: { -readonly [K in keyof SsmOptions]: SsmOptions[K] } = { asksVersion: false, intervalMs: 1000, json: false, operands: [] };
  const { options, operands } = getopt(args, { short: '46vI:c:s:', long: { ...EXTRAS, interval: true } });
  for (const option of options) {
    if (option.kind === 'fault') return refused(`${program}: ${option.text}`);
    const { name, value } = option;
    switch (name) {
      case '4': made.family = 4; break;
      case '6': made.family = 6; break;
      case 'v': made.asksVersion = true; break;
      case 'I': made.interface = value; break;
      case 'c': made.count = leadingInteger(value); if (made.count < 1 || made.count > MOST_COUNT) return refused('Count must be positive'); break;
      case 's': made.sizeBytes = leadingInteger(value); if (made.sizeBytes < 1 || made.sizeBytes > MOST_SIZE) return refused('Invalid size'); break;
      case 'interval': made.intervalMs = wholeDouble(value) * 1000; if (!(made.intervalMs >= 1 && made.intervalMs <= MOST_COUNT)) return refused(`Invalid interval: ${value} (seconds, at least 0.001)`); break;
      default: { const fault = extra(made, name, value); if (fault) return fault; }
    }
  }
  made.operands = operands;
  return operands.length === (program === 'ssmping' ? 1 : 2) ? made : { refused: [], usage: true };
}

export function mcfirstOptions(args: readonly string[]): McfirstOptions | Refused {
  const made: { -readonly [K in keyof McfirstOptions]: McfirstOptions[K] } = { quiet: false, json: false, operands: [] };
  const { options, operands } = getopt(args, { short: '46vrI:c:t:', long: { device: true, json: false } });
  for (const option of options) {
    if (option.kind === 'fault') return refused(`mcfirst: ${option.text}`);
    const { name, value } = option;
    switch (name) {
      case '4': made.family = 4; break;
      case '6': made.family = 6; break;
      // It prints no version, as the original does not.
      case 'v': break;
      case 'r': made.quiet = true; break;
      case 'I': made.interface = value; break;
      case 'c': made.count = leadingInteger(value); if (made.count < 1 || made.count > MOST_COUNT) return refused('Count must be positive'); break;
      case 't': made.seconds = leadingInteger(value); if (made.seconds < 1 || made.seconds > MOST_COUNT / 1000) return refused('Invalid time to run'); break;
      default: { const fault = extra(made, name, value); if (fault) return fault; }
    }
  }
  made.operands = operands;
  return operands.length === 2 || operands.length === 3 ? made : { refused: [], usage: true };
}

/** The original has no options and ignores what it is given; a word that means nothing is told here. */
export function daemonOptions(args: readonly string[]): DaemonOptions | Refused {
  const made: { -readonly [K in keyof DaemonOptions]: DaemonOptions[K] } = { quiet: false, rateMs: 0, port: 4321 };
  const { options } = getopt(args, { short: '', long: { quiet: false, device: true, port: true, 'rate-limit': true } });
  for (const option of options) {
    if (option.kind === 'fault') return refused(`ssmpingd: ${option.text}`);
    const { name, value } = option;
    switch (name) {
      case 'quiet': made.quiet = true; break;
      case 'device': made.device = value; break;
      case 'port': made.port = Number(value); if (!/^\d+$/.test(value) || made.port < 1 || made.port > 65_535) return refused(`Invalid port: ${value}`); break;
      case 'rate-limit': made.rateMs = wholeDouble(value) * 1000; if (!(made.rateMs >= 0)) return refused(`Invalid rate limit: ${value} (seconds between two answers to one sender)`); break;
      default: break;
    }
  }
  return made;
}

type MutableExtras = { -readonly [K in keyof Extras]: Extras[K] };
export function extra(made: MutableExtras, name: string, value: string): Refused | undefined {
  switch (name) {
    case 'device': made.device = value; return undefined;
    case 'json': made.json = true; return undefined;
    case 'explain': made.explain = true; return undefined;
    case 'no-explain': made.explain = false; return undefined;
    case 'fail-loss': {
      const percent = wholeDouble(value.replace(/%$/, ''));
      if (!(percent >= 0 && percent <= 100)) return refused(`Invalid loss: ${value} (per cent, as in --fail-loss 1%)`);
      made.failLossPercent = percent;
      return undefined;
    }
    default: return { refused: [], usage: true };
  }
}
