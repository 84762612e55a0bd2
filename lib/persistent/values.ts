/** From the words of a file to values of the option table. The table knows names, units and ranges; here is only how files spell. */
import { optionProblem, type OptionSpec, type OptionTable } from '../netlink/options/index.ts';
import { BRIDGE_TABLE, PORT_TABLE, specOf, UNIT_NS } from '../plan-options.ts';
import type { OptionValue } from '../topology.ts';
import { formatDuration, ns } from '../units.ts';
import { nearest } from '../validate/nearest.ts';
import type { Place, Reading, Target } from './types.ts';

/**
 * How a file counts and spells. `kernel`: what sysfs and `ip` take, numbers in the kernel's own unit. `seconds`: durations
 * in seconds with a fraction, the rest as `kernel`. `span`: durations as systemd writes them.
 */
export type Spelling = 'kernel' | 'seconds' | 'span';

export type Read = { readonly value: OptionValue } | { readonly fault: string; readonly fix: string };

/** As the kernel's own parser takes it (kstrtoul with base 0): decimal, 0x… or 0…. */
export function kernelNumber(text: string): number | undefined {
  if (/^0x[0-9a-f]{1,13}$/i.test(text)) return Number.parseInt(text.slice(2), 16);
  if (/^0[0-7]{1,17}$/.test(text)) return Number.parseInt(text, 8);
  return /^\d{1,15}$/.test(text) && !/^0\d/.test(text) ? Number(text) : undefined;
}

const YES = new Set(['1', 'yes', 'y', 'true', 't', 'on']);
const NO = new Set(['0', 'no', 'n', 'false', 'f', 'off']);
/** The words of systemd and of shells; undefined for any other. */
export function yesNo(text: string): boolean | undefined {
  const low = text.toLowerCase();
  return YES.has(low) ? true : NO.has(low) ? false : undefined;
}

const SPAN_NS: Readonly<Record<string, number>> = {
  '': 1e9, s: 1e9, sec: 1e9, second: 1e9, seconds: 1e9, ms: 1e6, msec: 1e6, us: 1e3, usec: 1e3, 'µs': 1e3, 'μs': 1e3,
  m: 60e9, min: 60e9, minute: 60e9, minutes: 60e9, h: 3600e9, hr: 3600e9, hour: 3600e9, hours: 3600e9,
  d: 86_400e9, day: 86_400e9, days: 86_400e9, w: 604_800e9, week: 604_800e9, weeks: 604_800e9,
};
/** systemd.time(7): "15", "15s", "2min 30s", "1.5s". Nanoseconds. */
export function timeSpan(text: string): number | undefined {
  let total = 0;
  let rest = text.trim();
  if (rest === '') return undefined;
  while (rest !== '') {
    const match = /^(\d{1,15}(?:\.\d{1,9})?)\s*([a-zµμ]*)\s*/i.exec(rest);
    const name = (match?.[2] ?? '').toLowerCase();
    const unit = Object.hasOwn(SPAN_NS, name) ? SPAN_NS[name] : undefined;
    if (!match || unit === undefined) return undefined;
    total += Number(match[1]) * unit;
    rest = rest.slice(match[0].length);
  }
  return Number.isFinite(total) ? total : undefined;
}

const secondsNs = (text: string): number | undefined => (/^\d{1,12}(\.\d{1,9})?$/.test(text) ? Number(text) * 1e9 : undefined);

/** A duration, checked against the table. */
function duration(table: OptionTable, option: string, spec: Extract<OptionSpec, { kind: 'duration' }>, text: string, spelling: Spelling): Read {
  const unit = UNIT_NS[spec.unit];
  const number = kernelNumber(text);
  const length = spelling === 'seconds' ? secondsNs(text) : spelling === 'span' ? timeSpan(text) : number === undefined ? undefined : number * unit;
  if (length === undefined) {
    const wanted = { seconds: 'a number of seconds', span: 'a length of time, such as 15s or 2min', kernel: `a whole number of ${spec.unit === 'cs' ? 'hundredths of a second' : spec.unit}` }[spelling];
    return { fault: `"${text}" is not ${wanted}`, fix: `write ${wanted}` };
  }
  // The kernel counts whole units: what is finer is cut off on the way (brctl, networkd).
  const value = ns(Math.floor(length / unit + 1e-6) * unit);
  const outside = spec.range?.when === 'stp_state is on' ? undefined : optionProblem(table, option, value.ns / 1e6);
  if (outside) return { fault: `it comes to ${formatDuration(value)}, and the kernel takes ${rangeText(spec)}`, fix: `choose ${rangeText(spec)}` };
  return { value };
}

function rangeText(spec: Extract<OptionSpec, { kind: 'duration' }>): string {
  const show = (value: number): string => formatDuration({ ns: value * 1e6 });
  const { min, max } = spec.range ?? {};
  return max === undefined ? `${show(min ?? 0)} or more` : `${show(min ?? 0)} to ${show(max)}`;
}

/** Names that tools give to values of `mcast_router` and `vlan_protocol`. */
const NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  mcast_router: { disabled: 'disabled', no: 'disabled', auto: 'learned', automatic: 'learned', query: 'learned', learned: 'learned', enabled: 'permanent', yes: 'permanent', permanent: 'permanent', temporary: 'temporary' },
  vlan_protocol: { '802.1q': '802.1Q', '802.1ad': '802.1ad' },
};

