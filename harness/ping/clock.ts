/** CLOCK_REALTIME without the detour by big integers: it is read between a request and its departure. */
import { check, CLOCK, pinned, sys } from '../system/native/libc.ts';
import type { Time } from '../../lib/ping/rfc-message.ts';

const area = pinned(16);
const view = new DataView(area.buffer);

export interface RealTime extends Time { readonly nanoseconds: number }

export function realTime(): RealTime {
  check(sys.clock_gettime(CLOCK.REALTIME, area), 'clock_gettime', 'read the clock');
  const nanoseconds = view.getUint32(8, true);
  return { seconds: view.getUint32(0, true) + view.getInt32(4, true) * 0x1_0000_0000, microseconds: Math.trunc(nanoseconds / 1000), nanoseconds };
}
