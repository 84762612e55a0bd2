/** Two hypervisors whose guests are in a VLAN, on a switch that passes it on to the one, and to the other as told. */
import { topology } from '../../harness/scenario.ts';
import { ADDRESS, bare } from './moving-guest.ts';

export const VLAN = 100;

//                outside              untagged, VLAN 100
//                   │
//                  sw                 filters VLANs
//         100 tagged╱    ╲ 100 tagged, or not at all
//         hv1: br0     hv2: br0       filter VLANs; a guest's port is in VLAN 100, untagged (vlan_default_pvid)
//               │       │
//              vm  ───▶ (vm)
export const vlanTrunks = ({ toHv2 }: { toHv2: boolean }) =>
  topology((t) => {
    const guests = { options: { vlan_filtering: true, vlan_default_pvid: VLAN } };
    const sw = t.bridge('sw', { options: { vlan_filtering: true } });
    const [hv1, hv2] = [t.hypervisor('hv1').bridge('br0', guests), t.hypervisor('hv2').bridge('br0', guests)];
    const vm = t.guest('vm', { on: hv1, movesTo: [hv2], addresses: [ADDRESS.vm] });
    const tagged = { vlans: [{ id: VLAN }] };
    t.link(hv1, sw, { a: { name: 'eth0', ...tagged }, b: tagged });
    t.link(hv2, sw, { a: { name: 'eth0', ...tagged }, ...(toHv2 ? { b: tagged } : {}) });
    const outside = t.host('outside');
    t.link(outside, sw, { a: { name: 'eth0', addresses: [ADDRESS.outside] }, b: { vlans: [{ id: VLAN, pvid: true, untagged: true }] } });
    t.knows(outside, bare(ADDRESS.vm), { node: 'vm', device: 'eth0' });
    t.knows(vm, bare(ADDRESS.outside), { node: 'outside', device: 'eth0' });
    return { sw, hv1, hv2, vm, outside };
  });
