/** A bridge whose MDB holds so many groups, and a port that may be in so many. */
import { s, topology } from '../../harness/scenario.ts';

/** Ten times the default: queries count it in tenths of a second, and divided by 25 it must be one at least (0 is IGMPv1, which knows no leave). */
export const LAST_MEMBER = s(10);

export interface LimitedGroups {
  /** mcast_hash_max: groups of the whole bridge; the kernel's default is 4096. */
  hashMax?: number;
  /** mcast_max_groups of bob's port; 0, the default, is no limit. */
  portMax?: number;
}

//   alice (sends)   bob (joins one group after another)   carol (joins none)   dave (joins one)
//        └──────────────────────────┴───────┬─────────────────┴─────────────────────┘
//                               vmbr0: its own querier asks
export const limitedGroups = ({ hashMax, portMax }: LimitedGroups) =>
  topology((t) => {
    const vmbr0 = t.bridge('vmbr0', { snooping: true, querier: false, options: { mcast_last_member_interval: LAST_MEMBER, ...(hashMax === undefined ? {} : { mcast_hash_max: hashMax }) } });
    return {
      vmbr0,
      alice: t.guest('alice', { on: vmbr0 }),
      bob: t.guest('bob', { on: vmbr0, ...(portMax === undefined ? {} : { port: { mcast_max_groups: portMax } }) }),
      carol: t.guest('carol', { on: vmbr0 }), dave: t.guest('dave', { on: vmbr0 }),
    };
  });
