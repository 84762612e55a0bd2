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

/** What a terminal shows after this text: as much of one as log-update needs. Throws at a sequence it does not know. */
export function screen(text: string): string[] {
  const rows: string[] = [''];
  let [row, column] = [0, 0];
  // eslint-disable-next-line no-control-regex
  for (const [token, parameter = '', command] of text.matchAll(/\x1b\[([?\d;]*)([A-Za-z])|[^]/gu)) {
    const line = rows[row] ?? '';
    if (token === '\n') [row, column] = [row + 1, 0];
    else if (command === undefined) {
      rows[row] = line.slice(0, column).padEnd(column) + token + line.slice(column + token.length);
      column += token.length;
    } else if (command === 'A') row = Math.max(0, row - Number(parameter || 1));
    else if (command === 'B') row += Number(parameter || 1);
    else if (command === 'G') column = Number(parameter || 1) - 1;
    else if (command === 'K') rows[row] = parameter === '2' ? '' : line.slice(0, column);
    else if (!['h', 'l', 'm'].includes(command)) throw new Error(`unknown escape sequence ${JSON.stringify(token)}`);
    while (rows.length <= row) rows.push('');
  }
  while (rows.at(-1) === '') rows.pop();
  return rows.map((one) => one.trimEnd());
}
