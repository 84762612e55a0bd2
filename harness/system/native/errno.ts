/** Failed calls as records: which call, what for, and why in the kernel's word and in text. */
import { constants } from 'node:os';

const NAMES = new Map<number, string>();
for (const [name, number] of Object.entries(constants.errno)) if (!NAMES.has(number)) NAMES.set(number, name);
// EWOULDBLOCK and EAGAIN are one number, as are EOPNOTSUPP and ENOTSUP; the usual spelling wins. The rest Node does not list.
for (const [number, name] of [[11, 'EAGAIN'], [95, 'EOPNOTSUPP'], [512, 'ERESTARTSYS'], [524, 'ENOTSUPP'], [65, 'ENOPKG'], [129, 'EKEYREJECTED']] as const) NAMES.set(number, name);

export const errnoName = (errno: number): string => NAMES.get(errno) ?? `errno ${String(errno)}`;

export class SystemCallError extends Error {
  override readonly name = 'SystemCallError';
  /** "setns", "recvmmsg". */
  readonly call: string;
  /** What it was for: "enter the namespace of bob". */
  readonly purpose: string;
  readonly errno: number;
  /** "EPERM". */
  readonly code: string;

  constructor(call: string, purpose: string, errno: number, text: string) {
    super(`${purpose}: ${call} failed: ${errnoName(errno)} (${text})`);
    this.call = call;
    this.purpose = purpose;
    this.errno = errno;
    this.code = errnoName(errno);
  }
}

export const EPERM = 1, EINTR = 4, EAGAIN = 11, EACCES = 13, EEXIST = 17, EINVAL = 22, ENETDOWN = 100, ENOBUFS = 105;
