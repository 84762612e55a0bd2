/** The running kernel's own log, from now on: /dev/kmsg gives one record a read, and keeps our place in it. */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { formatKmsg } from '../../lib/kernel-log.ts';

/** A record is at most this long (PRINTKRB_RECORD_MAX, CONSOLE_EXT_LOG_MAX); a smaller buffer gets EINVAL. */
const RECORD_BYTES = 8192;

export interface KernelLog {
  /** Lines since the begin, as a console shows them. */
  text(): string;
  /** How many those are. */
  lines(): number;
  close(): void;
}

/** In words why not, where we may not: most distributions reserve the log to root. */
export function openKernelLog(path = '/dev/kmsg'): KernelLog | string {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return `${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}): run as root, or set kernel.dmesg_restrict=0`;
  }
  /** A record may be of several lines. */
  const lines: string[] = [];
  let closed = false;
  const drain = (keep: boolean): void => {
    const buffer = Buffer.allocUnsafe(RECORD_BYTES);
    while (!closed) {
      let length: number;
      try {
        length = readSync(fd, buffer, 0, RECORD_BYTES, null);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        // The oldest were overwritten before we came: the next read goes on behind the gap.
        if (code === 'EPIPE') continue;
        if (code === 'EAGAIN') return;
        throw error;
      }
      if (length === 0) return;
      if (keep) lines.push(...formatKmsg(buffer.toString('utf8', 0, length)).split('\n'));
    }
  };
  drain(false);
  return {
    text: () => { drain(true); return lines.join('\n'); },
    lines: () => { drain(true); return lines.length; },
    close: () => {
      if (closed) return;
      closed = true;
      closeSync(fd);
    },
  };
}
