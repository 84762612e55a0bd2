// The whole catalogue in VMs, negative controls included, two at a time; then some of it again, alone: the same seed
// must give the same files byte for byte, another seed must not.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { unbroken } from '../../lib/breaks.ts';
import { diagnosisFaults } from '../../lib/diagnosis/expected.ts';
import { alarmsIn, BY_CLAIMS } from '../explained.ts';
import { command, onlyRun, resultOf, resultsFolder, whyNoVm } from './command.ts';

const skip = await whyNoVm();

void t.test('every variant gives what it should, every negative control breaks', { skip, timeout: 4_000_000 }, async (t) => {
  const results = resultsFolder();
  t.teardown(results.remove);
  const { status, stderr } = await command(['run', '--all', '--controls', '--jobs', '2', '--seed', '1', '--kernel', 'auto', '--capture', 'all', '--reporter', 'plain', '--results', results.path]);
  const { record, dir } = onlyRun(results.path);
  for (const result of record.results) {
    await t.test(`${result.scenario} ${result.variant}${result.control ? ' (negative control)' : ''}`, (t) => {
      // The kernel at hand may be older than what a variant is about, and says so; other reasons to skip are not expected here.
      if (result.verdict === 'skipped' && result.reason?.startsWith('this kernel does not know ')) {
        t.comment(result.reason);
        t.pass('skipped for the kernel');
        t.end();
        return;
      }
      t.equal(result.verdict, result.expected, result.reason ?? result.claims.map((c) => `${c.claim}: ${c.observed}`).join('; '));
      t.ok(result.claims.length > 0, 'it made claims');
      t.equal(result.asExpected, true);
      if (result.control) {
        t.ok(result.breaks !== undefined && result.breaks.length > 0, 'it names the claim that must break');
        t.same(unbroken(result.breaks ?? [], result.claims), [], 'and that one broke');
      }
      t.ok(result.diagnosis, 'its scenario says what the report has to call its losses: diagnosis, {} where nothing may be found');
      t.same(diagnosisFaults(result.diagnosis ?? [], result.findings.map((f) => f.kind)), [], 'the diagnosis is the right one');
      const capture = result.files.find((f) => f.endsWith('.pcapng'));
      const explained = capture === undefined ? undefined : alarmsIn(join(dir, capture));
      const alarms = BY_CLAIMS[result.scenario];
      // A capture may be empty, or not be made at all.
      if (explained) t.ok(alarms, 'test/explained.ts says what explain has to find in its captures');
      if (explained) t.same(diagnosisFaults(alarms?.[result.variant] ?? [], explained.kinds), [], `explain is right: ${explained.words}`);
      t.end();
    });
  }
  t.equal(status, 0, stderr);
  t.equal(record.interrupted, false);
  t.ok(record.kernels.every((k) => k.place === 'qemu' && k.icountShift === 0 && k.hz > 0), 'the kernel, its HZ and the shift are on record');
  for (const scenario of new Set(record.results.map((r) => r.scenario))) t.ok(record.results.some((r) => r.scenario === scenario && r.control), `${scenario} has a negative control`);

  const image = record.kernels[0]?.image ?? '';
  // One with multicast and random report delays, one with a bond, one with a migration.
  const again = ['multicast/', 'bonding/', 'migration/'].map((folder) => record.results.find((r) => r.scenario.startsWith(folder) && !r.control && r.files.some((f) => f.endsWith('.pcapng'))));
  for (const first of again) {
    t.ok(first, 'a result with a capture to compare');
    if (!first) continue;
    await t.test(`${first.scenario}#${first.variant} alone, from another boot, is the same run, byte for byte`, async (t) => {
      const alone = resultsFolder();
      t.teardown(alone.remove);
      // A cache of its own holds no machine that has booted.
      await command(['run', `${first.scenario}#${first.variant}`, '--seed', '1', '--capture', 'all', '--reporter', 'plain', '--results', alone.path, '--kernel', image], { XDG_CACHE_HOME: join(alone.path, '.cache') });
      const second = onlyRun(alone.path);
      for (const file of first.files.filter((f) => /(ndjson|pcapng|plan\.sh)$/.test(f))) {
        t.ok(readFileSync(join(dir, file)).equals(readFileSync(join(second.dir, file))), file);
      }
      t.same(resultOf(second.record, first.scenario, first.variant).claims, first.claims, 'the same claims, figures and instants');
      t.end();
    });
    await t.test(`${first.scenario}#${first.variant} with another seed is another run`, async (t) => {
      const other = resultsFolder();
      t.teardown(other.remove);
      await command(['run', `${first.scenario}#${first.variant}`, '--seed', '2', '--capture', 'all', '--reporter', 'plain', '--results', other.path]);
      const second = onlyRun(other.path);
      for (const file of first.files.filter((f) => /(ndjson|pcapng|plan\.sh)$/.test(f))) t.notOk(readFileSync(join(dir, file)).equals(readFileSync(join(second.dir, file))), `${file} differs`);
      t.equal(resultOf(second.record, first.scenario, first.variant).verdict, 'held', 'and the claims hold all the same');
      t.end();
    });
  }
  t.end();
});
