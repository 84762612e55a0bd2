/**
 * A bridge with guests and nothing else: whoever queries here is the bridge itself. Its querier is off at first; a story
 * switches it on, as people do. (Made with both in one command, the bridge waits by the default response interval: it
 * reads mcast_querier before the timers.)
 */
import { type Duration, topology } from '../../harness/scenario.ts';

export interface GuestsOnABridge {
  family: 4 | 6;
  snooping: boolean;
  /** mcast_query_interval; kernel default 125 s. */
  queryInterval?: Duration;
}

//   alice (sends)   bob, dave (join)   carol (does not)
//        └────────────────┴──────┬────────────┘
//                              vmbr0
export const guestsOnABridge = (o: GuestsOnABridge) =>
  topology((t) => {
    const vmbr0 = t.bridge('vmbr0', { snooping: o.snooping, querier: false, ...(o.queryInterval ? { options: { mcast_query_interval: o.queryInterval } } : {}) });
    const on = { on: vmbr0 };
    return { vmbr0, alice: t.guest('alice', on), bob: t.guest('bob', on), carol: t.guest('carol', on), dave: t.guest('dave', on) };
  }, { ipv6: o.family === 6 });
