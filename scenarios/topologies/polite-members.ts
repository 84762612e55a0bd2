/** A bridge with four members of a group, some of which may speak IGMPv2 only, its own querier and one elsewhere. */
import { type Duration, type QuerierVersion, topology } from '../../harness/scenario.ts';

export interface PoliteMembers {
  version: QuerierVersion;
  /** Bob and dave speak IGMPv2 whatever they are asked in. */
  oldHosts?: true;
  queryInterval?: Duration;
}

//   alice (sends)   bob, dave, erin, frank (joined)      core (querier)
//        └──────────────────┴─────────┬───────────────────┘
//                          vmbr0: snooping on, own querier off at first
export const politeMembers = ({ version, oldHosts, queryInterval }: PoliteMembers) => {
  const ipv4 = version.startsWith('IGMP');
  const own = Math.max(Number(version.slice(-1)), ipv4 ? 2 : 1);
  return topology((t) => {
    const vmbr0 = t.bridge('vmbr0', { snooping: true, querier: false, options: ipv4 ? { mcast_igmp_version: own } : { mcast_mld_version: own } });
    const on = { on: vmbr0 };
    const old = oldHosts ? { ...on, igmpVersion: 2 as const } : on;
    return {
      vmbr0,
      alice: t.guest('alice', on), bob: t.guest('bob', old), dave: t.guest('dave', old), erin: t.guest('erin', on), frank: t.guest('frank', on),
      core: t.querier('core', { on: vmbr0, version, ...(queryInterval ? { queryInterval } : {}) }),
    };
  }, { ipv6: !ipv4 });
};
