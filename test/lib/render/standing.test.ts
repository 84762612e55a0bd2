import t from 'tap';
import { claimAsExpected, count, decidingFigures, explanation, groupBy, standing, worstFirst } from '../../../lib/render/standing.ts';
import { claim, everyVerdict, result } from './samples.ts';

t.test('standing is not the verdict', (t) => {
  t.equal(standing(result()), 'as-expected');
  t.equal(standing(result({ verdict: 'broken' })), 'unexpected');
  t.equal(standing(result({ verdict: 'broken', control: true })), 'as-expected', 'a control that broke');
  t.equal(standing(result({ verdict: 'held', control: true })), 'unexpected', 'a control that held');
  t.equal(standing(result({ verdict: 'skipped' })), 'skipped');
  for (const verdict of ['errored', 'crashed'] as const) t.equal(standing(result({ verdict, control: true })), 'unexpected', `a control that ${verdict}`);
  t.end();
});

t.test('claims of a control', (t) => {
  const [held, broken, errored] = [claim(), claim({ verdict: 'broken' }), claim({ verdict: 'errored' })];
  const broke = result({ control: true, verdict: 'broken' });
  t.ok(claimAsExpected(broke, held), 'one broken claim is enough');
  t.ok(claimAsExpected(broke, broken));
  t.notOk(claimAsExpected(broke, errored));
  t.notOk(claimAsExpected(result({ control: true, verdict: 'held' }), held));
  t.notOk(claimAsExpected(result({ verdict: 'broken' }), broken));
  t.end();
});

t.test('a control that breaks in another claim than it names', (t) => {
  const [named, other] = [claim({ claim: 'bob hears' }), claim({ claim: 'carol hears' })];
  const elsewhere = result({ control: true, verdict: 'broken', breaks: ['bob'], asExpected: false, claims: [named, { ...other, verdict: 'broken' }] });
  t.equal(standing(elsewhere), 'unexpected');
  t.equal(explanation(elsewhere), 'broken, but in another claim: not in bob');
  t.notOk(claimAsExpected(elsewhere, named), 'it had to break');
  const right = result({ control: true, verdict: 'broken', breaks: ['/^bob/'], claims: [{ ...named, verdict: 'broken' }, other] });
  t.equal(standing(right), 'as-expected');
  t.ok(claimAsExpected(right, other), 'the others may hold');
  t.end();
});

t.test('the deciding figure is the broken claim\'s', (t) => {
  const one = result({ verdict: 'broken', claims: [claim(), claim({ verdict: 'broken', figures: { outageS: 7, lostPings: 8 } })] });
  t.equal(decidingFigures(one, 1), '7 s outage');
  t.equal(decidingFigures(one, 2), '7 s outage, 8 lost pings');
  const held = result({ verdict: 'held', claims: [claim({ figures: { becameAfterS: 0.02 } }), claim({ figures: { sentDatagrams: 9, lostDatagrams: 0, outageS: 0.1 } })], figures: {} });
  t.equal(decidingFigures(held, 2), '0.1 s outage, 0 lost datagrams', 'what people ask for first, of whichever claim');
  t.equal(decidingFigures(result({ claims: [claim({ figures: {} })], figures: { loadPercent: 3 } }), 1), '3 % load');
  t.equal(decidingFigures(result({ claims: [claim({ figures: {}, observed: 'all seen' })], figures: {} }), 1), 'all seen');
  t.equal(decidingFigures(result({ verdict: 'skipped', reason: 'no\nKVM' }), 1), 'no KVM');
  t.match(explanation(result({ verdict: 'broken', claims: [] })), 'no claim was recorded');
  t.end();
});

t.test('counts and orders', (t) => {
  const { results } = everyVerdict();
  t.match(count(results), { total: 7, asExpected: 2, unexpected: 4, skipped: 1, controlsBroken: 1, verdicts: { held: 2, broken: 2 } });
  t.same(worstFirst(results).map((one) => one.variant), ['mode-1', 'legacy', 'garp-off', 'three-rounds', 'healthy', 'no-querier', 'udpu']);
  t.same([...groupBy(results, 'kernel').values()].map((group) => group.length), [5, 2]);
  t.end();
});
