import t from 'tap';
import { bisectLog, firstBad, judge } from '../../lib/bisection-of-commits.ts';

const held: Parameters<typeof judge>[0][number] = { scenario: 's', variant: 'v', verdict: 'held', asExpected: true, claims: [] };

t.test('a commit is good, bad, not to be tested, or the harness failed', (t) => {
  t.match(judge([held]), { word: 'good', why: 'v held' });
  const broken = { ...held, verdict: 'broken', asExpected: false, claims: [{ verdict: 'broken', claim: 'bob is heard', observed: 'lost 12' }] } as never;
  t.match(judge([held, broken]), { word: 'bad', why: /v broken \(bob is heard: lost 12\)/ });
  t.match(judge([{ ...held, verdict: 'crashed', asExpected: false, reason: 'panic\nmore' }]), { word: 'bad', why: 'v crashed (panic)' });
  t.match(judge([{ ...held, asExpected: false }]), { word: 'bad' }, 'a variant that should break and holds');
  t.match(judge([held, { ...held, verdict: 'errored', asExpected: false, reason: 'no memory' }]), { stop: /no memory/ });
  t.match(judge([broken, { ...held, verdict: 'errored', asExpected: false, reason: 'x' }]), { word: 'bad' }, 'that something broke stays true');
  t.match(judge([{ ...held, verdict: 'skipped', asExpected: false, reason: 'no bonding' }]), { word: 'skip' });
  t.match(judge([]), { word: 'skip' });
  t.end();
});

t.test('what git says', (t) => {
  t.equal(firstBad('Bisecting: 0 left\nabc1234def is the first bad commit\ncommit abc\n'), 'abc1234def');
  t.equal(firstBad("There are only 'skip'ped commits left to test.\n"), undefined);
  t.end();
});

t.test('the log for a mail', (t) => {
  const tried = [{ commit: 'a'.repeat(40), subject: 'bridge: x', word: 'bad', why: 'v broken', tookS: 1 }] as const;
  const lines = bisectLog({ scenario: 's#v', seed: 3, tried, first: { commit: 'a'.repeat(40), subject: 'bridge: x', author: 'A <a@b>' }, log: 'git bisect start\n' });
  t.match(lines.join('\n'), /first bad commit: a{40}\n {4}bridge: x\n {4}A <a@b>[^]*--seed 3[^]*aaaaaaaaaaaa bad {2}bridge: x[^]*git bisect start/);
  t.match(bisectLog({ scenario: 's', seed: 1, tried, first: undefined, log: '' })[0], /no single/);
  t.end();
});
