/**
 * `npm run check:determinism -- [--runs N] [--fresh] [SCENARIO#VARIANT and options of run]`: is the same seed the same run,
 * byte for byte? Runs it N times (100), two at a time; --fresh gives every fourth run a cache of its own, so that its
 * machine boots anew. Compares capture, events and plan; status 1 where they are not all the same.
 *
 * Random numbers amplify a single bit of difference, so the variant of the default draws them from the kernel (report
 * delays) and writes down each frame with its nanosecond.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootableKernel, findKernels } from '../harness/kernels/image/find.ts';

const given = process.argv.slice(2);
const fresh = given.includes('--fresh') && given.splice(given.indexOf('--fresh'), 1).length > 0;
const at = given.indexOf('--runs');
const runs = Number(at < 0 ? 100 : given.splice(at, 2)[1]);
const options = given.length > 0 ? given : ['multicast/membership-expiry#legacy-ipv4'];
// A cache of its own has no kernels: the one to boot is named.
const kernel = options.includes('--kernel') ? [] : ['--kernel', bootableKernel(findKernels())?.image ?? 'auto'];

/** One run's digest, and by file. */
async function once(index: number): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'wirewarp-same-'));
  try {
    const env = fresh && index % 4 === 3 ? { ...process.env, XDG_CACHE_HOME: join(dir, '.cache') } : process.env;
    const status = await new Promise<number | null>((resolve) => {
      spawn(process.execPath, [join(import.meta.dirname, '../dist/wirewarp.js'), 'run', '--seed', '1', ...kernel, ...options, '--capture', 'all', '--reporter', 'plain', '--results', join(dir, 'results')], { stdio: 'ignore', env }).once('close', resolve);
    });
    const files = readdirSync(join(dir, 'results'), { recursive: true, encoding: 'utf8' }).filter((file) => /(ndjson|pcapng|plan\.sh)$/.test(file)).sort();
    if (status !== 0 || files.length < 3) return `ended with status ${String(status)}`;
    return files.map((file) => `${file.split('/').slice(1).join('/')} ${createHash('sha256').update(readFileSync(join(dir, 'results', file))).digest('hex').slice(0, 12)}`).join('\n');
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const seen = new Map<string, number>();
let next = 0;
await Promise.all([0, 1].map(async () => {
  for (let index = next++; index < runs; index = next++) {
    const digest = await once(index);
    seen.set(digest, (seen.get(digest) ?? 0) + 1);
    process.stderr.write(`\r${[...seen.values()].reduce((a, b) => a + b, 0)} of ${runs}, ${seen.size} different `);
  }
}));
process.stderr.write('\n');
const [most, ...others] = [...seen].sort((a, b) => b[1] - a[1]);
console.log(`${most?.[1] ?? 0} of ${runs} runs were the same\n${most?.[0] ?? ''}`);
for (const [digest, count] of others) console.log(`${count}: ${digest}`);
process.exit(others.length === 0 && !/^ended/.test(most?.[0] ?? 'ended') ? 0 : 1);
