/** omping: sockets, turns, signals. What is asked, answered and printed is lib/ping/omping-node.ts's. */
import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { type Chosen, chooseHosts, type NamedHost } from '../../lib/ping/omping-hosts.ts';
import { type OmpingDatagram, OmpingNode, type OmpingNodeOptions, OMPING_GROUP, ompingReport } from '../../lib/ping/omping-node.ts';
import { OMPING_USAGE, OMPING_VERSION, type OmpingOptions, ompingOptions, paddingFor } from '../../lib/ping/omping-options.ts';
import { liveTable } from '../../lib/ping/omping-table.ts';
import { isRefused } from '../../lib/ping/ssm-options.ts';
import type { Cast } from '../../lib/ping/omping-client.ts';
import { formatIp, parseIp } from '../../lib/wire/address.ts';
import { realTime } from './clock.ts';
import { aboveLoss, onSignal, wantsExplanation } from './common.ts';
import { interfaces } from './interfaces.ts';
import { OmpingSockets } from './omping-sockets.ts';
import { complain, Ended, say } from './output.ts';
import { type Address, addressesOf, isMulticastAddress, NotResolved } from './resolve.ts';

/** SIGINTs of one phase before the next one ends us as it would end anybody. */
const MOST_INTERRUPTS = 2;
const WARM_TURNS = 100;
/** Of a terminal that does not tell its width: under script(1), on a serial line. */
const FALLBACK_COLUMNS = 120;
const END_STATUS = { fatal: 2 } as const;

const fault = (text: string): Ended => new Ended(1, `omping: ${text}`);
function usageFault(text: string): Ended {
  say(...OMPING_USAGE);
  return fault(text);
}

async function named(name: string, family: 4 | 6 | undefined): Promise<NamedHost> {
  try {
    const addresses: Address[] = await addressesOf(name, family);
    return { name, addresses };
  } catch (error) {
    if (error instanceof NotResolved) throw fault(`Can't get addr info for ${name}: ${error.message}`);
    throw error;
  }
}

async function chosenHosts(options: OmpingOptions): Promise<Chosen> {
  const { group, transport, family } = options;
  const broadcast = transport === 'ipbc';
  const bare = group?.split('%', 1)[0] ?? '';
  if (group !== undefined && (isIP(bare) === 0 || (!broadcast && !isMulticastAddress(formatIp(parseIp(bare)))))) throw fault(`Given address ${group} is not valid multicast address`);
  const hosts = await Promise.all(options.hosts.map((name) => named(name, family)));
  const wishes = { broadcast, ...(family === undefined ? {} : { family }), ...(group === undefined ? {} : { groupText: group, groupFamily: group.includes(':') ? 'inet6' as const : 'inet' as const }) };
  const chosen = chooseHosts(hosts, interfaces(), wishes);
  if (typeof chosen === 'string') throw fault(chosen);
  return chosen;
}

function groupOf({ transport, group }: OmpingOptions, { family, broadcast }: Chosen): string {
  if (transport !== 'ipbc') return group === undefined ? OMPING_GROUP[family] : formatIp(parseIp(group.split('%', 1)[0] ?? ''));
  if (broadcast === undefined || (group !== undefined && group !== broadcast)) throw usageFault("illegal broadcast address, -M argument doesn't match with local broadcast address");
  return broadcast;
}

export async function omping(args: readonly string[]): Promise<number> {
  const options = ompingOptions(args);
  if (isRefused(options)) {
    complain(...options.refused);
    if (options.usage) say(...OMPING_USAGE);
    return 1;
  }
  if (options.version === 1) { say(OMPING_VERSION); return 0; }
  const chosen = await chosenHosts(options);
  const group = groupOf(options, chosen);
  const padding = options.sizeBytes === undefined ? -1 : paddingFor(options.sizeBytes, chosen.family);
  if (typeof padding !== 'number') throw new Ended(1, ...padding.refused);

  using sockets = new OmpingSockets(options, chosen, group);
  const { live } = options, table = live && process.stdout.isTTY ? (await import('log-update')).default : undefined;
  const silent = options.json || table !== undefined;
  const asking: OmpingNodeOptions = {
    peers: chosen.peers, localAddress: chosen.local, group, transport: options.transport, port: options.port, intervalMs: options.intervalMs, count: options.count, ttl: options.ttl, rateMs: options.rateMs,
    serves: options.serves, asksVersion: options.version > 1, quiet: silent ? 2 : options.quiet, averages: options.averages, detectDuplicates: options.detectDuplicates,
    ...(padding < 0 ? {} : { paddingBytes: padding }), pid: process.pid, random: (bytes) => randomBytes(bytes),
  };
  warmUp(asking);
  const node = new OmpingNode(asking, { send: (bytes, address, port) => { sockets.send(bytes, address, port, (text) => { complain(`omping: ${text}`); }); }, line: (text) => { say(text); }, time: realTime });
  if (options.verbose > 0) complain(`omping: local address ${chosen.local} on ${chosen.interface.name}, group ${group}, ${chosen.peers.length} remote`);

  const run = new Run(node, sockets, options, table && ((nowMs) => { table(liveTable(node.hosts, nowMs, process.stdout.columns || FALLBACK_COLUMNS).join('\n')); }));
  await run.measures();
  table?.done();
  const report = (): void => {
    if (options.json) say(JSON.stringify({ schema: 'wirewarp.omping', schemaVersion: 1, local: chosen.local, group, transport: options.transport, intervalMs: options.intervalMs, hosts: ompingReport(node) }, null, 2));
    else say(...node.statistics());
  };
  report();
  if (wantsExplanation(options) && options.version === 0) {
    for (const host of node.hosts) {
      const { finding, text } = node.diagnosis(host);
      if (finding !== 'fine') complain(`omping: ${host.name}: ${text}`);
    }
  }
  if (!chosen.single && options.serves) await run.finishes();
  return aboveLoss(options, node.worstLoss()) ?? 0;
}

