// Verdicts, told apart from outside: each ending of a story, a kernel that dies, one that never comes up, one that lacks bonding.
import { cpSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { bootableKernel, findKernels } from '../../harness/kernels/image/find.ts';
import { checkout, command, onlyRun, resultOf, resultsFolder, whyNoVm } from './command.ts';

const skip = await whyNoVm();
const fixture = join(checkout, 'test/e2e/fixtures/verdicts.ts');

void t.test('in a VM', { skip, timeout: 600_000 }, async (t) => {
  const results = resultsFolder();
  t.teardown(results.remove);
  const { status } = await command(['run', fixture, '--jobs', '2', '--results', results.path, '--reporter', 'plain']);
  const { record, dir } = onlyRun(results.path);
  const name = record.results[0]?.scenario ?? '';
  const verdict = (variant: string): string => resultOf(record, name, variant).verdict;
  t.equal(verdict('held'), 'held');
  t.equal(verdict('wrong-bound'), 'broken');
  t.match(resultOf(record, name, 'wrong-bound').reason, /did not stop/);
  t.equal(verdict('unplugged'), 'broken', 'a mutilated plan breaks the claim');
  t.equal(verdict('no-claim'), 'errored', 'a story without claims proves nothing');
  t.equal(verdict('throws'), 'errored');
  t.match(resultOf(record, name, 'throws').reason, /the story threw this/);
  t.equal(verdict('breaks-then-throws'), 'broken', 'what was found before the error stays found');
  t.match(resultOf(record, name, 'breaks-then-throws').reason, /did not stop.*\nthe story then ended with an error: and then this/s);
  t.equal(verdict('endless'), 'errored');
  t.match(resultOf(record, name, 'endless').reason, /deadline of 100 s/, 'the deadline in protocol time ends it');
  t.equal(verdict('waits-for-ever'), 'errored', 'and no panic of a process that has nothing left to do');
  t.match(resultOf(record, name, 'waits-for-ever').reason, /deadline of 100 s .* something that did not happen/);
  t.equal(verdict('throws-later'), 'errored', 'and no panic either');
  t.match(resultOf(record, name, 'throws-later').reason, /a timer threw this/);
  t.equal(verdict('samples-none'), 'errored', 'a claim over zero samples is no answer');
  const oops = resultOf(record, name, 'oops');
  t.equal(oops.verdict, 'crashed');
  t.match(oops.reason, /panic|oops/i);
  t.ok(oops.files.some((f) => f.endsWith('console.log') && /Kernel panic|sysrq/i.test(readFileSync(join(dir, f), 'utf8'))), 'the console log is kept');
  t.equal(verdict('warns'), 'crashed', 'a WARNING counts although the story went well');
  t.match(resultOf(record, name, 'warns').reason, /^the kernel complained \(WARNING\) during "this is where it warns", which began at 0\.\d s:\n.*WARNING: CPU: 0 PID: 1 at net/);
  t.equal(status, 1, 'something broken or crashed');
  t.end();
});

void t.test('a complaint that is allowed, and only that one', { skip, timeout: 600_000 }, async (t) => {
  for (const [pattern, expected] of [['net/core/dev\\.c:1 ', 'held'], ['net/core/dev\\.c:2 ', 'crashed']] as const) {
    const results = resultsFolder();
    t.teardown(results.remove);
    await command(['run', `${fixture}#warns`, '--allow-log', pattern, '--results', results.path, '--reporter', 'plain']);
    t.equal(onlyRun(results.path).record.results[0]?.verdict, expected, pattern);
  }
  t.end();
});

void t.test('QEMU that does not start, or that somebody ends: not the kernel’s fault', { skip, timeout: 600_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wirewarp-test-'));
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }); });
  const qemu = join(folder, 'qemu');
  for (const [what, script, reason] of [
    ['an option that it does not know', 'exec qemu-system-x86_64 "$@" -no-such-option', /did not come up, .* and said: .*-no-such-option: invalid option\. This QEMU is too old/],
    ['too little memory', 'exec prlimit --as=300000000 qemu-system-x86_64 "$@"', /did not come up, .*allocate.* Free memory, or run fewer at a time/],
    ['not a word', 'exit 1', /did not come up, .*QEMU ended with status 1\. `npx wirewarp doctor`/],
    ['SIGTERM', '(sleep 1; kill $$) & exec qemu-system-x86_64 "$@"', /QEMU was told to end, and not by us: terminating on signal 15/],
    ['SIGKILL', '(sleep 1; kill -9 $$) & exec qemu-system-x86_64 "$@"', /QEMU was ended by SIGKILL/],
  ] as const) {
    writeFileSync(qemu, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const results = resultsFolder();
    t.teardown(results.remove);
    const { status } = await command(['run', `${fixture}#held`, '--qemu', qemu, '--results', results.path, '--reporter', 'plain']);
    const [result] = onlyRun(results.path).record.results;
    t.equal(result?.verdict, 'errored', what);
    t.match(result?.reason, reason, what);
    t.equal(status, 4, what);
  }
  t.end();
});

