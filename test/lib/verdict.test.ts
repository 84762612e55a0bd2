// What outweighs what: lost evidence, a broken claim, an error of the story, a claim that could not be decided.
import t from 'tap';
import { decideVerdict } from '../../lib/verdict.ts';
import { claim } from './render/samples.ts';

const held = claim();
const broken = claim({ claim: 'bob hears', verdict: 'broken', observed: '3 lost' });
const undecided = claim({ claim: 'carol hears', verdict: 'errored', observed: 'no datagram was sent' });

t.test('claims alone', async (t) => {
  t.same(decideVerdict({ claims: [held], troubles: [] }), { verdict: 'held', reason: undefined });
  t.match(decideVerdict({ claims: [held, undecided, broken], troubles: [] }), { verdict: 'broken', reason: /^bob hears: expected .*; observed 3 lost$/ });
  t.match(decideVerdict({ claims: [held, undecided], troubles: [] }), { verdict: 'errored', reason: 'carol hears: no datagram was sent' });
  t.match(decideVerdict({ claims: [], troubles: [] }), { verdict: 'errored', reason: 'the story made no claim' });
});

t.test('a story that throws', async (t) => {
  t.match(decideVerdict({ claims: [held], troubles: [], threw: { why: 'no report came' } }), { verdict: 'errored', reason: 'no report came' });
  t.match(decideVerdict({ claims: [held, broken], troubles: [], threw: { why: 'no report came' } }), { verdict: 'broken', reason: /observed 3 lost\nthe story then ended with an error: no report came$/ });
  t.match(decideVerdict({ claims: [], troubles: [], threw: { why: 'not at this scale', unfit: true } }), { verdict: 'skipped', reason: 'not at this scale' });
});

t.test('lost evidence decides nothing', async (t) => {
  t.match(decideVerdict({ claims: [held, broken], troubles: ['tcpdump on a:b lost 3 frames'] }), { verdict: 'errored', reason: 'tcpdump on a:b lost 3 frames' });
  t.match(decideVerdict({ claims: [broken], troubles: [], threw: { why: 'a timer threw', ours: true } }), { verdict: 'errored', reason: 'a timer threw' }, 'given up by the harness');
  t.match(decideVerdict({ claims: [broken], troubles: ['lost'], threw: { why: 'threw' } }), { verdict: 'errored', reason: 'threw; lost' });
});
