import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { decodeJob, FROZEN_JOB, FROZEN_JOB_BYTES, type Job } from '../../../harness/agent/protocol.ts';
import { endsUnfit } from '../../../harness/kernels/frozen.ts';
import { machineFiles } from '../../../harness/kernels/machine-process.ts';
import { freezingArguments, qemuArguments, QEMU_DEFAULTS, type QemuOptions, thawedArguments } from '../../../harness/kernels/qemu.ts';
import { formatRecord } from '../../../harness/kernels/records.ts';

const options: QemuOptions = { ...QEMU_DEFAULTS, release: '6.1', image: '/boot/vmlinuz', initramfs: '/cache/i.cpio' };
const job: Job = { scenario: 'a/b', variant: 'c', control: false, seed: 7, scale: 1, capture: 'claims', deadlineS: 10, warp: true };
const valueOf = (args: readonly string[], name: string): string => args[args.indexOf(name) + 1] ?? '';

t.test('a boot in virtual time skips idle time, and all that is random follows from the seed', (t) => {
  const args = qemuArguments(options, job, machineFiles('/r'));
  t.equal(valueOf(args, '-icount'), 'shift=0,sleep=off');
  t.equal(valueOf(args, '-seed'), '7');
  t.equal(valueOf(args, '-serial'), 'file:/r/console.log');
  t.notOk(qemuArguments({ ...options, time: 'real' }, job, machineFiles('/r')).includes('-icount'));
  t.end();
});

t.test('what goes on from a saved state is the same machine, with a job', (t) => {
  const freezing = freezingArguments(options, machineFiles('/r'));
  const thawed = thawedArguments(options, job, machineFiles('/r'));
  // What the job and the two lives differ in.
  const own = new Set(['-seed', '-fw_cfg', '-initrd', '-append', '-action', '-incoming']);
  const shared = (args: readonly string[]): string[] => args.filter((arg, i) => !own.has(arg) && !own.has(args[i - 1] ?? ''));
  t.same(shared(thawed), shared(freezing));
  const [name, text] = valueOf(thawed, '-fw_cfg').split(',string=');
  t.equal(name, `name=${FROZEN_JOB}`);
  t.same(decodeJob(text?.trim() ?? ''), job);
  t.equal(valueOf(freezing, '-fw_cfg').length, valueOf(thawed, '-fw_cfg').length, 'a kernel asks for the length once');
  t.equal(valueOf(freezing, '-fw_cfg').trim(), `name=${FROZEN_JOB},string=`, 'no job before it was stopped');
  t.match(valueOf(thawed, '-incoming'), 'exec:');
  t.throws(() => thawedArguments(options, { ...job, scenario: 'x'.repeat(FROZEN_JOB_BYTES) }, machineFiles('/r')), /room for/);
  t.end();
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
