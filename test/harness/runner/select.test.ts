import t from 'tap';
import { choose, keyOf, matches, scenarioName } from '../../../harness/runner/select.ts';
import { unmatchedFault } from '../../../harness/runner/unmatched.ts';
import { sample } from './sample.ts';

const expiry = sample('multicast/membership-expiry', {
  title: 'membership expiry',
  cases: ['A1', 'A2'],
  variants: ['healthy', 'legacy'],
  controls: ['wrong-bound'],
});
const failover = sample('bonding/active-backup', {
  title: 'failover of a bond',
  cases: ['C1'],
  variants: ['cured', 'broken'],
});
const all = [expiry, failover];

t.test('what a pattern means', (t) => {
  const yes = [
    'multicast/membership-expiry',
    'multicast',
    'multicast/',
    'membership-expiry',
    'a1',
    'A2',
    'expiry',
    'member',
    'multicast/*',
    '**expiry',
    'scenarios/multicast/membership-expiry.ts',
    './scenarios/multicast/membership-expiry.ts',
    'A1#legacy',
    'A1#wrong-bound',
  ];
  for (const pattern of yes) t.ok(matches(expiry, pattern), pattern);
  const no = [
    'A',
    'A9',
    '',
    '#',
    '#healthy',
    'ship',
    'ex',
    'multi',
    '*',
    'bonding/*',
    'A1#constructor',
    'A1#broken',
    'multicast/member?hip-expiry',
    '.*',
  ];
  for (const pattern of no) t.notOk(matches(expiry, pattern), JSON.stringify(pattern));
  t.end();
});

t.test('a path is known by what follows scenarios/', (t) => {
  t.equal(scenarioName('/home/me/scenarios/bonding/x.ts'), 'bonding/x');
  t.equal(scenarioName('./x.js'), 'x');
  t.end();
});

t.test('a selection holds each variant once, and controls where they are wanted', (t) => {
  const keys = (patterns: string[], controls = false): string[] =>
    choose(all, patterns, controls).selections.map(keyOf);
  t.same(keys([]), [
    'multicast/membership-expiry#healthy',
    'multicast/membership-expiry#legacy',
    'bonding/active-backup#cured',
    'bonding/active-backup#broken',
  ]);
  t.same(keys(['A1', 'expiry']), ['multicast/membership-expiry#healthy', 'multicast/membership-expiry#legacy']);
  t.same(keys(['C1,A1#legacy']), [
    'bonding/active-backup#cured',
    'bonding/active-backup#broken',
    'multicast/membership-expiry#legacy',
  ]);
  t.same(keys(['A1'], true).at(-1), 'multicast/membership-expiry#wrong-bound');
  t.same(
    keys(['A1#wrong-bound']),
    ['multicast/membership-expiry#wrong-bound'],
    'named, a control runs without --controls',
  );
  t.same(choose(all, ['A1', 'nothing', 'C1#nothing'], false).unmatched, ['nothing', 'C1#nothing']);
  t.end();
});

t.test('what matches nothing is told with what may have been meant', (t) => {
  t.match(unmatchedFault(all, 'membershp'), {
    what: 'no scenario matches "membershp"',
    help: 'Nearest: multicast/membership-expiry.',
  });
  t.match(unmatchedFault(all, 'A1#healty'), {
    what: 'multicast/membership-expiry has no variant "healty"',
    help: 'Nearest: healthy.',
  });
  t.match(unmatchedFault(all, 'A1#zzzzzz').help, /^Its variants: healthy, legacy, wrong-bound\.$/);
  t.match(unmatchedFault(all, './gone.ts').what, /^there is no file \.\/gone\.ts, and no scenario matches/);
  t.match(unmatchedFault(all, '').what, 'an empty pattern');
  t.end();
});

t.test('what is up to the seed runs where it is named, and is listed', (t) => {
  const race = sample('multicast/race', { title: 'race', cases: ['A5'], variants: ['told', 'hoped'] });
  const named = [{ ...race, scenario: { ...race.scenario, variants: { ...race.scenario.variants, hoped: { upToTheSeed: 'who answers first is chance' } } } }];
  const keys = (patterns: string[], seeded = false): string[] => choose(named, patterns, true, true, seeded).selections.map(keyOf);
  for (const pattern of [[], ['A5'], ['multicast/race']]) {
    t.same(keys(pattern), ['multicast/race#told']);
    t.same(keys(pattern, true), ['multicast/race#told', 'multicast/race#hoped']);
  }
  t.same(keys(['multicast/race#hoped']), ['multicast/race#hoped']);
  t.end();
});

t.test('the default set leaves out what says so; a pattern and --all do not', (t) => {
  const rare = { ...sample('migration/ping-pong', { title: 'ping-pong', cases: ['D8'], variants: ['twenty'] }) };
  const named = [failover, { ...rare, scenario: { ...rare.scenario, inDefaultSet: false } }];
  t.same(choose(named, [], false).selections.map(keyOf), ['bonding/active-backup#cured', 'bonding/active-backup#broken']);
  t.ok(choose(named, [], false, true).selections.map(keyOf).includes('migration/ping-pong#twenty'));
  t.same(choose(named, ['D8'], false).selections.map(keyOf), ['migration/ping-pong#twenty']);
  t.end();
});
