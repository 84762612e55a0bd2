import t from 'tap';
import type { RunEvent, RunRecord } from '../../../lib/record.ts';
import { parseRunRecord } from '../../../lib/render/run-schema.ts';
import { createReporter, isReporterName, reporterNames, wantsColour, type ReporterName } from '../../../harness/report/reporter.ts';
import { everyVerdict, hostileRun, result, run } from '../../lib/render/samples.ts';
import { recorder, screen } from './streams.ts';

/** The events that a runner would have sent for this record, one after another. */
function events(record: RunRecord): RunEvent[] {
  return [
    { type: 'run-started', runId: record.runId, total: record.results.length, jobs: 1, dir: `results/${record.runId}` },
    ...record.kernels.map((kernel): RunEvent => ({ type: 'kernel-chosen', kernel: kernel.id, reason: kernel.reason })),
    ...record.results.flatMap((one, index): RunEvent[] => [
      { type: 'started', key: String(index), scenario: one.scenario, variant: one.variant, kernel: one.kernel },
      { type: 'progress', key: String(index), step: 'bob joins', protocolS: one.protocolS / 2, wallS: one.wallS / 2 },
      { type: 'finished', key: String(index), result: one },
    ]),
    { type: 'run-finished', record },
  ];
}

function drive(name: ReporterName, record: RunRecord, { out = false, err = false, env = {}, columns = 80 } = {}) {
  const [stdout, stderr] = [recorder(out, columns), recorder(err, columns)];
  let clock = 0;
  using reporter = createReporter(name, { stdout, stderr, env, now: () => (clock += 100) });
  for (const event of events(record)) reporter.event(event);
  return { stdout: stdout.text, stderr: stderr.text };
}

t.test('stdout of the machine formats is the document, and nothing else', (t) => {
  const record = everyVerdict();
  t.same(parseRunRecord(JSON.parse(drive('json', record).stdout)), record);
  t.ok(drive('tap', record).stdout.startsWith('TAP version 14\n'));
  t.ok(drive('junit', record).stdout.startsWith('<?xml'));
  for (const name of ['json', 'tap', 'junit'] as const) {
    const { stdout, stderr } = drive(name, record, { err: true });
    t.equal(stdout, drive(name, record).stdout, `${name}: the same whatever stderr is`);
    t.match(stderr, 'legacy', 'progress is on stderr');
  }
  t.end();
});

