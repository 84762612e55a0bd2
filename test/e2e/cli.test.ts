/** The command line as a person uses it: a child process, its output and its status. Runs in VMs are tested elsewhere. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import t from 'tap';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
/** From the sources, so that a stale build is not what is tested. */
const program = [
  ...['node_modules/tsx/dist/loader.mjs', 'harness/setup/catalogue-hook.mjs'].flatMap((path) => [
    '--import',
    pathToFileURL(join(checkout, path)).href,
  ]),
  join(checkout, 'harness/cli/main.ts'),
];

interface Answer {
  status: number | null;
  stdout: string;
  stderr: string;
}

function wirewarp(
  args: string[],
  { cwd = checkout, env = {}, closeAfter }: { cwd?: string; env?: Record<string, string>; closeAfter?: number } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // tap's own settings for its test files are not for the program.
    const child = spawn(process.execPath, [...program, ...args], {
      cwd,
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const answer = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      answer.stdout += chunk.toString();
      if (closeAfter !== undefined && answer.stdout.length >= closeAfter) child.stdout.destroy();
    });
    child.stderr.on('data', (chunk: Buffer) => (answer.stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, ...answer }));
  });
}

const own = `
import { scenario, topology } from 'wirewarp/scenario';
export default scenario({
  title: 'my own', cases: ['Z1'], variants: { one: {}, two: { expected: 'broken' } }, controls: { wrong: {} },
  topology: () => topology((t) => { const br0 = t.bridge('br0'); return { br0, alice: t.guest('alice', { on: br0 }) }; }),
  async story() {},
});
`;

t.test('help and version', async (t) => {
  const help = await wirewarp(['--help']);
  t.match(help, { status: 0, stderr: '' });
  for (const command of ['run', 'list', 'plan', 'doctor']) t.match(help.stdout, new RegExp(`^  ${command} `, 'm'));
  t.match(await wirewarp(['run', '--help']), { status: 0, stdout: /--kernel <kernel>[\s\S]*Exit status: 0/ });
  t.match(await wirewarp(['--version']), { status: 0, stdout: /^\d+\.\d+\.\d+\n$/ });
  t.match(await wirewarp([]), { status: 2, stdout: '', stderr: /Usage: wirewarp/ });
});

t.test('list --json is what its page says', async (t) => {
  const { status, stdout, stderr } = await wirewarp(['list', '--json']);
  t.same({ status, stderr }, { status: 0, stderr: '' });
  const record = JSON.parse(stdout) as {
    schema: string;
    schemaVersion: number;
    scenarios: { name: string; variants: { name: string; pattern: string }[] }[];
  };
  t.match(record, { schema: 'wirewarp.list', schemaVersion: 1, wirewarp: String });
  t.ok(record.scenarios.length > 0);
  for (const { name, variants } of record.scenarios)
    for (const variant of variants) t.equal(variant.pattern, `${name}#${variant.name}`);
  const page = readFileSync(join(checkout, 'docs/list-json.md'), 'utf8');
  const fields = (value: unknown): string[] =>
    Array.isArray(value)
      ? value.flatMap(fields)
      : typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([key, inner]) => [key, ...fields(inner)])
        : [];
  for (const field of new Set(fields(record)))
    t.match(page, new RegExp(`^\\|.*\`${field}\`.*\\|.*\\|`, 'm'), `${field} is documented`);
});

