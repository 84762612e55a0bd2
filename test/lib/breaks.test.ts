// Which claim a negative control must break.
import t from 'tap';
import { breaksTexts, namesClaim, unbroken } from '../../lib/breaks.ts';
import { claim } from './render/samples.ts';

const bob = claim({ claim: 'bob hears alice → 239.192.5.5: delivery stops', expected: 'between 260 s and 276 s', verdict: 'broken' });
const carol = claim({ claim: 'carol hears alice → 239.192.5.5: delivery stops', expected: 'between 260 s and 276 s', verdict: 'held' });

t.test('as they are written', async (t) => {
  t.same(breaksTexts(undefined), []);
  t.same(breaksTexts('bob'), ['bob']);
  t.same(breaksTexts([/Bob/i, 'carol']), ['/Bob/i', 'carol']);
});

t.test('words, patterns, bounds', async (t) => {
  t.ok(namesClaim('bob hears', bob));
  t.notOk(namesClaim('bob.*stops', bob), 'words are no pattern');
  t.ok(namesClaim('/bob.*stops/', bob));
  t.ok(namesClaim('/BOB/i', bob));
  t.notOk(namesClaim('/BOB/', bob));
  t.ok(namesClaim('/bob/g', bob));
  t.notOk(namesClaim('/bob(/', bob), 'no pattern at all');
  t.ok(namesClaim('delivery stops: between 260 s', bob), 'the bounds tell claims of one thing apart');
});

t.test('named, and not broken', async (t) => {
  t.same(unbroken(['bob', 'carol'], [bob, carol]), ['carol'], 'each of several must break');
  t.same(unbroken(['bob'], [bob, carol]), []);
  t.same(unbroken(['/hears/'], [carol, bob]), [], 'one of those that a pattern names is enough');
  t.same(unbroken([], [carol]), []);
});
