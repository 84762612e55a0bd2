/** Option values between plans (ms, names, booleans), netlink attributes, `ip` words and sysfs text. One table, four spellings. */
import { parseAttributes, readBigEndian16, readSigned32, readUnsigned, type Attributes, type PayloadWriter } from '../message.ts';
import { ipFromBytes, ipToBytes, macFromBytes, macToBytes } from '../text.ts';
import type { Options, OptionSpec, OptionTable, OptionValue, Unit } from './types.ts';

const MS: Record<Unit, number> = { cs: 10, ms: 1, s: 1_000 };
const WIDTH = { u8: 0xff, u16: 0xffff, be16: 0xffff, u32: 0xffff_ffff, u64: Number.MAX_SAFE_INTEGER, s32: 0x7fff_ffff } as const;

const specOf = (table: OptionTable, key: string): OptionSpec => {
  const spec = Object.hasOwn(table, key) ? table[key] : undefined;
  if (!spec) throw new TypeError(`no option "${key}"; there are ${Object.keys(table).join(', ')}`);
  return spec;
};

/**
 * What is wrong with a value, in words for the user; undefined when the kernel should take it.
 * `mode`: the bond's, to check options that only some modes take.
 */
export function optionProblem(table: OptionTable, key: string, value: OptionValue, mode?: string): string | undefined {
  if (!Object.hasOwn(table, key)) return `no option "${key}"; there are ${Object.keys(table).join(', ')}`;
  const spec = specOf(table, key);
  const is = `${key} is ${JSON.stringify(value)}`;
  if (mode !== undefined && spec.modes && !(spec.modes as readonly string[]).includes(mode)) {
    return `${key} is not taken in mode ${mode}, only in ${spec.modes.join(', ')}`;
  }
  switch (spec.kind) {
    case 'boolean': return typeof value === 'boolean' ? undefined : `${is}: wanted true or false`;
    case 'name': return typeof value === 'string' && Object.hasOwn(spec.values, value) ? undefined : `${is}: wanted one of ${Object.keys(spec.values).join(', ')}`;
    case 'mac': return typeof value === 'string' && /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(value) ? undefined : `${is}: wanted a MAC address`;
    case 'device': return typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value) && value >= 0) ? undefined : `${is}: wanted a device`;
    case 'addresses': {
      if (!Array.isArray(value)) return `${is}: wanted a list of addresses`;
      if (value.length > spec.maxCount) return `${key} has ${String(value.length)} addresses: at most ${String(spec.maxCount)} (${spec.note ?? ''})`;
      for (const address of value as readonly string[]) {
        try {
          if (ipToBytes(address).length !== (spec.wire === 'list4' ? 4 : 16)) return `${key}: ${address} is of the wrong family`;
        } catch { return `${key}: not an IP address: ${JSON.stringify(address)}`; }
      }
      return undefined;
    }
    case 'integer': case 'duration': {
      const unit = spec.kind === 'duration' ? ' ms' : '';
      if (typeof value !== 'number' || !Number.isInteger(value)) return `${is}: wanted a whole number${unit && ' of milliseconds'}`;
      if (spec.kind === 'duration' && value % MS[spec.unit] !== 0) return `${is} ms: the kernel counts in steps of ${String(MS[spec.unit])} ms here`;
      const most = spec.wire in WIDTH ? WIDTH[spec.wire as keyof typeof WIDTH] : 0;
      const low = spec.range?.min ?? (spec.wire === 's32' ? -0x8000_0000 : 0);
      const high = spec.range?.max ?? most * (spec.kind === 'duration' ? MS[spec.unit] : 1);
      if (value >= low && value <= high) return undefined;
      const { range } = spec;
      const how = range ? ` (${range.outside} by ${range.source}${range.when ? `, ${range.when}` : ''})` : ` (${spec.wire})`;
      return `${is}${unit}: outside ${String(low)} to ${String(high)}${unit}${how}`;
    }
  }
}

