// User-Mode Linux, where WIREWARP_UML names a kernel of it (those of our cache may be of any tree, a broken one too): the same scenarios with the same
// verdicts as in a VM, byte for byte alike with the same seed, and nothing left by a killed run.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { eventually } from '../../harness/system/eventually.ts';
import { begin, command, onlyRun, resultsFolder } from './command.ts';

const kernel = process.env['WIREWARP_UML'];
const skip = kernel === undefined ? 'WIREWARP_UML names no User-Mode Linux kernel' : false;
const patterns = ['multicast/membership-expiry', 'bonding/failback', 'migration/announced'];

const run = async (t: Test, seed: number, options: readonly string[]): Promise<ReturnType<typeof onlyRun>> => {
  const results = resultsFolder();
  t.teardown(results.remove);
  await command(['run', ...options, '--seed', String(seed), '--kernel', kernel as string, '--capture', 'all', '--reporter', 'plain', '--results', results.path]);
  return onlyRun(results.path);
};

void t.test('verdicts are those of a VM, and controls break', { skip, timeout: 1_200_000 }, async (t) => {
  const { record } = await run(t, 1, [...patterns, '--controls']);
  t.ok(record.results.length > 10);
  for (const result of record.results) t.equal(result.asExpected, true, `${result.scenario}#${result.variant}: ${result.verdict} ${result.reason ?? ''}`);
  t.match(record.kernels, [{ place: 'uml', hz: 100 }]);
});

void t.test('the same seed is the same run, another is another', { skip, timeout: 600_000 }, async (t) => {
  const one = ['multicast/membership-expiry#legacy-ipv4'];
  const [first, again, other] = [await run(t, 3, one), await run(t, 3, one), await run(t, 4, one)];
  const files = first.record.results[0]?.files.filter((file) => /(ndjson|pcapng)$/.test(file)) ?? [];
  t.ok(files.length >= 2);
  for (const file of files) {
    t.ok(readFileSync(join(first.dir, file)).equals(readFileSync(join(again.dir, file))), file);
    t.notOk(readFileSync(join(first.dir, file)).equals(readFileSync(join(other.dir, file))), `${file} with another seed`);
  }
});

void t.test('a run that is killed leaves no kernel', { skip, timeout: 120_000 }, async (t) => {
  const results = resultsFolder();
  t.teardown(results.remove);
  const runs = begin(['run', 'multicast/membership-expiry#legacy-ipv4', '--kernel', kernel as string, '--results', results.path, '--reporter', 'plain']);
  const ours = (): number[] => readdirSync('/proc').map(Number).filter((pid) => pid > 0 && workingIn(pid).startsWith(results.path));
  const wait = (doing: string, until: () => boolean): Promise<void> => eventually({ for: doing, withinMs: 60_000 }, () => { if (!until()) throw new Error('not yet'); });
  await wait('the kernel', () => ours().length > 0);
  runs.child.kill('SIGKILL');
  await wait('its end', () => ours().length === 0);
  t.same(ours(), []);
});

/** A kernel's processes stay in the folder of their result. */
function workingIn(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}
