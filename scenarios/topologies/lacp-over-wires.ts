/** An 802.3ad bond whose links each run through a bridge that should be no more than a wire: a lab's, a converter's, a cloud's. */
import { type BridgeRef, ms, s, topology } from '../../harness/scenario.ts';

const ADDRESS = { vm: '192.0.2.2/24', outside: '192.0.2.3/24' };
const bare = (address: string): string => address.replace(/\/.*/, '');

/** 01:80:c2:00:00:02, where LACP is sent: bit 2 of group_fwd_mask. */
export const LACP_BIT = 1 << 2;

//   outside ── br0 ─ po1 ═ wire1, wire2 ═ bond0 ─ br0 ── vm       links: eth0 by wire1, eth1 by wire2
//                 sw                           hv
export const lacpOverWires = ({ portMask }: { portMask?: number }) =>
  topology((t) => {
    const options = { lacp_rate: 'fast' };
    const port = portMask === undefined ? {} : { port: { group_fwd_mask: portMask } };
    const hv = t.hypervisor('hv'), sw = t.host('sw');
    const br0 = hv.bridge('br0'), fabric = sw.bridge('br0');
    const bond0 = hv.bond('bond0', { mode: '802.3ad', miimon: ms(100), options, on: br0 });
    const po1 = sw.bond('po1', { mode: '802.3ad', miimon: ms(100), options, on: fabric });
    const wire = (name: string): BridgeRef => t.bridge(name, { snooping: false, options: { ageing_time: s(0) } });
    const [wire1, wire2] = [wire('wire1'), wire('wire2')];
    t.link(bond0, wire1, { a: { name: 'eth0' }, b: { name: 'hv', ...port } });
    t.link(bond0, wire2, { a: { name: 'eth1' }, b: { name: 'hv', ...port } });
    const first = t.link(wire1, po1, { a: { name: 'sw', ...port }, b: { name: 'eth0' } });
    const second = t.link(wire2, po1, { a: { name: 'sw', ...port }, b: { name: 'eth1' } });

    const vm = t.guest('vm', { on: br0, addresses: [ADDRESS.vm] });
    const outside = t.host('outside');
    t.link(outside, fabric, { a: { name: 'eth0', addresses: [ADDRESS.outside] } });
    t.knows(outside, bare(ADDRESS.vm), { node: 'vm', device: 'eth0' });
    t.knows(vm, bare(ADDRESS.outside), { node: 'outside', device: 'eth0' });
    return { hv, bond0, sw, po1, wire1, wire2, first, second, vm, outside };
  });
