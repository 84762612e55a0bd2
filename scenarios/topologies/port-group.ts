/** A hypervisor with a bond of two links to one switch, which may take them as a group of its own. */
import { type BondRef, type BridgeRef, ms, topology } from '../../harness/scenario.ts';

export interface PortGroup {
  mode: 'balance-xor' | '802.3ad';
  /** The far side: one switch with a group in the same mode, one switch with two plain ports, or two switches that know nothing of each other. */
  farSide: 'group' | 'plain-ports' | 'two-switches';
  lacpRate?: 'slow' | 'fast';
  /** 0: the hypervisor does not watch carriers. */
  miimonMs?: number;
}

const ADDRESS = { vm: '192.0.2.2/24', outside: '192.0.2.3/24' };
const bare = (address: string): string => address.replace(/\/.*/, '');

const repeated = <T>(one: T): [T, T] => [one, one];

//   outside ── br0 ─ po1 ══════ bond0 ─ br0 ── vm        links: eth0 and eth1 at both ends
//                 sw                 hv
export const portGroup = (o: PortGroup) =>
  topology((t) => {
    const options: Record<string, string> = o.mode === '802.3ad' ? { lacp_rate: o.lacpRate ?? 'slow' } : {};
    const hv = t.hypervisor('hv');
    const br0 = hv.bridge('br0');
    const bond0 = hv.bond('bond0', { mode: o.mode, miimon: ms(o.miimonMs ?? 100), options, on: br0 });

    const sw = t.host('sw');
    const fabric = sw.bridge('br0');
    const access = (name: string): BridgeRef => {
      const bridge = t.bridge(name);
      t.link(bridge, fabric);
      return bridge;
    };
    const plugs: [BridgeRef | BondRef, BridgeRef | BondRef] = o.farSide === 'two-switches' ? [access('sw1'), access('sw2')]
      : o.farSide === 'plain-ports' ? [fabric, fabric]
      : repeated(sw.bond('po1', { mode: o.mode, miimon: ms(100), options, on: fabric }));
    const first = t.link(bond0, plugs[0], { a: { name: 'eth0' }, b: { name: 'eth0' }, name: 'first' });
    const second = t.link(bond0, plugs[1], { a: { name: 'eth1' }, b: { name: 'eth1' }, name: 'second' });

    const vm = t.guest('vm', { on: br0, addresses: [ADDRESS.vm] });
    const outside = t.host('outside');
    t.link(outside, fabric, { a: { name: 'eth0', addresses: [ADDRESS.outside] } });
    t.knows(outside, bare(ADDRESS.vm), { node: 'vm', device: 'eth0' });
    t.knows(vm, bare(ADDRESS.outside), { node: 'outside', device: 'eth0' });
    return { hv, bond0, sw, fabric, first, second, vm, outside };
  });
