/** Runs the built command as a user does, into a results folder of the test's own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseRunRecord } from '../../lib/render/run-schema.ts';
import type { ResultRecord, RunRecord } from '../../lib/record.ts';

export const checkout = join(dirname(fileURLToPath(import.meta.url)), '../..');
const program = join(checkout, 'dist/wirewarp.js');

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Begun {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when stdout or stderr has held the text. */
  said(text: string): Promise<void>;
}

export function begin(args: readonly string[], env: Record<string, string> = {}): Begun {
  const child = spawn(process.execPath, [program, ...args], { cwd: checkout, env: { ...process.env, NO_COLOR: '1', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  const waiting: { text: string; resolve: () => void }[] = [];
  const heard = (): void => {
    for (const w of waiting) if (stdout.includes(w.text) || stderr.includes(w.text)) w.resolve();
  };
  child.stdout.on('data', (chunk: Buffer) => { stdout += chunk.toString(); heard(); });
  child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString(); heard(); });
  const ended = new Promise<Ended>((resolve) => { child.once('close', (status, signal) => { resolve({ status, signal, stdout, stderr }); }); });
  return {
    child, ended,
    said: (text) => Promise.race([
      new Promise<void>((resolve) => { waiting.push({ text, resolve }); heard(); }),
      ended.then((e) => { if (!e.stdout.includes(text) && !e.stderr.includes(text)) throw new Error(`ended with ${String(e.status)} without saying "${text}":\n${e.stdout}\n${e.stderr}`); }),
    ]),
  };
}

export const command = (args: readonly string[], env?: Record<string, string>): Promise<Ended> => begin(args, env).ended;

/** A results folder that the test removes. */
export function resultsFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'wirewarp-test-'));
  return { path, remove: () => { rmSync(path, { recursive: true, force: true }); } };
}

/** The only run in a results folder. */
export function onlyRun(results: string): { record: RunRecord; dir: string } {
  const [name, ...more] = readdirSync(results).filter((n) => !n.startsWith('.'));
  if (name === undefined || more.length > 0) throw new Error(`one run expected in ${results}: ${[name, ...more].join(', ')}`);
  const dir = join(results, name);
  return { record: parseRunRecord(JSON.parse(readFileSync(join(dir, 'run.json'), 'utf8'))), dir };
}

export const resultOf = (record: RunRecord, scenario: string, variant: string): ResultRecord => {
  const found = record.results.find((r) => r.scenario === scenario && r.variant === variant);
  if (!found) throw new Error(`no result of ${scenario}#${variant}; there are ${record.results.map((r) => `${r.scenario}#${r.variant}`).join(', ')}`);
  return found;
};

/** Why VMs cannot run here, for tests that need them. In CI set-up must have made it possible: there it is a failure. */
export async function whyNoVm(): Promise<string | false> {
  const { stdout } = await command(['doctor', '--json']);
  const { canRun } = JSON.parse(stdout) as { canRun: string[] };
  if (canRun.some((place) => place.includes('VMs'))) return false;
  const why = 'no VM can run on this machine: npx wirewarp doctor says what to install';
  if (process.env['CI']) throw new Error(why);
  return why;
}
