// compare and sweep, with real runs: the same bytes twice, a fix that makes it worse, a bound that holds with some seeds only.
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { CompareRecord } from '../../harness/cli/compare.ts';
import { checkout, command, onlyRun, whyNoVm } from './command.ts';

const skip = await whyNoVm();
const fixture = join(checkout, 'test/e2e/fixtures/cable.ts');
const folder = mkdtempSync(join(tmpdir(), 'wirewarp-difference-'));
t.teardown(() => { rmSync(folder, { recursive: true, force: true }); });

/** The scenario's own copy, under one name however it is told; and where its runs go. */
function copyOf(name: string, change: (text: string) => string = (text) => text): { file: string; results: string } {
  const dir = join(folder, name);
  mkdirSync(dir);
  const file = join(dir, 'cable.ts');
  copyFileSync(fixture, file);
  writeFileSync(file, change(readFileSync(file, 'utf8')));
  return { file, results: join(dir, 'results') };
}

void t.test('compare', { skip, timeout: 900_000 }, async (t) => {
  const runs: string[] = [];
  const slower = (text: string): string => text.replace('OUT_MS = 200', 'OUT_MS = 17_000');
  for (const [name, change] of [['baseline', undefined], ['again', undefined], ['fix', slower]] as const) {
    const { file, results } = copyOf(name, change);
    const { status } = await command(['run', `${file}#steady`, '--results', results, '--reporter', 'quiet']);
    t.equal(status, change ? 1 : 0, name);
    runs.push(onlyRun(results).dir);
  }
  const [baseline = '', again = '', fix = ''] = runs;

  const same = await command(['compare', baseline, join(again, 'run.json')]);
  t.match(same, { status: 0, stdout: /1 result compared: identical: the same verdicts, figures and events \(\d+\)/ });

  const worse = await command(['compare', baseline, fix]);
  t.equal(worse.status, 1);
  t.match(worse.stdout, /✗ REGRESSION {2}cable, steady: held → broken[\s\S]*outage 0\.2 s → 17(\.\d+)? s \(×85\)[\s\S]*replay/);

  const { status, stdout } = await command(['compare', '--json', fix, baseline]);
  t.equal(status, 0, 'a fix is no regression');
  const record = JSON.parse(stdout) as CompareRecord;
  t.match(record, { schema: 'wirewarp.compare', schemaVersion: 1, identical: false, counts: { fix: 1, regression: 0 }, results: [{ change: 'fix', exact: true }] });
  const datagram = record.results[0]?.events?.datagram;
  t.match(datagram, { before: { text: /lost/ }, after: { text: /delivered/ } }, 'the first datagram that one of them lost');
  const line = readFileSync(join(fix, 'cable/steady/events.ndjson'), 'utf8').split('\n')[(datagram?.before?.event ?? 0) - 1];
  t.match(JSON.parse(line ?? ''), { type: 'flow', receiver: 'bob' }, 'found at the line that is named');
});

void t.test('runs that cannot be compared: everything wrong at once', async (t) => {
  const empty = join(folder, 'empty');
  mkdirSync(join(empty, 'killed'), { recursive: true });
  writeFileSync(join(empty, 'killed/interrupted'), '');
  writeFileSync(join(empty, 'half.json'), '{"schema":');
  const { status, stderr } = await command(['compare', join(empty, 'killed'), 'no-such-run', 'third', '--nosuch', '--results']);
  t.equal(status, 2);
  for (const fault of [/killed before its end/, /no run "no-such-run"/, /one argument too many: "third"/, /unknown option --nosuch/, /--results needs a value/]) t.match(stderr, fault);
  t.match(await command(['compare', join(empty, 'half.json')]), { status: 2, stderr: /is no JSON[\s\S]*compared with which run\?/ });
  t.match(await command(['compare']), { status: 2, stderr: /which runs\?/ });
  t.equal(readdirSync(empty).length, 2, 'and nothing is left behind');
});

void t.test('sweep', { skip, timeout: 900_000 }, async (t) => {
  const { file, results } = copyOf('sweep');
  const { status, stdout } = await command(['sweep', `${file}#jittery`, '--seeds', '1..3', '--results', results]);
  t.equal(status, 1, 'some seeds are out for longer than the claim allows');
  const { record, dir } = onlyRun(results);
  const [story] = record.sweep?.stories ?? [];
  t.match(story, { variant: 'jittery', seeds: 3, figure: 'outageS', distribution: { count: 3 } });
  t.same(record.results.map(({ seed }) => seed), [1, 2, 3]);
  const bad = record.results.filter(({ asExpected }) => !asExpected);
  t.same(story?.unexpectedSeeds, bad.map(({ seed }) => seed));
  t.ok(bad.length > 0 && bad.length < 3, 'the seed decides');
  for (const result of bad) t.ok((result.claims[0]?.figures['outageS'] ?? 0) > 1, `seed ${result.seed}: the claim of the outage is the one that broke`);
  const kept = readdirSync(join(dir, 'cable/jittery')).sort();
  const held = record.results.find(({ asExpected }) => asExpected)?.seed;
  t.same(kept, [...bad.map(({ seed }) => `seed-${seed}`), `seed-${held ?? ''}`].sort(), 'files of those that fail, and of the first that held');
  t.match(stdout, new RegExp(`smallest seed that fails: ${bad[0]?.seed ?? ''}[\\s\\S]*replay`));
  t.match(readFileSync(join(dir, 'index.html'), 'utf8'), /<svg class="histogram"/);

  const again = copyOf('replay');
  await command(['run', `${file}#jittery`, '--seed', String(bad[0]?.seed), '--results', again.results, '--reporter', 'quiet']);
  const replay = onlyRun(again.results).dir;
  const events = (path: string): string => readFileSync(join(path, 'events.ndjson'), 'utf8');
  t.ok(events(join(dir, `cable/jittery/seed-${bad[0]?.seed ?? ''}`)) === events(join(replay, 'cable/jittery')), 'a seed that fails replays byte for byte');
  const compared = JSON.parse((await command(['compare', '--json', dir, replay])).stdout) as CompareRecord;
  t.match(compared, { results: [{ change: 'same', events: { identical: true } }], onlyBefore: [{}, {}] }, 'one seed of a sweep is compared with its replay');
});

void t.test('sweeps that cannot be: everything wrong at once', async (t) => {
  const { status, stderr } = await command(['sweep', 'no-such-scenario', '--seeds', '9..1', '--jobs', '0', '--nosuch']);
  t.equal(status, 2);
  for (const fault of [/--seeds 9\.\.1: 9\.\.1 runs backwards/, /--jobs 0/, /unknown option --nosuch/, /no scenario matches "no-such-scenario"/]) t.match(stderr, fault);
  t.match(await command(['sweep']), { status: 2, stderr: /which seeds\?[\s\S]*which scenario\?/ });
});
