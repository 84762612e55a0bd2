// Courses of pings, and the cause that is named.
import t from 'tap';
import { Course } from '../../../lib/ping/course.ts';
import { diagnose } from '../../../lib/ping/diagnose.ts';

/** One request a second; which of them are answered, by unicast and by multicast. */
function course(count: number, unicast: (n: number) => boolean, multicast: (n: number) => boolean, everyMs = 1000): Course {
  const made = new Course();
  for (let n = 1; n <= count; n++) {
    made.sends(n, n * everyMs);
    if (unicast(n)) made.arrives('unicast', n, n * everyMs);
    if (multicast(n)) made.arrives('multicast', n, n * everyMs);
  }
  return made;
}
const always = (): boolean => true, never = (): boolean => false;
const second = { intervalMs: 1000 };

void t.test('what is wrong, if anything', async (t) => {
  t.equal(diagnose(course(600, always, always), second).finding, 'fine');
  t.equal(diagnose(course(10, never, never), second).finding, 'no-answer');
  t.match(diagnose(course(10, always, never), second), { finding: 'multicast-never', text: /snoops and has no querier/ });
  t.match(diagnose(course(10, always, never), { ...second, otherGroup: '239.9.9.9' }), { finding: 'other-group', text: /239\.9\.9\.9/ });
  t.match(diagnose(course(400, always, (n) => n <= 261), second), { finding: 'multicast-stopped', stoppedAfterS: 260, text: /nobody queries/ });
  t.match(diagnose(course(400, always, (n) => n <= 90), second), { finding: 'multicast-stopped', text: /Look for an IGMP or MLD querier/ });
  t.match(diagnose(course(400, always, (n) => n <= 5), second), { finding: 'multicast-stopped', text: /sooner than a membership expires/ });
  t.match(diagnose(course(400, always, (n) => n <= 261 || n > 300), second), { finding: 'multicast-stopped', stoppedAfterS: 261, text: /came back after 39 requests.*comes and goes/ });
  t.match(diagnose(course(400, always, (n) => n <= 9 || n > 30), second), { finding: 'multicast-stopped', text: /change of topology/ });
  t.equal(diagnose(course(400, (n) => n <= 50 || n > 70, (n) => n <= 50 || n > 70), second).finding, 'lossy', 'both were gone');
  t.equal(diagnose(course(265, always, (n) => n <= 261), second).finding, 'fine', 'four in a row may be chance');
  t.match(diagnose(course(30, (n) => n % 4 === 0, (n) => n % 4 === 0, 100), { intervalMs: 100 }), { finding: 'rate-limited', text: /-r/ });
  t.match(diagnose(course(100, (n) => n % 10 !== 0, (n) => n % 5 !== 0), second), { finding: 'lossy', text: /10 unicast and 20 multicast/ });
  t.equal(diagnose(course(30, always, (n) => n > 8), second).finding, 'fine', 'joins take their time');
});

void t.test('a course keeps its gaps, and no more than a hundred', async (t) => {
  const made = course(10, always, (n) => n < 3 || n > 6);
  t.same([made.multicast.gaps, made.multicast.lost, made.multicast.first, made.multicast.last], [[{ from: 3, to: 6 }], 4, 1, 10]);
  made.arrives('multicast', 4, 99_000);
  t.equal(made.multicast.lost, 3, 'what comes late is not lost');
  t.equal(made.multicast.last, 10);
  t.equal(course(10_000, always, (n) => n % 2 === 0).multicast.gaps.length, 100);
});
