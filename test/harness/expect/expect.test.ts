// Claims that a story did not wait for.
import t from 'tap';
import { since } from '../../../lib/claims.ts';
import { ns, s } from '../../../lib/units.ts';
import { Claims } from '../../../harness/expect/expect.ts';
import type { LabCore } from '../../../harness/lab/lab.ts';

t.test('a claim that is not awaited is decided only if its window is over', (t) => {
  const clock = { ns: 10e9, until: () => new Promise<void>(() => undefined) };
  const timeline = { what: 'hv:bond0 active slave', changes: [{ ns: 0, value: 'eth0' }] };
  const lab = { clock, recorder: { record: () => undefined }, states: { timeline: () => timeline }, captures: new Map() } as unknown as LabCore;
  const claims = new Claims(lab, ns(0));
  void claims.expect(timeline).stays('eth0', since({ ns: 5e9, what: 'the cut' }, s(5)));
  void claims.expect(timeline).stays('eth0', since({ ns: 5e9, what: 'the cut' }, s(600)));
  const [over, early] = claims.conclude();
  t.match(over, { verdict: 'held' });
  t.match(early, { verdict: 'errored', observed: /the story ended before the window did/ });
  t.end();
});

t.test('a claim that cannot be decided at all costs the others nothing', (t) => {
  const clock = { ns: 10e9, until: () => new Promise<void>(() => undefined) };
  const timeline = { what: 'hv:bond0 active slave', changes: [{ ns: 0, value: 'eth0' }] };
  const unreadable = { what: 'gone', get changes(): never { throw new TypeError('changes of undefined'); } };
  const lab = { clock, recorder: { record: () => undefined }, states: { timeline: (what: string) => (what === 'gone' ? unreadable : timeline) }, captures: new Map() } as unknown as LabCore;
  const claims = new Claims(lab, ns(0));
  void claims.expect(unreadable).stays('up', since({ ns: 1e9, what: 'the cut' }, s(5)));
  void claims.expect(timeline).stays('eth0', since({ ns: 1e9, what: 'the cut' }, s(5)));
  t.match(claims.conclude(), [{ verdict: 'errored', claim: 'gone stays up', observed: 'it could not be decided: changes of undefined' }, { verdict: 'held' }]);
  t.end();
});
