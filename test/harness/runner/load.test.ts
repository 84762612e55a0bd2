import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { catalogueSource } from '../../../harness/runner/agent-bundle.ts';
import { loadScenario, nameOfFile } from '../../../harness/runner/load.ts';
import { BadInput } from '../../../harness/runner/refusal.ts';
import { checkResults, createRunFolder, runId } from '../../../harness/runner/run-id.ts';

const good = (door: string): string => `
import { scenario, topology } from '${door}';
export default scenario({ title: 'mine', cases: [], variants: { a: {} }, topology: () => topology((t) => ({ br: t.bridge('br0') })), async story() {} });
`;

async function faultsOf(call: Promise<unknown>): Promise<string[]> {
  try {
    await call;
  } catch (error) {
    if (error instanceof BadInput) return error.faults.map(({ what }) => what);
    throw error;
  }
  return [];
}

t.test('a file outside the checkout finds the door', async (t) => {
  const dir = t.testdir({
    'named.ts': good('wirewarp/scenario'),
    'copied.ts': good('../../harness/scenario.ts'),
    'plain.js': good('wirewarp/scenario'),
  });
  for (const name of ['named.ts', 'copied.ts', 'plain.js']) {
    const { scenario, file } = await loadScenario(join(dir, name));
    t.match(scenario, { title: 'mine', wirewarp: 'scenario' }, name);
    t.equal(file, join(dir, name));
  }
});

t.test('a file that does not load is told with file, line and reason', async (t) => {
  const dir = t.testdir({
    'syntax.ts': 'const a = 1;\nconst b = ;\n',
    'throws.ts': "import './deep.ts';\nexport default 1;\n",
    'deep.ts': "const a: string = 'x';\n\nthrow new Error(`too ${a}`);\n",
    'missing.ts': "\nimport './gone.ts';\n",
    'number.ts': 'export default 3;\n',
    'empty.ts':
      "import { scenario } from 'wirewarp/scenario';\nexport default scenario({ title: 'x', cases: [], variants: {}, topology: () => { throw 0; }, async story() {} });\n",
    'both.ts': good('wirewarp/scenario').replace('variants', 'controls: { a: {} }, variants'),
    'wait.ts': 'await Promise.resolve();\nexport default 3;\n',
  });
  const faults = (name: string): Promise<string[]> => faultsOf(loadScenario(join(dir, name)));
  t.match(await faults('syntax.ts'), [/syntax\.ts:2:11: Unexpected ";"/]);
  t.match(await faults('throws.ts'), [/deep\.ts:3:\d+: it does not load: too x/]);
  t.match(await faults('missing.ts'), [/missing\.ts:2:8: Could not resolve "\.\/gone\.ts"/]);
  t.match(await faults('number.ts'), [/number\.ts: its default export is not a scenario/]);
  t.match(await faults('empty.ts'), [/it has no variants/]);
  t.match(await faults('both.ts'), [/a is both a variant and a control/]);
  t.match(
    await faults('wait.ts'),
    [/wait\.ts:1:1: Top-level await is not available/],
    'the agent could not wait either',
  );
});

t.test('a results folder can be named after it', (t) => {
  t.equal(nameOfFile('./a/b.ts', '/home/me'), 'a/b');
  t.equal(nameOfFile('../../b.ts', '/home/me'), 'b', 'never upwards');
  t.equal(nameOfFile('/elsewhere/b.ts', '/home/me'), 'b');
  t.equal(nameOfFile('scenarios/bonding/b.ts', '/home/me'), 'bonding/b');
  t.end();
});

t.test('the agent’s catalogue holds it in place of a built-in one of the same name', (t) => {
  const file = { name: 'bonding/x', file: '/mine/x.ts', scenario: {} as never };
  const source = catalogueSource([file], ['scenarios/bonding/x.ts', 'scenarios/bonding/y.ts']);
  t.match(source, 'import s1 from "/mine/x.ts"');
  t.match(source, '{ path: "scenarios/bonding/x.ts", scenario: s1 }');
  t.match(source, 'scenarios/bonding/y.ts');
  t.notMatch(source, 'scenario: s2');
  t.end();
});

t.test('a run has its folder to itself', (t) => {
  const dir = t.testdir({ file: '' });
  const id = runId(new Date('2026-01-31T14:05:09.123Z'), () => 0);
  t.equal(id, '2026-01-31T14-05-09-aaaa');
  t.not(runId(), runId());
  createRunFolder(join(dir, 'deep/results'), id);
  t.throws(() => createRunFolder(join(dir, 'deep/results'), id), { name: 'BadInput', message: /EEXIST/ });
  t.end();
});

t.test('results that cannot be written are known before anything is built', (t) => {
  const dir = t.testdir({ file: '' });
  t.same(checkResults(join(dir, 'a/b')), []);
  t.match(checkResults(join(dir, 'file/b')), [{ what: /is not a folder/, help: /--results DIR/ }]);
  t.match(checkResults('/proc/wirewarp'), [{ what: /cannot be written/ }]);
  t.match(checkResults(dir, 1e9), [{ what: /need some 1000000000 MB .* MB are free/ }]);
  mkdirSync(join(dir, 'real'));
  symlinkSync(join(dir, 'real'), join(dir, 'link'));
  t.same(checkResults(join(dir, 'link')), []);
  t.end();
});
