// Properties that every plan has, whatever the topology: what a step refers to is there before it.
import t from 'tap';
import { compilePlan, macOf, type Plan, type Step } from '../../lib/plan.ts';
import { planText } from '../../lib/plan-text.ts';
import { scaledBridgeOptions, scaledOptions, BOND_TABLE } from '../../lib/plan-options.ts';
import type { Topology } from '../../lib/topology.ts';
import { inSeconds, isDuration, ms, s } from '../../lib/units.ts';
import { bondedHypervisor, draw, guestsAndQuerier, movableGuest, ring, strictSwitch, withNode } from './topologies.ts';

const vlans = (): Topology => draw((b) => {
  const hv = b.hypervisor('hv', { ipv6: true, sysctls: { 'net.ipv4.conf.all.rp_filter': '0', 'net/ipv4/conf/bond0.10/arp_notify': '1' } });
  const br = hv.bridge('br', { options: { vlan_filtering: true } });
  const sw = b.bridge('sw');
  const bond0 = hv.bond('bond0', { mode: 'active-backup', miimon: ms(100), options: { primary: 'e1' } });
  b.link(bond0, sw, { a: { name: 'e1', slave: { queue_id: 3 } }, b: { name: 'p1', port: { backup_port: 'p2' } } });
  b.link(bond0, sw, { a: { name: 'e2' }, b: { name: 'p2' } });
  hv.vlan('bond0.10', { over: bond0, id: 10, on: br });
  const g = b.guest('g', { on: br, vlans: [{ id: 10, pvid: true, untagged: true }] });
  b.knows(g, '192.0.2.9', { node: 'hv', device: 'bond0.10' });
});

const topologies: readonly (readonly [string, Topology])[] = [
  ['guests and a querier', guestsAndQuerier()], ['bonded hypervisor', bondedHypervisor('active-backup', { primary: 'sw2' })], ['movable guest', movableGuest()], ['ring with STP', ring({ stp_state: true })],
  ['a switch that is not Linux', strictSwitch()],
  ['VLANs over a bond', vlans()], ['routes', withNode(guestsAndQuerier(), 'alice', { routes: [{ to: 'default', via: '192.0.2.2' }] })],
];

