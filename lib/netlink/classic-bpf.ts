/**
 * Classic BPF: the programs that a packet socket's filter and tc's `bpf bytecode` are. Written as lines with labels and
 * assembled here, because jumps of the real thing count instructions.
 *
 * Offsets count from the Ethernet header, in both uses. A VLAN tag that the device holds apart is not in the bytes. A
 * load beyond the frame's end ends the program with 0. Sources: include/uapi/linux/{filter,bpf_common}.h, net/core/filter.c.
 */

/** One line: a load into the accumulator, a bitwise and, a test, a place to jump to, or the end. */
export type BpfLine =
  | { readonly load: 'byte' | 'half' | 'word'; readonly at: number }
  /** The frame's length in bytes, Ethernet header included; SO_MARK of who sent it. */
  | { readonly load: 'length' | 'mark' }
  | { readonly and: number }
  /** Labels to go to; the next line where absent. */
  | { readonly test: 'equal' | 'above' | 'any-bit'; readonly value: number; readonly then?: string; readonly else?: string }
  | { readonly goTo: string }
  | { readonly label: string }
  | { readonly end: number };

/** struct sock_filter. */
export interface BpfInstruction { readonly code: number; readonly jt: number; readonly jf: number; readonly k: number }

const CODE = { word: 0x20, half: 0x28, byte: 0x30, length: 0x80, and: 0x54, jump: 0x05, equal: 0x15, above: 0x25, 'any-bit': 0x45, end: 0x06 } as const;
/** SKF_AD_OFF + SKF_AD_MARK: an offset that no frame has stands for a field of the kernel's. */
const MARK_AT = 0xffff_f000 + 20;

export function assemble(lines: readonly BpfLine[]): BpfInstruction[] {
  const places = new Map<string, number>();
  let count = 0;
  for (const line of lines) {
    if (!('label' in line)) { count++; continue; }
    if (places.has(line.label)) throw new TypeError(`the label ${line.label} stands twice`);
    places.set(line.label, count);
  }
  const program: BpfInstruction[] = [];
  const to = (label: string | undefined): number => {
    if (label === undefined) return 0;
    const place = places.get(label);
    if (place === undefined) throw new TypeError(`there is no label ${label}`);
    const jump = place - program.length - 1;
    if (jump < 0) throw new TypeError(`classic BPF jumps forwards only, not back to ${label}`);
    return jump;
  };
  const near = (label: string | undefined): number => {
    const jump = to(label);
    if (jump > 255) throw new RangeError(`a test jumps over at most 255 instructions, not ${jump}, to ${String(label)}`);
    return jump;
  };
  for (const line of lines) {
    if ('label' in line) continue;
    if ('load' in line) program.push({ code: 'at' in line ? CODE[line.load] : line.load === 'mark' ? CODE.word : CODE.length, jt: 0, jf: 0, k: 'at' in line ? line.at : line.load === 'mark' ? MARK_AT : 0 });
    else if ('and' in line) program.push({ code: CODE.and, jt: 0, jf: 0, k: line.and >>> 0 });
    else if ('test' in line) program.push({ code: CODE[line.test], jt: near(line.then), jf: near(line.else), k: line.value >>> 0 });
    else if ('goTo' in line) program.push({ code: CODE.jump, jt: 0, jf: 0, k: to(line.goTo) });
    else program.push({ code: CODE.end, jt: 0, jf: 0, k: line.end >>> 0 });
  }
  const last = program.at(-1);
  if (last?.code !== CODE.end) throw new TypeError('a BPF program ends with an end');
  return program;
}

/** As the kernel takes it: struct sock_filter {u16 code; u8 jt, jf; u32 k}, one after the other. */
export function bpfBytes(program: readonly BpfInstruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  program.forEach(({ code, jt, jf, k }, index) => {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, jt);
    view.setUint8(index * 8 + 3, jf);
    view.setUint32(index * 8 + 4, k, true);
  });
  return bytes;
}

/** As `tc filter … bpf bytecode` takes it: "2,40 0 0 12,6 0 0 2". */
export const bpfText = (program: readonly BpfInstruction[]): string =>
  [program.length, ...program.map(({ code, jt, jf, k }) => `${code} ${jt} ${jf} ${k}`)].join(',');
