/** Captures laid out by hand in either byte order, so that readers are not tested against our own writers only. */
import { concat, Writer } from '../../../lib/wire/bytes.ts';

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

export interface HandMade {
  u16(value: number): Uint8Array;
  u32(value: number): Uint8Array;
  /** Two 32-bit halves, upper first, as pcapng writes timestamps. */
  ticks(value: bigint): Uint8Array;
  option(code: number, value: Uint8Array | string): Uint8Array;
  block(type: number, ...parts: Uint8Array[]): Uint8Array;
}

export function handMade(littleEndian: boolean): HandMade {
  const writer = (): Writer => new Writer(littleEndian);
  const pad = (bytes: Uint8Array): Uint8Array => concat(bytes, new Uint8Array((4 - (bytes.length % 4)) % 4));
  const u32 = (value: number): Uint8Array => writer().u32(value).done();
  return {
    u16: (value) => writer().u16(value).done(),
    u32,
    ticks: (value) => concat(u32(Number(value >> 32n)), u32(Number(value & 0xffffffffn))),
    option(code, value) {
      const bytes = typeof value === 'string' ? ascii(value) : value;
      return concat(writer().u16(code).u16(bytes.length).done(), pad(bytes));
    },
    block(type, ...parts) {
      const body = pad(concat(...parts));
      return concat(u32(type), u32(body.length + 12), body, u32(body.length + 12));
    },
  };
}

/** A section with nothing in it but its options. */
export function section(h: HandMade, ...options: Uint8Array[]): Uint8Array {
  return h.block(0x0a0d0d0a, h.u32(0x1a2b3c4d), h.u16(1), h.u16(0), h.u32(0xffffffff), h.u32(0xffffffff), ...options);
}
