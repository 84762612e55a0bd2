import { closeSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { exec, ExecError, searchPath, start } from '../../../harness/system/exec.ts';

/** The error of a call that must fail. */
async function failure(call: Promise<unknown>): Promise<ExecError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ExecError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

const node = process.execPath;

t.test('output, input and environment', async (t) => {
  const script = 'process.stdin.pipe(process.stdout); console.error(process.env.COLOUR, process.env.LC_ALL)';
  const result = await exec(node, ['-e', script], { doing: 'echo', input: 'hello\n', env: { COLOUR: 'red' } });
  t.same(result, { stdout: 'hello', stderr: 'red C', exitCode: 0 });
});

t.test('a failure says what, how and what the system said', async (t) => {
  const error = await failure(
    exec(node, ['-e', 'console.error("File exists"); process.exit(2)'], { doing: 'add vmbr0' }),
  );
  t.match(error.message, /^Cannot add vmbr0: .* ended with status 2\.\n {2}command: .*\n {2}it said: File exists$/);
  t.match(error, { exitCode: 2, stderr: 'File exists', doing: 'add vmbr0', timedOut: false });
});

t.test('a status may be an answer', async (t) => {
  const result = await exec(node, ['-e', 'console.log("none"); process.exit(1)'], { doing: 'ask', okCodes: [0, 1] });
  t.same(result, { stdout: 'none', stderr: '', exitCode: 1 });
});

t.test('a missing program names its package', async (t) => {
  const env = { PATH: '/nonexistent' };
  const error = await failure(exec('tcpdump', [], { doing: 'capture on eth0', env }));
  t.equal(error.missingProgram, 'tcpdump');
  t.match(error.message, /the program tcpdump was not found.*apt-get install .*tcpdump/);
  const unknown = await failure(exec('wirewarp-no-such-program', [], { doing: 'nothing', cwd: tmpdir() }));
  t.match(unknown.message, /was not found \(or the folder .* does not exist\)\./);
});

t.test('a program that takes too long is stopped', async (t) => {
  const error = await failure(exec(node, ['-e', 'setInterval(() => 0, 1000)'], { doing: 'wait', timeoutMs: 300 }));
  t.equal(error.timedOut, true);
  t.match(error.message, /had not ended after 300 ms/);
});

t.test('a program that is given up', async (t) => {
  const giveUp = new AbortController();
  const running = exec(node, ['-e', 'setInterval(() => 0, 1000)'], { doing: 'wait', signal: giveUp.signal });
  setTimeout(() => {
    giveUp.abort();
  }, 100);
  t.match((await failure(running)).message, /because the work was given up/);
});

t.test('a program beside us', async (t) => {
  const talker = start(node, ['-e', 'console.error("listening"); setInterval(() => 0, 1000)'], { doing: 'listen' });
  await new Promise((resolve) => talker.stderr?.once('data', resolve));
  t.ok(talker.pid > 0);
  t.equal(talker.kill(), true);
  const ended = await talker.ended;
  t.match(ended, { signal: 'SIGTERM', exitCode: undefined, stderr: 'listening' });
  t.match(ended.error?.message, /Cannot listen: .* was ended by SIGTERM/);
});

t.test('a further descriptor, and a lot said on standard error', async (t) => {
  const file = join(t.testdir(), 'three');
  const three = openSync(file, 'w');
  const script = 'require("fs").writeSync(3, "by three"); process.stderr.write("x".repeat(3e6))';
  const child = start(node, ['-e', script], { doing: 'talk', stdio: ['ignore', 'pipe', 'pipe', three] });
  closeSync(three);
  child.stdout?.resume();
  const ended = await child.ended;
  t.equal(ended.error, undefined);
  t.equal(readFileSync(file, 'utf8'), 'by three');
  t.ok(ended.stderr.length <= 65_536);
});

t.test('a missing program beside us shows at its end', async (t) => {
  const ended = await start('tcpdump', [], { doing: 'capture', env: { PATH: '/nonexistent' } }).ended;
  t.equal(ended.error?.missingProgram, 'tcpdump');
});

t.test('the search path reaches the system folders', (t) => {
  t.equal(searchPath('/a:/usr/sbin'), '/a:/usr/sbin:/usr/local/sbin:/sbin:/usr/bin:/bin');
  t.end();
});
