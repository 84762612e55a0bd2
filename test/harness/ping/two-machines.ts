/** Two machines on one cable, in namespaces of the test's own, and every frame on it. Call `isolated` first. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cachedTree, fetchProgram } from '../../../harness/setup/fetch-program.mjs';
import { createNamespace, type NetworkNamespace } from '../../../harness/system/native/namespaces.ts';
import { NetlinkSocket } from '../../../harness/system/native/netlink-socket.ts';
import { ETH_P_ALL, PacketSocket } from '../../../harness/system/native/packet-socket.ts';
import { addressAdd, linkAdd, linkSet, routeAdd } from '../../../lib/netlink/index.ts';
import { decodeFrame, type Frame } from '../../../lib/wire/index.ts';

const checkout = join(dirname(fileURLToPath(import.meta.url)), '../../..');
export const ADDRESS = { a: '10.77.0.1', b: '10.77.0.2', a6: 'fd77::1', b6: 'fd77::2' };
export const ETH0 = 7;

export interface Ended { readonly pid: number; readonly status: number | null; readonly stdout: string; readonly stderr: string }
export interface Program { readonly pid: number; readonly ended: Promise<Ended>; says(text: string): Promise<void>; kill(signal?: NodeJS.Signals): void; readonly said: () => string }

export interface TwoMachines extends AsyncDisposable {
  readonly a: NetworkNamespace;
  readonly b: NetworkNamespace;
  start(where: 'a' | 'b', program: string, args?: readonly string[]): Program;
  run(where: 'a' | 'b', program: string, args?: readonly string[]): Promise<Ended>;
  /** Frames at b's end from now on, sent and received. */
  capture(): { readonly frames: Frame[]; readonly stop: () => void };
}

export function twoMachines(): TwoMachines {
  const a = createNamespace({ path: '/run/netns/a' }), b = createNamespace({ path: '/run/netns/b' });
  const programs = new Set<Program>();
  {
    using inside = new NetlinkSocket(a.fd);
    inside.request([linkAdd({ kind: 'veth', name: 'eth0', index: ETH0, mac: '02:00:00:00:00:0a', peer: { name: 'eth0', index: ETH0, netnsFd: b.fd, mac: '02:00:00:00:00:0b' } })]);
  }
  for (const [{ fd }, v4, v6] of [[a, ADDRESS.a, ADDRESS.a6], [b, ADDRESS.b, ADDRESS.b6]] as const) {
    using inside = new NetlinkSocket(fd);
    inside.request([
      linkSet('lo', { up: true }), linkSet(ETH0, { up: true }), addressAdd({ index: ETH0, address: `${v4}/24` }), addressAdd({ index: ETH0, address: `${v6}/64`, noDad: true }),
      // The original joins where its routes lead.
      routeAdd({ destination: 'default', index: ETH0 }),
    ]);
  }
  const start: TwoMachines['start'] = (where, program, args = []) => {
    // nsenter becomes the program: its number is the one that the packets carry.
    const child = spawn('nsenter', [`--net=/run/netns/${where}`, '--', program, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_OPTIONS: '', LC_ALL: 'C' } });
    let [stdout, stderr] = ['', ''];
    const waiting: { text: string; resolve: () => void }[] = [];
    const heard = (): void => { for (const w of waiting) if (stdout.includes(w.text) || stderr.includes(w.text)) w.resolve(); };
    child.stdout.on('data', (chunk: Buffer) => { stdout += chunk.toString(); heard(); });
    child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString(); heard(); });
    const ended = new Promise<Ended>((resolve) => { child.once('close', (status) => { programs.delete(made); resolve({ pid: child.pid ?? 0, status, stdout, stderr }); }); });
    const made: Program = { pid: child.pid ?? 0, ended, said: () => stdout, kill: (signal = 'SIGTERM') => { child.kill(signal); }, says: (text) => new Promise((resolve) => { waiting.push({ text, resolve }); heard(); }) };
    programs.add(made);
    return made;
  };
  return {
    a, b, start,
    run: (where, program, args) => start(where, program, args).ended,
    capture() {
      const frames: Frame[] = [];
      const socket = new PacketSocket({ namespace: b.fd, index: ETH0, receive: ETH_P_ALL, promiscuous: true, outgoing: true, receiveBufferBytes: 8 << 20 });
      socket.onReceive((received) => { frames.push(decodeFrame(received.copy())); }, { holds: false });
      return { frames, stop: () => { socket.close(); } };
    },
    async [Symbol.asyncDispose]() {
      for (const program of programs) program.kill('SIGKILL');
      await Promise.all([...programs].map(({ ended }) => ended));
      a.close();
      b.close();
    },
  };
}

const WHY = 'WIREWARP_TEST_NO_SSMPING';

/** Before `isolated`, where there is a network: our build brought up to date, and Debian's package fetched (unpacked, not installed). */
export async function prepare(): Promise<void> {
  if (process.env['WIREWARP_TEST_ISOLATED'] !== undefined) return;
  const built = spawnSync(process.execPath, [join(checkout, 'harness/setup/build.mjs')], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`the build failed: ${built.stderr}`);
  if (cachedTree('ssmping') !== undefined) return;
  const failed = process.env['WIREWARP_NO_FETCH'] === '1' ? 'fetching is forbidden (--no-install)' : (await fetchProgram('ssmping', { say: () => undefined })).failed;
  if (failed !== undefined) process.env[WHY] = `Debian's ssmping cannot be had here: ${failed}`;
}

/** Our tools under the originals' names, and Debian's, or why there are none. */
export function tools(): { ours: (name: string) => string; theirs: ((name: string) => string) | undefined; why: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'wirewarp-test-'));
  for (const name of ['omping', 'ssmping', 'asmping', 'ssmpingd', 'mcfirst']) symlinkSync(join(checkout, 'dist/ping.js'), join(folder, name));
  const tree = cachedTree('ssmping');
  return {
    ours: (name) => join(folder, name), theirs: tree === undefined ? undefined : (name) => join(tree, 'usr/bin', name), why: process.env[WHY] ?? "Debian's ssmping was not fetched",
    remove: () => { rmSync(folder, { recursive: true, force: true }); },
  };
}
