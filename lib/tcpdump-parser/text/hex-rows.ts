/** The rows of a hex dump: "0x0010:  0800 0604 0003 5254  ......RT" (tcpdump -x, -X, -xx, -XX). */

const ROW = /^0x([0-9a-f]{4,8}):\s*(.*)$/i;
const GROUP = /^(?:[0-9a-f]{2}){1,2}$/i;
/** Eight groups of two bytes. */
const ROW_BYTES = 16;

/** One dump: the rows from one at offset 0 up to the next. */
export interface HexDump {
  /** Of its first row, from 1. */
  readonly line: number;
  readonly bytes: Uint8Array;
  /** Rows that lack bytes, come out of order, or whose columns differ. */
  readonly faults: string[];
}

export const isHexRow = (line: string): boolean => ROW.test(line);

const printed = (byte: number): string => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.');

/** Groups in front, then the ASCII column, which never holds a blank; a short row's column may look like a group. */
function split(text: string): { hex: string; ascii: string } {
  const words = text.split(/\s+/).filter((word) => word !== '');
  let hex = '';
  let used = 0;
  for (const word of words) {
    if (used === ROW_BYTES / 2 || !GROUP.test(word)) break;
    // The last word of the row is its ASCII column when it shows just the bytes before it.
    if (used === words.length - 1 && word === asciiOf(hex) && hex !== '') break;
    hex += word;
    used++;
  }
  return { hex: hex.toLowerCase(), ascii: words.slice(used).join(' ') };
}

const bytesOf = (hex: string): number[] => (hex.match(/../g) ?? []).map((pair) => parseInt(pair, 16));
const asciiOf = (hex: string): string => bytesOf(hex).map(printed).join('');

/** Collects rows into dumps; rows wrapped by mail are put together again. */
export class HexDumps {
  readonly dumps: HexDump[] = [];
  #bytes: number[] = [];
  #row: { line: number; hex: string; ascii: string } | undefined;

  /** No dump has begun. */
  get none(): boolean {
    return this.dumps.length === 0;
  }

  row(line: number, text: string): void {
    const [, offsetText = '', rest = ''] = ROW.exec(text) ?? [];
    const offset = parseInt(offsetText, 16);
    this.#closeRow();
    if (offset === 0 || this.dumps.length === 0) this.#begin(line);
    const dump = this.dumps.at(-1) as HexDump;
    if (offset !== this.#bytes.length) {
      dump.faults.push(`line ${line}: the row at 0x${offsetText} comes after ${this.#bytes.length} bytes`);
      // What is missing stays zero, so that what follows keeps its place.
      while (this.#bytes.length < offset && offset < 0x10000) this.#bytes.push(0);
    }
    this.#row = { line, ...split(rest) };
  }

  /** The next line inside a dump that is no row: the rest of a wrapped one; false if it is not. */
  wrapped(text: string): boolean {
    const row = this.#row;
    if (row === undefined) return false;
    const lacking = row.hex.length / 2 < ROW_BYTES && row.ascii === '';
    const more = lacking ? split(text) : { hex: '', ascii: text.trim() };
    if (more.hex === '' && row.ascii + more.ascii !== asciiOf(row.hex)) return false;
    row.hex += more.hex;
    row.ascii += more.ascii;
    return true;
  }

  end(): readonly HexDump[] {
    this.#closeRow();
    this.#store();
    return this.dumps;
  }

  #begin(line: number): void {
    this.#store();
    this.dumps.push({ line, bytes: new Uint8Array(0), faults: [] });
    this.#bytes = [];
  }

  #store(): void {
    const last = this.dumps.at(-1);
    if (last) this.dumps[this.dumps.length - 1] = { ...last, bytes: Uint8Array.from(this.#bytes) };
  }

  #closeRow(): void {
    const row = this.#row;
    if (row === undefined) return;
    this.#row = undefined;
    const dump = this.dumps.at(-1) as HexDump;
    const { hex, ascii, line } = row;
    if (ascii !== '' && ascii.length === hex.length / 2 && ascii !== asciiOf(hex)) {
      dump.faults.push(`line ${line}: the hex column and the ASCII column differ`);
    }
    this.#bytes.push(...bytesOf(hex));
  }
}
