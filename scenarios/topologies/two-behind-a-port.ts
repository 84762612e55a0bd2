/** A bridge with two machines behind one of its ports, and a querier elsewhere that may ask. */
import { topology } from '../../harness/scenario.ts';

export type Version = 'IGMPv2' | 'IGMPv3' | 'MLDv1' | 'MLDv2';
export const familyOf = (version: Version): 4 | 6 => (version.startsWith('IGMP') ? 4 : 6);

export interface TwoBehindAPort {
  /** mcast_igmp_version or mcast_mld_version of the bridge, and the version of the querier elsewhere. */
  version: Version;
  /** fastleave of the port that both are behind. */
  fastLeave: boolean;
}

//   alice (sends)   core (querier, if told to ask)
//               ╲      ╱
//                vmbr0             snoops
//                  │ fastleave on or off
//                 hub              a switch that does not snoop
//                ╱   ╲
//             bob     dave
export const twoBehindAPort = ({ version, fastLeave }: TwoBehindAPort) =>
  topology((t) => {
    const number = Number(version.at(-1));
    const vmbr0 = t.bridge('vmbr0', { snooping: true, querier: false, options: familyOf(version) === 4 ? { mcast_igmp_version: number } : { mcast_mld_version: number } });
    // Without IPv6 of its own, or it would report groups of its own.
    const hub = t.bridge('hub', { snooping: false, ipv6: false });
    t.link(vmbr0, hub, { a: { port: { fastleave: fastLeave } } });
    return {
      vmbr0, alice: t.guest('alice', { on: vmbr0 }), bob: t.guest('bob', { on: hub }), dave: t.guest('dave', { on: hub }), core: t.querier('core', { on: vmbr0, version }),
    };
  }, { ipv6: familyOf(version) === 6 });
