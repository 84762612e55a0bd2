/** Two hypervisors on a switch, a guest that moves, one that knows it, one that does not, and an MLD querier; all over IPv6. */
import { topology } from '../../harness/scenario.ts';

export interface MovingNeighbour { snooping: boolean }

//   friend (knows vm)   newcomer (does not)   core (querier, MLDv2)
//              ╲               │               ╱
//                              sw
//                            ╱    ╲
//                     hv1: br0     hv2: br0
//                        │           │
//                       vm   ───▶  (vm)
export const movingNeighbour = ({ snooping }: MovingNeighbour) =>
  topology((t) => {
    const sw = t.bridge('sw', { snooping });
    const [hv1, hv2] = [t.hypervisor('hv1').bridge('br0', { snooping }), t.hypervisor('hv2').bridge('br0', { snooping })];
    t.link(hv1, sw, { a: { name: 'eth0' } });
    t.link(hv2, sw, { a: { name: 'eth0' } });
    return {
      sw, hv1, hv2,
      friend: t.guest('friend', { on: sw }), newcomer: t.guest('newcomer', { on: sw }), core: t.querier('core', { on: sw, version: 'MLDv2' }),
      vm: t.guest('vm', { on: hv1, movesTo: [hv2] }),
    };
  }, { ipv6: true });
