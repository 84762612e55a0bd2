import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import t from 'tap';
import { catalogueSource, scenarioFiles } from '../../../harness/setup/catalogue.mjs';
import { countTap, summary } from '../../../harness/setup/count-tap.mjs';
import { isFresh, remember, stampOf } from '../../../harness/setup/stamp.mjs';

t.test('the stamp changes with what is written, added and removed, and with nothing else', (t) => {
  const root = t.testdir({
    lib: { 'a.ts': 'a', deep: { 'b.ts': 'b' }, node_modules: { 'x.js': '' } },
    other: { c: '' },
  });
  const stamp = (): string => stampOf(root, ['lib', 'missing']);
  const first = stamp();
  writeFileSync(join(root, 'other/c'), 'changed');
  writeFileSync(join(root, 'lib/node_modules/x.js'), 'changed');
  t.equal(stamp(), first);
  writeFileSync(join(root, 'lib/deep/b.ts'), 'longer');
  const second = stamp();
  t.not(second, first);
  writeFileSync(join(root, 'lib/new.ts'), '');
  t.not(stamp(), second);
  rmSync(join(root, 'lib/new.ts'));
  t.equal(stamp(), second);
  t.not(stampOf(root, ['lib'], ['v22']), second, 'made by another Node');

  const file = join(root, 'stamp');
  t.equal(isFresh(file, second), false);
  remember(file, second);
  t.equal(isFresh(file, second), true);
  t.end();
});

t.test('the catalogue holds scenarios, not their shared parts', (t) => {
  const root = t.testdir({
    scenarios: {
      topologies: { 'rack.ts': '' },
      multicast: { 'expiry.ts': '', 'expiry.test.ts': '', 'notes.md': '', topologies: { 'x.ts': '' } },
      bonding: { 'failover.ts': '' },
    },
  });
  const files = scenarioFiles(root);
  t.same(files, ['scenarios/bonding/failover.ts', 'scenarios/multicast/expiry.ts']);
  t.equal(
    catalogueSource(files, (file) => `./${file}`),
    [
      'import s0 from "./scenarios/bonding/failover.ts";',
      'import s1 from "./scenarios/multicast/expiry.ts";',
      'export const catalogue = [',
      '  { path: "scenarios/bonding/failover.ts", scenario: s0 },',
      '  { path: "scenarios/multicast/expiry.ts", scenario: s1 },',
      '];',
      '',
    ].join('\n'),
  );
  t.end();
});

const counted = (tap: string) => countTap(Readable.from([tap]));

t.test('the count: assertions, and what failed without one', async (t) => {
  const nested = [
    'TAP version 14',
    '# Subtest: one.test.ts',
    '    # Subtest: deep',
    '        ok 1 - a',
    '        not ok 2 - b',
    '        1..2',
    '    not ok 1 - deep',
    '    ok 2 - c # SKIP no root',
    '    1..2',
    'not ok 1 - one.test.ts',
    '# Subtest: two.test.ts',
    '    ok 1 - d',
    '    1..1',
    'not ok 2 - two.test.ts # exit code 1',
    '1..2',
    '',
  ].join('\n');
  t.same(await counted(nested), { passed: 2, failed: 2, skipped: 1 }, 'b once, and the crash of two.test.ts');
  t.same(await counted('TAP version 14\nok 1 - a\nok 2 - b # TODO later\n1..2\n'), {
    passed: 1,
    failed: 0,
    skipped: 1,
  });
  t.equal(summary({ passed: 3, failed: 0, skipped: 0 }), '3 passed, 0 failed');
  t.equal(summary({ passed: 3, failed: 1, skipped: 2 }), '3 passed, 1 failed, 2 skipped');
});

t.test('npm test ends with the count, and with the status of a failure', (t) => {
  const folder = t.testdir({
    'bad.test.mjs': 'console.log("TAP version 14\\nok 1 - a\\nnot ok 2 - b\\n1..2")',
  });
  const script = new URL('../../../harness/setup/test.mjs', import.meta.url).pathname;
  const args = [script, '--no-install', '--include=*.mjs', join(folder, 'bad.test.mjs')];
  const { status, stdout } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, CI: 'true' },
  });
  t.equal(stdout.trimEnd().split('\n').at(-1), '1 passed, 1 failed');
  t.not(status, 0);
  t.end();
});
