/** Runs classic BPF as the kernel does, for tests that have no kernel: loads beyond the end give 0 and end it. */
import type { BpfInstruction } from '../../../lib/netlink/index.ts';

export function runBpf(program: readonly BpfInstruction[], frame: Uint8Array, mark = 0): number {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  let a = 0;
  for (let at = 0; at < program.length; at++) {
    const { code, jt, jf, k } = program[at] as BpfInstruction;
    const load = (size: number, get: () => number): boolean => { if (k + size > frame.length) return false; a = get(); return true; };
    switch (code) {
      case 0x20: if (k === 0xffff_f014) a = mark; else if (!load(4, () => view.getUint32(k))) return 0; break;
      case 0x28: if (!load(2, () => view.getUint16(k))) return 0; break;
      case 0x30: if (!load(1, () => view.getUint8(k))) return 0; break;
      case 0x80: a = frame.length; break;
      case 0x54: a = (a & k) >>> 0; break;
      case 0x05: at += k; break;
      case 0x15: at += a === k ? jt : jf; break;
      case 0x25: at += a > k ? jt : jf; break;
      case 0x45: at += (a & k) !== 0 ? jt : jf; break;
      case 0x06: return k;
      default: throw new Error(`an instruction that this machine does not know: ${code}`);
    }
  }
  throw new Error('the program ran over its end');
}
