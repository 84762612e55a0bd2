/**
 * udev rules (udev(7) of systemd 252) for the event that tells of a new bridge: ACTION=add, SUBSYSTEM=net, and no more is
 * known of the device than its name and that it is a bridge. RUN helpers are read, not run.
 */
import { forEachName, type FindScript } from './hooks.ts';
import { globMatches, readShell } from './shell.ts';
import { continued, type FileText, linesOf, type Place, Reading } from './types.ts';
import { meant, takeSysfs } from './values.ts';

interface Term { readonly key: string; readonly attribute?: string; readonly op: string; readonly value: string }

const KEYS = [
  'ACTION', 'DEVPATH', 'KERNEL', 'KERNELS', 'NAME', 'SYMLINK', 'SUBSYSTEM', 'SUBSYSTEMS', 'DRIVER', 'DRIVERS', 'ATTR', 'ATTRS', 'SYSCTL', 'ENV', 'CONST', 'TAG', 'TAGS', 'TEST', 'PROGRAM', 'RESULT', 'OWNER', 'GROUP', 'MODE', 'SECLABEL', 'RUN', 'LABEL',
  'GOTO', 'IMPORT', 'OPTIONS',
];
/** Assigned: nothing of a bridge. */
const SILENT_ASSIGNS = new Set(['SYMLINK', 'TAG', 'OWNER', 'GROUP', 'MODE', 'SECLABEL', 'LABEL', 'OPTIONS']);

function readRule(text: string): Term[] | string {
  const terms: Term[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const match = /^([A-Za-z]+)(?:\{([^}]*)\})?\s*(==|!=|\+=|-=|:=|=)\s*(?:([ei])?)"((?:[^"\\]|\\.)*)"\s*,?\s*/s.exec(rest);
    if (!match) return rest.slice(0, 60);
    const [whole, key = '', attribute, op = '', , value = ''] = match;
    terms.push({ key, op, value: value.replace(/\\"/g, '"'), ...(attribute === undefined ? {} : { attribute }) });
    rest = rest.slice(whole.length);
  }
  return terms;
}

export function readUdev(file: FileText, bridge: string, script?: FindScript): Reading {
  const reading = new Reading();
  const rules = continued(linesOf(file.text)).filter(({ text }) => text.trim() !== '' && !text.trim().startsWith('#'));
  const parsed = rules.flatMap(({ line, text }) => {
    const place: Place = { file: file.path, line, text };
    const terms = readRule(text);
    if (typeof terms !== 'string') return [{ place, terms }];
    reading.problem(place, `not understood from here on: ${terms}`, 'a rule is a list of KEY=="value" and KEY="value", separated by commas');
    return [];
  });
  for (const { place, terms } of parsed) for (const { key } of terms) if (!KEYS.includes(key)) reading.problem(place, `udev has no key ${key}`, meant(key, KEYS));
  forEachName(bridge, reading, (name, into) => {
    const compared = new Set<string>();
    const env = new Map([['ACTION', 'add'], ['SUBSYSTEM', 'net'], ['INTERFACE', name], ['DEVTYPE', 'bridge'], ['DEVPATH', `/devices/virtual/net/${name}`]]);
    for (const { place, terms } of parsed) {
      if (!terms.every(({ key }) => KEYS.includes(key))) continue;
      if (applies(into, place, terms, name, env, compared)) assign(into, place, terms, name, env, compared, script);
    }
    return compared;
  });
  return reading;
}

/** Do all match terms of a rule hold? Where one is unknown, it is named, and the rule is not taken. */
function applies(reading: Reading, place: Place, terms: readonly Term[], name: string, env: ReadonlyMap<string, string>, compared: Set<string>): boolean {
  const matches = terms.filter((t) => t.op === '==' || t.op === '!=');
  const results = matches.map((t): boolean | undefined => {
    const have = haveOf(t, name, env);
    if (have === undefined) return undefined;
    const alternatives = t.value.split('|');
    if (have === name) for (const a of alternatives) if (/^[^*?[\]\s/]{1,15}$/.test(a)) compared.add(a);
    return alternatives.some((a) => globMatches(a, have)) === (t.op === '==');
  });
  // What fails for certain needs no further word.
  if (results.includes(false)) return false;
  const unknown = matches[results.indexOf(undefined)];
  if (!unknown) return true;
  const shown = `${unknown.key}${unknown.attribute === undefined ? '' : `{${unknown.attribute}}`}`;
  reading.problem(place, `whether ${shown} matches the bridge cannot be read off the file`, 'match KERNEL, ACTION, SUBSYSTEM or ENV{INTERFACE}');
  return false;
}

/** What the event has for a match key; undefined: nobody knows. */
function haveOf({ key, attribute, value }: Term, name: string, env: ReadonlyMap<string, string>): string | undefined {
  switch (key) {
    case 'ACTION': return 'add';
    case 'SUBSYSTEM': case 'SUBSYSTEMS': return 'net';
    case 'KERNEL': case 'KERNELS': case 'NAME': return name;
    case 'DEVPATH': return `/devices/virtual/net/${name}`;
    case 'DRIVER': case 'DRIVERS': return '';
    case 'ENV': return attribute === undefined ? undefined : (env.get(attribute) ?? (attribute === 'IFINDEX' || attribute.startsWith('ID_') ? undefined : ''));
    case 'ATTR': case 'ATTRS': return attribute === 'type' ? '1' : undefined;
    // TEST holds when the file is there.
    case 'TEST': return /^(\/sys\/(class|devices\/virtual)\/net\/(\$name|%k|\$kernel))?\/?bridge(\/[a-z_]+)?$/.test(value) ? value : undefined;
    default: return undefined;
  }
}

/** $name, %k, $env{…} and their kin; undefined where the machine would have to be asked. */
function substituted(text: string, name: string, env: ReadonlyMap<string, string>): string | undefined {
  let unknown = false;
  const out = text.replace(/\$\$|%%|\$(env|attr|sysfs)\{([^}]*)\}|%([Es])\{([^}]*)\}|\$(kernel|name|devpath|number|id|driver|major|minor|result|parent|links|root|sys|devnode|tempnode)|%([knpmMcPrSNbd])/g, (all: string, long: string | undefined, of: string | undefined, short: string | undefined, ofShort: string | undefined, word: string | undefined, letter: string | undefined) => {
    if (all === '$$') return '$';
    if (all === '%%') return '%';
    if (long === 'env' || short === 'E') {
      const value = env.get(of ?? ofShort ?? '');
      if (value === undefined) unknown = true;
      return value ?? '';
    }
    if (word === 'kernel' || word === 'name' || letter === 'k') return name;
    if (word === 'devpath' || letter === 'p') return `/devices/virtual/net/${name}`;
    if (word === 'sys' || letter === 'S') return '/sys';
    if (word === 'number' || letter === 'n') return /\d*$/.exec(name)?.[0] ?? '';
    unknown = true;
    return '';
  });
  // Set by the callback above, which the compiler does not follow.
  return (unknown as boolean) ? undefined : out;
}