/** The number that goes on the wire; kind `device` by way of `indexOf`. */
function wireNumber(spec: OptionSpec, key: string, value: OptionValue, indexOf?: (device: string) => number): number {
  switch (spec.kind) {
    case 'boolean': if (typeof value === 'boolean') return value ? 1 : 0; break;
    case 'integer': if (typeof value === 'number' && Number.isInteger(value)) return value; break;
    case 'duration':
      if (typeof value === 'number' && Number.isInteger(value) && value % MS[spec.unit] === 0) return value / MS[spec.unit];
      break;
    case 'name': if (typeof value === 'string' && Object.hasOwn(spec.values, value)) return spec.values[value] ?? 0; break;
    case 'device':
      if (typeof value === 'number') return value;
      if (value === '') return 0;
      if (typeof value === 'string') {
        if (!indexOf) throw new TypeError(`option ${key} names the device ${value}, and nobody told how to find its index`);
        return indexOf(value);
      }
      break;
    case 'mac': case 'addresses': break;
  }
  throw new TypeError(`option ${key} cannot be ${JSON.stringify(value)}`);
}

/**
 * Writes options as attributes, in the table's order (the kernel reads by number, so it does not matter which).
 * Undefined values are left out. Throws TypeError on a value of the wrong sort; ranges are the kernel's to refuse
 * (`optionProblem` tells before).
 */
export function encodeOptions(writer: PayloadWriter, table: OptionTable, options: Options, indexOf?: (device: string) => number): void {
  for (const key of Object.keys(options)) if (options[key] !== undefined) specOf(table, key);
  const bits = new Map<number, { value: number; mask: number }>();
  for (const [key, spec] of Object.entries(table)) {
    const value = options[key];
    if (value === undefined) continue;
    const { attribute } = spec;
    if (spec.wire === 'mac') { writer.bytes(attribute, macToBytes(String(value))); continue; }
    if (spec.wire === 'list4' || spec.wire === 'list6') {
      if (!Array.isArray(value)) throw new TypeError(`option ${key} cannot be ${JSON.stringify(value)}: wanted a list`);
      writer.nest(attribute, (list) => (value as readonly string[]).forEach((address, at) => list.bytes(at, ipToBytes(address))));
      continue;
    }
    const number = wireNumber(spec, key, value, indexOf);
    switch (spec.wire) {
      case 'u8': writer.u8(attribute, number); break;
      case 'u16': writer.u16(attribute, number); break;
      case 'be16': writer.be16(attribute, number); break;
      case 'u32': writer.u32(attribute, number); break;
      case 's32': writer.s32(attribute, number); break;
      case 'u64': writer.u64(attribute, number); break;
      case 'flag': if (number) writer.flag(attribute); break;
      case 'bit': {
        const pair = bits.get(attribute) ?? { value: 0, mask: 0 };
        const bit = 1 << (spec.bit ?? 0);
        bits.set(attribute, { value: pair.value | (number ? bit : 0), mask: pair.mask | bit });
        break;
      }
    }
  }
  for (const [attribute, { value, mask }] of bits) {
    const pair = new Uint8Array(8);
    new DataView(pair.buffer).setUint32(0, value, true);
    new DataView(pair.buffer).setUint32(4, mask, true);
    writer.bytes(attribute, pair);
  }
}

/** Reads back what `encodeOptions` wrote, as far as the kernel tells it. Device values are indices. Unknown names become "#7". */
export function decodeOptions(table: OptionTable, attributes: Attributes): Record<string, OptionValue> {
  const options: Record<string, OptionValue> = {};
  for (const [key, spec] of Object.entries(table)) {
    const bytes = attributes.get(spec.attribute);
    if (!bytes || spec.wire === 'flag') continue;
    if (spec.wire === 'mac') { options[key] = macFromBytes(bytes); continue; }
    if (spec.wire === 'list4' || spec.wire === 'list6') {
      options[key] = [...parseAttributes(bytes).values()].map(ipFromBytes);
      continue;
    }
    if (spec.wire === 'bit') { options[key] = ((readUnsigned(bytes.subarray(0, 4)) >>> (spec.bit ?? 0)) & 1) === 1; continue; }
    const number = spec.wire === 'be16' ? readBigEndian16(bytes) : spec.wire === 's32' ? readSigned32(bytes) : readUnsigned(bytes);
    switch (spec.kind) {
      case 'boolean': options[key] = number !== 0; break;
      case 'duration': options[key] = number * MS[spec.unit]; break;
      case 'name': options[key] = nameOf(spec.values, number); break;
      default: options[key] = number;
    }
  }
  return options;
}