void t.test('on the running kernel: what a story leaves hanging, or throws where nobody catches', { timeout: 60_000 }, async (t) => {
  const results = resultsFolder();
  t.teardown(results.remove);
  await command(['run', `${fixture}#waits-for-ever`, `${fixture}#throws-later`, '--kernel', 'running', '--time', 'scaled=25', '--results', results.path, '--reporter', 'plain']);
  const { record } = onlyRun(results.path);
  const name = record.results[0]?.scenario ?? '';
  t.match(resultOf(record, name, 'waits-for-ever'), { verdict: 'errored', reason: /^the story waited past its deadline of 100 s of protocol time for something that did not happen$/ });
  t.match(resultOf(record, name, 'throws-later'), { verdict: 'errored', reason: /^a timer threw this$/ });
  t.end();
});

void t.test('a kernel that never comes up', { skip, timeout: 120_000 }, async (t) => {
  const kernel = bootableKernel(findKernels());
  if (!kernel) { t.fail('no kernel'); return; }
  const folder = mkdtempSync(join(tmpdir(), 'wirewarp-test-'));
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }); });
  const image = join(folder, 'vmlinuz-cut');
  copyFileSync(kernel.image, image);
  truncateSync(image, 400_000);
  const results = resultsFolder();
  t.teardown(results.remove);
  const { status } = await command(['run', `${fixture}#held`, '--kernel', image, ...(kernel.modules ? ['--modules', kernel.modules] : []), '--timeout', '10', '--results', results.path, '--reporter', 'plain']);
  t.equal(onlyRun(results.path).record.results[0]?.verdict, 'crashed');
  t.equal(status, 1);
  t.end();
});

void t.test('a kernel without bonding', { skip, timeout: 120_000 }, async (t) => {
  const kernel = bootableKernel(findKernels());
  if (!kernel?.modules) { t.fail('no kernel with modules'); return; }
  const folder = mkdtempSync(join(tmpdir(), 'wirewarp-test-'));
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }); });
  for (const part of ['net/bridge', 'net/llc', 'net/802', 'net/8021q', 'drivers/net/veth.ko', 'net/packet', 'net/ipv6']) {
    const from = join(kernel.modules, 'kernel', part);
    if (!existsSync(from)) continue;
    mkdirSync(join(folder, 'kernel', part, '..'), { recursive: true });
    cpSync(from, join(folder, 'kernel', part), { recursive: true });
  }
  const builtin = join(kernel.modules, 'modules.builtin');
  if (existsSync(builtin)) copyFileSync(builtin, join(folder, 'modules.builtin'));
  else writeFileSync(join(folder, 'modules.builtin'), '');
  const results = resultsFolder();
  t.teardown(results.remove);
  const { status } = await command(['run', 'C2', '--kernel', kernel.image, '--modules', folder, '--results', results.path, '--reporter', 'plain']);
  const { record } = onlyRun(results.path);
  t.ok(record.results.length > 0);
  for (const result of record.results) {
    t.equal(result.verdict, 'skipped');
    t.match(result.reason, /lacks bonding .*CONFIG_BONDING/s, 'what is missing and how to get it');
  }
  t.equal(status, 3, 'nothing could run');
  t.end();
});

void t.test('a scenario file that does not load: file, line, reason; status 2', { timeout: 60_000 }, async (t) => {
  const results = resultsFolder();
  t.teardown(results.remove);
  const { status, stdout, stderr } = await command(['run', join(checkout, 'test/e2e/fixtures/does-not-load.ts'), '--results', results.path]);
  t.equal(status, 2);
  t.match(stdout + stderr, /does-not-load\.ts:\d+/);
  t.end();
});
