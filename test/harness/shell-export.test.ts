// The exported script is run, and what it built is read back and compared with the plan.
import t from 'tap';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compilePlan, type Plan } from '../../lib/plan.ts';
import { shellScript } from '../../lib/shell-export.ts';
import { TopologyBuilder } from '../../lib/topology-builder.ts';
import type { Topology } from '../../lib/topology.ts';
import { ms, s } from '../../lib/units.ts';
import { validateTopology } from '../../lib/validate.ts';
import { bondedHypervisor, guestsAndQuerier, movableGuest, strictSwitch, withEnd, withNode } from '../lib/topologies.ts';
import { differencesBetween, differencesFrom, snapshotOf, type Snapshot } from './same-network.ts';
import { missingKinds, type OwnNetwork, ownNetwork } from './own-network.ts';

const folder = mkdtempSync(join(tmpdir(), 'shell-export-'));
t.teardown(() => { rmSync(folder, { recursive: true, force: true }); });

const about = { title: 'a test', scenario: 'test/shell-export', variant: 'plain' };
const save = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const snapshot = (network: OwnNetwork, plan: Plan, prefix = 'ww-'): Promise<Snapshot> =>
  snapshotOf(plan, async (node, program, args) => {
    const { stdout, stderr, exitCode } = await network.run('ip', ['netns', 'exec', `${prefix}${node}`, program, ...args]);
    if (exitCode !== 0) throw new Error(`${program} in ${node}: ${stderr}`);
    return stdout;
  });
const namespaces = async (network: OwnNetwork): Promise<string[]> => (await network.run('ls', ['/run/netns'])).stdout.split('\n').filter(Boolean);

/** Options of every sort that a kernel without bonding and VLANs can hold, values of every unit, both IP versions. */
function rich(): Topology {
  const b = new TopologyBuilder({ ipv6: true });
  const sw = b.bridge('sw', {
    snooping: true, querier: true, otherQuerier: s(3_600), mtuBytes: 1_400,
    options: { mcast_query_interval: s(12.5), mcast_startup_query_interval: s(12.5), mcast_router: 'permanent', ageing_time: s(20), mcast_igmp_version: 3, group_fwd_mask: 8, no_linklocal_learn: true, priority: 4_096 },
  });
  const alice = b.guest('alice', { on: sw, mtuBytes: 1_400, port: { fastleave: true, mcast_flood: false, cost: 7, mcast_router: 'permanent', hairpin: true }, igmpVersion: 2, mldVersion: 1 });
  b.guest('bob', { on: sw, mtuBytes: 1_400, ipv6: false, mac: '02:00:00:00:0b:0b', sysctls: { 'net.ipv4.igmp_max_memberships': '33', 'net/ipv4/conf/eth0/arp_notify': '1' } });
  const r1 = b.router('r1');
  b.link(r1, sw, { a: { name: 'inner', addresses: ['192.0.2.254/24', '2001:db8::fe/64'] }, mtuBytes: 1_400 });
  const far = b.host('far');
  b.link(r1, far, { a: { name: 'outer', addresses: ['198.51.100.254/24'] }, b: { name: 'eth0', addresses: ['198.51.100.1/24'] } });
  b.link(r1, far, { a: { name: 'spare', up: false }, b: { name: 'spare' } });
  b.knows(alice, '192.0.2.254', { node: 'r1', device: 'inner' });
  const routed = withNode(b.build(), 'alice', { routes: [{ to: '198.51.100.0/24', via: '192.0.2.254' }, { to: '2001:db8:1::/48', via: '2001:db8::fe', device: 'eth0' }] });
  return withNode(routed, 'far', { routes: [{ to: 'default', via: '198.51.100.254', device: 'eth0' }] });
}

const cases: [string, Topology, number][] = [
  ['guests on one bridge and a querier', guestsAndQuerier(), 1],
  ['a guest that can move between two hypervisors', movableGuest(), 1],
  ['options, MTUs, routes, neighbours and sysctls', rich(), 1],
  ['the same in a scaled run', rich(), 10],
  ['a switch that is not Linux', strictSwitch(), 1],
];

