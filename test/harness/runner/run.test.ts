// Whose failure it was, told from outside: the kernel's, the machine's, or our own agent's.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { AgentRecord } from '../../../harness/agent/protocol.ts';
import type { Ending, Kernel } from '../../../harness/kernels/kernel.ts';
import { QEMU_DEFAULTS, qemuKernel } from '../../../harness/kernels/qemu.ts';
import { run } from '../../../harness/runner/run.ts';
import { parseRunRecord } from '../../../lib/render/run-schema.ts';
import { sample } from './sample.ts';

const folder = mkdtempSync(join(tmpdir(), 'wirewarp-test-'));
t.teardown(() => { rmSync(folder, { recursive: true, force: true }); });

const hello: AgentRecord = { t: 'hello', release: '6.1.0', version: '#1', hz: 250, cpus: 1, clockNs: 0 };

/** A VM that says this and ends so. */
const vm = (records: readonly AgentRecord[], log: string, ending: Ending): Kernel => ({
  id: 'qemu:test', place: 'qemu', virtualTime: true,
  launch: () => Promise.resolve({
    // eslint-disable-next-line @typescript-eslint/require-await -- a place speaks in its own time
    records: (async function* () { yield* records; })(),
    console: () => Promise.resolve(log), ending: () => ending, kill: () => Promise.resolve(),
  }),
});

let runs = 0;
async function resultOn(kernel: Kernel, variants = ['healthy']) {
  const dir = join(folder, String(runs++));
  mkdirSync(dir);
  const record = await run({
    selections: variants.map((variant) => ({ ...sample('multicast/one', { variants }), variant, control: false })), kernels: [{ kernel, reason: 'a test' }], runId: 'test', dir, seed: 1, time: 'warp', jobs: 1,
    capture: 'none', captureEverything: false, wirewarp: '0', command: [], onEvent: () => undefined, signal: new AbortController().signal, wallDeadlineMs: 20_000,
  });
  return record.results.at(-1);
}

t.test('the agent says that it failed', async (t) => {
  const result = await resultOn(vm([hello, { t: 'failed', reason: 'Error: no such thing\n    at somewhere' }], '', { how: 'done' }));
  t.match(result, { verdict: 'errored', reason: /our agent failed during "booting": Error: no such thing/ });
});

t.test('init that ends by itself is no crash of the kernel, one that is killed may be', async (t) => {
  const panic = (code: string) => `a last word\nKernel panic - not syncing: Attempted to kill init! exitcode=0x${code}\n`;
  t.match(await resultOn(vm([hello], panic('00004600'), { how: 'died', detail: 'QEMU ended with status 0' })), { verdict: 'errored', reason: /our agent in the VM ended with status 70 .*a last word/s });
  t.match(await resultOn(vm([hello], panic('0000000b'), { how: 'died', detail: 'QEMU ended with status 0' })), { verdict: 'crashed', reason: /the kernel complained \(panic\)/ });
  t.match(await resultOn(vm([hello], `BUG: kernel NULL pointer dereference, address: 0\n${panic('00004600')}`, { how: 'died', detail: 'QEMU ended with status 0' })), { verdict: 'crashed' }, 'what the kernel said first counts');
});

t.test('a QEMU that cannot run a kernel says nothing of the kernel', async (t) => {
  const qemu = (script: string) => {
    const path = join(folder, `qemu-${runs}`);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return qemuKernel({ ...QEMU_DEFAULTS, release: 'x', image: '/nonexistent', initramfs: '/nonexistent', qemu: path });
  };
  t.match(await resultOn(qemu("echo \"qemu-system-x86_64: cannot set up guest memory 'pc.ram': Cannot allocate memory\" >&2; exit 1")), { verdict: 'errored', reason: /Cannot allocate memory/ });
  t.match(await resultOn(qemu('echo "qemu: error reading initrd x.cpio: Failed to open file" >&2; exit 1')), { verdict: 'errored', reason: /error reading initrd/ }, 'its files are gone');
  t.match(await resultOn(qemu('kill -KILL $$')), { verdict: 'errored', reason: /SIGKILL/ }, "the OOM killer's");
  t.match(await resultOn(qemuKernel({ ...QEMU_DEFAULTS, release: 'x', image: '/nonexistent', initramfs: '/nonexistent', qemu: '/nonexistent/qemu' })), { verdict: 'errored', reason: /No such file/ });
  t.match(await resultOn(qemu('exit 0')), { verdict: 'crashed', reason: /the kernel never reached our agent/ }, 'a guest that resets at once');
});

t.test('a VM whose kernel uses fewer CPUs than it was given is none that was asked for', async (t) => {
  const kernel: Kernel = { ...vm([hello, { t: 'bye' }], '', { how: 'died', detail: 'killed' }), cpus: 2, virtualTime: false };
  t.match(await resultOn(kernel), { verdict: 'errored', reason: /given 2 CPUs, and its kernel uses 1/ });
});

t.test('a VM that never came up says so, although one of the same kernel did before it', async (t) => {
  const places = [vm([hello, { t: 'bye' }], '', { how: 'done' }), vm([], '', { how: 'died', detail: 'QEMU ended with status 0' })];
  const kernel: Kernel = { ...vm([], '', { how: 'done' }), launch: (job, options) => (places.shift() as Kernel).launch(job, options) };
  t.match(await resultOn(kernel, ['first', 'second']), { verdict: 'crashed', reason: /^the kernel never reached our agent/ });
});

t.test('a control that breaks in another claim than it names is not as expected', async (t) => {
  const claim = (words: string, verdict: 'held' | 'broken') => ({ claim: words, verdict, expected: 'e', observed: 'o', atS: 1, reasons: [], figures: {}, evidence: [] });
  const answer = { title: 'one', cases: [], expected: 'broken' as const, verdict: 'broken' as const, reason: 'bob is deaf', claims: [claim('bob hears', 'broken'), claim('carol hears', 'held')], figures: {}, protocolS: 1, readouts: [], phasesMs: {} };
  const control = async (breaks?: string) => {
    const { scenario, ...rest } = sample('multicast/one', { variants: ['v'], controls: ['c'] });
    const dir = join(folder, String(runs++));
    mkdirSync(dir);
    const record = await run({
      selections: [{ ...rest, scenario: { ...scenario, controls: { c: breaks === undefined ? {} : { breaks } } }, variant: 'c', control: true }],
      kernels: [{ kernel: vm([hello, { t: 'result', result: answer }], '', { how: 'done' }), reason: 'a test' }], runId: 'test', dir, seed: 1, time: 'warp', jobs: 1,
      capture: 'none', captureEverything: false, wirewarp: '0', command: [], onEvent: () => undefined, signal: new AbortController().signal, wallDeadlineMs: 20_000,
    });
    t.doesNotThrow(() => parseRunRecord(JSON.parse(JSON.stringify(record))), 'a record that readers take');
    return record.results[0];
  };
  t.match(await control(), { asExpected: true });
  t.match(await control('bob'), { asExpected: true, breaks: ['bob'] });
  t.match(await control('carol'), { verdict: 'broken', asExpected: false, reason: /^broken, but in another claim: not in carol\nbob is deaf/ });
});
