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

t.test('a story’s programs make another one, and leave the plain one as it is', async (t) => {
  const folder = t.testdir({ 'agent.cjs': 'one', 'table.txt': 'a plugin’s table' });
  const agent = join(folder, 'agent.cjs');
  const plain = await build(folder, agent);
  const before = readFileSync(plain.path);
  const files = [{ inside: 'bin/frob', from: join(folder, 'table.txt') }, { inside: 'usr/share/frob/table', from: join(folder, 'table.txt') }];
  const bundle = { programs: { frob: '/bin/frob' }, files, linked: [], trees: [] };
  const request = { agent, modules: {}, programs: [], cache: join(folder, 'cache'), extras: { bundle, modules: ['nf_tables'] } };
  const made = await buildInitramfs(request);
  t.not(made.path, plain.path);
  t.ok(made.missing.includes('nf_tables'));
  const archive = readFileSync(made.path);
  for (const text of ['usr/share/frob/table\0', 'a plugin’s table', '"frob":"/bin/frob"', '"missingModules":["nf_tables"]']) t.ok(archive.includes(text), text);
  t.equal((await buildInitramfs(request)).made, false, 'kept like the others');
  writeFileSync(join(folder, 'table.txt'), 'another table');
  t.not((await buildInitramfs(request)).path, made.path, 'a changed file makes it anew');
  t.same(await build(folder, agent), { ...plain, made: false });
  t.ok(readFileSync(plain.path).equals(before) && !before.includes('programs.json'));
});

t.test('those unused for long go, the latest stay', async (t) => {
  const folder = t.testdir({ 'agent.cjs': 'new', cache: {} });
  const cache = join(folder, 'cache');
  const hoursAgo = (name: string, hours: number): void => {
    writeFileSync(join(cache, name), '');
    const then = new Date(Date.now() - hours * 3_600_000);
    utimesSync(join(cache, name), then, then);
  };
  for (let hours = 0; hours < 10; hours += 1) hoursAgo(`${hours}.cpio`, hours);
  hoursAgo('9.cpio.json', 9);
  hoursAgo('x.cpio.77.tmp', 7);
  const { path } = await build(folder, join(folder, 'agent.cjs'));
  const names = readdirSync(cache).filter((name) => /^\w\.cpio/.test(name));
  t.same(names, [0, 1, 2, 3, 4, 5, 6].map((hours) => `${hours}.cpio`));
  t.ok(statSync(path).size > 1e7, 'Node is in it');
});

t.test('a cache that cannot be', async (t) => {
  const folder = t.testdir({ 'agent.cjs': '', cache: 'a file' });
  await t.rejects(build(folder, join(folder, 'agent.cjs')), /cannot keep the VM's initramfs: .*XDG_CACHE_HOME/);
});

t.test('a program that is not there', async (t) => {
  const folder = t.testdir({ 'agent.cjs': '' });
  const request = { agent: join(folder, 'agent.cjs'), modules: {}, programs: ['no-such-program'], cache: folder };
  await t.rejects(buildInitramfs(request), /the program no-such-program was not found/);
});
