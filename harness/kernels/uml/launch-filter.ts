/** The system calls that a User-Mode Linux kernel is denied, as a seccomp filter. Pure, so that a test can run it. */

const ENOSYS = 38;

/** seccomp_data (linux/seccomp.h): the call's number, then the architecture. */
const AT = { number: 0, architecture: 4 } as const;
const AUDIT_ARCH_X86_64 = 0xc000_003e;
const GETRANDOM = 318;
const ALLOW = 0x7fff_0000;
const FAIL = 0x0005_0000;

/** Classic BPF (linux/filter.h): load a word, jump if equal, return. */
const LOAD = 0x20, JUMP_EQUAL = 0x15, RETURN = 0x06;

/** getrandom fails as if the host's kernel were too old for it; all else is allowed. */
export const filter: readonly (readonly [code: number, ifTrue: number, ifFalse: number, k: number])[] = [
  [LOAD, 0, 0, AT.architecture],
  [JUMP_EQUAL, 0, 3, AUDIT_ARCH_X86_64],
  [LOAD, 0, 0, AT.number],
  [JUMP_EQUAL, 0, 1, GETRANDOM],
  [RETURN, 0, 0, FAIL | ENOSYS],
  [RETURN, 0, 0, ALLOW],
];
