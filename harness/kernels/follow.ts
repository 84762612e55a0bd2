/** Follow a file that another process appends to, line by line. A file never blocks its writer; a pipe does, and that would reach the guest's clock. */
import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** QEMU writes a serial port byte by byte: looking every so often is cheaper than being told of each. */
const LOOK_EVERY_MS = 20;

/** Yields whole lines as they appear. Once `ended()` says that the writer is gone it reads what is left, and ends. */
export async function* followLines(path: string, ended: () => boolean): AsyncGenerator<string> {
  const file = await open(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(1 << 16);
    let rest: Buffer[] = [];
    let position = 0;
    for (;;) {
      // Asked before reading: what was written before the end is then surely read.
      const over = ended();
      for (;;) {
        const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
        if (bytesRead === 0) break;
        position += bytesRead;
        let start = 0;
        for (let newline = chunk.indexOf(10); newline >= 0 && newline < bytesRead; newline = chunk.indexOf(10, start)) {
          rest.push(Buffer.from(chunk.subarray(start, newline)));
          yield Buffer.concat(rest).toString();
          rest = [];
          start = newline + 1;
        }
        if (start < bytesRead) rest.push(Buffer.from(chunk.subarray(start, bytesRead)));
      }
      if (over) return;
      await delay(LOOK_EVERY_MS);
    }
  } finally {
    await file.close();
  }
}
