import t from 'tap';
import { announcementOffsets, QEMU_SCHEDULE } from '../../lib/announcement.ts';
import { inMilliseconds, ms } from '../../lib/units.ts';

const offsets = (schedule: Parameters<typeof announcementOffsets>[0]): number[] => announcementOffsets(schedule).map(inMilliseconds);

t.test("QEMU's defaults: at once, then after 50, 150, 250 and 350 ms", (t) => {
  t.same(offsets(QEMU_SCHEDULE), [0, 50, 200, 450, 800]);
  t.end();
});

t.test('pauses grow to the maximum and no further', (t) => {
  t.same(offsets({ initial: ms(50), max: ms(200), rounds: 6, step: ms(100) }), [0, 50, 200, 400, 600, 800]);
  t.end();
});

t.test('a pause longer than the maximum from the start is the maximum', (t) => {
  t.same(offsets({ initial: ms(900), max: ms(300), rounds: 3, step: ms(0) }), [0, 300, 600]);
  t.end();
});

t.test('one round is one frame; none is none', (t) => {
  t.same(offsets({ ...QEMU_SCHEDULE, rounds: 1 }), [0]);
  t.same(offsets({ ...QEMU_SCHEDULE, rounds: 0 }), []);
  t.end();
});
