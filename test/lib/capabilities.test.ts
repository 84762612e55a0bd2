// What a topology asks of a kernel, and what to do where it is missing.
import t from 'tap';
import { CAPABILITIES, cureOf, neededBy } from '../../lib/capabilities.ts';
import { topology } from '../../lib/topology-builder.ts';

const needs = (draw: Parameters<typeof topology>[0], ...said: Parameters<typeof neededBy>[1] & object): string[] => neededBy(topology(draw).topology, said).sort();

t.test('read off the topology', async (t) => {
  t.same(needs((b) => ({ br: b.bridge('br') })), ['bridge']);
  t.same(needs((b) => ({ br: b.bridge('br', { snooping: false }) })), ['bridge', 'snooping']);
  t.same(needs((b) => ({ br: b.bridge('br', { options: { vlan_filtering: true } }) })), ['bridge', 'vlan-filtering']);
  t.same(needs((b) => ({ br: b.bridge('br', { options: { vlan_filtering: false } }) })), ['bridge']);
  t.same(needs((b) => { const br = b.bridge('br'); return { g: b.guest('g', { on: br, ipv6: true }) }; }), ['bridge', 'ipv6', 'veth']);
  t.same(needs((b) => { const hv = b.hypervisor('hv'); return { bond: hv.bond('bond0', { mode: 'active-backup' }), vlan: hv.vlan('bond0.5', { over: 'bond0', id: 5 }) }; }), ['bonding', 'vlan']);
});

t.test('said by the scenario', async (t) => {
  t.same(needs((b) => ({ br: b.bridge('br') }), 'netem'), ['bridge', 'netem']);
});

t.test('each has a cure', async (t) => {
  for (const capability of CAPABILITIES) t.match(cureOf(capability), /CONFIG_.*--kernel/);
  t.match(cureOf('vlan'), /its module 8021q/);
  t.notMatch(cureOf('vlan-filtering'), /module/, 'it is compiled into the bridge');
});
