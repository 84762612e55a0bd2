/**
 * Does KVM run a guest here? On some machines /dev/kvm opens and makes a VM, and no guest instruction ever runs (nested
 * virtualization). So one is run: firmware of a few instructions that ends QEMU with a status nothing else gives.
 */
import { accessSync, constants, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { ExecError, exec } from '../system/exec.ts';

/** isa-debug-exit ends QEMU with twice the value written, plus one. */
const VALUE = 0x2a;
const STATUS = VALUE * 2 + 1;
/** A guest that runs needs milliseconds; a machine under load may need longer to start QEMU. */
const PATIENCE_MS = 5000;

/** Little endian, as the CPU reads it. */
const bytes32 = (value: number): number[] => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];
const TOP = 0xffff_0000;

/**
 * 64 KiB of firmware, which lies at the end of 4 GiB. Real mode would prove nothing: KVM may emulate all of it without
 * ever entering the guest. So it goes to protected mode, and counts there for a while.
 */
export function firmware(): Buffer {
  const image = Buffer.alloc(65_536, 0xf4);
  const put = (at: number, ...code: number[]): void => void Buffer.from(code).copy(image, at);
  // The CPU starts here: jmp 0xff00.
  put(0xfff0, 0xe9, 0x0d, 0xff);
  // cli; lgdt cs:[0xff60]; mov eax, cr0; or al, 1; mov cr0, eax; jmp 8:TOP+0xff40
  put(
    0xff00,
    0xfa,
    0x66,
    0x2e,
    0x0f,
    0x01,
    0x16,
    0x60,
    0xff,
    0x0f,
    0x20,
    0xc0,
    0x0c,
    0x01,
    0x0f,
    0x22,
    0xc0,
    0x66,
    0xea,
    ...bytes32(TOP + 0xff40),
    0x08,
    0x00,
  );
  // mov ecx, 100000; dec ecx; jnz back; mov al, VALUE; out 0xf4, al; hlt; jmp back to hlt
  put(0xff40, 0xb9, ...bytes32(100_000), 0x49, 0x75, 0xfd, 0xb0, VALUE, 0xe6, 0xf4, 0xf4, 0xeb, 0xfd);
  // Where the descriptors are: none, and code of all 4 GiB.
  put(0xff60, 0x0f, 0x00, ...bytes32(TOP + 0xff70));
  put(0xff70, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0x9a, 0xcf, 0);
  return image;
}

export interface KvmAnswer {
  readonly works: boolean;
  readonly why: string;
}

export async function probeKvm(qemu = 'qemu-system-x86_64'): Promise<KvmAnswer> {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { works: false, why: 'there is no /dev/kvm' };
    return { works: false, why: 'you may not use /dev/kvm; on most distributions the group kvm may' };
  }
  return runGuest('kvm', qemu);
}

/** For a test: `tcg` always works, and shows that the firmware does what it should. */
export async function runGuest(accelerator: 'kvm' | 'tcg', qemu = 'qemu-system-x86_64'): Promise<KvmAnswer> {
  const bios = join(tmpdir(), `wirewarp-kvm-${randomBytes(8).toString('hex')}.bin`);
  try {
    writeFileSync(bios, firmware(), { flag: 'wx' });
    const args = [
      '-M',
      `pc,accel=${accelerator}`,
      ...(accelerator === 'kvm' ? ['-cpu', 'host'] : []),
      '-nodefaults',
      '-no-user-config',
      '-display',
      'none',
      '-m',
      '16',
      '-bios',
      bios,
      '-device',
      'isa-debug-exit,iobase=0xf4,iosize=1',
    ];
    const { exitCode } = await exec('setpriv', ['--pdeathsig', 'KILL', '--', qemu, ...args], {
      doing: 'run a guest instruction',
      timeoutMs: PATIENCE_MS,
      okCodes: [STATUS],
    });
    return { works: exitCode === STATUS, why: 'a guest ran' };
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    if (error.timedOut)
      return { works: false, why: `it opens, but a guest ran no instruction in ${PATIENCE_MS / 1000} s` };
    return {
      works: false,
      why: error.stderr.trim().split('\n')[0] || error.message.split('\n')[0] || 'QEMU did not say why',
    };
  } finally {
    rmSync(bios, { force: true });
  }
}
