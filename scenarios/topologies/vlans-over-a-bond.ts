/** VLANs 10 and 20 over an active-backup bond; the switches know nothing of VLANs and pass tags on as they are. */
import { type GuestRef, topology, type TopologyBuilder, type VlanRef } from '../../harness/scenario.ts';
import { MIIMON } from './two-access-switches.ts';

export const VLANS = [10, 20] as const;
/** A subnet for each VLAN (TEST-NET-2 and -3): host or guest .1, outside .3. */
const ADDRESS = { 10: { inner: '198.51.100.1/24', outside: '198.51.100.3/24' }, 20: { inner: '203.0.113.1/24', outside: '203.0.113.3/24' } };
const bare = (address: string): string => address.replace(/\/.*/, '');

export const addressOf = (vlan: 10 | 20, of: 'inner' | 'outside'): string => bare(ADDRESS[vlan][of]);

//                  outside: eth0.10, eth0.20
//                     │
//                   core
//                  ╱    ╲
//               sw1      sw2
//                │        │
//           eth0 └─ bond0 ┘ eth1    hv: active-backup, miimon 100 ms, eth0 active
//                  ╱     ╲
//            bond0.10   bond0.20    each with an address of its own
const around = (t: TopologyBuilder, options: Record<string, number>, wiring?: 'bridges' | 'aware') => {
  const [core, sw1, sw2] = [t.bridge('core'), t.bridge('sw1'), t.bridge('sw2')];
  t.link(sw1, core);
  t.link(sw2, core);
  const hv = t.hypervisor('hv');
  const aware = wiring === 'aware' ? hv.bridge('br0', { options: { vlan_filtering: true } }) : undefined;
  const bond0 = hv.bond('bond0', { mode: 'active-backup', miimon: MIIMON, options: { primary: 'eth0', ...options }, ...(aware ? { on: aware, vlans: VLANS.map((id) => ({ id })) } : {}) });
  const first = t.link(bond0, sw1, { a: { name: 'eth0' } });
  t.link(bond0, sw2, { a: { name: 'eth1' } });
  const outside = t.host('outside');
  t.link(outside, core, { a: { name: 'eth0' } });
  for (const id of VLANS) outside.vlan(`eth0.${id}`, { over: 'eth0', id, addresses: [ADDRESS[id].outside] });
  return { core, sw1, sw2, hv, bond0, first, outside, aware };
};

export const hostVlansOverABond = (options: Record<string, number> = {}) =>
  topology((t) => {
    const { core, sw1, sw2, hv, bond0, first, outside } = around(t, options);
    const vlan = (id: 10 | 20): VlanRef => hv.vlan(`bond0.${id}`, { over: bond0, id, addresses: [ADDRESS[id].inner] });
    const [v10, v20] = [vlan(10), vlan(20)];
    for (const id of VLANS) {
      t.knows(outside, addressOf(id, 'inner'), { node: 'hv', device: `bond0.${id}` }, `eth0.${id}`);
      t.knows(hv, addressOf(id, 'outside'), { node: 'outside', device: `eth0.${id}` }, `bond0.${id}`);
    }
    return { core, sw1, sw2, bond0, first, outside, v10, v20 };
  });

//   bridges: a bridge a VLAN                      aware: one bridge that filters VLANs
//
//           eth0 └─ bond0 ┘ eth1                       eth0 └─ bond0 ┘ eth1
//                  ╱     ╲                                      │ tagged 10, 20
//            bond0.10   bond0.20                               br0
//               │           │                        pvid 10 ╱     ╲ pvid 20
//     vm10 ── br10        br20 ── vm20                    vm10     vm20
export const guestVlansOverABond = (wiring: 'bridges' | 'aware') =>
  topology((t) => {
    const { core, sw1, sw2, hv, bond0, first, outside, aware } = around(t, {}, wiring);
    const guest = (id: 10 | 20): GuestRef => {
      const on = aware ?? hv.bridge(`br${id}`);
      if (!aware) hv.vlan(`bond0.${id}`, { over: bond0, id, on });
      const vm = t.guest(`vm${id}`, { on, addresses: [ADDRESS[id].inner], ...(aware ? { vlans: [{ id, pvid: true, untagged: true }] } : {}) });
      t.knows(outside, addressOf(id, 'inner'), { node: `vm${id}`, device: 'eth0' }, `eth0.${id}`);
      t.knows(vm, addressOf(id, 'outside'), { node: 'outside', device: `eth0.${id}` });
      return vm;
    };
    return { core, sw1, sw2, bond0, first, outside, vm10: guest(10), vm20: guest(20) };
  });
