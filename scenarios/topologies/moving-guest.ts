/** Two hypervisors on one switch and a guest that moves between them, with settings of each bridge and witnesses. */
import { bound, type Bound, type Bounds, type SwitchLike, ms, ns, plus, times, topology } from '../../harness/scenario.ts';

type Options = Record<string, number | boolean | string | { readonly ns: number }>;

export interface MovingGuest {
  /** Options of hv1's, hv2's and the switch's bridge, by the kernel's names. */
  source?: Options;
  target?: Options;
  fabric?: Options;
  /** A switch that is not Linux. */
  like?: SwitchLike;
}

export const ADDRESS = { vm: '192.0.2.2/24', outside: '192.0.2.3/24', third: '192.0.2.4/24', left: '192.0.2.5/24', beside: '192.0.2.6/24' };
export const bare = (address: string): string => address.replace(/\/.*/, '');

//          outside   third          third, left and beside: who has no business with the guest
//                ╲   ╱
//                 sw
//               ╱    ╲
//        hv1: br0     hv2: br0
//         ╱   │         │   ╲
//      left  vm  ───▶ (vm)  beside
//
// The neighbour entries of vm and outside are permanent: ARP of theirs would end an outage at a random moment.
export const movingGuest = ({ source, target, fabric, like }: MovingGuest = {}) =>
  topology((t) => {
    const sw = t.bridge('sw', { ...(fabric ? { options: fabric } : {}), ...(like ? { like } : {}) });
    const [host1, host2] = [t.hypervisor('hv1'), t.hypervisor('hv2')];
    const hv1 = host1.bridge('br0', source ? { options: source } : {});
    const hv2 = host2.bridge('br0', target ? { options: target } : {});
    t.link(hv1, sw, { a: { name: 'eth0' } });
    t.link(hv2, sw, { a: { name: 'eth0' } });
    const vm = t.guest('vm', { on: hv1, movesTo: [hv2], addresses: [ADDRESS.vm] });
    const left = t.guest('left', { on: hv1, addresses: [ADDRESS.left] });
    const beside = t.guest('beside', { on: hv2, addresses: [ADDRESS.beside] });
    const host = (name: 'outside' | 'third') => {
      const made = t.host(name);
      t.link(made, sw, { a: { name: 'eth0', addresses: [ADDRESS[name]] } });
      return made;
    };
    const [outside, third] = [host('outside'), host('third')];
    t.knows(outside, bare(ADDRESS.vm), { node: 'vm', device: 'eth0' });
    t.knows(vm, bare(ADDRESS.outside), { node: 'outside', device: 'eth0' });
    return { sw, hv1, hv2, vm, left, beside, outside, third };
  });

/** What the story's own work may take: to open a socket for the announcement, and to read the switch's notification. */
const WORK = ms(50);

/** From the guest's start at its new place to the switch's notification that it learned from the first announcement. */
export const announced = (bounds: Bounds): Bound =>
  bound(ns(0), plus(WORK, times(bounds.slack, 2)), 'one broadcast, through two bridges', `the story’s own work: ${WORK.ns / 1e6} ms`, 'in real time it may send late, and read late');
