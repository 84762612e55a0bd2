import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { decodeJob, FROZEN_JOB, FROZEN_JOB_BYTES, type Job } from '../../../harness/agent/protocol.ts';
import { endsUnfit, frozenMachine } from '../../../harness/kernels/frozen.ts';
import { machineFiles } from '../../../harness/kernels/machine-process.ts';
import { freezingArguments, goOn, qemuArguments, QEMU_DEFAULTS, qemuKernel, type QemuOptions, thawedArguments } from '../../../harness/kernels/qemu.ts';
import { formatRecord } from '../../../harness/kernels/records.ts';
import { eventually } from '../../../harness/system/eventually.ts';
import { ourselves, startTicks } from '../../../harness/system/owner.ts';

const options: QemuOptions = { ...QEMU_DEFAULTS, release: '6.1', image: '/boot/vmlinuz', initramfs: '/cache/i.cpio' };
const job: Job = { scenario: 'a/b', variant: 'c', control: false, seed: 7, scale: 1, capture: 'claims', deadlineS: 10, warp: true };
const valueOf = (args: readonly string[], name: string): string => args[args.indexOf(name) + 1] ?? '';

t.test('a boot in virtual time skips idle time, and all that is random follows from the seed', (t) => {
  const args = qemuArguments(options, job, machineFiles('/r'));
  t.equal(valueOf(args, '-icount'), 'shift=0,sleep=off');
  t.equal(valueOf(args, '-seed'), '7');
  t.equal(valueOf(args, '-serial'), 'file:/r/console.log');
  t.notOk(qemuArguments({ ...options, time: 'real' }, job, machineFiles('/r')).includes('-icount'));
  const several = qemuArguments({ ...options, time: 'real', cpus: 2 }, job, machineFiles('/r'));
  t.equal(valueOf(several, '-smp'), '2');
  t.match(valueOf(several, '-accel'), 'thread=multi', 'each CPU has a thread of its own');
  t.equal(valueOf(args, '-smp'), '1');
  t.equal(qemuKernel({ ...options, time: 'real', cpus: 2 }).cpus, 2);
  t.end();
});

t.test('what goes on from a saved state is the same machine, with a job', (t) => {
  const freezing = freezingArguments(options, machineFiles('/r'));
  const thawed = thawedArguments(options, job, machineFiles('/r'));
  // What the job and the two lives differ in.
  const own = new Set(['-seed', '-fw_cfg', '-initrd', '-append', '-action', '-incoming', '-object', '-icount']);
  const shared = (args: readonly string[]): string[] => args.filter((arg, i) => !own.has(arg) && !own.has(args[i - 1] ?? ''));
  t.same(shared(thawed), shared(freezing));
  const [name, text] = valueOf(thawed, '-fw_cfg').split(',string=');
  t.equal(name, `name=${FROZEN_JOB}`);
  t.same(decodeJob(text?.trim() ?? ''), job);
  t.equal(valueOf(freezing, '-fw_cfg').length, valueOf(thawed, '-fw_cfg').length, 'a kernel asks for the length once');
  t.equal(valueOf(freezing, '-fw_cfg').trim(), `name=${FROZEN_JOB},string=`, 'no job before it was stopped');
  t.equal(valueOf(thawed, '-incoming'), 'defer', 'read when it is asked for: its end would go unheard before the greeting');
  t.equal(valueOf(thawed, '-icount'), `${valueOf(freezing, '-icount')},rr=record,rrfile=/dev/null`, 'its main loop and its CPU take turns');
  const memory = valueOf(freezing, '-object');
  t.match(memory, /mem-path=memory,share=on$/, 'what was booted writes the file');
  t.equal(valueOf(thawed, '-object'), memory.replace('share=on', 'share=off'), 'what goes on never does: others go on from it too');
  t.throws(() => thawedArguments(options, { ...job, scenario: 'x'.repeat(FROZEN_JOB_BYTES) }, machineFiles('/r')), /room for/);
  t.end();
});

t.test('its state is asked for after the greeting, and it goes on once that is there', async (t) => {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  let killed = false;
  const over = goOn({ stdin, stdout, kill: () => (killed = true) });
  const said = (): string[] => String((stdin.read() as Buffer | null) ?? '').split('\n').filter(Boolean).map((line) => (JSON.parse(line) as { execute: string }).execute);
  t.same(said(), ['qmp_capabilities', 'migrate-set-capabilities', 'migrate-incoming']);
  const answers = async (...messages: object[]): Promise<void> => {
    for (const message of messages) stdout.write(`${JSON.stringify(message)}\n`);
    await new Promise((resolve) => { setImmediate(() => setImmediate(resolve)); });
  };
  await answers({ return: {} }, { event: 'MIGRATION', data: { status: 'setup' } }, { return: {} }, { event: 'MIGRATION', data: { status: 'active' } });
  t.same(said(), []);
  await answers({ event: 'MIGRATION', data: { status: 'completed' } });
  t.same(said(), ['cont']);
  t.notOk(killed);
  await answers({ error: { desc: 'no such state' } });
  t.ok(killed, 'what is refused is not waited for');
  stdout.end();
  await over;
});

t.test('a comma in a path is no option’s end', (t) => {
  t.ok(thawedArguments(options, job, machineFiles('/a,b')).includes('file,id=channel,append=on,path=/a,,b/channel'));
  t.end();
});

