import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { enterRun, liveRuns, sweep } from '../../../harness/runner/live.ts';
import { processes, type Processes, standingOf, startTicks } from '../../../harness/system/owner.ts';

const system = processes();
/** The same machine, on which our process is gone: another one has its pid. */
const later: Processes = { ...system, startTicks: (pid) => (startTicks(pid) ?? 0) + 1 };

function makeRun(t: Pick<Test, 'testdir'>, runId = 'r1') {
  const base = t.testdir();
  const [registry, dir] = [join(base, 'live'), join(base, 'results', runId)];
  const run = enterRun({ runId, dir }, registry, system);
  mkdirSync(dir, { recursive: true });
  run.mark();
  return { base, registry, dir, run };
}

t.test('a process is told by when it started', async (t) => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const started = startTicks(child.pid ?? 0);
  t.type(started, 'number');
  t.ok((started ?? 0) >= (startTicks(process.pid) ?? Infinity), 'after us');
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.equal(startTicks(child.pid ?? 0), undefined);
});

t.test('who owns an entry', (t) => {
  const owner = {
    pid: process.pid,
    startTicks: startTicks(process.pid) ?? 0,
    bootId: system.bootId,
    pidNamespace: system.pidNamespace,
    host: system.host,
  };
  t.equal(standingOf(owner, system), 'alive');
  t.equal(standingOf(owner, later), 'gone', 'its pid went to another process');
  t.equal(standingOf(owner, { ...system, bootId: 'another' }), 'gone');
  t.equal(standingOf(owner, { ...system, pidNamespace: 'pid:[1]' }), 'stranger', 'a container next door');
  t.equal(
    standingOf(owner, { ...system, host: 'other', bootId: 'another' }),
    'stranger',
    'a home folder on the network',
  );
  t.end();
});

t.test('a run that ends leaves nothing behind', (t) => {
  const { registry, dir, run } = makeRun(t);
  const folder = run.temporary('x');
  t.ok(existsSync(folder));
  t.match(liveRuns(registry, system), [{ standing: 'alive', entry: { runId: 'r1', temporary: [folder] } }]);
  t.same(sweep(registry, system), [], 'one that lives is left alone');
  run.end();
  t.notOk(existsSync(folder));
  t.same(readdirSync(registry), []);
  t.same(readdirSync(dir), []);
  t.end();
});

t.test('what a kill -9 left is removed, and only that', (t) => {
  const { base, registry, dir, run } = makeRun(t);
  const folder = run.temporary('x');
  writeFileSync(join(folder, 'socket'), '');
  mkdirSync(join(dir, 'multicast/expiry/healthy'), { recursive: true });
  for (const name of ['channel', 'console.log', `run.json.${process.pid}.tmp`, 'run.json.1.tmp'])
    writeFileSync(join(dir, 'multicast/expiry/healthy', name), '');
  const neighbour = join(base, 'results/r2');
  mkdirSync(neighbour);
  writeFileSync(join(neighbour, 'channel'), '');

  const [swept] = sweep(registry, later);
  t.match(swept, { runId: 'r1', failures: [] });
  t.notOk(existsSync(folder));
  t.same(
    readdirSync(join(dir, 'multicast/expiry/healthy')),
    ['console.log', 'run.json.1.tmp'],
    'evidence stays, and what is not ours',
  );
  t.match(readFileSync(join(dir, 'interrupted'), 'utf8'), `pid ${process.pid}`);
  t.notOk(existsSync(join(dir, 'running')));
  t.ok(existsSync(join(neighbour, 'channel')), 'another run of the same results folder');
  t.same(readdirSync(registry), []);
  t.same(sweep(registry, later), []);
  t.end();
});

t.test('a folder that is no longer the run’s is not touched', (t) => {
  const { base, registry, dir, run } = makeRun(t);
  writeFileSync(join(dir, 'running'), 'the token of another\n');
  writeFileSync(join(dir, 'channel'), '');
  const folder = run.temporary('x');
  // Somebody put a link where the temporary folder was.
  const precious = join(base, 'precious');
  mkdirSync(precious);
  writeFileSync(join(precious, 'file'), '');
  const entry = JSON.parse(readFileSync(join(registry, 'r1.json'), 'utf8')) as { temporary: string[] };
  const link = join(base, 'link-to-precious');
  symlinkSync(precious, link);
  writeFileSync(join(registry, 'r1.json'), JSON.stringify({ ...entry, temporary: [folder, link] }));
  sweep(registry, later);
  t.same(readdirSync(dir).sort(), ['channel', 'running']);
  t.ok(existsSync(join(precious, 'file')));
  t.notOk(existsSync(folder));
  t.end();
});

t.test('killed between entering and marking: an empty folder goes, a full one stays', (t) => {
  const base = t.testdir({ results: { empty: {}, full: { file: '' } } });
  const registry = join(base, 'live');
  for (const name of ['empty', 'full']) enterRun({ runId: name, dir: join(base, 'results', name) }, registry, system);
  writeFileSync(join(registry, 'foreign.json'), 'not ours');
  sweep(registry, later);
  t.same(readdirSync(join(base, 'results')), ['full']);
  t.same(readdirSync(registry), ['foreign.json']);
  t.end();
});

t.test('a run whose reports were written is complete', (t) => {
  const { registry, dir } = makeRun(t);
  writeFileSync(join(dir, 'run.json'), '{}');
  sweep(registry, later);
  t.same(readdirSync(dir), ['run.json']);
  t.end();
});
