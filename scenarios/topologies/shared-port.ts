/** A snooping switch with one receiver behind a port of its own and two behind another, which they share. */
import { type QuerierVersion, topology } from '../../harness/scenario.ts';

export interface SharedPort {
  /** Of the querier and of all hosts. */
  version: QuerierVersion;
  fastLeave: boolean;
  /** The bridge keeps track of hosts: IGMPv3 or MLDv2 of its own, with fast leave. */
  tracks: boolean;
}

//   alice     dave      bob   erin      core
//     │         │         └──┬──┘         │
//     │         │          edge           │
//     └─────────┴─────┬──────┴────────────┘
//                    sw
export const sharedPort = ({ version, fastLeave, tracks }: SharedPort) =>
  topology((t) => {
    const sw = t.bridge('sw', {
      snooping: true, querier: false, ...(fastLeave ? { like: { fastLeave } } : {}),
      ...(tracks ? { options: { mcast_igmp_version: 3, mcast_mld_version: 2 } } : {}),
    });
    const edge = t.bridge('edge', { snooping: false });
    t.link(edge, sw);
    const hosts = version === 'IGMPv2' ? { igmpVersion: 2 as const } : version === 'MLDv1' ? { mldVersion: 1 as const } : {};
    return {
      sw, edge,
      alice: t.guest('alice', { on: sw }), dave: t.guest('dave', { on: sw, ...hosts }),
      bob: t.guest('bob', { on: edge, ...hosts }), erin: t.guest('erin', { on: edge, ...hosts }),
      core: t.querier('core', { on: sw, version }),
    };
  }, { ipv6: version.startsWith('MLD') });
