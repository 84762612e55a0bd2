// Cables that are cut and put back in one breath, and timers that send while their own interface is down.
import t, { type Test } from 'tap';
import { applyPlan } from '../../../harness/lab/apply.ts';
import { Clock } from '../../../harness/lab/clock.ts';
import { Guest } from '../../../harness/lab/guest.ts';
import { LabCore } from '../../../harness/lab/lab.ts';
import { Link } from '../../../harness/lab/link.ts';
import { Machine } from '../../../harness/lab/machine.ts';
import { Querier } from '../../../harness/lab/querier.ts';
import { waitUntilReady } from '../../../harness/lab/ready.ts';
import { Recorder } from '../../../harness/lab/recorder.ts';
import { States } from '../../../harness/lab/states.ts';
import { Scope } from '../../../harness/system/scope.ts';
import { linkSet } from '../../../lib/netlink/index.ts';
import { compilePlan } from '../../../lib/plan.ts';
import { stateAt } from '../../../lib/timeline.ts';
import { topology, type TopologyBuilder } from '../../../lib/topology-builder.ts';
import type { Ref } from '../../../lib/topology-words.ts';
import { ms, s } from '../../../lib/units.ts';

const skip = process.getuid?.() === 0 ? false : 'making namespaces in this process needs root';
// A process of its own keeps running while nothing but sockets that do not hold it are open.
const alive = setInterval(() => undefined, 1e6);
t.teardown(() => { clearInterval(alive); });

async function standing<R extends Record<string, Ref>>(t: Test, draw: (b: TopologyBuilder) => R): Promise<{ lab: LabCore; refs: R }> {
  const { topology: drawn, refs } = topology(draw);
  const scope = new Scope();
  t.teardown(async () => { await scope.close(); });
  const plan = compilePlan(drawn, { seed: 1 });
  const nodes = applyPlan(drawn, plan, scope);
  await waitUntilReady(plan, nodes);
  const recorder = new Recorder();
  const clock = new Clock(1, 1e15, () => new Error('never'));
  const states = new States(clock, recorder);
  scope.defer('follow no more', () => { states.close(); });
  for (const node of nodes.values()) states.follow(node);
  return { lab: new LabCore({ topology: drawn, plan, nodes, scope, clock, recorder, states, captures: new Map() }), refs };
}

/** The kernel works on; this process reads nothing. */
const busyFor = (milliseconds: number): void => { for (const end = performance.now() + milliseconds; performance.now() < end;); };
const events = (lab: LabCore, type: string): Record<string, unknown>[] =>
  lab.recorder.toNdjson().split('\n').filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>).filter((event) => event['type'] === type);

void t.test('a link that failed and returns at once has carrier when it is said to have returned', { skip }, async (t) => {
  const { lab, refs } = await standing(t, (b) => { const sw = b.bridge('sw'); const host = b.host('host'); return { cable: b.link(host, sw, { a: { name: 'eth0', addresses: ['192.0.2.1/24'] } }) }; });
  const link = new Link(lab, refs.cable);
  for (const end of ['a', 'b'] as const) {
    link.fails(end);
    // linkwatch takes note of the lost carrier, and nobody reads its word.
    busyFor(300);
    const cut = lab.clock.ns;
    const returned = await link.returns(end);
    const told = lab.states.timeline('host:eth0 operstate').changes.filter((change) => change.ns > cut && change.ns <= returned.ns);
    t.equal(told.at(-1)?.value, 'up', `the record has the return, not only what was before the cut (${told.map(({ value }) => value).join(', ')})`);
    for (const where of [refs.cable.a, refs.cable.b]) t.equal(lab.node(where.node).link(where.device).operstate, 'up', `${where.node}:${where.device} after end ${end} failed`);
  }
  t.end();
});

void t.test('a guest that comes back to a bridge has a port that forwards', { skip }, async (t) => {
  const { lab, refs } = await standing(t, (b) => { const [one, two] = [b.hypervisor('hv1').bridge('br0'), b.hypervisor('hv2').bridge('br0')]; return { vm: b.guest('vm', { on: one, movesTo: [two] }) }; });
  const vm = new Guest(lab, refs.vm.node, refs.vm.device);
  for (const to of [1, 0, 1]) {
    const there = await vm.migrates(to, { announce: 'none', downtime: ms(0) });
    t.equal(lab.node(to === 1 ? 'hv2' : 'hv1').link('vm').portState, 'forwarding');
    t.equal(stateAt(vm.portState(to), there.ns), 'forwarding', 'and the record says so at that moment');
    t.equal(stateAt(vm.portState(1 - to), there.ns), 'absent', 'and of the port that it left that it is none any more');
  }
  t.end();
});

void t.test('what a timer sends while its own interface is down is lost, and recorded', { skip }, async (t) => {
  const { lab, refs } = await standing(t, (b) => {
    const sw = b.bridge('sw');
    const host = b.host('host');
    return { cable: b.link(host, sw, { a: { name: 'eth0', addresses: ['192.0.2.1/24'] } }), core: b.querier('core', { on: sw, queryInterval: ms(400), version: 'IGMPv2' }) };
  });
  const down = (node: string) => linkSet(lab.node(node).indexOf('eth0'), { up: false });
  const host = new Machine(lab, 'host', 'eth0');
  const core = new Querier(lab, refs.core);
  core.starts();
  host.gratuitousArpEvery(ms(50));
  lab.node('host').netlink.request([down('host')]);
  lab.node('core').netlink.request([down('core')]);
  const asked = core.lastQuery?.ns;
  await lab.clock.passes(s(0.7));
  t.ok(events(lab, 'lost').filter(({ at }) => at === 'host:eth0').length >= 5, 'gratuitous ARPs');
  t.match(events(lab, 'lost').find(({ at }) => at === 'core:eth0'), { what: 'a query', errno: 'ENETDOWN' });
  t.equal(core.lastQuery?.ns, asked, 'no query left');
  t.throws(() => host.gratuitousArp(), /host:eth0: ENETDOWN/, 'what a story does itself is not lost without a word');
  t.end();
});
