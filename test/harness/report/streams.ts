/** A stand-in for stdout: keeps what was written, and is a terminal if asked. */
import { Writable } from 'node:stream';

export interface Recorder extends NodeJS.WriteStream {
  text: string;
}

export function recorder(tty: boolean, columns = 80): Recorder {
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      recording.text += chunk;
      done();
    },
  });
  const recording = Object.assign(stream, { text: '', ...(tty && { isTTY: true, columns, rows: 24 }) }) as unknown as Recorder;
  return recording;
}
