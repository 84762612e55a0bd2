/** Lines of the ping tools: written at once, so that a pipe's reader sees each when it happens. */
import { writeSync } from 'node:fs';
import { strerror } from '../system/native/libc.ts';
import { SystemCallError } from '../system/native/errno.ts';

/** As a shell tells that SIGPIPE ended a program. */
const EPIPE_STATUS = 141;

/** All of it, whatever the descriptor is: a pipe whose reader sleeps is waited for, one whose reader is gone ends us. */
function write(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') process.exit(EPIPE_STATUS);
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

export const say = (...lines: readonly string[]): void => { if (lines.length > 0) write(1, `${lines.join('\n')}\n`); };
export const complain = (...lines: readonly string[]): void => { if (lines.length > 0) write(2, `${lines.join('\n')}\n`); };

/** An end of the run with a status, its words said. */
export class Ended extends Error {
  override readonly name = 'Ended';
  readonly status: number;
  readonly lines: readonly string[];
  constructor(status: number, ...lines: readonly string[]) {
    super(lines.join('\n'));
    this.status = status;
    this.lines = lines;
  }
}

/** As the ssmping family says it: what, why, and the number. */
export const systemError = (what: string, errno: number): string[] => [`${what}: ${strerror(errno)}`, `errno=${errno}`];

/** Runs a step whose refusal by the system ends us with status 1, in the family's words. */
export function orEnd<T>(what: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof SystemCallError) throw new Ended(1, ...systemError(what, error.errno));
    throw error;
  }
}
