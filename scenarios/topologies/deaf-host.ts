/** Two hypervisors on one switch that may withhold broadcasts from the second, and a newcomer who knows nobody. */
import { topology } from '../../harness/scenario.ts';
import { ADDRESS, bare } from './moving-guest.ts';

//      outside (knows vm's MAC)   newcomer (does not)
//                    ╲            ╱
//                        sw
//                      ╱    ╲ bcast_flood off, where broadcasts are withheld
//              hv1: br0     hv2: br0
//                 │           │
//                vm  ───▶   (vm)
export const deafHost = ({ broadcastsToHv2 }: { broadcastsToHv2: boolean }) =>
  topology((t) => {
    const sw = t.bridge('sw');
    const [hv1, hv2] = [t.hypervisor('hv1').bridge('br0'), t.hypervisor('hv2').bridge('br0')];
    t.link(hv1, sw, { a: { name: 'eth0' } });
    t.link(hv2, sw, { a: { name: 'eth0' }, b: { port: { bcast_flood: broadcastsToHv2 } } });
    const vm = t.guest('vm', { on: hv1, movesTo: [hv2], addresses: [ADDRESS.vm] });
    const outside = t.host('outside');
    t.link(outside, sw, { a: { name: 'eth0', addresses: [ADDRESS.outside] } });
    const newcomer = t.host('newcomer');
    t.link(newcomer, sw, { a: { name: 'eth0', addresses: [ADDRESS.third] } });
    t.knows(outside, bare(ADDRESS.vm), { node: 'vm', device: 'eth0' });
    t.knows(vm, bare(ADDRESS.outside), { node: 'outside', device: 'eth0' });
    return { sw, hv1, hv2, vm, outside, newcomer };
  });
