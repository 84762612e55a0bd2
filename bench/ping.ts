/**
 * Debian's ssmping and ssmpingd against ours over the same veth, in namespaces of its own: round trips as each reports
 * them, CPU time for 1000 exchanges, and requests that a daemon answers a second. The four pairings take turns, round
 * after round, in one run. `npm run bench:ping`, as root or where user namespaces are allowed; BENCH_ROUNDS says how many (4).
 *
 * On a machine that has other work, BENCH_NICE=-20 (root) puts the programs of both sides before it: they sleep nearly
 * all the time, and what is compared is otherwise the others' work.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { socketAddress } from '../harness/system/native/socket-address.ts';
import { UdpSocket } from '../harness/system/native/udp-socket.ts';
import { floodRequest } from '../test/lib/ping/hostile-inputs.ts';
import { isolated } from '../test/harness/native/isolated.ts';
import { ADDRESS, prepare, tools, twoMachines, type Program, type TwoMachines } from '../test/harness/ping/two-machines.ts';

await prepare();
isolated(import.meta.url);

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 4);
const CLIENTS = 10, EXCHANGES = 24, WINDOW_S = 12, FLOOD_MS = 3000, OUTSTANDING = 64, PATIENCE_MS = 50;
const first = process.env['BENCH_NICE'] === undefined ? [] : ['nice', '-n', process.env['BENCH_NICE']];

const { ours, theirs, why, remove } = tools();
if (!theirs) throw new Error(why);
const SIDES = { theirs, ours } as const;
type Side = keyof typeof SIDES;

/** Time on a processor of all of a process's threads, ms; 0 when it has gone. */
function cpuMs(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]), 0) / 1e6;
  } catch {
    return 0;
  }
}
const quantile = (values: readonly number[], share: number): number => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;
const median = (values: readonly number[]): number => quantile(values, 0.5);
const rounded = (n: number, digits = 3): number => Number(n.toFixed(digits));

async function answers(net: TwoMachines): Promise<void> {
  using asking = new UdpSocket({ namespace: net.b.fd, family: 'inet' });
  let answered = false;
  asking.onReceive(() => { answered = true; });
  for (let tries = 0; !answered; tries++) {
    if (tries > 600) throw new Error('the daemon does not answer within 30 s');
    asking.sendTo(Uint8Array.of(0x51), socketAddress(ADDRESS.a, 4321));
    await sleep(50);
  }
}

interface Latency { unicast: number[]; multicast: number[]; clientCpuMs: number; daemonCpuMs: number; exchanges: number; allExchanges: number }

/** So many clients side by side, each asking once a second. */
async function latency(net: TwoMachines, client: Side, daemon: Side): Promise<Latency> {
  const prioritised = (file: string, args: readonly string[] = []): [string, readonly string[]] => (first.length === 0 ? [file, args] : [first[0] as string, [...first.slice(1), file, ...args]]);
  const server = net.start('a', ...prioritised(SIDES[daemon]('ssmpingd')));
  await answers(net);
  const made: Latency = { unicast: [], multicast: [], clientCpuMs: 0, daemonCpuMs: 0, exchanges: 0, allExchanges: 0 };
  const clients: Program[] = [];
  for (let n = 0; n < CLIENTS; n++) {
    clients.push(net.start('b', ...prioritised(SIDES[client]('ssmping'), ['-c', String(EXCHANGES), ADDRESS.a])));
    // Not all in the same instant of each second.
    await sleep(1000 / CLIENTS + 3);
  }
  await Promise.all(clients.map((program) => program.says('seq=2 ')));
  // Start-up is over: from here on, exchanges only.
  const now = () => ({ daemon: cpuMs(server.pid), clients: clients.map(({ pid, said }) => ({ cpu: cpuMs(pid), exchanges: said().match(/^ {2}unicast/gm)?.length ?? 0 })) });
  const before = now();
  await sleep(WINDOW_S * 1000);
  const after = now();
  after.clients.forEach(({ cpu, exchanges }, n) => {
    const then = before.clients[n];
    // One that was late has ended.
    if (!then || cpu === 0) return;
    made.exchanges += exchanges - then.exchanges;
    made.clientCpuMs += cpu - then.cpu;
  });
  made.allExchanges = after.clients.reduce((sum, { exchanges }, n) => sum + exchanges - (before.clients[n]?.exchanges ?? 0), 0);
  made.daemonCpuMs = after.daemon - before.daemon;
  for (const { stdout } of await Promise.all(clients.map(({ ended }) => ended))) {
    for (const [, cast, ms] of stdout.matchAll(/^ *(unicast|multicast) from .* time=([\d.]+) ms$/gm)) made[cast as 'unicast' | 'multicast'].push(Number(ms));
  }
  server.kill('SIGKILL');
  await server.ended;
  return made;
}

