/** docs/selftests.md promises coverage by name: every scenario and variant it names must be in the catalogue. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import '../harness/setup/catalogue-hook.mjs';
import type { Scenario } from '../harness/scenario.ts';

const doc = readFileSync(new URL('../docs/selftests.md', import.meta.url), 'utf8');
/** `folder/name` or `folder/name#variant`, in code spans of the table's last column. */
const named = doc.split('\n').flatMap((line) => (line.startsWith('| ') ? [...(line.split(' | ').at(-1) ?? '').matchAll(/`([a-z-]+\/[a-z0-9-]+)(?:#([A-Za-z0-9-]+))?`/g)] : []).map(([, scenario = '', variant]) => ({ scenario, variant })));

t.test('every scenario and variant that docs/selftests.md names exists', async (t) => {
  const { catalogue } = await import('wirewarp:catalogue');
  const variants = new Map(catalogue.map(({ path, scenario }) => [path.replace(/^scenarios\//, '').replace(/\.ts$/, ''), Object.keys((scenario as Scenario).variants)]));
  t.ok(named.length > 0, 'it names some');
  for (const { scenario, variant } of named) {
    t.ok(variants.has(scenario), `${scenario} is a scenario`);
    if (variant !== undefined) t.ok(variants.get(scenario)?.includes(variant), `${scenario} has the variant ${variant}`);
  }
});

t.test('no row is without an answer', (t) => {
  const rows = doc.split('\n').filter((line) => line.startsWith('| ') && !/^\| (subtest|script|---)/.test(line));
  t.ok(rows.length > 40);
  for (const row of rows) t.ok((row.replace(/ \|$/, '').split(' | ').at(-1) ?? '').trim().length > 3, row);
  t.end();
});
