// Ctrl-C, kill -9, two at once: nothing of ours is left, and what was done is kept.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { eventually } from '../../harness/system/eventually.ts';
import { begin, command, onlyRun, resultsFolder, whyNoVm } from './command.ts';

const skip = await whyNoVm();
/** By name, and no case: what a case matches grows with the catalogue. Each takes some seconds of real time. */
const STORY = 'multicast/flood-without-querier#healthy-ipv4';
const SIDE_BY_SIDE = ['multicast/only-who-asked#snooping', 'multicast/fast-leave#asked-igmpv2', 'multicast/crash-without-leave#frozen-after-a-report-ipv4'];

/** Processes that carry a text in their command line, by /proc. */
function processesWith(text: string): number[] {
  return readdirSync('/proc').filter((n) => /^\d+$/.test(n)).flatMap((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text) && Number(pid) !== process.pid ? [Number(pid)] : [];
    } catch {
      return [];
    }
  });
}
/** VMs and agents of one results folder are the only ones that name it, or that descend from the command. */
async function goneFor(text: string): Promise<void> {
  await eventually({ for: `every process that names ${text} to end`, withinMs: 10_000 }, () => {
    const left = processesWith(text);
    if (left.length > 0) throw new Error(`still there: ${left.join(', ')}`);
  });
}

for (const place of ['VM', 'running'] as const) {
  const where = place === 'VM' ? [] : ['--kernel', 'running', '--time', 'scaled=20'];
  void t.test(`Ctrl-C with a story under way: ${place}`, { skip: place === 'VM' ? skip : false, timeout: 120_000 }, async (t) => {
    const results = resultsFolder();
    t.teardown(results.remove);
    const run = begin(['run', STORY, '--jobs', '1', '--reporter', 'plain', '--results', results.path, ...where]);
    await run.said('started ');
    await eventually({ for: 'a place to be launched', withinMs: 60_000 }, () => {
      if (place === 'VM' && processesWith(results.path).length < 2) throw new Error('no VM yet');
    });
    run.child.kill('SIGINT');
    const { status } = await run.ended;
    t.equal(status, 130);
    const { record, dir } = onlyRun(results.path);
    t.equal(record.interrupted, true);
    t.ok(readdirSync(dir).includes('report.tap'), 'reports of what was done are there');
    await goneFor(results.path);
    t.end();
  });

  void t.test(`kill -9 with a story under way: ${place}`, { skip: place === 'VM' ? skip : false, timeout: 120_000 }, async (t) => {
    const results = resultsFolder();
    t.teardown(results.remove);
    const run = begin(['run', STORY, '--jobs', '1', '--reporter', 'plain', '--results', results.path, ...where]);
    await run.said('started ');
    const children = await eventually({ for: 'a child of the run', withinMs: 60_000 }, () => {
      const found = readFileSync(`/proc/${run.child.pid ?? 0}/task/${run.child.pid ?? 0}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
      if (found.length === 0) throw new Error('none yet');
      return found;
    });
    run.child.kill('SIGKILL');
    await run.ended;
    await eventually({ for: 'the children to die with it', withinMs: 10_000 }, () => {
      const alive = children.filter((pid) => { try { return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')); } catch { return false; } });
      if (alive.length > 0) throw new Error(`alive: ${alive.join(', ')}`);
    });
    // The next start finds the half-written run by its record and tidies it.
    const after = await command(['run', SIDE_BY_SIDE[0] as string, '--results', results.path, '--reporter', 'plain', '--kernel', 'running', '--time', 'scaled=25']);
    t.equal(after.status, 0, after.stderr);
    for (const name of readdirSync(results.path)) {
      const left = readdirSync(join(results.path, name), { recursive: true }) as string[];
      t.notOk(left.some((f) => f.endsWith('channel')), 'no channel file is left');
    }
    t.end();
  });
}

void t.test('two runs side by side do not meet', { timeout: 240_000 }, async (t) => {
  const results = resultsFolder();
  t.teardown(results.remove);
  const args = ['run', ...SIDE_BY_SIDE, '--kernel', 'running', '--time', 'scaled=25', '--reporter', 'plain', '--results', results.path];
  const ends = await Promise.all([command(args), command(args)]);
  for (const { status, stderr } of ends) t.equal(status, 0, stderr);
  t.equal(readdirSync(results.path).filter((n) => !n.startsWith('.')).length, 2, 'two folders');
  t.end();
});