interface Flood { perSecond: number; perCpuSecond: number }

/** As many requests as it takes, so many of them unanswered at most. */
async function flood(net: TwoMachines, daemon: Side): Promise<Flood> {
  const server = spawn('nsenter', ['--net=/run/netns/a', '--', SIDES[daemon]('ssmpingd')], { stdio: ['ignore', 'ignore', 'ignore'] });
  try {
    await answers(net);
    using socket = new UdpSocket({ namespace: net.b.fd, family: 'inet', receiveBufferBytes: 4 << 20 });
    socket.connect(ADDRESS.a, 4321);
    const begun = performance.now(), cpu = cpuMs(server.pid ?? 0);
    let [open, answered, heard] = [0, 0, begun];
    const take = (): void => { answered++; open--; };
    for (let now = begun; now - begun < FLOOD_MS; now = performance.now()) {
      while (open < OUTSTANDING && socket.send(floodRequest) === 0) open++;
      if (socket.receive(take) > 0) heard = now;
      else if (now - heard > PATIENCE_MS) { open = 0; heard = now; }
    }
    const seconds = (performance.now() - begun) / 1000;
    return { perSecond: answered / seconds, perCpuSecond: answered / ((cpuMs(server.pid ?? 0) - cpu) / 1000) };
  } finally {
    const gone = new Promise((resolve) => { server.once('close', resolve); });
    server.kill('SIGKILL');
    await gone;
  }
}

const PAIRS: readonly (readonly [Side, Side])[] = [['theirs', 'theirs'], ['ours', 'ours'], ['ours', 'theirs'], ['theirs', 'ours']];
const measured = new Map(PAIRS.map((pair): [string, Latency[]] => [pair.join(), []]));
const floods: Record<Side, Flood[]> = { theirs: [], ours: [] };
{
  await using net = twoMachines();
  for (let round = 0; round < ROUNDS; round++) {
    // Who is first changes from round to round.
    for (let n = 0; n < PAIRS.length; n++) {
      const [client, daemon] = PAIRS[(n + round) % PAIRS.length] as [Side, Side];
      measured.get([client, daemon].join())?.push(await latency(net, client, daemon));
    }
    for (const side of round % 2 === 0 ? ['theirs', 'ours'] as const : ['ours', 'theirs'] as const) floods[side].push(await flood(net, side));
    console.error(`round ${round + 1} of ${ROUNDS}`);
  }
}
remove();

/** Of each round's figure, the median. */
const over = (rounds: readonly Latency[], of: (one: Latency) => number): number => median(rounds.map(of));
const figures = (rounds: readonly Latency[]): Record<string, number> => ({
  'unicast median ms': over(rounds, ({ unicast }) => median(unicast)), 'unicast p99 ms': over(rounds, ({ unicast }) => quantile(unicast, 0.99)),
  'multicast median ms': over(rounds, ({ multicast }) => median(multicast)), 'multicast p99 ms': over(rounds, ({ multicast }) => quantile(multicast, 0.99)),
  'client CPU ms / 1000': over(rounds, ({ clientCpuMs, exchanges }) => (1000 * clientCpuMs) / exchanges), 'daemon CPU ms / 1000': over(rounds, ({ daemonCpuMs, allExchanges }) => (1000 * daemonCpuMs) / allExchanges),
});
const base = figures(measured.get('theirs,theirs') ?? []);
const rows = PAIRS.map(([client, daemon]) => {
  const made = figures(measured.get([client, daemon].join()) ?? []);
  return { client, daemon, ...Object.fromEntries(Object.entries(made).flatMap(([name, value]) => [[name, rounded(value)], [`${name} ratio`, rounded(value / (base[name] ?? NaN), 2)]])) };
});
for (const row of rows) console.log(JSON.stringify(row, null, 1));
const answered = (side: Side): Record<string, number> => ({ 'answered / s': rounded(median(floods[side].map((f) => f.perSecond)), 0), 'answered / CPU s': rounded(median(floods[side].map((f) => f.perCpuSecond)), 0) });
const daemons = { theirs: answered('theirs'), ours: answered('ours') };
console.table(daemons);
if (process.env['BENCH_JSON']) writeFileSync(process.env['BENCH_JSON'], JSON.stringify({ rounds: ROUNDS, clients: CLIENTS, exchanges: EXCHANGES, rows, daemons }, null, 2));
process.exit(0);
