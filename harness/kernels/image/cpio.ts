/**
 * Writes the "newc" cpio format that the kernel unpacks as its initramfs (Documentation/driver-api/early-userspace/
 * buffer-format.rst). Pure: entries in, bytes out, and the same entries give the same bytes: sorted, numbered in order,
 * owned by root, dated to the epoch.
 */

/** One thing in the archive; paths are relative ("bin/node") and folders above them are made by themselves. */
export type CpioEntry =
  | { readonly kind: 'file'; readonly path: string; readonly data: Uint8Array; readonly executable?: boolean }
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'device'; readonly path: string; readonly major: number; readonly minor: number };

/** File types of st_mode. */
const type = { file: 0o100000, folder: 0o040000, link: 0o120000, device: 0o020000 } as const;

/** The archive as a list of pieces in order; file contents are passed through, not copied. */
export function cpioArchive(entries: readonly CpioEntry[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  withFolders(entries).forEach((entry, index) => {
    const data = contentOf(entry);
    pieces.push(header(entry.path, modeOf(entry), index + 1, data.byteLength, entry));
    if (data.byteLength > 0) pieces.push(data, padding(data.byteLength));
  });
  // The kernel reads on until this name.
  pieces.push(header('TRAILER!!!', 0, 0, 0));
  return pieces.filter((piece) => piece.byteLength > 0);
}

/** Every folder before what lies in it (a sort by path does that), and no path twice. */
function withFolders(entries: readonly CpioEntry[]): CpioEntry[] {
  const byPath = new Map<string, CpioEntry>();
  for (const entry of entries) {
    if (!isPlain(entry.path)) throw new Error(`Cannot archive "${entry.path}": the path must be relative and plain.`);
    if (byPath.has(entry.path)) throw new Error(`Cannot archive "${entry.path}" twice.`);
    byPath.set(entry.path, entry);
  }
  for (const { path } of entries) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end);
      const above = byPath.get(folder);
      if (above === undefined) byPath.set(folder, { kind: 'folder', path: folder });
      else if (above.kind !== 'folder') throw new Error(`Cannot archive "${path}": "${folder}" is no folder.`);
    }
  }
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function isPlain(path: string): boolean {
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..') && !path.includes('\0');
}

function contentOf(entry: CpioEntry): Uint8Array {
  if (entry.kind === 'file') return entry.data;
  if (entry.kind === 'link') return new TextEncoder().encode(entry.target);
  return new Uint8Array();
}

function modeOf(entry: CpioEntry): number {
  if (entry.kind === 'device') return type.device | 0o600;
  if (entry.kind === 'link') return type.link | 0o777;
  return type[entry.kind] | (entry.kind === 'folder' || entry.executable === true ? 0o755 : 0o644);
}

/** 110 characters of hexadecimal fields, the name with its NUL, and zeros up to a multiple of four. */
function header(path: string, mode: number, inode: number, size: number, entry?: CpioEntry): Uint8Array {
  const name = new TextEncoder().encode(`${path}\0`);
  const device = entry?.kind === 'device' ? entry : { major: 0, minor: 0 };
  const links = entry?.kind === 'folder' ? 2 : 1;
  const fields = [inode, mode, 0, 0, links, 0, size, 0, 0, device.major, device.minor, name.byteLength, 0];
  const text = `070701${fields.map((field) => field.toString(16).toUpperCase().padStart(8, '0')).join('')}`;
  const bytes = new Uint8Array(roundUp(text.length + name.byteLength));
  bytes.set(new TextEncoder().encode(text));
  bytes.set(name, text.length);
  return bytes;
}

function padding(size: number): Uint8Array {
  return new Uint8Array(roundUp(size) - size);
}

function roundUp(size: number): number {
  return Math.ceil(size / 4) * 4;
}
