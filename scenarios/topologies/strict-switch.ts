/** One switch of another make, with a sender, hosts that join or do not, and a querier at a port of its own. */
import { type Duration, plus, type QuerierVersion, s, type SwitchLike, topology } from '../../harness/scenario.ts';

export interface StrictSwitch {
  family: 4 | 6;
  like?: SwitchLike;
  /** Default IGMPv2 or MLDv1. */
  version?: QuerierVersion;
  /** Highest version that bob, carol, dave and erin speak. */
  hosts?: { igmpVersion?: 1 | 2; mldVersion?: 1 };
  options?: Record<string, number | boolean | string | Duration>;
}

/** A general query is answered within the querier's response interval; the rest is the story's own work. */
export const ANSWERED = plus(s(10), s(1));

//   alice (sends)   bob, dave, erin   carol      core (queries, if at all)
//        └──────────────┴──────┬────────┴───────────┘
//                  sw: snooping on, like another make
//
// alice knows the others' IPv4 addresses: her pings say of a port that it works, whatever becomes of multicast.
export const strictSwitch = ({ family, like, version, hosts = {}, options }: StrictSwitch) =>
  topology((t) => {
    const sw = t.bridge('sw', { snooping: true, querier: false, ...(like ? { like } : {}), ...(options ? { options } : {}) });
    const on = { on: sw };
    const alice = t.guest('alice', on);
    const [bob, carol, dave, erin] = [t.guest('bob', { ...on, ...hosts }), t.guest('carol', { ...on, ...hosts }), t.guest('dave', { ...on, ...hosts }), t.guest('erin', { ...on, ...hosts })];
    const core = t.querier('core', { on: sw, version: version ?? (family === 4 ? 'IGMPv2' : 'MLDv1') });
    return { sw, alice, bob, carol, dave, erin, core };
  }, { ipv6: family === 6 });
