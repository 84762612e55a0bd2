/**
 * The user hands over the files that set his bridge up, and the lab's bridge is built from what they say. Pure: nothing is
 * executed and nothing is opened; scripts and rules are read for what they would write. Each setting keeps the line that
 * says it, and a line that is not understood is named.
 */
import type { Options, OptionValue } from '../topology.ts';
import { isDuration } from '../units.ts';
import { BRIDGE_TABLE, specOf } from '../plan-options.ts';
import { optionProblem } from '../netlink/options/index.ts';
import { type FindScript, hookKind, readHook } from './hooks.ts';
import { readIfcfg } from './ifcfg.ts';
import { readInterfaces } from './interfaces.ts';
import { keyfileHead, readKeyfile } from './keyfile.ts';
import { readNetplan } from './netplan.ts';
import { bridgeOfDropIn, dropInOf, readNetdev, readNetwork } from './networkd.ts';
import { baseName, type FileText, linesOf, type Parsed, type Place, type Problem, Reading, type Setting } from './types.ts';
import { readUdev } from './udev.ts';

export type { FileText, Parsed, Place, Problem, Setting } from './types.ts';

export interface Persistent {
  /** The bridge's options, as `BridgeOptions.options` takes them. */
  readonly options: Readonly<Record<string, OptionValue>>;
  /** Those of its ports, by the names in the files. */
  readonly ports: Readonly<Record<string, Options>>;
  /** What counts of what the files say of this bridge, with the lines. */
  readonly settings: readonly Setting[];
  readonly problems: readonly Problem[];
  /** All bridges that the files speak of: when this one is not among them, the files are for another. */
  readonly bridges: readonly string[];
}

export type Format = 'ifcfg' | 'hook' | 'udev' | 'interfaces' | 'netdev' | 'netdev drop-in' | 'network' | 'keyfile' | 'netplan' | 'script';

