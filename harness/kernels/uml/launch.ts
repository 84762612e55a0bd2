/**
 * Becomes a User-Mode Linux kernel: `node uml.cjs BINARY [ARGUMENT…]`. What of the host would make two runs differ is shut
 * off first, for that process alone: its random numbers (UML seeds the guest's from getrandom, arch/um/kernel/um_arch.c)
 * and its random addresses. Programs of the guest are traced, their system calls never reach the host.
 */
import { check, F, permanent, sys } from '../../system/native/libc.ts';
import { loadKoffi } from '../../system/native/koffi.ts';
import { filter } from './launch-filter.ts';

const PR_SET_PDEATHSIG = 1;
const PR_SET_SECCOMP = 22;
const PR_SET_NO_NEW_PRIVS = 38;
const SIGKILL = 9;
const SECCOMP_MODE_FILTER = 2;
const ADDR_NO_RANDOMIZE = 0x004_0000;

/** struct sock_fprog and what it points to. */
function program(): bigint {
  const instructions = permanent(filter.length * 8);
  filter.forEach(([code, ifTrue, ifFalse, k], i) => {
    instructions.view.setUint16(i * 8, code, true);
    instructions.view.setUint8(i * 8 + 2, ifTrue);
    instructions.view.setUint8(i * 8 + 3, ifFalse);
    instructions.view.setUint32(i * 8 + 4, k, true);
  });
  const head = permanent(16);
  head.view.setUint16(0, filter.length, true);
  head.view.setBigUint64(8, instructions.address, true);
  return head.address;
}

function denyRandom(): void {
  check(sys.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 'prctl(PR_SET_NO_NEW_PRIVS)', 'be allowed a filter of system calls');
  check(sys.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, Number(program()), 0, 0), 'prctl(PR_SET_SECCOMP)', "keep the host's random numbers from the kernel");
}

function become(binary: string, args: readonly string[]): void {
  const library = loadKoffi().load(null);
  const execve = library.func('int execve(str, const char **argv, const char **envp)') as unknown as (path: string, argv: (string | null)[], envp: (string | null)[]) => number;
  const personality = library.func('int personality(ulong)') as unknown as (persona: number) => number;
  check(sys.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), 'prctl(PR_SET_PDEATHSIG)', 'end together with wirewarp');
  check(personality(ADDR_NO_RANDOMIZE), 'personality(ADDR_NO_RANDOMIZE)', 'lay out the kernel alike in every run');
  // Where time is the host's, runs differ anyway, and a kernel without random numbers waits for them for ever.
  if (args.includes('time-travel=inf-cpu')) denyRandom();
  // Node closes what it was given when it becomes another program; the channel and the initramfs have to stay.
  for (const given of [3, 4]) sys.fcntl(given, F.SETFD, 0);
  // Nothing of our environment: its length alone moves the kernel's stack.
  check(execve(binary, [binary, ...args, null], ['PATH=/usr/bin:/bin', `TMPDIR=${process.env['TMPDIR'] ?? '/dev/shm'}`, 'HOME=/nonexistent', null]), 'execve', `start ${binary}`);
}

const [binary, ...args] = process.argv.slice(2);
if (binary === undefined) {
  process.stderr.write('usage: uml.cjs BINARY [ARGUMENT...]\n');
  process.exit(2);
}
try {
  become(binary, args);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(127);
}
