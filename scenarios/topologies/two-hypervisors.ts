/** Two hypervisors on one switch, a guest that moves from the one to the other, and an outside host. */
import { type Duration, topology } from '../../harness/scenario.ts';

const ADDRESS = { vm: '192.0.2.2/24', outside: '192.0.2.3/24' };
const bare = (address: string): string => address.replace(/\/.*/, '');

//                outside
//                   │
//                  sw
//                ╱    ╲
//         hv1: br0     hv2: br0
//               │       │
//              vm  ───▶ (vm)
//
// The neighbour entries of both are permanent: ARP of theirs would end an outage at a random moment.
export const twoHypervisors = ({ switchAgeing }: { switchAgeing?: Duration } = {}) =>
  topology((t) => {
    const sw = t.bridge('sw', switchAgeing ? { options: { ageing_time: switchAgeing } } : {});
    const [hv1, hv2] = [t.hypervisor('hv1').bridge('br0'), t.hypervisor('hv2').bridge('br0')];
    t.link(hv1, sw, { a: { name: 'eth0' } });
    t.link(hv2, sw, { a: { name: 'eth0' } });
    const vm = t.guest('vm', { on: hv1, movesTo: [hv2], addresses: [ADDRESS.vm] });
    const outside = t.host('outside');
    t.link(outside, sw, { a: { name: 'eth0', addresses: [ADDRESS.outside] } });
    t.knows(outside, bare(ADDRESS.vm), { node: 'vm', device: 'eth0' });
    t.knows(vm, bare(ADDRESS.outside), { node: 'outside', device: 'eth0' });
    return { sw, hv1, hv2, vm, outside };
  });
