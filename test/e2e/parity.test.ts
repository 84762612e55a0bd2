// The same stories on the running kernel, in scaled time: the same verdicts as in the VM, where the kernel can do them.
import t from 'tap';
import { command, onlyRun, resultsFolder } from './command.ts';

// Above 31 the kernel would clamp a bridge's scaled start-up query interval (1 s at least).
const SCALE = 25;

void t.test('the running kernel gives the verdicts that the VM gives', { timeout: 900_000 }, async (t) => {
  const results = resultsFolder();
  t.teardown(results.remove);
  // Stories in real time mostly sleep: many side by side.
  await command(['run', '--controls', '--kernel', 'running', '--time', `scaled=${SCALE}`, '--jobs', '6', '--reporter', 'plain', '--results', results.path]);
  const { record } = onlyRun(results.path);
  let ran = 0;
  for (const result of record.results) {
    if (result.verdict === 'skipped') {
      await t.test(`${result.scenario} ${result.variant}`, { skip: result.reason ?? 'no reason was given' }, () => undefined);
      t.match(result.reason, /lacks|scaled/, 'a skip says what is missing');
      continue;
    }
    ran++;
    t.equal(result.verdict, result.expected, `${result.scenario} ${result.variant}: ${result.reason ?? ''}`);
  }
  t.ok(ran >= 10, `${ran} variants ran here`);
  t.end();
});
