/** docs/run-json.md is an interface too: its example must pass and its tables must name every field. */
import t from 'tap';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseRunRecord, runJsonSchema } from '../../../lib/render/run-schema.ts';
import { everyVerdict } from './samples.ts';

const doc = readFileSync(new URL('../../../docs/run-json.md', import.meta.url), 'utf8');
const blocks = (language: string) => [...doc.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map((match) => match[1] ?? '');

t.test('the example is a run record', (t) => {
  const example: unknown = JSON.parse(blocks('json')[0] ?? '');
  t.same(parseRunRecord(example), example);
  t.end();
});

t.test('every field of the schema is described', (t) => {
  const names = new Set<string>();
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key === 'properties') Object.keys(value as object).forEach((name) => names.add(name));
      walk(value);
    }
  };
  walk(JSON.parse(runJsonSchema()));
  t.ok(names.size > 40);
  const tables = doc.split('## Example')[0] ?? '';
  t.same([...names].filter((name) => !tables.includes(`\`${name}\``)), []);
  t.end();
});

t.test('the jq recipes run', { skip: spawnSync('jq', ['--version']).error ? 'jq is not installed: apt-get install jq' : false }, (t) => {
  const input = JSON.stringify(everyVerdict());
  const outputs = blocks('sh').map((recipe) => {
    // Read from stdin instead of from files; the shell's quotes are plain single ones.
    const [, options = '', program = ''] = /^jq (-\w+) '([^']*)'/.exec(recipe) ?? [];
    const { status, stdout, stderr } = spawnSync('jq', [options, program], { input, encoding: 'utf8' });
    t.equal(stderr, '', program);
    return { status, lines: stdout.trim().split('\n') };
  });
  t.match(outputs[0], { status: 1, lines: ['false'] });
  t.match(outputs[1], { status: 0, lines: ['true'] });
  t.equal(outputs[2]?.lines.length, 8, 'four unexpected, two lines each');
  t.same(outputs[3]?.lines, ['corosync is not installed here: apt-get install corosync']);
  t.ok(outputs[4]?.lines.some((line) => line.endsWith('"outageStartS",291.45')));
  t.ok(outputs[5]?.lines.includes('multicast/membership-expiry legacy\tqemu:6.1.0-56-cloud-amd64=broken'));
  t.same(outputs[6]?.lines, ['A1 A2 C1']);
  t.end();
});
