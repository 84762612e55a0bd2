/** QEMU's monitor on its standard input and output (-qmp stdio): commands in, answers and events out, a JSON text a line (qemu: docs/interop/qmp-spec.txt). */
import { createInterface } from 'node:readline';
import type { Started } from '../system/exec.ts';

export interface QmpMessage {
  readonly event?: string;
  readonly data?: { readonly status?: string };
  readonly error?: { readonly desc?: string };
}

export interface Qmp {
  readonly ask: (command: string, args?: object) => void;
  readonly messages: AsyncIterable<QmpMessage>;
}

/** Its end is the end of the messages. */
export function openQmp(vm: Pick<Started, 'stdin' | 'stdout'>): Qmp {
  vm.stdin?.on('error', () => undefined);
  const ask = (execute: string, args?: object): void => { vm.stdin?.write(`${JSON.stringify({ execute, ...(args === undefined ? {} : { arguments: args }) })}\n`); };
  ask('qmp_capabilities');
  return { ask, messages: read(vm.stdout as NodeJS.ReadableStream) };
}

async function* read(output: NodeJS.ReadableStream): AsyncGenerator<QmpMessage> {
  for await (const line of createInterface({ input: output })) yield JSON.parse(line) as QmpMessage;
}