/** One value in the words of a file. */
export function readValue(table: OptionTable, option: string, raw: string, spelling: Spelling): Read {
  const spec = specOf(table, option);
  if (!spec) return { fault: `there is no option ${option}`, fix: 'drop it' };
  const text = raw.trim();
  if (spec.writeOnly) return { fault: `${option} is no setting that a bridge keeps${spec.note ? `: ${spec.note}` : ''}`, fix: 'drop the line' };
  if (text === '') return { fault: `${option} is given no value`, fix: 'give it one, or drop the line' };
  const number = kernelNumber(text);
  switch (spec.kind) {
    case 'duration': return duration(table, option, spec, text, spelling);
    case 'boolean': {
      // sysfs takes numbers only: "on" is refused with EINVAL.
      const value = spelling === 'kernel' ? (number === undefined ? undefined : number !== 0) : yesNo(text);
      if (value === undefined) return { fault: `"${text}" is neither on nor off${spelling === 'kernel' ? ': the kernel takes a number here' : ''}`, fix: spelling === 'kernel' ? 'write 0 or 1' : 'write yes or no' };
      return { value };
    }
    case 'integer': {
      if (number === undefined) return { fault: `"${text}" is not a whole number`, fix: 'write a number' };
      const fault = optionProblem(table, option, number);
      return fault ? { fault, fix: 'choose a value in that range' } : { value: number };
    }
    case 'name': {
      const byNumber = Object.entries(spec.values).find(([, n]) => n === number)?.[0];
      const aliases = NAMES[option] ?? {};
      const low = text.toLowerCase();
      const value = byNumber ?? (spelling !== 'kernel' && Object.hasOwn(aliases, low) ? aliases[low] : undefined);
      if (value === undefined || !Object.hasOwn(spec.values, value)) return { fault: `"${text}" is no value of ${option}`, fix: `write one of ${Object.entries(spec.values).map(([name, n]) => `${n} (${name})`).join(', ')}` };
      return { value };
    }
    case 'mac': case 'device': case 'addresses': {
      const fault = optionProblem(table, option, text);
      return fault ? { fault, fix: 'correct the value' } : { value: text };
    }
  }
}

export const tableOf = (target: Target): OptionTable => (target.port === undefined ? BRIDGE_TABLE : PORT_TABLE);

/** Sets an option from a file's word, or says why not. `as`: the name in the file. */
export function take(reading: Reading, place: Place, target: Target, option: string, text: string, spelling: Spelling, as: string, hint?: (fault: string) => string | undefined): void {
  reading.bridge(target.bridge);
  const read = readValue(tableOf(target), option, text, spelling);
  if ('value' in read) reading.set(place, target, option, read.value);
  else reading.problem(place, `${as}: ${read.fault}`, hint?.(read.fault) ?? read.fix);
}

/** Files below /sys/class/net/BR/bridge that only tell, or that the option table leaves to the kernel. */
const READ_ONLY = new Set(['bridge_id', 'gc_timer', 'hello_timer', 'root_id', 'root_path_cost', 'root_port', 'tcn_timer', 'topology_change', 'topology_change_detected', 'topology_change_timer']);

/** Names of a table's sysfs files, without their folder. */
function sysfsNames(table: OptionTable): Map<string, string> {
  return new Map(Object.entries(table).flatMap(([option, spec]) => (spec.sysfs ? [[spec.sysfs.split('/')[1] ?? '', option] as const] : [])));
}
const BRIDGE_FILES = sysfsNames(BRIDGE_TABLE);
const PORT_FILES = sysfsNames(PORT_TABLE);

/** "did you mean", or what there is. */
export function meant(wrong: string, names: Iterable<string>): string {
  const all = [...names];
  const near = nearest(wrong, all);
  return near.length > 0 ? `did you mean ${near.join(' or ')}?` : `there are ${all.join(', ')}`;
}

/** What writing a text to a file of the bridge (or port) in sysfs sets. */
export function takeSysfs(reading: Reading, place: Place, target: Target, file: string, text: string, hint?: (fault: string) => string | undefined): void {
  const files = target.port === undefined ? BRIDGE_FILES : PORT_FILES;
  const what = target.port === undefined ? 'a bridge' : 'a bridge port';
  const option = files.get(file);
  reading.bridge(target.bridge);
  if (option !== undefined) { take(reading, place, target, option, text, 'kernel', file, hint); return; }
  if (target.port === undefined && READ_ONLY.has(file)) { reading.problem(place, `${file} of a bridge can only be read`, 'drop it'); return; }
  const table = tableOf(target);
  const own = specOf(table, file)?.sysfs?.split('/')[1];
  reading.problem(place, `${what} has no option ${file}`, own !== undefined ? `that is the name \`ip\` gives it; write ${own}` : meant(file, files.keys()));
}

/** What `ip link … type bridge WORD VALUE` sets. */
export function takeIpWord(reading: Reading, place: Place, target: Target, word: string, text: string): void {
  const table = tableOf(target);
  const option = Object.keys(table).find((key) => table[key]?.ip === word);
  reading.bridge(target.bridge);
  if (option === undefined) {
    reading.problem(place, `\`ip\` knows no bridge option ${word}`, meant(word, Object.values(table).flatMap((spec) => (spec.ip ? [spec.ip] : []))));
    return;
  }
  const spec = specOf(table, option);
  const switched = spec?.kind === 'boolean' && yesNo(text) !== undefined;
  take(reading, place, target, option, text, switched || spec?.kind === 'name' ? 'seconds' : 'kernel', word);
}