const network = await ownNetwork();
// Asked before the first subtest: tap ends a test that awaits something else between two.
const missing = typeof network === 'string' ? [] : await missingKinds(network, ['bond', 'vlan', 'bridge vlan_filtering 1']);
const noBond = missing.includes('bond') && 'this kernel has no bonding here: load the module bonding as root, or run in a VM';
const noVlan = missing.length > (noBond ? 1 : 0) && 'this kernel has no 8021q or no VLAN filtering here';
if (typeof network === 'string') t.skip('the exported script builds the planned network', { skip: network } as never);
else {
  t.teardown(async () => { await network[Symbol.asyncDispose](); });
  for (const [index, [name, topology, scale]] of cases.entries())
    await t.test(`${name}: built as planned, not twice, and removed`, async (t) => {
      t.same(validateTopology(topology, { scale }), []);
      const plan = compilePlan(topology, { seed: 7, scale });
      const script = save(`case-${index}.sh`, shellScript(plan, about));
      const up = await network.run('sh', [script]);
      t.equal(up.exitCode, 0, up.stderr);
      t.match(up.stdout, /look around/);
      const first = await snapshot(network, plan);
      t.same(differencesFrom(plan, first), []);

      const again = await network.run('sh', [script]);
      t.equal(again.exitCode, 1);
      t.match(again.stderr, /exists already/);
      t.same(differencesBetween(first, await snapshot(network, plan)), [], 'a refused second build leaves the first as it is');

      const beside = await network.run('sh', [script], { env: { PREFIX: 'b-' } });
      t.equal(beside.exitCode, 0, beside.stderr);
      t.same(differencesFrom(plan, await snapshot(network, plan, 'b-')), [], 'another prefix stands beside it');

      const down = await network.run('sh', [script, 'down']);
      t.equal(down.exitCode, 0, down.stderr);
      t.ok((await namespaces(network)).every((n) => n.startsWith('b-')), 'down removes its own only');
      t.equal((await network.run('sh', [script, 'down'], { env: { PREFIX: 'b-' } })).exitCode, 0);
      t.same(await namespaces(network), []);
      t.equal((await network.run('sh', [script, 'down'])).exitCode, 0, 'down with nothing there is no fault');
    });

  await t.test('the comparison catches a mutilated script', async (t) => {
    const plan = compilePlan(rich(), { seed: 7 });
    const text = shellScript(plan, about);
    const without = (pattern: RegExp) => (script: string): string => script.split('\n').filter((line) => !pattern.test(line)).join('\n');
    const swap = (from: string | RegExp, to: string) => (script: string): string => script.replace(from, to);
    const mutilations: [string, (script: string) => string, RegExp][] = [
      ['a port left out of its bridge', (x) => without(/^link set dev bob type bridge_slave|^bob 3 /)(without(/^link set dev bob master/)(x)), /sw:bob: master/],
      ['another timer', swap('mcast_querier_interval 360000', 'mcast_querier_interval 25500'), /mcast_querier_interval/],
      ['an option dropped', swap(' mcast_querier 1', ''), /mcast_querier is false/],
      ['an option that nobody asked for', swap('type bridge ', 'type bridge mcast_query_use_ifaddr 1 '), /mcast_query_use_ifaddr is true/],
      ['a port option dropped', swap('fastleave on ', ''), /sw:alice: fastleave/],
      ['another MAC', swap('02:00:00:00:0b:0b', '02:00:00:00:0b:0c'), /bob:eth0: MAC/],
      ['another MTU', swap(/mtu 1400 type veth/, 'mtu 1401 type veth'), /MTU is 1401/],
      ['an address lost', without(/^addr add 2001:db8::fe\//), /r1:inner: addresses/],
      ['a device left down', (x) => x.replace(/^link set dev spare up$/m, '').replace(/^spare .*$/m, ''), /spare: up is false/],
      // Every device is as planned but for who is at its other end.
      ['cables crossed', (x) => x.replace(/^(link add .*)( peer name alice .*)\n(link add .*)( peer name bob .*)$/m, '$1$4\n$3$2'), /alice:eth0: it is not linked to sw:alice/],
      ['a route lost', without(/^route add 198\.51\.100\.0/), /list of routes/],
      ['a neighbour lost', without(/^neigh replace/), /list of neighbours/],
      ['a sysctl lost', without(/igmp_max_memberships/), /igmp_max_memberships/],
    ];
    for (const [what, mutilate, expected] of mutilations) {
      const changed = mutilate(text);
      t.not(changed, text, `${what}: it changes the script`);
      const script = save('mutilated.sh', changed);
      const up = await network.run('sh', [script]);
      // A build that fails is caught already; here those count that go through.
      if (up.exitCode === 0) t.match(differencesFrom(plan, await snapshot(network, plan)).join('\n'), expected, what);
      else t.fail(`${what}: the script did not run to its end: ${up.stderr}`);
      await network.run('sh', [script, 'down']);
    }
    t.same(await namespaces(network), []);
  });

  await t.test('a build that fails half way removes what it made, and says which command', async (t) => {
    const script = save('fails.sh', shellScript(compilePlan(guestsAndQuerier(), { seed: 1 }), about).replace('link set dev carol master vmbr0', 'link set dev carol master vmbr9'));
    const up = await network.run('sh', [script]);
    t.equal(up.exitCode, 1);
    t.match(up.stderr, /refused a command for vmbr0/);
    t.match(up.stderr, /removing what was made/);
    t.same(await namespaces(network), []);
  });

  await t.test('a link that never comes up: a bounded wait, a clear message, nothing left', async (t) => {
    const plan = compilePlan(guestsAndQuerier(), { seed: 1 });
    const impatient: Plan = { ...plan, steps: plan.steps.map((step) => (step.do === 'ready' ? { ...step, withinMs: 1_000 } : step)) };
    const script = save('waits.sh', shellScript(impatient, about).replace(/# bob\n {2}batch ip bob <<'END'\n(.*)\nlink set dev eth0 up/, "# bob\n  batch ip bob <<'END'\n$1"));
    const up = await network.run('sh', [script]);
    t.equal(up.exitCode, 1);
    t.match(up.stderr, /bob was not ready after 1 s: operstate lowerlayerdown, port state 0/);
    t.same(await namespaces(network), []);
  });

  await t.test('interrupted while it builds, it leaves nothing', async (t) => {
    const script = save('interrupted.sh', shellScript(compilePlan(guestsAndQuerier(), { seed: 1 }), about).replace('say "waiting until', () => 'kill -INT $$; say "waiting until'));
    t.equal((await network.run('sh', [script])).exitCode, 130);
    t.same(await namespaces(network), []);
  });

  await t.test('down leaves a namespace alone that it did not make', async (t) => {
    const text = (seed: number): string => shellScript(compilePlan(guestsAndQuerier(), { seed }), about);
    const [seven, seventy] = [save('seven.sh', text(7)), save('seventy.sh', text(70))];
    t.equal((await network.run('sh', [seventy])).exitCode, 0);
    const before = await namespaces(network);
    const down = await network.run('sh', [seven, 'down']);
    t.equal(down.exitCode, 1);
    t.match(down.stderr, /ww-alice was not made by this script/);
    t.same(await namespaces(network), before);
    t.equal((await network.run('sh', [seventy, 'down'])).exitCode, 0);
  });

  await t.test('bad usage: status 2, nothing built', async (t) => {
    const script = save('usage.sh', shellScript(compilePlan(guestsAndQuerier(), { seed: 1 }), about));
    for (const args of [['sideways'], ['inside']]) t.match(await network.run('sh', [script, ...args]), { exitCode: process.getuid?.() === 0 || args[0] !== 'inside' ? 2 : Number });
    t.equal((await network.run('sh', [script, '--help'])).exitCode, 0);
    t.match((await network.run('sh', [script], { env: { PREFIX: 'a b' } })).stderr, /PREFIX/);
    t.same(await namespaces(network), []);
  });

  for (const mode of ['active-backup', 'balance-xor', '802.3ad'] as const) {
    await t.test(`a bonded hypervisor, ${mode}`, { skip: noBond }, async (t) => {
      const plan = compilePlan(bondedHypervisor(mode, mode === 'active-backup' ? { primary: 'sw2', updelay: ms(200) } : {}), { seed: 3 });
      const script = save(`bond-${mode}.sh`, shellScript(plan, about));
      const up = await network.run('sh', [script]);
      t.equal(up.exitCode, 0, up.stderr);
      t.same(differencesFrom(plan, await snapshot(network, plan)), []);
      t.equal((await network.run('sh', [script, 'down'])).exitCode, 0);
    });
  }

  await t.test('VLAN devices and a filtering bridge', { skip: noVlan }, async (t) => {
    const b = new TopologyBuilder();
    const sw = b.bridge('sw', { options: { vlan_filtering: true } });
    b.guest('alice', { on: sw, vlans: [{ id: 10, pvid: true, untagged: true }] });
    const h = b.host('h');
    b.link(h, sw, { a: { name: 'eth0' }, b: { vlans: [{ id: 10 }] } });
    h.vlan('eth0.10', { over: 'eth0', id: 10, addresses: ['192.0.2.9/24'] });
    const plan = compilePlan(withEnd(b.build(), 'alice', 'a', { mtuBytes: 1_400 }), { seed: 3 });
    const script = save('vlan.sh', shellScript(plan, about));
    const up = await network.run('sh', [script]);
    t.equal(up.exitCode, 0, up.stderr);
    t.same(differencesFrom(plan, await snapshot(network, plan)), []);
    t.equal((await network.run('sh', [script, 'down'])).exitCode, 0);
  });
}

await t.test('without root it builds in a user namespace and ends there', { skip: process.getuid?.() !== 0 && 'needs root to become somebody else' }, async (t) => {
  const own = await ownNetwork();
  if (typeof own === 'string') { t.comment(own); return; }
  await using _ = own;
  const script = shellScript(compilePlan(guestsAndQuerier(), { seed: 1 }), about);
  const place = '/tmp/wirewarp-user.sh';
  // A tmpfs that everybody may read; the test's own folder is root's.
  const result = await own.run('sh', ['-c', `mount -t tmpfs tmpfs /tmp && cat > ${place} && chmod 755 /tmp && exec setpriv --reuid 65534 --regid 65534 --clear-groups sh ${place}`], { input: script });
  if (/unshare failed|Operation not permitted/.test(result.stderr)) { t.comment(`no user namespaces for ordinary users here: ${result.stderr}`); return; }
  t.equal(result.exitCode, 0, result.stderr);
  t.match(result.stdout, /user namespace/);
  t.match(result.stdout, /built and stood/);
  t.same(await namespaces(own), []);
});