/** By the path where it tells, by the text otherwise. */
export function formatOf({ path, text }: FileText): Format | undefined {
  const name = baseName(path);
  if (/^ifcfg-/.test(name)) return 'ifcfg';
  if (hookKind(path)) return 'hook';
  if (name.endsWith('.rules')) return 'udev';
  if (dropInOf(path)?.endsWith('.netdev')) return 'netdev drop-in';
  if (dropInOf(path) !== undefined) return undefined;
  if (name.endsWith('.netdev')) return 'netdev';
  if (name.endsWith('.network')) return 'network';
  if (name.endsWith('.nmconnection') || /\/system-connections\//.test(path)) return 'keyfile';
  if (/\.ya?ml$/.test(name)) return /^\s*network\s*:/m.test(text) || /\/netplan\//.test(path) ? 'netplan' : undefined;
  if (name === 'interfaces' || /\/interfaces\.d\//.test(path)) return 'interfaces';
  if (/^#!.*\b(sh|bash|dash|ksh)\b/.test(text)) return 'script';
  if (/^\s*\[NetDev\]/m.test(text)) return 'netdev';
  if (/^\s*\[connection\]/m.test(text)) return 'keyfile';
  if (/^\s*\[Match\]/m.test(text) && /^\s*\[(Network|Bridge)\]/m.test(text)) return 'network';
  if (/^\s*(ACTION|SUBSYSTEM|KERNEL)\s*[=!]=/m.test(text)) return 'udev';
  if (/^\s*iface\s+\S+/m.test(text)) return 'interfaces';
  if (/^network\s*:/m.test(text)) return 'netplan';
  if (/^\s*(DEVICE|TYPE|BRIDGING_OPTS)=/m.test(text)) return 'ifcfg';
  return name.endsWith('.sh') ? 'script' : undefined;
}

/**
 * When formats say different things, who has the last word: a script runs when the bridge that the others made comes up.
 * udev runs beside them, so with it nobody knows.
 */
const LATER: Readonly<Partial<Record<Format, readonly Format[]>>> = { hook: ['ifcfg', 'interfaces', 'netdev', 'keyfile', 'netplan'], 'netdev drop-in': ['netdev', 'netplan'] };

/** Longer files are not what people write to set up a bridge. */
const LARGEST = 1_000_000;

export function readPersistent(files: readonly FileText[], bridge: string): Persistent {
  const all = new Reading();
  const used = new Set<FileText>();
  const whole = files.filter((file) => {
    if (file.text.length <= LARGEST) return true;
    all.problem({ file: file.path, line: 1, text: '' }, `the file has ${file.text.length} characters, too many to be a setting of a bridge`, 'hand over the file that sets the bridge up');
    return false;
  });
  const find: FindScript = (path) => {
    const found = whole.find((f) => f.path === path) ?? whole.find((f) => baseName(f.path) === baseName(path) && (path.endsWith(`/${f.path.replace(/^\.?\//, '')}`) || f.path.endsWith(`/${path.replace(/^\.?\//, '')}`)));
    if (found) used.add(found);
    return found;
  };
  const formats = whole.map((file) => ({ file, format: formatOf(file) }));
  const heads = formats.filter(({ format }) => format === 'keyfile').map(({ file }) => keyfileHead(file.text));
  const rank = (format: Format | undefined): number => (format === 'hook' ? 2 : format === 'netdev drop-in' ? 1 : format === 'udev' ? -1 : 0);
  const byFile = new Map<string, Format>();
  for (const { file, format } of [...formats].sort((a, b) => rank(a.format) - rank(b.format))) {
    const read = readOne(file, format, bridge, { files: whole, heads, find });
    for (const s of read?.settings ?? []) if (format) byFile.set(s.file, format);
    if (read) all.add(read);
  }
  for (const { file, format } of formats) {
    if (format === 'script' && !used.has(file)) all.problem(first(file), 'a script, but nothing among the files runs it', 'hand over what runs it (a udev rule, an interfaces file), or name it ifup-local');
    if (format === undefined && !used.has(file)) all.problem(first(file), 'the file is of no kind that is known here', 'ifcfg-*, ifup-local, *.rules, interfaces, *.netdev, *.network, *.nmconnection, netplan *.yaml');
  }
  return gather(all, bridge, byFile);
}

const first = (file: FileText): Place => ({ file: file.path, line: 1, text: linesOf(file.text)[0] ?? '' });

function readOne(file: FileText, format: Format | undefined, bridge: string, { files, heads, find }: { files: readonly FileText[]; heads: ReturnType<typeof keyfileHead>[]; find: FindScript }): Parsed | undefined {
  switch (format) {
    case 'ifcfg': return readIfcfg(file);
    case 'hook': return readHook(file, hookKind(file.path) ?? 'ifup-local', bridge, find);
    case 'udev': return readUdev(file, bridge, find);
    case 'interfaces': return readInterfaces(file, bridge, { paths: files.map((f) => f.path), script: find });
    case 'netdev': return readNetdev(file);
    case 'netdev drop-in': {
      const name = bridgeOfDropIn(file.path, files);
      if (name !== undefined) return readNetdev(file, name);
      const reading = new Reading();
      reading.problem(first(file), `to which bridge ${dropInOf(file.path) ?? 'it'} belongs cannot be read off the file`, 'hand the .netdev over too');
      return reading;
    }
    case 'network': return readNetwork(file);
    case 'keyfile': return readKeyfile(file, heads);
    case 'netplan': return readNetplan(file);
    case 'script': case undefined: return undefined;
  }
}

/** Of several lines for one option the last counts; where their order is not certain and they differ, that is a problem. */
function gather(all: Reading, bridge: string, byFile: ReadonlyMap<string, Format>): Persistent {
  const standing = new Map<string, Setting>();
  for (const setting of all.settings) {
    if (setting.bridge !== bridge) continue;
    const key = JSON.stringify([setting.port ?? null, setting.option]);
    const before = standing.get(key);
    standing.set(key, setting);
    if (!before || before.file === setting.file || same(before.value, setting.value)) continue;
    const [earlier, later] = [byFile.get(before.file), byFile.get(setting.file)];
    if (earlier && later && LATER[later]?.includes(earlier)) continue;
    all.problem(setting, `${setting.option} is another than in ${before.file}:${before.line} (${before.text}), and which of the two comes last is not certain`, 'say it in one place');
  }
  const settings = [...standing.values()];
  const of = (port: string | undefined): Record<string, OptionValue> => Object.fromEntries(settings.filter((s) => s.port === port).map((s) => [s.option, s.value]));
  const options = of(undefined);
  // The kernel holds this one against its range only where STP is on.
  const delay = settings.find((s) => s.option === 'forward_delay' && s.port === undefined);
  if (options['stp_state'] === true && delay && isDuration(delay.value) && specOf(BRIDGE_TABLE, 'forward_delay')) {
    const fault = optionProblem(BRIDGE_TABLE, 'forward_delay', delay.value.ns / 1e6);
    if (fault) all.problem(delay, 'with STP on the kernel takes a forward delay of 2 s to 30 s', 'switch STP off, or choose 2 s to 30 s');
  }
  const ports = [...new Set(settings.flatMap((s) => (s.port === undefined ? [] : [s.port])))];
  return { options, ports: Object.fromEntries(ports.map((port) => [port, of(port)])), settings, problems: all.problems, bridges: all.bridges };
}

const same = (a: OptionValue, b: OptionValue): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Files with lines that are not understood: a lab built from the rest would not be the user's. */
export class PersistentError extends Error {
  override readonly name = 'PersistentError';
  readonly problems: readonly Problem[];
  constructor(bridge: string, problems: readonly Problem[]) {
    super(`what the files say of ${bridge} is not certain:\n${problems.map((p) => `  ${problemLine(p)}`).join('\n')}`);
    this.problems = problems;
  }
}

/**
 * The bridge's options for a drawing: t.bridge('vmbr0', { options: persistent(files, 'vmbr0') }). Throws PersistentError
 * when a line is not understood. Files that say nothing of this bridge give no options: the kernel's defaults stay.
 */
export function persistent(files: readonly FileText[], bridge: string): Record<string, OptionValue> {
  const { options, problems } = readPersistent(files, bridge);
  if (problems.length > 0) throw new PersistentError(bridge, problems);
  return { ...options };
}

/** One line a problem: "ifcfg-vmbr0:5: …; …". */
export const problemLine = ({ file, line, problem, fix }: Problem): string => `${file}:${line}: ${problem}; ${fix}`;