for (const [name, topology] of topologies)
  for (const scale of [1, 20])
    t.test(`${name}, scale ${scale}: everything is there before it is named`, async (t) => {
      const plan = compilePlan(topology, { seed: 1, scale });
      const here = new Set<string>();
      const masters = new Set<string>();
      const up = new Set<string>();
      const need = (set: Set<string>, key: string, step: Step): void => { if (!set.has(key)) t.fail(`${key} is missing at ${JSON.stringify(step)}`); };
      for (const step of plan.steps) {
        if (step.do === 'namespace') { if (here.has(step.node)) t.fail(`${step.node} is made twice`); here.add(step.node); continue; }
        if (step.do === 'veth') {
          for (const end of [step.a, step.b]) { need(here, end.node, step); if (here.has(`${end.node}:${end.name}`)) t.fail(`${end.name} is made twice`); here.add(`${end.node}:${end.name}`); }
          continue;
        }
        need(here, step.node, step);
        if (step.do === 'bridge' || step.do === 'bond' || step.do === 'dummy' || step.do === 'vlan') {
          if (step.do === 'vlan') need(here, `${step.node}:${step.over}`, step);
          here.add(`${step.node}:${step.name}`);
          if ('options' in step && ('primary' in step.options || 'active_slave' in step.options)) t.fail('a bond is made with an option that names a slave');
          continue;
        }
        if ('name' in step) need(here, `${step.node}:${step.name}`, step);
        if ('device' in step && step.device !== undefined) need(here, `${step.node}:${step.device}`, step);
        if (step.do === 'sysctl') { const device = /\/(?:conf|neigh)\/([^/]+)\//.exec(step.key)?.[1]; if (device && !['all', 'default'].includes(device)) need(here, `${step.node}:${device}`, step); }
        if (step.do === 'master') { need(here, `${step.node}:${step.master}`, step); if (up.has(`${step.node}:${step.name}`)) t.fail('a bond takes no slave that is up'); masters.add(`${step.node}:${step.name}`); }
        if (step.do === 'port' || step.do === 'slave' || (step.do === 'vlan-member' && !step.self)) need(masters, `${step.node}:${step.name}`, step);
        if (step.do === 'port' && typeof step.options['backup_port'] === 'string') need(masters, `${step.node}:${step.options['backup_port']}`, step);
        if (step.do === 'bond-options') need(masters, `${step.node}:${JSON.stringify(step.options['primary']).replaceAll('"', '')}`, step);
        if (step.do === 'up') up.add(`${step.node}:${step.name}`);
        if (step.do === 'ready') need(up, `${step.node}:${step.name}`, step);
        if (step.do === 'route' || step.do === 'neighbour') t.ok(up.size > 0, 'routes and neighbours come when devices are up');
      }
      const last = plan.steps.findIndex((step) => step.do === 'ready');
      t.ok(plan.steps.slice(last).every((step) => step.do === 'ready'), 'waiting comes last');
    });

const steps = <D extends Step['do']>(plan: Plan, what: D): Extract<Step, { do: D }>[] => plan.steps.filter((step): step is Extract<Step, { do: D }> => step.do === what);
const devicesUp = (plan: Plan, node: string): string[] => steps(plan, 'up').filter((step) => step.node === node).map((step) => step.name);

t.test('the same topology, seed and scale give the same plan; another seed other MACs only', async (t) => {
  const plan = (seed: number): Plan => compilePlan(bondedHypervisor(), { seed });
  t.same(plan(1), plan(1));
  const bare = (p: Plan): string => JSON.stringify(p.steps).replaceAll(/02(:[0-9a-f]{2}){5}/g, 'MAC');
  t.notSame(plan(1).steps, plan(2).steps);
  t.equal(bare(plan(1)), bare(plan(2)));
});

t.test('slaves join before the bond joins its bridge, and bridges rise before their ports', async (t) => {
  const plan = compilePlan(bondedHypervisor(), { seed: 1 });
  const joins = steps(plan, 'master').filter((step) => step.node === 'hv1').map((step) => step.name);
  t.ok(joins.indexOf('bond0') > joins.indexOf('sw1') && joins.indexOf('bond0') > joins.indexOf('sw2'), joins.join(' '));
  const rise = devicesUp(plan, 'hv1');
  t.equal(rise[0], 'br0');
  t.ok(rise.indexOf('bond0') < rise.indexOf('sw1'), rise.join(' '));
});

t.test('a movable guest: the place that it has not moved to stays down and is not waited for', async (t) => {
  const plan = compilePlan(movableGuest(), { seed: 1 });
  t.same(devicesUp(plan, 'hv2').sort(), ['br0', 'sw']);
  t.notOk(devicesUp(plan, 'vm.nic').includes('tap1'));
  t.notOk(steps(plan, 'ready').some((step) => (step.node === 'hv2' && step.name === 'vm') || step.name === 'tap1'));
  t.ok(steps(plan, 'ready').some((step) => step.name === 'tap0'));
});

t.test('what can never come up is not waited for', async (t) => {
  const plan = compilePlan(draw((b) => { b.host('h').bridge('lonely'); }), { seed: 1 });
  t.same(steps(plan, 'ready'), []);
});

t.test('with STP a port may end blocking, and the wait covers listening and learning', async (t) => {
  const port = (p: Plan): object | undefined => steps(p, 'ready').find((step) => step.node === 'swa' && step.name === 'swb');
  t.match(port(compilePlan(ring({ stp_state: true }), { seed: 1 })), { master: 'swa', mayBlock: true, withinMs: 45_000 });
  const plain = port(compilePlan(ring({}, true), { seed: 1 }));
  t.match(plain, { master: 'swa', withinMs: 15_000 });
  t.notOk(plain && 'mayBlock' in plain);
  t.match(port(compilePlan(ring({ stp_state: false, forward_delay: s(15) }, true), { seed: 1 })), { withinMs: 15_000 }, 'a forward delay without STP delays nothing');
});

t.test('a scaled run divides named timers, the kernel\'s own, and those of hosts', async (t) => {
  const plan = compilePlan(guestsAndQuerier(), { seed: 1, scale: 10 });
  const bridge = plan.steps.find((step) => step.do === 'bridge');
  const options = bridge && 'options' in bridge ? bridge.options : {};
  t.same(options['mcast_querier_interval'], s(25.5), 'named');
  t.same(options['mcast_membership_interval'], s(26), 'not named');
  t.same(options['ageing_time'], s(30));
  t.same(options['forward_delay'], s(0));
  const sysctls = Object.fromEntries(steps(plan, 'sysctl').filter((step) => step.node === 'alice').map((step) => [step.key, step.value]));
  t.equal(sysctls['net/ipv4/conf/default/igmpv2_unsolicited_report_interval'], '1000');
  t.match(steps(plan, 'neighbour-timers').filter((step) => step.node === 'alice'), [{ device: 'eth0', family: 'inet', timersMs: { base_reachable_time: 3000, retrans_time: 100, gc_staletime: 6000, delay_probe_time: 500 } }], 'below a second too');
  t.same(steps(compilePlan(guestsAndQuerier(), { seed: 1 }), 'neighbour-timers'), [], 'unscaled they are the kernel’s own');
  t.notOk(compilePlan(guestsAndQuerier(), { seed: 1 }).steps.some((step) => step.do === 'sysctl' && step.key.includes('neigh')), 'unscaled: the kernel\'s own');
});

t.test('scaled values are whole counts of the option\'s unit', async (t) => {
  for (const scale of [3, 7, 33]) {
    for (const value of Object.values(scaledBridgeOptions({ mcast_membership_interval: s(260) }, scale))) t.ok(isDuration(value) && Number.isInteger(value.ns / 1e7), `${inSeconds(value as never)} s`);
    const bond = scaledOptions(BOND_TABLE, { miimon: ms(100), updelay: ms(300), lacp_rate: 'fast' }, scale);
    const [miimon, updelay] = [bond['miimon'], bond['updelay']];
    t.ok(isDuration(miimon) && isDuration(updelay) && updelay.ns === 3 * miimon.ns && Number.isInteger(miimon.ns / 1e6), 'updelay stays a multiple of miimon');
    t.equal(bond['lacp_rate'], 'fast');
  }
  const startup = scaledBridgeOptions({}, 100)['mcast_startup_query_interval'];
  t.ok(isDuration(startup) && startup.ns === 1e9, 'a default stays at the kernel\'s floor');
});

t.test('a VLAN device has the MAC of what it lies over; an unknown device none', async (t) => {
  t.equal(macOf(vlans(), 1, { node: 'hv', device: 'bond0.10' }), macOf(vlans(), 1, { node: 'hv', device: 'bond0' }));
  t.match(steps(compilePlan(vlans(), { seed: 1 }), 'neighbour'), [{ address: '192.0.2.9', mac: macOf(vlans(), 1, { node: 'hv', device: 'bond0' }) }]);
  t.throws(() => macOf(vlans(), 1, { node: 'hv', device: 'eth7' }), /no device hv:eth7/);
});

t.test('a switch that is not Linux: options and filters of each port, and its CPU, and the plan says so', async (t) => {
  const plan = compilePlan(strictSwitch(), { seed: 1 });
  const ports = ['far', 'alice', 'core'];
  t.same(steps(plan, 'port').filter((step) => step.node === 'sw').map((step) => [step.name, step.options]), ports.map((name) => [name, { mcast_flood: false, mcast_router: 'disabled', fastleave: true }]));
  const membership = { rule: 'membership-by-cpu', bridgeMac: macOf(strictSwitch(), 1, { node: 'sw', device: 'sw' }), muteQuerier: true } as const;
  const limit = { rule: 'multicast-limit', ipBytes: 2044 } as const;
  const types = { rule: 'passes-only', etherTypes: [0x0800, 0x0806, 0x88cc] } as const;
  t.same(steps(plan, 'filters').filter((step) => step.node === 'sw').map((step) => [step.name, step.rules]), [['far', [membership, limit, types]], ['alice', [membership, types]], ['core', [membership, types]]]);
  t.same(steps(plan, 'filters').filter((step) => step.node !== 'sw').map((step) => [step.node, step.name]), [['far', 'sw'], ['bob', 'eth0'], ['far', 'bob']]);
  t.same(steps(plan, 'switch-cpu'), [{ do: 'switch-cpu', node: 'sw', name: 'sw', ports, suppresses: 'v1-v2' }]);
  t.match(plan.steps.find((step) => step.do === 'bridge' && step.name === 'sw'), { options: { mcast_querier: true } }, 'a querier that says nothing keeps the bridge at its MDB');
  const text = planText(plan);
  t.match(text, /filters +alice +lets out no IGMP and MLD but the switch CPU's, and no general queries of the bridge; takes no ethertypes but IPv4, ARP, LLDP$/m);
  t.match(text, /filters +eth0 +drops outgoing multicast of more than 1400 bytes \(IP\)$/m);
  t.match(text, /switch CPU +sw +IGMP, MLD, 224\.0\.0\.0\/24 and ff02::1 between far, alice, core; one report a group and query \(IGMPv1, IGMPv2, MLDv1\)$/m);
});

t.test('of the words of a switch each does its own', async (t) => {
  const of = (like: Parameters<typeof strictSwitch>[0]) => {
    const plan = compilePlan(strictSwitch(like), { seed: 1 });
    const rules = steps(plan, 'filters').find((step) => step.node === 'sw' && step.name === 'alice')?.rules.map((r) => r.rule);
    const bridge = plan.steps.find((step) => step.do === 'bridge' && step.name === 'sw');
    return [steps(plan, 'port').find((step) => step.name === 'alice')?.options, rules, steps(plan, 'switch-cpu').length, bridge && 'options' in bridge ? bridge.options['mcast_querier'] : 'none'];
  };
  t.same(of({ noFloodFallback: true }), [{ mcast_flood: false }, ['membership-by-cpu'], 1, undefined]);
  t.same(of({ noFloodFallback: true, dropsUnknownMulticast: true }), [{ mcast_flood: false, mcast_router: 'disabled' }, ['membership-by-cpu'], 1, undefined]);
  t.same(of({ fastLeave: true }), [{ fastleave: true }, undefined, 0, undefined]);
  t.same(of({ suppressesReports: 'all' }), [undefined, ['membership-by-cpu'], 1, undefined]);
  t.same(of({ passesOnly: ['IPv4'] }), [undefined, ['passes-only'], 0, undefined]);
  t.same(of({ noFloodFallback: false, fastLeave: false }), [undefined, undefined, 0, undefined]);
});

t.test('the builder: parallel cables get names of their own, STP keeps its forward delay, many guests share a subnet', async (t) => {
  const twice = draw((b) => { const [p, q] = [b.host('p'), b.host('q')]; b.link(p, q); b.link(p, q); b.link(p, q); });
  t.same(twice.links.map((link) => link.name), ['p-q', 'p-q-2', 'p-q-3']);
  const stp = draw((b) => { b.bridge('sw', { options: { stp_state: true } }); }).devices[0];
  t.notOk(stp && 'options' in stp && 'forward_delay' in stp.options);
  const many = draw((b) => { const sw = b.bridge('sw'); for (let i = 0; i < 300; i++) b.guest(`g${i}`, { on: sw }); const g = b.guest('last', { on: sw, addresses: [] }); b.knows(g, '192.0.2.1', { node: 'g0', device: 'eth0' }); });
  const addresses = many.links.flatMap((link) => link.a.addresses);
  t.equal(new Set(addresses).size, 300);
  t.ok(addresses.every((a) => /^198\.(18|19)\.\d+\.\d+\/15$/.test(a)), addresses.join(' '));
  t.equal(many.nodes.find((n) => n.name === 'last')?.neighbours?.[0]?.address, '198.18.0.1');
});

t.test('1000 guests compile in a moment', async (t) => {
  const big = draw((b) => { const sw = b.bridge('sw'); for (let i = 0; i < 1_000; i++) b.guest(`g${i}`, { on: sw }); });
  const begin = performance.now();
  compilePlan(big, { seed: 1 });
  // 40 ms here; quadratic work would take seconds.
  t.ok(performance.now() - begin < 2_000);
});

t.test('the plan as text: one line a step, numbered in order, grouped by node, with units', async (t) => {
  const plan = compilePlan(bondedHypervisor('active-backup', { primary: 'sw2' }), { seed: 9, scale: 2 });
  const lines = planText(plan).split('\n').filter((line) => /^ +\d+ {2}/.test(line));
  t.same(lines.map((line) => Number(line.trim().split(' ')[0])).sort((x, y) => x - y), plan.steps.map((_, i) => i + 1));
  t.match(planText(plan), /^\d+ steps for 7 nodes, seed 9, all timers divided by 2\n\nhv1\n/);
  t.match(planText(plan), /bond +bond0 +MAC 02:[0-9a-f:]+, mode active-backup, miimon 50 ms/);
  t.match(planText(plan), /bond +bond0 +primary sw2/);
  t.match(planText(plan), /wait for +sw1 +up, within 15 s/);
  const how = lines.filter((line) => / (master|address) /.test(line)).map((line) => line.search(/(in \w+|\d+\.\d+\.\d+\.\d+\/\d+)$/));
  t.equal(new Set(how).size, 1, 'the last column is aligned');
});
