/** How long a learning bridge goes on believing in a MAC that it no longer hears. */
import { bound, type Bound, type Bounds, minus, ns, s } from '../../harness/scenario.ts';

/** ageing_time, the kernel's default. */
export const AGEING = s(300);

/**
 * When an entry goes after the last frame from its MAC. Looking an entry up does not test its age (br_forward.c takes
 * what br_fdb_find_rcu finds); br_fdb_cleanup removes it, and arms itself for the entry that is due next, at most
 * ageing_time ahead. So one wheel step of ageing_time is the most that it comes late.
 */
export function ageing(bounds: Bounds): Bound {
  const timer = bounds.timer('FDB ageing_time', AGEING);
  const tick = ns(1e9 / bounds.hz);
  return bound(minus(timer.min, tick), timer.max, ...timer.reasons, 'the entry notes when it was heard in whole ticks, rounded down: up to one tick less', 'br_fdb_cleanup removes it; nothing else looks at its age');
}
