import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { buildInitramfs } from '../../../../harness/kernels/image/initramfs.ts';

/** Small: the tools stay outside. */
const build = (folder: string, agent: string) =>
  buildInitramfs({ agent, modules: {}, programs: [], cache: join(folder, 'cache') });

t.test('made once, again when the agent changes, and the same bytes for the same inputs', async (t) => {
  const folder = t.testdir({ 'agent.cjs': 'one' });
  const agent = join(folder, 'agent.cjs');
  const first = await build(folder, agent);
  t.equal(first.made, true);
  t.same(first.load, []);
  t.ok(first.missing.includes('bridge'), 'without a module folder all is missing');
  t.match(await build(folder, agent), { path: first.path, made: false, missing: first.missing });

  const other = await buildInitramfs({ agent, modules: {}, programs: [], cache: join(folder, 'elsewhere') });
  t.equal(Buffer.compare(readFileSync(other.path), readFileSync(first.path)), 0);

  writeFileSync(agent, 'two');
  t.not((await build(folder, agent)).path, first.path);
  const left = readdirSync(join(folder, 'cache')).filter((name) => name.endsWith('.tmp'));
  t.same(left, [], 'no half-made file stays');
});

t.test('those unused for long go, the latest stay', async (t) => {
  const folder = t.testdir({ 'agent.cjs': 'new', cache: {} });
  const cache = join(folder, 'cache');
  const hoursAgo = (name: string, hours: number): void => {
    writeFileSync(join(cache, name), '');
    const then = new Date(Date.now() - hours * 3_600_000);
    utimesSync(join(cache, name), then, then);
  };
  for (let hours = 0; hours < 6; hours += 1) hoursAgo(`${hours}.cpio`, hours);
  hoursAgo('5.cpio.json', 5);
  hoursAgo('x.cpio.77.tmp', 7);
  const { path } = await build(folder, join(folder, 'agent.cjs'));
  const names = readdirSync(cache).filter((name) => /^\w\.cpio/.test(name));
  t.same(names, ['0.cpio', '1.cpio', '2.cpio']);
  t.ok(statSync(path).size > 1e7, 'Node is in it');
});

t.test('a cache that cannot be', async (t) => {
  const folder = t.testdir({ 'agent.cjs': '', cache: 'a file' });
  await t.rejects(build(folder, join(folder, 'agent.cjs')), /Cannot keep the VM's initramfs in .*XDG_CACHE_HOME/);
});

t.test('a program that is not there', async (t) => {
  const folder = t.testdir({ 'agent.cjs': '' });
  const request = { agent: join(folder, 'agent.cjs'), modules: {}, programs: ['no-such-program'], cache: folder };
  await t.rejects(buildInitramfs(request), /the program no-such-program was not found/);
});
