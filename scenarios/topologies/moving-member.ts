/** Two hypervisors on a switch that snoops, with a querier and a sender on the switch, and a member that moves. */
import { topology } from '../../harness/scenario.ts';

//     alice (sends)   core (querier, IGMPv3)
//               ╲      ╱
//                  sw                       all three bridges snoop
//                ╱    ╲
//         hv1: br0     hv2: br0
//         ╱   │           │
//      bob   vm   ───▶  (vm)                bob: joined as well, and stays
export const movingMember = () =>
  topology((t) => {
    const sw = t.bridge('sw', { snooping: true });
    const [hv1, hv2] = [t.hypervisor('hv1').bridge('br0', { snooping: true }), t.hypervisor('hv2').bridge('br0', { snooping: true })];
    t.link(hv1, sw, { a: { name: 'eth0' } });
    t.link(hv2, sw, { a: { name: 'eth0' } });
    return {
      sw, hv1, hv2,
      alice: t.guest('alice', { on: sw }),
      core: t.querier('core', { on: sw, version: 'IGMPv3' }),
      vm: t.guest('vm', { on: hv1, movesTo: [hv2] }),
      bob: t.guest('bob', { on: hv1 }),
    };
  });
