import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { cachedTree, describeTree, fetchProgram, packagesToFetch, recordName } from '../../../harness/setup/fetch-program.mjs';

const depends: Record<string, string> = {
  corosync: 'corosync\n  Depends: libc6\n  Depends: libqb100\n |Depends: libfoo1\n  Depends: libbar1\n  Depends: adduser\n',
  libqb100: 'libqb100\n  Depends: libc6\n  Depends: libdeep\n',
  libdeep: 'libdeep\n  Depends: libqb100\n',
  libfoo1: 'libfoo1\n',
};

t.test('libraries that are not installed come along, however deep; what is for installing does not', async (t) => {
  const wanted = await packagesToFetch('corosync', (names) => names.map((name) => depends[name] ?? '').join(''), (names) => names.filter((name) => name === 'libc6'));
  t.same(wanted, ['corosync', 'libqb100', 'libfoo1', 'libdeep']);
});

t.test('a tree counts once it is whole', (t) => {
  const folder = t.testdir({ half: { usr: {} } });
  t.equal(cachedTree('half', folder), undefined);
  mkdirSync(join(folder, 'whole'));
  writeFileSync(join(folder, 'whole', recordName), '{"package":"whole","version":"1","packages":["whole"]}');
  t.equal(cachedTree('whole', folder), join(folder, 'whole'));
  t.same(describeTree(join(folder, 'whole')), { name: 'whole', version: '1' });
  t.end();
});

t.test('a package that there is not, in words', async (t) => {
  const said: string[] = [];
  const { failed } = await fetchProgram('wirewarp-no-such-package', { root: false, say: (line) => said.push(line), folder: t.testdir() });
  t.match(failed, /apt knows no package wirewarp-no-such-package|only packages of Debian and Ubuntu can be fetched/);
});
