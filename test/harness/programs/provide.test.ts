// Finding programs: installed, in the cache, fetched, or not to be had; and what a bundle of them holds.
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { bundleOf, lackedBelow, manifestOf } from '../../../harness/programs/bundle.ts';
import { fileBelow, matchesBelow, programBelow } from '../../../harness/programs/find.ts';
import { provide, provider } from '../../../harness/programs/provide.ts';

/** An unpacked package: a script and its plugins. */
function tree(folder: string): string {
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    chmodSync(join(folder, path), 0o755);
  };
  put('usr/sbin/frob-main', '#!/bin/sh\necho frob\n');
  put('usr/lib/x86_64-linux-gnu/frob/a.so', 'a');
  put('usr/lib/x86_64-linux-gnu/frob/b.so', 'b');
  put('usr/share/frob/deep/table', 't');
  symlinkSync('/usr/sbin/frob-main', join(folder, 'usr/sbin/frob'));
  symlinkSync('loop', join(folder, 'usr/sbin/loop'));
  return folder;
}
const frob = { name: 'frob', package: 'frobnicate', files: ['/usr/lib/x86_64-linux-gnu/frob/*.so', '/usr/share/frob'] };

t.test('links of a package lead within it', (t) => {
  const root = tree(t.testdir());
  t.equal(programBelow(root, 'frob'), join(root, 'usr/sbin/frob-main'));
  t.equal(programBelow(root, 'loop'), undefined);
  t.equal(fileBelow(root, '/usr/share/frob'), undefined, 'a folder is no file');
  t.same(matchesBelow(root, '/usr/share/frob'), ['/usr/share/frob/deep/table'], 'a folder means what lies in it');
  t.same(lackedBelow(root, frob), []);
  t.same(lackedBelow(root, { ...frob, files: ['/no/*.so'] }), ['/no/*.so']);
  t.end();
});

t.test('a bundle has each file at its place', (t) => {
  const folder = t.testdir({ one: {}, two: {} });
  const root = tree(join(folder, 'one'));
  const bundle = bundleOf([{ spec: frob, root }]);
  t.same(bundle.programs, { frob: '/bin/frob' });
  const places = bundle.files.map(({ inside }) => inside);
  for (const place of ['bin/frob', 'bin/sh', 'lib/frob/a.so', 'lib/frob/b.so', 'usr/share/frob/deep/table']) t.ok(places.includes(place), place);
  t.same(bundle.trees, [root]);
  const manifest = manifestOf(bundle, ['nf_tables'], { whole: true });
  t.ok(manifest.files?.some(({ inside }) => /^lib\/libc\./.test(inside)), 'what its shell is linked with');
  t.same(manifest.shared, ['bin', 'lib', 'usr']);
  const other = tree(join(folder, 'two'));
  t.throws(() => bundleOf([{ spec: frob, root }, { spec: { ...frob, name: 'frob-main' }, root: other }]), /frob\/a\.so at \/lib\/frob\/a\.so of a machine: .* lies there already/);
  t.end();
});

t.test('installed, cached, fetched, refused', async (t) => {
  const root = tree(t.testdir());
  const never = { say: () => undefined, fetch: false, cached: () => undefined };
  t.match(await provide([{ name: 'sh', package: 'dash' }], never), { bundle: { programs: { sh: '/bin/sh' }, trees: [] } });
  t.match(await provide([frob], { ...never, cached: () => root }), { bundle: { trees: [root] } });
  t.match(await provide([frob], { ...never, fetch: true, fetchPackage: () => Promise.resolve({ tree: root }) }), { bundle: { trees: [root] } });
  t.match(await provide([frob], never), { lacks: /frob is not on this machine, and fetching is forbidden \(--no-install\)\. Install it: apt-get install .* frobnicate/ });
  t.match(await provide([frob], { ...never, fetch: true, fetchPackage: () => Promise.resolve({ failed: 'apt knows no package frobnicate' }) }), { lacks: /apt knows no package/ });
  t.match(await provide([{ ...frob, files: ['/usr/no'] }], { ...never, cached: () => root }), { lacks: /the package frobnicate holds no \/usr\/no/ });
});

t.test('each set of programs is asked for once', async (t) => {
  const root = tree(t.testdir());
  let asked = 0;
  const ask = provider({ say: () => undefined, fetch: true, cached: () => undefined, fetchPackage: () => { asked++; return Promise.resolve({ tree: root }); } });
  await Promise.all([ask([frob]), ask([{ ...frob }])]);
  t.equal(asked, 1);
});