t.test('piped: plain lines, a table, no escape sequences', (t) => {
  const { stdout, stderr } = drive('auto', everyVerdict());
  t.equal(stderr, '');
  t.notMatch(stdout, '\x1b');
  t.equal(stdout.match(/^started /gm)?.length, 7);
  t.equal(stdout.match(/^\[\d\/7\] /gm)?.length, 7);
  t.match(stdout, /^\[2\/7\] ✗ BROKEN multicast\/membership-expiry legacy: 291\.45 s outage start, on qemu\S* \(1200 s in 15 s, ×80\)$/m);
  t.match(stdout, /4 NOT as expected/);
  t.notMatch(drive('auto', run([result()])).stdout, 'NOT');
  // eslint-disable-next-line no-control-regex
  t.notMatch(drive('auto', hostileRun()).stdout, /[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  t.end();
});

t.test('a terminal gets a live region, and is given back', (t) => {
  const { stdout } = drive('auto', everyVerdict(), { out: true });
  t.match(stdout, '\x1b[2K', 'lines are erased');
  t.match(stdout, '2 of 7 done · 1 running · 4 left · 1 NOT as expected');
  t.match(stdout, '▸ multicast/membership-expiry healthy');
  const left = screen(stdout);
  t.notOk(left.some((line) => /▸|done ·/.test(line)), 'nothing of the region is left');
  t.match(left.at(-1), /^wall time 98\.1 s/, 'and the table is whole');
  t.notMatch(drive('auto', everyVerdict(), { out: true, env: { CI: '1' } }).stdout, '\x1b[2K', 'CI logs are text');
  t.notMatch(drive('auto', everyVerdict(), { out: true, env: { TERM: 'dumb' } }).stdout, '\x1b', 'a dumb terminal too');
  const elsewhere = drive('live', everyVerdict(), { err: true });
  t.match(elsewhere.stderr, '\x1b[2K', 'live moves to stderr if only that is a terminal');
  t.notMatch(elsewhere.stdout, '\x1b');
  t.match(drive('live', everyVerdict()).stdout, 'started ', 'without any terminal: plain lines');
  t.end();
});

t.test('what stands on the screen when lines come and go', (t) => {
  const stdout = recorder(true);
  using reporter = createReporter('live', { stdout, stderr: recorder(false), env: { NO_COLOR: '1' }, now: () => 0 });
  const started = (key: string): RunEvent => ({ type: 'started', key, scenario: `story-${key}`, variant: 'v', kernel: 'k' });
  const lines = () => screen(stdout.text).map((line) => line.replace(/ {2,}0 s in 0 s$/, ''));
  reporter.event({ type: 'run-started', runId: 'r', total: 3, jobs: 2, dir: 'd' });
  reporter.event(started('a'));
  reporter.event(started('b'));
  const both = ['run r: results in d', '▸ story-a v on k', '    starting', '▸ story-b v on k', '    starting'];
  t.same(lines(), [...both, '0 of 3 done · 2 running · 1 left · 0 s']);
  reporter.event({ type: 'progress', key: 'a', step: 'bob joins', protocolS: 0, wallS: 0 });
  t.equal(lines()[2], '    bob joins');
  stdout.rows = 6;
  reporter.event({ type: 'progress', key: 'a', step: 'bob joins', protocolS: 0, wallS: 0 });
  t.same(lines(), [...both.slice(0, 2), '    bob joins', '  and 1 more', '0 of 3 done · 2 running · 1 left · 0 s'], 'a terminal that was made lower');
  stdout.rows = 24;
  reporter.event({ type: 'finished', key: 'a', result: result({ scenario: 'story-a', verdict: 'skipped', reason: 'no KVM' }) });
  t.same(lines().slice(1), ['[1/3] – skipped story-a healthy: no KVM, on qemu:6.1.0-56-cloud-amd64', '▸ story-b v on k', '    starting', '1 of 3 done · 1 running · 1 left · 1 skipped · 0 s']);
  t.end();
});

t.test('quiet speaks of what was not as expected only', (t) => {
  t.same(drive('quiet', run([result()]), { out: true }), { stdout: '', stderr: '' });
  t.match(drive('quiet', everyVerdict()).stdout, /^✗ BROKEN/);
  t.end();
});

t.test('an interrupted run ends the region and shows what there is', (t) => {
  const record = run([result()], { interrupted: true });
  const { stdout } = drive('auto', record, { out: true });
  t.match(stdout, 'Interrupted');
  t.match(drive('tap', record).stdout, 'Bail out!');
  t.end();
});

t.test('disposing without an end clears the region', (t) => {
  const stdout = recorder(true);
  const reporter = createReporter('auto', { stdout, stderr: recorder(false), env: {} });
  for (const event of events(everyVerdict()).slice(0, 4)) reporter.event(event);
  const before = stdout.text.length;
  reporter[Symbol.dispose]();
  t.match(stdout.text.slice(before), '\x1b[2K');
  const after = stdout.text.length;
  reporter[Symbol.dispose]();
  reporter.event({ type: 'kernel-chosen', kernel: 'late', reason: 'late' });
  t.equal(stdout.text.length, after, 'and then nothing is written any more');
  t.end();
});

t.test('a reader that left is no error', (t) => {
  const stdout = recorder(false);
  createReporter('plain', { stdout, stderr: recorder(false), env: {} });
  stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  t.throws(() => stdout.emit('error', Object.assign(new Error('write EIO'), { code: 'EIO' })), /EIO/);
  t.end();
});

t.test('names and colour', (t) => {
  t.ok(reporterNames.every(isReporterName));
  t.notOk(isReporterName('teamcity'));
  const terminal = recorder(true);
  t.ok(wantsColour(terminal, {}));
  t.notOk(wantsColour(terminal, { NO_COLOR: '1' }));
  t.notOk(wantsColour(recorder(false), {}));
  t.ok(wantsColour(recorder(false), { FORCE_COLOR: '1' }));
  t.notOk(wantsColour(terminal, { FORCE_COLOR: '0' }));
  t.end();
});
