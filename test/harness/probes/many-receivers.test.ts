// Two hundred members of a group, one sender, one process: every socket is its guest's own, and every datagram is counted.
import { readdirSync } from 'node:fs';
import t from 'tap';
import { applyPlan } from '../../../harness/lab/apply.ts';
import { Clock } from '../../../harness/lab/clock.ts';
import type { Node } from '../../../harness/lab/node.ts';
import { waitUntilReady } from '../../../harness/lab/ready.ts';
import { Flow, type FlowEnd } from '../../../harness/probes/flow.ts';
import { UdpSocket } from '../../../harness/system/native/udp-socket.ts';
import { eventually } from '../../../harness/system/eventually.ts';
import { Scope } from '../../../harness/system/scope.ts';
import { compilePlan } from '../../../lib/plan.ts';
import { tally } from '../../../lib/timeline.ts';
import { topology } from '../../../lib/topology-builder.ts';
import { ms } from '../../../lib/units.ts';

const GUESTS = 200;
const GROUP = '239.192.7.7';
const children = (): number => readdirSync('/proc/self/task').length;

void t.test(`${GUESTS} receivers in one process`, { skip: process.getuid?.() === 0 ? false : 'making namespaces in this process needs root' }, async (t) => {
  const network = topology((b) => {
    const sw = b.bridge('sw', { snooping: true });
    for (let i = 0; i < GUESTS; i++) b.guest(`g${i}`, { on: sw });
    return { sw };
  }).topology;
  const scope = new Scope();
  t.teardown(async () => { await scope.close(); });
  const plan = compilePlan(network, { seed: 1 });
  const nodes = applyPlan(network, plan, scope);
  await waitUntilReady(plan, nodes);
  const threads = children();

  const end = (i: number): FlowEnd => ({ name: `g${i}`, node: nodes.get(`g${i}`) as Node, device: 'eth0' });
  // Half of them join; the others listen on the same port and must hear nothing.
  for (let i = 1; i < GUESTS; i += 2) {
    const { node } = end(i);
    const membership = new UdpSocket({ namespace: node.namespace.fd, family: 'inet' });
    scope.defer('leave', () => { membership.close(); });
    membership.join(GROUP, node.indexOf('eth0'));
  }
  const clock = new Clock(1, 1e15, () => new Error('never'));
  const flow = new Flow(1, end(0), GROUP, Array.from({ length: GUESTS - 1 }, (_, i) => end(i + 1)), clock, { every: ms(20), sizeBytes: 1200 });
  scope.defer('stop the flow', () => { flow.close(); });
  const members = flow.records.filter((_, i) => i % 2 === 0);
  const others = flow.records.filter((_, i) => i % 2 === 1);
  await eventually({ for: 'every member to have 20 datagrams', withinMs: 30_000 }, () => {
    if (members.some((r) => tally(r).received < 20)) throw new Error('not yet');
  });
  flow.stop();
  t.equal(members.length, GUESTS / 2);
  t.ok(others.every((r) => tally(r).received === 0), 'who has not joined hears nothing');
  t.ok(members.every((r) => r.duplicates === 0 && r.reordered === 0));
  const first = members[0]?.receivedNs[0] ?? 0;
  t.ok(first >= (flow.sentNs[0] ?? Infinity), 'the kernel saw it no earlier than it was sent');
  t.equal(children(), threads, 'no thread or process more');
  t.end();
});
