/** Topologies that several tests of the pure parts share: the shapes of the reported cases, and a few that are wrong on purpose. */
import { topology, TopologyBuilder } from '../../lib/topology-builder.ts';
import type { SwitchLike } from '../../lib/switch-like.ts';
import type { DeviceSpec, EndSpec, LinkSpec, NodeSpec, Options, Topology } from '../../lib/topology.ts';
import { ms, s } from '../../lib/units.ts';

/** Guests on one bridge, and a querier outside it (cases A). */
export const guestsAndQuerier = (): Topology => topology((t) => {
  const vmbr0 = t.bridge('vmbr0', { snooping: true, querier: false, otherQuerier: s(255) });
  return {
    vmbr0,
    alice: t.guest('alice', { on: vmbr0 }), bob: t.guest('bob', { on: vmbr0, port: { fastleave: true } }), carol: t.guest('carol', { on: vmbr0 }),
    core: t.querier('core', { on: vmbr0, version: 'IGMPv3' }),
  };
}).topology;

/** A hypervisor with bond0 in br0, two access switches, a core and an outside host (cases C). */
export const bondedHypervisor = (mode: 'active-backup' | 'balance-xor' | '802.3ad' = 'active-backup', bond: Record<string, Options[string]> = {}): Topology => topology((t) => {
  const hv1 = t.hypervisor('hv1');
  const br0 = hv1.bridge('br0', { addresses: ['192.0.2.201/24'] });
  const bond0 = hv1.bond('bond0', { mode, miimon: ms(100), on: br0, options: bond });
  const [sw1, sw2, core] = [t.bridge('sw1'), t.bridge('sw2'), t.bridge('core')];
  t.link(bond0, sw1);
  t.link(bond0, sw2);
  t.link(sw1, core);
  t.link(sw2, core);
  const outside = t.host('outside');
  t.link(outside, core, { a: { name: 'eth0', addresses: ['192.0.2.202/24'] } });
  return { hv1, br0, bond0, sw1, sw2, core, outside, g1: t.guest('g1', { on: br0 }), g2: t.guest('g2', { on: br0 }) };
}).topology;

/** Two hypervisors on one switch and a guest that can move (cases D). */
export const movableGuest = (): Topology => topology((t) => {
  const sw = t.bridge('sw');
  const [hv1, hv2] = [t.hypervisor('hv1'), t.hypervisor('hv2')];
  const [br1, br2] = [hv1.bridge('br0'), hv2.bridge('br0')];
  t.link(br1, sw);
  t.link(br2, sw);
  const outside = t.host('outside');
  t.link(outside, sw, { a: { name: 'eth0', addresses: ['192.0.2.202/24'] } });
  return { sw, hv1, hv2, outside, vm: t.guest('vm', { on: br1, movesTo: [br2] }) };
}).topology;

/** A switch that is not Linux, with a querier at it, and a cable that carries only short multicast. */
export const strictSwitch = (like: SwitchLike = { dropsUnknownMulticast: true, fastLeave: true, suppressesReports: 'v1-v2', passesOnly: ['IPv4', 'ARP', 0x88cc] }): Topology => topology((t) => {
  const sw = t.bridge('sw', { snooping: true, like });
  const far = t.bridge('far');
  t.link(far, sw, { mtuBytes: 4092, multicastLimitBytes: 2044 });
  return { sw, alice: t.guest('alice', { on: sw }), bob: t.guest('bob', { on: far, multicastLimitBytes: 1400 }), core: t.querier('core', { on: sw, version: 'IGMPv3' }) };
}).topology;

/** Three switches in a ring. */
export const ring = (options: Record<string, Options[string]> = {}, open = false): Topology => topology((t) => {
  const [a, b, c] = [t.bridge('swa', { options }), t.bridge('swb'), t.bridge('swc')];
  t.link(a, b);
  t.link(b, c);
  t.link(c, a, { a: { ...(open ? { up: false } : {}) } });
  return { a };
}).topology;

export const draw = (build: (t: TopologyBuilder) => void): Topology => {
  const builder = new TopologyBuilder();
  build(builder);
  return builder.build();
};

/** One part replaced: for faults that the words of the builder cannot make. */
export const withNode = (topology: Topology, name: string, change: Partial<NodeSpec>): Topology =>
  ({ ...topology, nodes: topology.nodes.map((n) => (n.name === name ? { ...n, ...change } : n)) });
export const withDevice = (topology: Topology, name: string, change: Partial<DeviceSpec>): Topology =>
  ({ ...topology, devices: topology.devices.map((d) => (d.name === name ? ({ ...d, ...change } as DeviceSpec) : d)) });
export const withEnd = (topology: Topology, link: string, side: 'a' | 'b', change: Partial<EndSpec>): Topology =>
  ({ ...topology, links: topology.links.map((l): LinkSpec => (l.name === link ? { ...l, [side]: { ...l[side], ...change } } : l)) });
