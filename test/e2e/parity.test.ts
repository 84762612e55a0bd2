// The same stories on the running kernel, in scaled time: the same verdicts as in the VM. Of each scenario one variant
// and one control, the first that can be scaled; a new scenario is in by default, and what is left out says why.
import t, { type Test } from 'tap';
import type { ListedScenario, ListedVariant, ListRecord } from '../../harness/cli/list.ts';
import type { ResultRecord } from '../../lib/record.ts';
import { command, onlyRun, resultsFolder } from './command.ts';

// Above 31 the kernel would clamp a bridge's scaled start-up query interval (1 s at least).
const SCALE = 25;
// Stories in real time mostly sleep: many side by side.
const JOBS = '6';
const AGAIN_AT_MOST = 5;

const { stdout } = await command(['list', '--json']);
const { scenarios } = JSON.parse(stdout) as ListRecord;

const scalable = (variants: readonly ListedVariant[]): ListedVariant | undefined => variants.find((v) => v.notScaled === undefined);
const whyNot = ({ notScaled, variants }: ListedScenario): string | undefined => notScaled ?? (scalable(variants) ? undefined : variants[0]?.notScaled);
const covered = scenarios.filter((listed) => whyNot(listed) === undefined);
const patterns = covered.flatMap(({ variants, controls }) => [scalable(variants), scalable(controls)].flatMap((v) => (v ? [v.pattern] : [])));

async function runs(t: Test, which: readonly string[], jobs: string): Promise<readonly ResultRecord[]> {
  const results = resultsFolder();
  t.teardown(results.remove);
  await command(['run', ...which, '--kernel', 'running', '--time', `scaled=${SCALE}`, '--jobs', jobs, '--reporter', 'plain', '--results', results.path]);
  return onlyRun(results.path).record.results;
}

void t.test('the running kernel gives the verdicts that the VM gives', { timeout: 1_200_000 }, async (t) => {
  for (const listed of scenarios) {
    const why = whyNot(listed);
    if (why !== undefined) await t.test(listed.name, { skip: `cannot be scaled: ${why}` }, () => undefined);
  }
  const results = await runs(t, patterns, JOBS);
  t.equal(results.length, patterns.length, 'all that was chosen has a result');
  // In real time a busy machine holds a story up by more than its bounds allow for: what few come out otherwise are run again, alone.
  const odd = results.filter((r) => r.verdict !== 'skipped' && r.verdict !== r.expected);
  t.ok(odd.length <= AGAIN_AT_MOST, `${odd.length} came out otherwise at first: ${odd.map((r) => `${r.scenario}#${r.variant}`).join(', ')}`);
  const again = odd.length > 0 && odd.length <= AGAIN_AT_MOST ? await runs(t, odd.map((r) => `${r.scenario}#${r.variant}`), '1') : [];
  let ran = 0;
  for (const first of results) {
    const result = again.find((r) => r.scenario === first.scenario && r.variant === first.variant) ?? first;
    if (result.verdict === 'skipped') {
      await t.test(`${result.scenario} ${result.variant}`, { skip: result.reason ?? 'no reason was given' }, () => undefined);
      t.match(result.reason, /lacks|scaled/, 'a skip says what is missing');
      continue;
    }
    ran++;
    t.equal(result.verdict, result.expected, `${result.scenario} ${result.variant}: ${result.reason ?? result.claims.filter((c) => c.verdict !== 'held').map((c) => `${c.claim}: ${c.observed}`).join('; ')}`);
  }
  t.ok(ran >= covered.length, `${ran} variants and controls ran here, of ${covered.length} scenarios`);
  t.end();
});
