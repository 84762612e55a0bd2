/**
 * Builds and removes N guests on one bridge on the running kernel, three ways: by us (rtnetlink in process), with one
 * `ip` process a command, and with `ip -batch`. Prints seconds and ratios of one run. Nothing of it is in a namespace
 * that existed before: `npm run bench:topology`, as root or as an ordinary user where user namespaces are allowed.
 *
 * Removed means: the bridge has lost every port. Namespaces die in the kernel's own time, so that is waited for.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { decodeLink, linkDump } from '../lib/netlink/index.ts';
import { compilePlan } from '../lib/plan.ts';
import { topology } from '../lib/topology-builder.ts';
import { applyPlan } from '../harness/lab/apply.ts';
import { waitUntilReady } from '../harness/lab/ready.ts';
import { Scope } from '../harness/system/scope.ts';
import { mount } from '../harness/system/native/libc.ts';
import { NetlinkSocket } from '../harness/system/native/netlink-socket.ts';
import { openNamespace } from '../harness/system/native/namespaces.ts';

const INSIDE = 'WIREWARP_BENCH_INSIDE';
if (process.env[INSIDE] === undefined) {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const child = spawnSync('unshare', [...user, '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--', process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' },
  });
  process.exit(child.status ?? 1);
}

interface Timing { build: number; remove: number }
const seconds = (from: number): number => (performance.now() - from) / 1000;

async function ours(guests: number): Promise<Timing> {
  const { topology: network } = topology((t) => {
    const br = t.bridge('sw', { snooping: true });
    for (let i = 1; i <= guests; i++) t.guest(`g${i}`, { on: br });
    return { br };
  });
  const scope = new Scope();
  const begin = performance.now();
  const plan = compilePlan(network, { seed: 1 });
  const nodes = applyPlan(network, plan, scope);
  await waitUntilReady(plan, nodes);
  const build = seconds(begin);
  const hub = nodes.get('sw');
  if (!hub) throw new Error('no switch');
  const then = performance.now();
  const gone = new Promise<void>((resolve) => {
    let left = guests;
    hub.follow(['link'], (n) => { if (n.event === 'DELLINK' && !n.link.bridgeFamily && --left === 0) resolve(); });
  });
  for (const [name, node] of nodes) if (name !== 'sw') node[Symbol.dispose]();
  await gone;
  return { build, remove: seconds(then) };
}

const run = (program: string, args: string[], input?: string): void => {
  const { status, stderr } = spawnSync(program, args, { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
};
const ip = (...args: string[]): void => { run('ip', args); };
/** What the plan does for a guest, as `ip` commands: in the switch's namespace, and in the guest's. */
const atSwitch = (i: number): string[] => [
  `link add name g${i} type veth peer name eth0 netns g${i}`, `link set dev g${i} master sw`, `link set dev g${i} up`,
];
const atGuest = (i: number): string[] => ['link set dev lo up', `address add 198.18.${i >> 8}.${i & 255}/15 dev eth0`, 'link set dev eth0 up'];

async function byIp(guests: number, batch: boolean): Promise<Timing> {
  const begin = performance.now();
  ip('netns', 'add', 'sw');
  const all = Array.from({ length: guests }, (_, i) => i + 1);
  const hub: string[] = ['link add name sw type bridge forward_delay 0', 'link set dev sw up'];
  if (batch) {
    run('ip', ['-batch', '-'], all.map((i) => `netns add g${i}`).join('\n'));
    run('ip', ['-n', 'sw', '-batch', '-'], [...hub, ...all.flatMap(atSwitch)].join('\n'));
    for (const i of all) run('ip', ['-n', `g${i}`, '-batch', '-'], atGuest(i).join('\n'));
  } else {
    for (const i of all) ip('netns', 'add', `g${i}`);
    for (const line of [...hub, ...all.flatMap(atSwitch)]) ip('-n', 'sw', ...line.split(' '));
    for (const i of all) for (const line of atGuest(i)) ip('-n', `g${i}`, ...line.split(' '));
  }
  using namespace = openNamespace('/run/netns/sw');
  using netlink = new NetlinkSocket(namespace.fd);
  const ports = (): number => netlink.dump(linkDump({ skipStats: true }), decodeLink).filter((l) => l.portState === 'forwarding').length;
  await until(() => ports() === guests);
  const build = seconds(begin);
  const then = performance.now();
  if (batch) run('ip', ['-batch', '-'], all.map((i) => `netns delete g${i}`).join('\n'));
  else for (const i of all) ip('netns', 'delete', `g${i}`);
  await until(() => ports() === 0);
  const remove = seconds(then);
  ip('netns', 'delete', 'sw');
  return { build, remove };
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => { setTimeout(resolve, 5); });
}

// Waiting for notifications alone does not keep Node alive.
setInterval(() => undefined, 1000);
mkdirSync('/run/netns', { recursive: true });
mount('none', '/', null, (1 << 18) | 16384);
mount('tmpfs', '/run', 'tmpfs');
mkdirSync('/run/netns');
const counts = process.argv.slice(2).map(Number).filter((n) => n > 0);
const rows: Record<string, unknown>[] = [];
for (const guests of counts.length > 0 ? counts : [100, 1000]) {
  const results = { ours: await ours(guests), batch: await byIp(guests, true), processes: await byIp(guests, false) };
  for (const phase of ['build', 'remove'] as const) {
    const r = (n: number): number => Number(n.toFixed(3));
    rows.push({
      guests, phase, 'ours s': r(results.ours[phase]), 'ip -batch s': r(results.batch[phase]), 'ip each s': r(results.processes[phase]),
      'batch / ours': Number((results.batch[phase] / results.ours[phase]).toFixed(1)), 'each / ours': Number((results.processes[phase] / results.ours[phase]).toFixed(1)),
    });
  }
}
console.table(rows);
if (process.env['BENCH_JSON']) writeFileSync(process.env['BENCH_JSON'], JSON.stringify(rows, null, 2));
process.exit(0);
