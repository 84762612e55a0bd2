/** Two hypervisors on a switch, guests on both, and a querier that is itself a guest and moves from the one to the other. */
import { topology } from '../../harness/scenario.ts';

//             alice (sends)
//                  │
//                 sw                        all three bridges snoop
//               ╱    ╲
//        hv1: br0     hv2: br0
//       ╱   │   ╲       │   ╲
//   bob  erin  core ─▶(core) dave           core: querier and multicast router, a guest
export const movingQuerier = ({ version }: { version: 'IGMPv2' | 'IGMPv3' }) =>
  topology((t) => {
    const sw = t.bridge('sw', { snooping: true });
    const [hv1, hv2] = [t.hypervisor('hv1').bridge('br0', { snooping: true }), t.hypervisor('hv2').bridge('br0', { snooping: true })];
    t.link(hv1, sw, { a: { name: 'eth0' } });
    t.link(hv2, sw, { a: { name: 'eth0' } });
    const core = t.querier('core', { on: hv1, movesTo: [hv2], version });
    return {
      sw, hv1, hv2, core,
      alice: t.guest('alice', { on: sw }), bob: t.guest('bob', { on: hv1 }), erin: t.guest('erin', { on: hv1 }), dave: t.guest('dave', { on: hv2 }),
    };
  });
