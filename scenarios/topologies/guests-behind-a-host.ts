/** Guests of one hypervisor behind one port of a switch that snoops, with a querier and a sender elsewhere on it. */
import { type QuerierVersion, topology } from '../../harness/scenario.ts';

export interface GuestsBehindAHost {
  version: QuerierVersion;
  /** mcast_to_unicast of the switch's port: an entry, and a copy of each datagram, for each guest behind it. */
  entryEach: boolean;
  /** Does the hypervisor's bridge snoop? If it does, guests do not hear each other's reports. */
  hvSnoops: boolean;
}

//   alice (sends)   core (querier)
//             ╲      ╱
//                sw                 snoops
//                 │ port "hv"
//            hv: br0                snoops or not
//           ╱    │    ╲
//        bob    dave   erin         joined
export const guestsBehindAHost = ({ version, entryEach, hvSnoops }: GuestsBehindAHost) =>
  topology((t) => {
    const sw = t.bridge('sw', { snooping: true, querier: false });
    const hv = t.hypervisor('hv').bridge('br0', { snooping: hvSnoops, querier: false });
    t.link(hv, sw, { a: { name: 'eth0' }, b: { port: { mcast_to_unicast: entryEach } } });
    return {
      sw, hv,
      alice: t.guest('alice', { on: sw }), core: t.querier('core', { on: sw, version }),
      bob: t.guest('bob', { on: hv }), dave: t.guest('dave', { on: hv }), erin: t.guest('erin', { on: hv }),
    };
  }, { ipv6: version.startsWith('MLD') });
