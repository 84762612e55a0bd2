import t from 'tap';
import { since } from '../../lib/claims.ts';
import { says } from '../../lib/claims-output.ts';
import { s } from '../../lib/units.ts';

const lines = [{ ns: 1e9, text: 'Members[1]: 1' }, { ns: 5e9, text: 'Members[3]: 1 2 3' }, { ns: 20e9, text: 'Members[3]: 1 2 3' }];
const spoken = { what: 'corosync on n1', lines, endedNs: undefined };
const window = since({ ns: 2e9, what: 'the start' }, s(10));

t.test('lines in the window count', (t) => {
  t.match(says(spoken, /Members\[3\]/, window), { verdict: 'held', figures: { lines: 1 }, decisiveNs: 5e9, observed: /^1, the first 3 s after the start/ });
  t.match(says(spoken, /Members\[3\]/, window, { atLeast: 2 }), { verdict: 'broken', figures: { lines: 1 } });
  t.match(says(spoken, /Members\[1\]/, window), { verdict: 'broken', observed: 'none' });
  t.match(says(spoken, /Members\[3\]/g, window), { verdict: 'held' }, 'a pattern that remembers its place misses nothing');
  t.match(says(spoken, /FAILED/, window, { atMost: 0 }), { verdict: 'held', expected: /no line like/ });
  t.match(says(spoken, /Members/, window, { atMost: 0 }), { verdict: 'broken' });
  t.end();
});

t.test('the silence of one that has ended says nothing', (t) => {
  t.match(says({ ...spoken, endedNs: 6e9 }, /FAILED/, window, { atMost: 0 }), { verdict: 'errored', observed: /ended 4 s after the start/ });
  t.match(says({ ...spoken, endedNs: 6e9 }, /Members/, window, { atMost: 0 }), { verdict: 'broken' }, 'what it said, it said');
  t.match(says({ ...spoken, endedNs: 6e9 }, /Members/, window), { verdict: 'held' });
  t.end();
});
