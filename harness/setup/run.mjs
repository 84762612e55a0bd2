/** Running a program during set-up, before npm packages exist. */
import { spawn } from 'node:child_process';

/**
 * Runs to the end and never throws: { ok, code, stdout, stderr }. With `show`, its output goes to our standard error as
 * it comes (installing takes minutes); otherwise it is kept.
 */
export function run(program, args, { cwd, env = {}, show = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, LC_ALL: 'C', ...env },
      stdio: show ? ['ignore', 2, 'pipe'] : ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout?.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
      if (show) process.stderr.write(chunk);
    });
    child.on('error', (error) => resolve({ ok: false, code: undefined, stdout, stderr: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, code, stdout, stderr }));
  });
}

/** The line of an error stream that says why: apt's start with "E:", npm's with "npm error". */
export function reason(stderr) {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  return lines.find((line) => /^(E:|npm error|dpkg(-deb)?: error)/.test(line)) ?? lines.at(-1) ?? 'no reason given';
}
