/**
 * The little of ELF that making an initramfs takes: which libraries a program needs, where the loader ends to read it,
 * and a kernel module's own description. 64-bit little-endian only, which is what we boot.
 */

/** What a program or library says about itself. */
export interface ElfInfo {
  /** The dynamic loader; absent for libraries and static programs. */
  readonly interpreter?: string;
  /** DT_NEEDED, in order. */
  readonly needed: readonly string[];
  /** DT_RUNPATH, or DT_RPATH: folders to look in, may hold $ORIGIN. */
  readonly searchPath: readonly string[];
  /** End of the last part that is loaded; what follows (symbols, debugging) is not needed to run. */
  readonly loadedLength: number;
}

const machineX8664 = 62;
const segment = { load: 1, dynamic: 2, interpreter: 3 } as const;
const tag = { needed: 1, stringTable: 5, rpath: 15, runpath: 29 } as const;

/** Reads a program or library; `undefined` when this is no 64-bit x86 ELF file. */
export function readElf(bytes: Buffer): ElfInfo | undefined {
  if (!isElf(bytes)) return undefined;
  const segments = segmentsOf(bytes);
  const loads = segments.filter(({ type }) => type === segment.load);
  const interpreter = segments.find(({ type }) => type === segment.interpreter);
  const dynamic = segments.find(({ type }) => type === segment.dynamic);
  const entries = dynamic === undefined ? [] : dynamicEntries(bytes, dynamic.offset, dynamic.size);
  const strings = entries.find(([key]) => key === tag.stringTable)?.[1];
  const offset = strings === undefined ? undefined : fileOffset(loads, strings);
  const named = (wanted: number): string[] =>
    offset === undefined
      ? []
      : entries.filter(([key]) => key === wanted).map(([, value]) => stringAt(bytes, offset + value));
  const runpath = named(tag.runpath);
  const paths = runpath.length > 0 ? runpath : named(tag.rpath);
  return {
    ...(interpreter === undefined ? {} : { interpreter: stringAt(bytes, interpreter.offset) }),
    needed: named(tag.needed),
    searchPath: paths.flatMap((path) => path.split(':')).filter((path) => path !== ''),
    loadedLength: Math.max(64, ...loads.map(({ offset, size }) => offset + size)),
  };
}

/**
 * The program without what the loader never reads: symbols and debugging information, some 12 MB of Node's 99, which
 * would be carried into every boot. Does what `strip` does for running programs, without needing it.
 */
export function stripElf(bytes: Buffer): Buffer {
  const info = readElf(bytes);
  if (info === undefined || info.loadedLength >= bytes.length) return bytes;
  const stripped = Buffer.from(bytes.subarray(0, info.loadedLength));
  stripped.writeBigUInt64LE(0n, 40); // e_shoff: the section table lies behind the cut
  stripped.writeUInt16LE(0, 60); // e_shnum
  stripped.writeUInt16LE(0, 62); // e_shstrndx
  return stripped;
}

/** `key=value` pairs of a kernel module's .modinfo section; a key may come more than once. */
export function readModinfo(bytes: Buffer): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  const section = isElf(bytes) ? sectionNamed(bytes, '.modinfo') : undefined;
  if (section === undefined) return found;
  const text = bytes.toString('latin1', section.offset, section.offset + section.size);
  for (const pair of text.split('\0')) {
    const equals = pair.indexOf('=');
    if (equals < 0) continue;
    const key = pair.slice(0, equals);
    found.set(key, [...(found.get(key) ?? []), pair.slice(equals + 1)]);
  }
  return found;
}

function isElf(bytes: Buffer): boolean {
  return (
    bytes.length >= 64 &&
    bytes.readUInt32BE(0) === 0x7f454c46 &&
    bytes[4] === 2 &&
    bytes[5] === 1 &&
    bytes.readUInt16LE(18) === machineX8664
  );
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

function segmentsOf(bytes: Buffer): Segment[] {
  const start = Number(bytes.readBigUInt64LE(32));
  const [entrySize, count] = [bytes.readUInt16LE(54), bytes.readUInt16LE(56)];
  return Array.from({ length: count }, (_, i) => {
    const at = start + i * entrySize;
    return {
      type: bytes.readUInt32LE(at),
      offset: Number(bytes.readBigUInt64LE(at + 8)),
      address: Number(bytes.readBigUInt64LE(at + 16)),
      size: Number(bytes.readBigUInt64LE(at + 32)),
    };
  });
}

function dynamicEntries(bytes: Buffer, offset: number, size: number): [key: number, value: number][] {
  const entries: [number, number][] = [];
  for (let at = offset; at + 16 <= offset + size; at += 16) {
    const key = Number(bytes.readBigInt64LE(at));
    if (key === 0) break;
    entries.push([key, Number(bytes.readBigUInt64LE(at + 8))]);
  }
  return entries;
}

/** Dynamic entries hold addresses in memory; the file has the same bytes elsewhere. */
function fileOffset(loads: readonly Segment[], address: number): number | undefined {
  const home = loads.find((load) => address >= load.address && address < load.address + load.size);
  return home === undefined ? undefined : address - home.address + home.offset;
}

function sectionNamed(bytes: Buffer, name: string): { offset: number; size: number } | undefined {
  const start = Number(bytes.readBigUInt64LE(40));
  const [entrySize, count, names] = [bytes.readUInt16LE(58), bytes.readUInt16LE(60), bytes.readUInt16LE(62)];
  const sections = Array.from({ length: count }, (_, i) => {
    const at = start + i * entrySize;
    return {
      name: bytes.readUInt32LE(at),
      offset: Number(bytes.readBigUInt64LE(at + 24)),
      size: Number(bytes.readBigUInt64LE(at + 32)),
    };
  });
  const table = sections[names];
  return table && sections.find((section) => stringAt(bytes, table.offset + section.name) === name);
}

function stringAt(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(0, at);
  return bytes.toString('latin1', at, end < 0 ? bytes.length : end);
}
