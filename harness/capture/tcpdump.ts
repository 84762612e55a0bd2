/**
 * tcpdump as a child of the agent. By Node's own spawn and not execa: execa would be a third of what Node has to parse
 * under emulation at every boot, and one program with known arguments needs none of it.
 */
import { spawn } from 'node:child_process';

export interface Tcpdump {
  readonly output: NodeJS.ReadableStream;
  readonly messages: NodeJS.ReadableStream;
  /** Resolves when it has ended and all it wrote has been read; with its status or signal, or why it did not start. */
  readonly ended: Promise<string>;
  /** SIGINT: it writes out what it has and ends. */
  interrupt(): void;
}

/**
 * Starts it where the calling thread is: inside `node.inside(…)`, in that namespace. `roomKib` is for frames that it has
 * not read yet: its own 2048 hold some 30 frames of a veth, each of which may be 64 KiB long.
 */
export function startTcpdump(device: string, only?: string, roomKib?: number): Tcpdump {
  const child = spawn('tcpdump', [
    '-i', device, '-n', '-p', '-s', '0', '-U', '--immediate-mode', '--time-stamp-precision=nano',
    ...(roomKib === undefined ? [] : ['-B', String(roomKib)]),
    // Root's tcpdump would become another user, who need not exist in a VM; everybody else's stays who he is.
    ...(process.getuid?.() === 0 ? ['-Z', 'root'] : []), '-w', '-', ...(only === undefined ? [] : [only]),
  ], { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: `${process.env['PATH'] ?? ''}:/usr/bin:/usr/sbin:/bin:/sbin`, LC_ALL: 'C' } });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => { resolve(error.message); });
    child.once('close', (status, signal) => { resolve(status === 0 ? 'it ended' : `it ended with ${signal ?? `status ${String(status)}`}`); });
  });
  return { output: child.stdout, messages: child.stderr, ended, interrupt: () => { child.kill('SIGINT'); } };
}
