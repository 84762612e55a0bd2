// The same stories on the running kernel, in scaled time: the same verdicts as in the VM. Of each scenario one variant
// and one control, the first that can be scaled; a new scenario is in by default, and what is left out says why.
import t from 'tap';
import type { ListedScenario, ListedVariant, ListRecord } from '../../harness/cli/list.ts';
import { command, onlyRun, resultsFolder } from './command.ts';

// Above 31 the kernel would clamp a bridge's scaled start-up query interval (1 s at least).
const SCALE = 25;
// Stories in real time mostly sleep: many side by side.
const JOBS = '8';

const { stdout } = await command(['list', '--json']);
const { scenarios } = JSON.parse(stdout) as ListRecord;

const scalable = (variants: readonly ListedVariant[]): ListedVariant | undefined => variants.find((v) => v.notScaled === undefined);
const whyNot = ({ notScaled, variants }: ListedScenario): string | undefined => notScaled ?? (scalable(variants) ? undefined : variants[0]?.notScaled);
const covered = scenarios.filter((listed) => whyNot(listed) === undefined);
const patterns = covered.flatMap(({ variants, controls }) => [scalable(variants), scalable(controls)].flatMap((v) => (v ? [v.pattern] : [])));

void t.test('the running kernel gives the verdicts that the VM gives', { timeout: 1_200_000 }, async (t) => {
  for (const listed of scenarios) {
    const why = whyNot(listed);
    if (why !== undefined) await t.test(listed.name, { skip: `cannot be scaled: ${why}` }, () => undefined);
  }
  const results = resultsFolder();
  t.teardown(results.remove);
  await command(['run', ...patterns, '--kernel', 'running', '--time', `scaled=${SCALE}`, '--jobs', JOBS, '--reporter', 'plain', '--results', results.path]);
  const { record } = onlyRun(results.path);
  t.equal(record.results.length, patterns.length, 'all that was chosen has a result');
  let ran = 0;
  for (const result of record.results) {
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
