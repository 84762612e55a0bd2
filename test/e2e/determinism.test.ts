/** The check of byte-for-byte repeats, as one calls it: what is wrong is told before anything runs. What it finds: test/lib/compare/repeats.test.ts. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { checkout } from './command.ts';

function check(...words: string[]): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', join(checkout, 'bench/determinism.ts'), ...words], { encoding: 'utf8', cwd: checkout });
  return { status, stderr };
}

t.test('everything wrong with the words is said at once, and nothing runs', async (t) => {
  const { status, stderr } = check('--runs', 'NaN', '--seed', 'x', '--frsh', '--json', '--time', 'real', 'no/such');
  t.equal(status, 2);
  for (const fault of ['6 faults, so nothing was started', '--runs NaN: a whole number from 2', '--seed x: a whole number', 'unknown option --frsh', '--json is set by the check', 'only in virtual time', 'no scenario matches "no/such"'])
    t.ok(stderr.includes(fault), fault);
});

t.test('one run is no comparison, and neither are none', async (t) => {
  for (const runs of ['0', '1', '-2']) t.match(check(`--runs=${runs}`), { status: 2, stderr: new RegExp(`--runs ${runs}: a whole number from 2`) });
});