t.test('a machine that does not come to be stopped is not waited for', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'wirewarp-'));
  t.teardown(() => { rmSync(dir, { recursive: true }); });
  const file = join(dir, 'channel');
  const says = async (...records: Parameters<typeof formatRecord>[0][]): Promise<boolean> => {
    writeFileSync(file, records.map(formatRecord).join(''));
    return endsUnfit(file, () => true);
  };
  t.equal(await says({ t: 'warp', phase: 'begin', sleptS: 60 }, { t: 'warp', phase: 'end', sleptS: 60 }, { t: 'stopping' }), false);
  t.equal(await says({ t: 'failed', reason: 'no watchdog' }), true);
  t.equal(await says({ t: 'warp', phase: 'begin', sleptS: 0 }, { t: 'warp', phase: 'end', sleptS: -1 }), true, 'its time does not skip');
});

t.test('a machine that has booted stays while it is used, and is made anew when it is gone', async (t) => {
  const cache = mkdtempSync(join(tmpdir(), 'wirewarp-'));
  t.teardown(() => { rmSync(cache, { recursive: true }); });
  // A QEMU that says what QEMU says, and leaves a state.
  const qemu = join(cache, 'qemu');
  const said = ['{"event":"STOP"}', '{"event":"MIGRATION","data":{"status":"completed"}}'].map((line) => `echo '${line}'`).join('; ');
  writeFileSync(qemu, `#!/bin/sh\necho x > state; echo x > memory; ${said}; exec sleep 9\n`, { mode: 0o755 });
  const machines = join(cache, 'machines');
  const ask = () => frozenMachine({ ...options, qemu }, { wallDeadlineMs: 5000 }, machines);
  const [first, beside] = await Promise.all([ask(), ask()]);
  t.ok(first && existsSync(join(first.dir, 'state')));
  t.equal(beside?.dir, first?.dir, 'two at a time have one');
  t.same(readdirSync(machines).length, 1, 'and nothing else is left');
  const dir = first?.dir ?? '';
  utimesSync(dir, 1, 1);
  await ask();
  t.ok(Date.now() - statSync(dir).mtimeMs < 60_000, 'asked for, it is in use: nobody prunes it');
  rmSync(dir, { recursive: true });
  t.equal((await ask())?.dir, dir);
  t.ok(existsSync(join(dir, 'state')), 'made anew');
  // What was idle for long goes when another is made; what was used just now stays.
  for (let i = 0; i < 9; i++) mkdirSync(join(machines, `old${i}`));
  for (let i = 0; i < 9; i++) utimesSync(join(machines, `old${i}`), 1, 1);
  mkdirSync(join(machines, 'fresh'));
  rmSync(dir, { recursive: true });
  await ask();
  t.ok(existsSync(join(machines, 'fresh')));
  t.ok(readdirSync(machines).length <= 6);
});

t.test('where the machine cannot be saved each job boots, and nobody tries again', async (t) => {
  const cache = mkdtempSync(join(tmpdir(), 'wirewarp-'));
  t.teardown(() => { rmSync(cache, { recursive: true }); });
  const qemu = join(cache, 'qemu');
  writeFileSync(qemu, `#!/bin/sh\necho tried >> ${cache}/tries; exit 1\n`, { mode: 0o755 });
  const ask = () => frozenMachine({ ...options, qemu }, { wallDeadlineMs: 5000 }, join(cache, 'machines'));
  t.equal(await ask(), undefined);
  t.equal(await ask(), undefined);
  t.equal(statSync(join(cache, 'tries')).size, 'tried\n'.length);
  t.same(readdirSync(join(cache, 'machines')), [], 'nothing is left');
});

t.test('given up while it boots: it ends at once and leaves nothing', async (t) => {
  const cache = mkdtempSync(join(tmpdir(), 'wirewarp-'));
  t.teardown(() => { rmSync(cache, { recursive: true }); });
  const qemu = join(cache, 'qemu');
  const pidFile = join(cache, 'pid');
  writeFileSync(qemu, `#!/bin/sh\necho $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; exec sleep 1000\n`, { mode: 0o755 });
  const abort = new AbortController();
  const asked = frozenMachine({ ...options, qemu }, { wallDeadlineMs: 900_000, signal: abort.signal }, join(cache, 'machines'));
  await eventually({ for: 'its boot to begin', withinMs: 30_000 }, () => { if (!existsSync(pidFile)) throw new Error('it has not begun'); });
  abort.abort(new Error('interrupted'));
  await t.rejects(asked, { message: 'interrupted' });
  t.same(readdirSync(join(cache, 'machines')), [], 'nothing is left');
  t.equal(startTicks(Number(readFileSync(pidFile, 'utf8'))), undefined, 'it is gone');
});

t.test('what killed starts left of a boot goes with the next start; what another start makes stays', async (t) => {
  const cache = mkdtempSync(join(tmpdir(), 'wirewarp-'));
  t.teardown(() => { rmSync(cache, { recursive: true }); });
  const machines = join(cache, 'machines');
  const unfinished = (name: string, owner?: object): void => {
    mkdirSync(join(machines, name), { recursive: true });
    if (owner) writeFileSync(join(machines, name, 'owner.json'), JSON.stringify(owner));
  };
  const us = ourselves();
  unfinished('a.making-dead', { ...us, startTicks: us.startTicks + 1 });
  unfinished('a.making-alive', us);
  unfinished('a.making-elsewhere', { ...us, host: 'another' });
  unfinished('a.making-begun');
  unfinished('a.making-old');
  utimesSync(join(machines, 'a.making-old'), 1, 1);
  const qemu = join(cache, 'qemu');
  writeFileSync(qemu, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  await frozenMachine({ ...options, qemu }, { wallDeadlineMs: 5000 }, machines);
  t.same(readdirSync(machines).sort(), ['a.making-alive', 'a.making-begun', 'a.making-elsewhere']);
});
