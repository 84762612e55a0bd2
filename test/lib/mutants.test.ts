import t from 'tap';
import { errored, mutantSummary, mutantTable, noticed, type Outcome, readMutant } from '../../lib/mutants.ts';

const PATCH = `Breaks: A membership lasts half its interval.
Scenarios: multicast/membership-expiry  multicast/fast-leave#fast-igmpv2

--- a/net/bridge/br_multicast.c
+++ b/net/bridge/br_multicast.c
@@ -1,1 +1,1 @@
-a
+b
`;
const outcome = (variant: string, verdict: string, asExpected = verdict === 'held'): Outcome => ({ scenario: 'multicast/a', variant, verdict, asExpected });

void t.test('the head of a patch says what it breaks and who can notice', async () => {
  t.same(readMutant('halved', PATCH), {
    name: 'halved', breaks: 'A membership lasts half its interval.',
    scenarios: ['multicast/membership-expiry', 'multicast/fast-leave#fast-igmpv2'], files: ['net/bridge/br_multicast.c'], diff: PATCH.slice(PATCH.indexOf('---')),
  });
});

void t.test('everything wrong with a patch is said at once', async () => {
  t.throws(() => readMutant('empty', 'nothing'), /the mutant empty: it has no line "Breaks: …"; it has no line "Scenarios: …"; it changes no file\./);
  t.throws(() => readMutant('out', PATCH.replace('a/net/bridge', 'a/../net')), /outside the tree/);
});

void t.test('what breaks without the mutant too was not noticed, and a skip is nothing', async () => {
  const run = [outcome('x', 'broken'), outcome('y', 'crashed'), outcome('z', 'skipped', false), outcome('w', 'held')];
  t.same(noticed(run, [outcome('y', 'broken')]).map(({ variant }) => variant), ['x']);
});

void t.test('a harness that failed noticed nothing, with the mutant or without it', async () => {
  const run = [outcome('x', 'errored'), outcome('y', 'broken'), outcome('z', 'crashed')];
  t.same(noticed(run, []).map(({ variant }) => variant), ['y', 'z']);
  t.same(noticed(run, [outcome('y', 'errored')]).map(({ variant }) => variant), ['z'], 'nobody knows whether y breaks without the mutant');
  t.same(errored(run).map(({ variant }) => variant), ['x']);
});

void t.test('a mutant whose runs errored is undecided, and named as such', async () => {
  const mutant = readMutant('halved', PATCH);
  const runs = [{ mutant, outcomes: [outcome('x', 'errored'), outcome('y', 'held')], leftOut: [] }];
  const base = [outcome('x', 'held'), outcome('y', 'errored')];
  t.match(mutantTable(runs, base).split('\n')[2], '| **undecided**: multicast/a#x (errored) | 0 of 2 |');
  t.equal(
    mutantSummary(runs, base),
    '1 mutants, 0 noticed, 0 survived, 1 undecided, since the harness failed: halved. On the unmutated kernel 0 of 2 variants came out otherwise than they should, 1 errored.',
  );
});

void t.test('the table names who noticed, and who survived', async () => {
  const mutant = readMutant('halved', PATCH);
  const base = [outcome('x', 'held'), outcome('y', 'held')];
  const runs = [
    { mutant, outcomes: [outcome('x', 'broken'), outcome('y', 'crashed')], leftOut: ['multicast/b'] },
    { mutant: { ...mutant, name: 'silent' }, outcomes: [outcome('x', 'held')], leftOut: [] },
  ];
  const [, , first, second] = mutantTable(runs, base).split('\n');
  t.equal(first, '| halved | A membership lasts half its interval. | multicast/a#x, #y (crashed) | 2 of 2, stopped |');
  t.equal(second, '| silent | A membership lasts half its interval. | **survived** | 0 of 1 |');
  t.match(mutantSummary(runs, base), /^2 mutants, 1 noticed, 1 survived: silent\. On the unmutated kernel 0 of 2 variants/);
});
