// What every scenario of the catalogue must say of itself. No kernel is needed: whether it is true, the VMs tell (test/e2e).
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import t from 'tap';
import type { Scenario } from '../harness/scenario.ts';
import { scenarioFiles } from '../harness/setup/catalogue.mjs';
import { breaksTexts, isPattern } from '../lib/breaks.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

void t.test('every negative control names the claim that must break', async (t) => {
  for (const path of scenarioFiles(root)) {
    const { default: scenario } = (await import(pathToFileURL(join(root, path)).href)) as { default: Scenario };
    for (const [name, { breaks, expected }] of Object.entries(scenario.controls)) {
      if (expected === 'held') continue;
      const texts = breaksTexts(breaks);
      t.ok(texts.length > 0, `${path}#${name} says which claim must break: breaks: 'words of the claim'`);
      for (const text of texts) t.ok(!text.startsWith('/') || isPattern(text), `${path}#${name}: ${text} is a pattern`);
    }
  }
});