function assign(reading: Reading, place: Place, terms: readonly Term[], name: string, env: Map<string, string>, compared: Set<string>, script?: FindScript): void {
  for (const { key, attribute, op, value } of terms) {
    if (op === '==' || op === '!=') continue;
    const text = substituted(value, name, env);
    const cannot = (): void => { reading.problem(place, `what ${key} becomes cannot be read off the file: ${value}`, 'use $name or $env{INTERFACE}'); };
    if (key === 'ATTR') {
      const file = /^bridge\/([^/]+)$/.exec(attribute ?? '')?.[1];
      const port = /^brport\/([^/]+)$/.exec(attribute ?? '')?.[1];
      if (text === undefined) cannot();
      else if (file !== undefined) takeSysfs(reading, place, { bridge: name }, file, text);
      else if (port !== undefined) reading.problem(place, 'a bridge is no port when it is added', 'match the port, in a rule of its own');
      else reading.problem(place, `ATTR{${attribute ?? ''}} is no option of a bridge`, 'wirewarp sets options of bridges only: ATTR{bridge/…}');
    } else if (key === 'ENV') {
      if (text === undefined || attribute === undefined) cannot();
      else env.set(attribute, text);
    } else if (key === 'RUN' && (attribute === undefined || attribute === 'program')) {
      if (text === undefined) cannot();
      else if (op !== '-=') for (const n of runs(reading, place, text, name, env, script)) compared.add(n);
    } else if (!SILENT_ASSIGNS.has(key)) reading.problem(place, `${key}${attribute === undefined ? '' : `{${attribute}}`}${op} is not understood`, 'wirewarp reads RUN, ATTR and ENV of a rule');
  }
}

/** A program of RUN: split at blanks, quotes hold together; no shell. */
function runs(reading: Reading, place: Place, command: string, name: string, env: ReadonlyMap<string, string>, script?: FindScript): ReadonlySet<string> {
  const words = [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3] ?? '');
  const [program = ''] = words;
  // Without a folder udev looks in its own.
  const find: FindScript = (path) => script?.(path) ?? (path.includes('/') ? undefined : script?.(`/usr/lib/udev/${path}`) ?? script?.(`/lib/udev/${path}`));
  const known = ['ip', 'bridge', 'brctl', 'sh', 'bash', 'dash', 'echo', 'logger', 'true'].includes(program.split('/').at(-1) ?? '');
  if (!known && !find(program)) {
    reading.problem(place, `the rule runs ${program}, which was not handed over`, 'hand that file over too');
    return new Set();
  }
  if (/(^|\/)echo$/.test(program)) {
    reading.problem(place, 'udev runs no shell: echo with > writes nothing', `write ATTR{bridge/…}="…", or RUN+="/bin/sh -c '…'"`);
    return new Set();
  }
  const quoted = words.map((w) => `'${w.replaceAll("'", `'\\''`)}'`).join(' ');
  return readShell({ reading, file: place.file, lines: [place.text], firstLine: place.line, args: ['udev'], env: Object.fromEntries(env), bridge: name, script: find }, quoted).compared;
}
