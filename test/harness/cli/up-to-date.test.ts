// The command of a checkout runs what its sources say, and leaves everything else alone.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { bringUpToDate } from '../../../harness/cli/up-to-date.ts';
import { builtStamp, remember } from '../../../harness/setup/stamp.mjs';

/** A checkout with a builder that notes each build, or fails. */
function checkout(t: { teardown: (work: () => void) => void }, { git = true, fails = false } = {}) {
  const root = mkdtempSync(join(tmpdir(), 'wirewarp-test-'));
  t.teardown(() => { rmSync(root, { recursive: true, force: true }); });
  for (const folder of ['harness/setup', 'scenarios', 'dist', ...(git ? ['.git'] : [])]) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'built'), '');
  writeFileSync(join(root, 'harness/setup/build.mjs'), fails
    ? "export async function build() { throw new Error('no such word'); }"
    : `import { appendFileSync } from 'node:fs';\nexport async function build() { appendFileSync(${JSON.stringify(join(root, 'built'))}, 'x'); return ['dist/main.js']; }`);
  writeFileSync(join(root, 'scenarios/one.ts'), '1');
  remember(join(root, 'dist/.stamp'), builtStamp(root));
  const said: string[] = [];
  return {
    said, builds: () => readFileSync(join(root, 'built'), 'utf8').length, edit: () => { writeFileSync(join(root, 'scenarios/one.ts'), 'another text'); },
    start: () => bringUpToDate(join(root, 'dist'), (line) => said.push(line)),
  };
}

t.test('nothing changed: nothing is built, nothing said', async (t) => {
  const one = checkout(t);
  await one.start();
  t.equal(one.builds(), 0);
  t.same(one.said, []);
});

t.test('an edited scenario is built, and that is said', async (t) => {
  const one = checkout(t);
  one.edit();
  await one.start();
  t.equal(one.builds(), 1);
  t.match(one.said, [/^the sources have changed: built dist\/main\.js in \d+ ms$/]);
});

t.test('sources that do not build are not passed over', async (t) => {
  const one = checkout(t, { fails: true });
  one.edit();
  await t.rejects(one.start(), /no such word/);
});

t.test('an installed package is left alone', async (t) => {
  const one = checkout(t, { git: false });
  one.edit();
  await one.start();
  t.equal(one.builds(), 0);
});
