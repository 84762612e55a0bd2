// The network that we build in process is the planned one, read back by programs that had no part in building it; and it
// is the one that the exported script builds.
import t from 'tap';
import { applyPlan } from '../../../harness/lab/apply.ts';
import { waitUntilReady } from '../../../harness/lab/ready.ts';
import type { Node } from '../../../harness/lab/node.ts';
import { exec } from '../../../harness/system/exec.ts';
import { Scope } from '../../../harness/system/scope.ts';
import { decodeLink, linkDump } from '../../../lib/netlink/index.ts';
import { compilePlan, type Plan } from '../../../lib/plan.ts';
import { topology } from '../../../lib/topology-builder.ts';
import type { Topology } from '../../../lib/topology.ts';
import { s } from '../../../lib/units.ts';
import { differencesFrom, snapshotOf, type Snapshot } from '../same-network.ts';

const root = process.getuid?.() === 0;

/** sysfs shows the namespace it was mounted in: each look has a mount of its own. */
const look = (nodes: ReadonlyMap<string, Node>, plan: Plan): Promise<Snapshot> => snapshotOf(plan, async (node, program, args) => {
  const { fd } = (nodes.get(node) as Node).namespace;
  const { stdout } = await exec('nsenter', [`--net=/proc/${process.pid}/fd/${fd}`, '--', 'unshare', '--mount', 'sh', '-c', 'mount -t sysfs sysfs /sys && exec "$@"', 'look', program, ...args], { doing: `look into ${node}` });
  return stdout;
});

const network = (): Topology => topology((b) => {
  const sw = b.bridge('sw', { snooping: true, querier: true, otherQuerier: s(400), options: { mcast_query_interval: s(60), ageing_time: s(120), mcast_hash_max: 1024 }, addresses: ['192.0.2.250/24'] });
  const alice = b.guest('alice', { on: sw, mtuBytes: 1400, port: { fastleave: true, mcast_flood: false, cost: 7 }, igmpVersion: 2 });
  b.guest('bob', { on: sw, ipv6: false, mac: '02:00:00:00:0b:0b', sysctls: { 'net/ipv4/conf/eth0/arp_notify': '1' } });
  const strict = b.bridge('strict', { snooping: true, like: { noFloodFallback: true, passesOnly: ['IPv4', 'IPv6', 'ARP'] } });
  b.link(strict, sw, { multicastLimitBytes: 1400 });
  const hv1 = b.hypervisor('hv1');
  const hv2 = b.hypervisor('hv2');
  const [br1, br2] = [hv1.bridge('br0'), hv2.bridge('br0')];
  b.guest('vm', { on: br1, movesTo: [br2] });
  b.link(br1, sw);
  b.link(br2, sw);
  b.knows(alice, '192.0.2.77', { node: 'bob', device: 'eth0' });
  return { sw };
}, { ipv6: true }).topology;

for (const scale of [1, 10]) {
  void t.test(`built as planned at scale ${scale}, and removed`, { skip: root ? false : 'making namespaces in this process needs root' }, async (t) => {
    const plan = compilePlan(network(), { seed: 5, scale });
    const scope = new Scope();
    t.teardown(async () => { await scope.close(); });
    const nodes = applyPlan(network(), plan, scope);
    await waitUntilReady(plan, nodes);
    t.same(differencesFrom(plan, await look(nodes, plan)), []);

    const indices = [...nodes.values()].flatMap((node) => node.netlink.dump(linkDump({ skipStats: true }), decodeLink)).filter((link) => link.name !== 'lo').map((link) => link.index);
    t.equal(new Set(indices).size, indices.length, 'no two devices of the lab have the same index: else a cable with equal ends gets its carrier late');

    // The comparison itself must be able to fail.
    const sw = nodes.get('sw') as Node;
    await exec('nsenter', [`--net=/proc/${process.pid}/fd/${sw.namespace.fd}`, '--', 'ip', 'link', 'set', 'dev', 'sw', 'type', 'bridge', 'mcast_querier', '0'], { doing: 'spoil an option' });
    t.not(differencesFrom(plan, await look(nodes, plan)).length, 0, 'a spoilt option is seen');

    t.same(await scope.close(), [], 'everything was undone');
    t.end();
  });
}

void t.test('a plan that the kernel refuses says which step, and leaves nothing', { skip: root ? false : 'making namespaces in this process needs root' }, async (t) => {
  const good = network();
  const plan = compilePlan(good, { seed: 5 });
  const broken: Plan = { ...plan, steps: plan.steps.map((step) => (step.do === 'bridge' && step.name === 'sw' ? { ...step, options: { ...step.options, mcast_igmp_version: 9 } } : step)) };
  const scope = new Scope();
  t.throws(() => applyPlan(good, broken, scope), /build sw: .*EINVAL/s);
  t.same(await scope.close(), []);
  t.end();
});
