// compare, with real runs: the same bytes twice, and a fix that makes it worse.
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