t.test('a scenario of the user’s own', async (t) => {
  const cwd = t.testdir({ 'mine.ts': own });
  const list = JSON.parse((await wirewarp(['list', './mine.ts', '--json'], { cwd })).stdout) as { scenarios: object[] };
  t.match(list.scenarios, [
    {
      name: 'mine',
      title: 'my own',
      cases: ['Z1'],
      deadlineS: 2000,
      variants: [
        { name: 'one', expected: 'held' },
        { name: 'two', expected: 'broken' },
      ],
      controls: [{ name: 'wrong', expected: 'broken' }],
    },
  ]);
  const plan = await wirewarp(['plan', './mine.ts', '--variant', 'two'], { cwd });
  t.match(plan, { status: 0, stderr: '', stdout: /^mine#two: my own\n[\s\S]*alice/ });
  t.match(await wirewarp(['plan', './mine.ts#one', '--sh'], { cwd }), { status: 0, stdout: /^#!.*sh\n/ });
  t.match(await wirewarp(['plan', './mine.ts', '--draw'], { cwd }), { status: 0, stdout: /br0[\s\S]*├─/ });
  t.match(await wirewarp(['plan', './mine.ts', '--dot'], { cwd }), { status: 0, stdout: /^graph topology \{/ });
  const json = JSON.parse((await wirewarp(['plan', './mine.ts', '--json', '--seed', '9'], { cwd })).stdout) as object;
  t.match(json, { schema: 'wirewarp.plan', schemaVersion: 1, scenario: 'mine', variant: 'one', plan: { seed: 9 } });
});

t.test('everything that is wrong, in one report, and nothing built', async (t) => {
  const cwd = t.testdir({
    'loop.ts': own.replace("const br0 = t.bridge('br0');", "const br0 = t.bridge('a-name-of-more-than-15-bytes');"),
    'broken.ts': 'export default scenario({;\n',
  });
  const env = { XDG_CACHE_HOME: join(cwd, 'cache') };
  const { status, stdout, stderr } = await wirewarp(
    [
      'run',
      'membershp',
      './loop.ts',
      './broken.ts',
      '--kernl',
      'auto',
      '--seed',
      'x',
      '--kernel',
      '9.9.9',
      '--results',
      'loop.ts/results',
    ],
    { cwd, env },
  );
  t.equal(status, 2);
  t.equal(stdout, '');
  for (const part of [
    /no scenario matches "membershp"/,
    /loop#one, loop#two: The topology has .*\n.*a-name-of-more-than-15-bytes/,
    /broken\.ts:1:\d+: /,
    /unknown option --kernl\n    Nearest: --kernel/,
    /--seed x/,
    /--kernel 9\.9\.9: there is no such kernel/,
    /results cannot be written/,
  ])
    t.match(stderr, part);
  t.same(readdirSync(cwd).sort(), ['broken.ts', 'loop.ts'], 'no results and no cache');
});

t.test('usage', async (t) => {
  t.match(await wirewarp(['lst']), { status: 2, stderr: /there is no command "lst"\n    Nearest: list/ });
  t.match(await wirewarp(['--jsn', 'list']), { status: 2, stderr: /unknown option --jsn/ });
  t.match(await wirewarp(['plan']), { status: 2, stderr: /which scenario\?/ });
  t.match(await wirewarp(['plan', '*', '--sh', '--json']), {
    status: 2,
    stderr: /--sh and --json: one form at a time/,
  });
  t.match(await wirewarp(['doctor', 'x']), { status: 2, stderr: /one argument too many: "x"/ });
});

t.test('no place to run is not bad input', async (t) => {
  const cwd = t.testdir({ 'mine.ts': own });
  // With an empty cache there is nothing to boot, unless the machine has an image of its own to read.
  const answer = await wirewarp(['run', './mine.ts', '--time', 'warp'], {
    cwd,
    env: { XDG_CACHE_HOME: join(cwd, 'cache') },
  });
  if (answer.status === 0 || answer.status === 4) return t.pass('this machine has a kernel image of its own');
  t.match(answer, { status: 3, stderr: /virtual time was asked for, and [\s\S]*wirewarp doctor/ });
});

t.test('a reader that has seen enough', async (t) => {
  const { status, stderr } = await wirewarp(['plan', 'scenarios/multicast/membership-expiry.ts', '--json'], {
    closeAfter: 1,
  });
  t.same({ status, stderr }, { status: 0, stderr: '' });
});

t.test('doctor', async (t) => {
  const { status, stdout } = await wirewarp(['doctor', '--json']);
  const record = JSON.parse(stdout) as {
    schema: string;
    canRun: string[];
    checks: { id: string; state: string; remedy?: string }[];
  };
  t.match(record, { schema: 'wirewarp.doctor', schemaVersion: 1 });
  t.equal(status, record.canRun.length > 0 ? 0 : 3);
  for (const id of ['node', 'qemu', 'iproute2', 'tcpdump', 'running', 'user-namespaces', 'kvm', 'cache', 'leftovers'])
    t.ok(
      record.checks.some((check) => check.id === id),
      id,
    );
  for (const { id, state, remedy } of record.checks)
    if (state === 'missing') t.ok(remedy, `${id} is missing, and how to get it is said`);
});