/** One that asks and answers itself in memory: what ran before is compiled, and the first round trip is the network's time, not the engine's. */
function warmUp(options: OmpingNodeOptions): void {
  const self = { name: 'self', address: options.localAddress }, queue: Uint8Array[] = [];
  const node = new OmpingNode({ ...options, peers: [self], quiet: 2, rateMs: 0, count: Infinity, asksVersion: false }, { send: (bytes) => { queue.push(bytes); }, line: () => undefined, time: realTime });
  for (let turn = 0; turn < WARM_TURNS; turn++) {
    node.tick(turn);
    for (let bytes = queue.shift(); bytes; bytes = queue.shift()) node.receive('unicast', { bytes, source: self.address, sourcePort: 0, ttl: 64, seconds: 0, nanoseconds: 0 }, turn);
  }
}

/** The turns of one run, and what may end it. */
class Run {
  readonly #node: OmpingNode;
  readonly #options: OmpingOptions;
  readonly #begun = performance.now();
  readonly #draw: ((nowMs: number) => void) | undefined;
  /** At interval 0 an answer is what the next query waits for. */
  #answered: (() => void) | undefined;
  #fatal: unknown;
  #abandon: () => void = () => undefined;

  constructor(node: OmpingNode, sockets: OmpingSockets, options: OmpingOptions, draw?: (nowMs: number) => void) {
    this.#node = node;
    this.#options = options;
    this.#draw = draw;
    const hears = (cast: Cast) => (datagram: OmpingDatagram): void => {
      if (node.receive(cast, datagram, this.#nowMs)) this.#answered?.();
    };
    sockets.onReceive(hears('unicast'), hears('multicast'), (error) => { this.#fatal = error; this.#abandon(); });
  }

  get #nowMs(): number { return performance.now() - this.#begun; }

  /** Turn by turn until all clients have stopped, the time is over, or SIGINT. */
  async measures(): Promise<void> {
    const { intervalMs, endsItself, timeoutMs } = this.#options;
    const shown = onSignal('SIGUSR1', () => { say(...this.#node.statistics(), ''); });
    try {
      await this.#phase(timeoutMs > 0 ? timeoutMs : Infinity, async (over) => {
        for (let turn = 1; !over(); turn++) {
          this.#node.tick(this.#nowMs);
          this.#draw?.(this.#nowMs);
          await this.#receives(intervalMs === 0 ? 1 : turn * intervalMs - this.#nowMs, intervalMs === 0);
          if (this.#node.stopped && endsItself) return;
        }
      });
    } finally {
      shown();
    }
  }

  /** Everybody who still asks is told to stop, so that nobody counts as loss what nobody answers any more. */
  async finishes(): Promise<void> {
    const { finishMs } = this.#options;
    if (finishMs === 0) return;
    this.#node.finish();
    await this.#phase(finishMs, async (over) => { while (!over()) await this.#receives(finishMs, false); });
  }

  async #phase(withinMs: number, work: (over: () => boolean) => Promise<void>): Promise<void> {
    let over = false, interrupts = 0;
    const end = (): void => { over = true; this.#abandon(); };
    const release = onSignal('SIGINT', () => {
      if (++interrupts > MOST_INTERRUPTS) { release(); process.kill(process.pid, 'SIGINT'); }
      end();
    });
    const timer = Number.isFinite(withinMs) ? setTimeout(end, withinMs) : undefined;
    try {
      await work(() => over);
    } finally {
      clearTimeout(timer);
      release();
    }
    if (this.#fatal instanceof Ended) throw this.#fatal;
    if (this.#fatal !== undefined) throw new Ended(END_STATUS.fatal, `omping: ${this.#fatal instanceof Error ? this.#fatal.message : 'the sockets failed'}`);
  }

  /** Waits: what comes is taken meanwhile. */
  #receives(ms: number, untilAnswer: boolean): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => { clearTimeout(timer); this.#answered = undefined; this.#abandon = () => undefined; resolve(); };
      const timer = setTimeout(done, Math.min(0x7fff_ffff, Math.max(0, ms)));
      this.#abandon = done;
      if (untilAnswer) this.#answered = done;
    });
  }
}
