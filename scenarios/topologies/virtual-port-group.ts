/**
 * Two switches that act as one towards machines with a leg on each: a virtual port group (vPC, MLAG).
 *
 * Modelled is the data path that such a pair has for known stations, by what the kernel has for it: both switches hold
 * each station behind their own leg of its group (entries that never age: what the pair tells each other over its
 * control protocol); a leg without carrier is replaced by the link between the two (the port option backup_port); that
 * link carries nothing else (no flood) and teaches nothing, so what came by one leg never returns by the other. Towards LACP both show the
 * same system and key. Not modelled: the control protocol itself, machines with one leg, and broadcast over the link
 * between the two: all machines have a leg on each switch, and know each other's MACs.
 */
import { type BondRef, type BridgeRef, type HostRef, type LinkRef, ms, topology } from '../../harness/scenario.ts';

export interface VirtualPortGroup {
  mode: 'balance-xor' | '802.3ad';
  lacpRate?: 'slow' | 'fast';
  /** false: two switches, each of which knows where everybody is, and neither helps the other out. */
  backup?: false;
}

const ADDRESS = { vm: '192.0.2.2/24', outside: '192.0.2.3/24' };
const bare = (address: string): string => address.replace(/\/.*/, '');
/** The system that both switches say they are; a key for each group. */
const SYSTEM = '02:00:5e:00:53:01';
const KEY = { hv: 1, core: 2 };

//                    outside ── br0 ─ po1
//                                core ╱  ╲
//                            port core    port core
//                                 sw1 ─peer─ sw2         act as one
//                            port hv      port hv
//                                eth0 ╲  ╱ eth1
//                            vm ── br0 ─ bond0    hv
export const virtualPortGroup = (o: VirtualPortGroup) =>
  topology((t) => {
    const lacp = o.mode === '802.3ad';
    const options: Record<string, string> = lacp ? { lacp_rate: o.lacpRate ?? 'fast' } : {};
    const machine = (node: string, bond: string): { host: HostRef; bridge: BridgeRef; bond: BondRef } => {
      const host = node === 'hv' ? t.hypervisor(node) : t.host(node);
      const bridge = host.bridge('br0');
      return { host, bridge, bond: host.bond(bond, { mode: o.mode, miimon: ms(100), options, on: bridge }) };
    };
    const hv = machine('hv', 'bond0'), core = machine('core', 'po1');
    const port: Record<string, string> = o.backup === false ? {} : { backup_port: 'peer' };
    // A static entry moves to where its MAC is heard, unless nothing is learned there (br_fdb_update).
    const peer = { name: 'peer', port: { learning: false, flood: false, mcast_flood: false, bcast_flood: false } };

    /** A switch with its legs: plain ports in a static group, a bond of one link each under LACP. */
    const unit = (name: string, leg: 'eth0' | 'eth1'): { sw: HostRef; bridge: BridgeRef; legs: [LinkRef, LinkRef] } => {
      const sw = t.host(name);
      const bridge = sw.bridge('br0');
      const plug = (to: 'hv' | 'core', bond: BondRef): LinkRef => {
        if (!lacp) return t.link(bond, bridge, { a: { name: leg }, b: { name: to, port }, name: `${to}-${name}` });
        const group = sw.bond(to, { mode: '802.3ad', miimon: ms(100), options: { ...options, ad_actor_system: SYSTEM, ad_user_port_key: KEY[to] }, on: bridge, port });
        return t.link(bond, group, { a: { name: leg }, b: { name: `${to}0` }, name: `${to}-${name}` });
      };
      return { sw, bridge, legs: [plug('hv', hv.bond), plug('core', core.bond)] };
    };
    const one = unit('sw1', 'eth0'), two = unit('sw2', 'eth1');
    const between = t.link(one.bridge, two.bridge, { a: peer, b: peer, name: 'peer' });

    const vm = t.guest('vm', { on: hv.bridge, addresses: [ADDRESS.vm] });
    const outside = t.host('outside');
    t.link(outside, core.bridge, { a: { name: 'eth0', addresses: [ADDRESS.outside] } });
    t.knows(outside, bare(ADDRESS.vm), { node: 'vm', device: 'eth0' });
    t.knows(vm, bare(ADDRESS.outside), { node: 'outside', device: 'eth0' });
    const [hv1, core1] = one.legs, [hv2, core2] = two.legs;
    return { hv: hv.host, bond0: hv.bond, sw1: one.sw, sw2: two.sw, hv1, hv2, core1, core2, between, vm, outside };
  });