/** The name of a number, or "#7" for one we do not know: a newer kernel must not stop a run. */
export function nameOf(values: Readonly<Record<string, number>>, number: number): string {
  for (const name in values) if (values[name] === number) return name;
  return `#${String(number)}`;
}

/**
 * One option as `ip link … type KIND` spells it: ["mcast_querier_interval", "25500"].
 * With `tool: 'bridge'` as `bridge link set dev …` does. Undefined when the tool has no word for it.
 */
export function toIpWords(table: OptionTable, key: string, value: OptionValue, tool: 'ip' | 'bridge' = 'ip'): string[] | undefined {
  const spec = specOf(table, key);
  const word = tool === 'ip' ? spec.ip : spec.bridge;
  if (word === undefined) return undefined;
  if (spec.wire === 'flag') return value === true ? [word] : [];
  switch (spec.kind) {
    case 'boolean': return [word, (spec.ipBoolean ?? ['0', '1'])[value === true ? 1 : 0]];
    case 'name': return [word, spec.ipNumber ? String(wireNumber(spec, key, value)) : String(value)];
    case 'integer': case 'duration': return [word, String(wireNumber(spec, key, value))];
    case 'addresses': return [word, (value as readonly string[]).join(',')];
    case 'mac': case 'device': return [word, String(value)];
  }
}

/** All options as `ip` words, in the order given. Throws when one has none: a reproducer must not leave something out silently. */
export function toIpArguments(table: OptionTable, options: Options, tool: 'ip' | 'bridge' = 'ip'): string[] {
  return Object.entries(options).flatMap(([key, value]) => {
    if (value === undefined) return [];
    const words = toIpWords(table, key, value, tool);
    if (!words) throw new TypeError(`${tool} has no word for ${key}; ${specOf(table, key).sysfs ? `write it to ${specOf(table, key).sysfs ?? ''}` : 'it can be set over netlink only'}`);
    return words;
  });
}

/** File below /sys/class/net/NAME/ and the text to write, one write each; undefined when sysfs has none. */
export function toSysfs(table: OptionTable, key: string, value: OptionValue): { file: string; writes: string[] } | undefined {
  const spec = specOf(table, key);
  const file = spec.sysfs;
  if (file === undefined) return undefined;
  switch (spec.kind) {
    case 'mac': case 'device': return { file, writes: [String(value)] };
    case 'addresses': return { file, writes: (value as readonly string[]).map((address) => `+${address}`) };
    case 'name': {
      if (spec.sysfsValue === 'name') return { file, writes: [String(value)] };
      const number = wireNumber(spec, key, value);
      return { file, writes: [spec.sysfsValue === 'hex' ? `0x${number.toString(16)}` : String(number)] };
    }
    default: return { file, writes: [String(wireNumber(spec, key, value))] };
  }
}

/** sysfs text back to a value; names as sysfs of bonds writes them ("active-backup 1"). Undefined for an empty file. */
export function fromSysfs(table: OptionTable, key: string, text: string): OptionValue | undefined {
  const spec = specOf(table, key);
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  switch (spec.kind) {
    case 'mac': case 'device': return trimmed;
    case 'addresses': return trimmed.split(/\s+/);
    case 'name': return spec.sysfsValue === 'name' ? trimmed.split(/\s+/)[0] : nameOf(spec.values, Number(trimmed));
    case 'boolean': return Number(trimmed.split(/\s+/).at(-1)) !== 0;
    case 'duration': return Number(trimmed) * MS[spec.unit];
    case 'integer': return Number(trimmed);
  }
}
