import { execFileSync } from 'node:child_process';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { buildErrors, compiledFile } from '../../../../harness/kernels/tree/make-output.ts';
import { treeState, treeVersion } from '../../../../harness/kernels/tree/tree.ts';

function tree(folder: string): string {
  for (const name of ['arch/x86', 'scripts/kconfig', 'net']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'Makefile'), '# SPDX\nVERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 192\nEXTRAVERSION = -rc1\n');
  for (const name of ['Kconfig', 'Kbuild', 'net/a.c']) writeFileSync(join(folder, name), 'x\n');
  return folder;
}

t.test('a tree and its version', (t) => {
  const folder = tree(t.testdir());
  t.equal(treeVersion(folder), '6.1.192-rc1');
  t.equal(treeVersion(join(folder, 'net')), undefined);
  t.equal(treeVersion('/nowhere'), undefined);
  t.end();
});

t.test('the state of plain files changes with any of them', async (t) => {
  const folder = tree(t.testdir());
  const first = await treeState(folder);
  t.equal(await treeState(folder), first);
  utimesSync(join(folder, 'net/a.c'), 1, 1);
  t.not(await treeState(folder), first);
});

t.test('in git it is the content: a commit, a change, a new file; and back', async (t) => {
  const folder = tree(t.testdir());
  const git = (...args: string[]): void => void execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { stdio: 'ignore' });
  git('init');
  git('add', '.');
  git('commit', '-m', 'one');
  const first = await treeState(folder);
  utimesSync(join(folder, 'net/a.c'), 1, 1);
  t.equal(await treeState(folder), first, 'touched is not changed');
  writeFileSync(join(folder, 'net/a.c'), 'y\n');
  const changed = await treeState(folder);
  t.not(changed, first);
  git('commit', '-am', 'two');
  t.not(await treeState(folder), first);
  writeFileSync(join(folder, 'net/b.c'), 'new\n');
  const added = await treeState(folder);
  t.not(added, changed);
  git('checkout', '-f', 'HEAD~1');
  execFileSync('rm', [join(folder, 'net/b.c')]);
  t.equal(await treeState(folder), first, 'coming back is the same state');
});

t.test('what make prints', (t) => {
  t.equal(compiledFile('  CC      net/bridge/br_multicast.o'), 'net/bridge/br_multicast.o');
  t.equal(compiledFile('make: Entering directory'), undefined);
  const said = ['warning: x', 'In file included from net/bridge/br.c:5:', '                 from include/a.h:1:', 'net/bridge/br.c:10:5: error: expected ";"', '   10 |   foo', 'make[3]: *** [net/bridge/br.o] Error 1'];
  t.same(buildErrors(said), said.slice(1));
  t.same(buildErrors(['only', 'words']), ['only', 'words']);
  t.end();
});
