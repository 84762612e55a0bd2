// Programs in guests: on the running kernel and in a VM the same, and nothing of them stays.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { eventually } from '../../harness/system/eventually.ts';
import { begin, checkout, command, onlyRun, resultsFolder, whyNoVm } from './command.ts';

const fixture = join(checkout, 'test/e2e/fixtures/programs.ts');
const noVm = await whyNoVm();

/** Processes with an argument that only the fixture's have. */
const sleepers = (): string[] => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes('98765');
  } catch {
    return false;
  }
});
const noneLeft = (): Promise<void> => eventually({ for: 'every program of the guests to end', withinMs: 10_000 }, () => {
  if (sleepers().length > 0) throw new Error(`still there: ${sleepers().join(', ')}`);
});

for (const place of ['running', 'VM'] as const) {
  void t.test(`what guests run: ${place}`, { skip: place === 'VM' ? noVm : false, timeout: 300_000 }, async (t) => {
    const results = resultsFolder();
    t.teardown(results.remove);
    const where = place === 'VM' ? ['--kernel', 'auto'] : ['--kernel', 'running', '--time', 'real'];
    const { status, stderr } = await command(['run', fixture, '--controls', '--jobs', '1', '--reporter', 'plain', '--results', results.path, ...where]);
    t.equal(status, 0, stderr);
    const { record, dir } = onlyRun(results.path);
    t.match(record.results.map(({ variant, verdict }) => [variant, verdict]), [['plain', 'held'], ['wrong-status', 'broken']], record.results.map((r) => r.reason ?? '').join('\n'));
    const [plain, control] = record.results;
    const events = readFileSync(join(dir, plain?.files.find((file) => file.endsWith('events.ndjson')) ?? ''), 'utf8');
    t.match(events, /"type":"output","program":"sh on alice","stream":"stdout","text":"host alice"/);
    t.ok(control?.claims.some(({ verdict, evidence }) => verdict === 'broken' && evidence.some((line) => / on (alice|bob) {2}"/.test(line))), 'what it said is evidence');
    t.notOk(readdirSync(dir, { recursive: true }).some((name) => String(name).includes('.programs')), 'the list of programs went with the story');
    t.notOk(existsSync('/run/mine') || existsSync('/etc/mine'), 'nothing was written on this machine');
    await noneLeft();
  });
}

for (const signal of ['SIGINT', 'SIGKILL'] as const) {
  void t.test(`${signal} in the middle of it`, { timeout: 120_000 }, async (t) => {
    const results = resultsFolder();
    t.teardown(results.remove);
    const run = begin(['run', `${fixture}#plain`, '--jobs', '1', '--reporter', 'plain', '--results', results.path, '--kernel', 'running', '--time', 'real']);
    await run.said('started ');
    await eventually({ for: 'a program in a guest', withinMs: 60_000 }, () => { if (sleepers().length === 0) throw new Error('none yet'); });
    run.child.kill(signal);
    await run.ended;
    await noneLeft();
    t.pass('none is left');
  });
}
