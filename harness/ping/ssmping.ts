/** ssmping and asmping: sockets, the second's beat, signals. What is asked and printed is lib/ping/ssm-client.ts's. */
import { type SsmOptions, type SsmProgram, ssmUsage, ssmOptions, isRefused } from '../../lib/ping/ssm-options.ts';
import { SsmPing, type SsmDatagram, type SsmPingOptions } from '../../lib/ping/ssm-client.ts';
import { SSM_GROUP, withTail } from '../../lib/ping/ssm-message.ts';
import { PING_PORT } from '../../lib/ping/tlv.ts';
import type { Cast } from '../../lib/ping/omping-client.ts';
import { EAGAIN, SystemCallError } from '../system/native/errno.ts';
import { sys } from '../system/native/libc.ts';
import { ReceiveArea, type Received } from '../system/native/receive-batch.ts';
import { boundAddress, UdpSocket } from '../system/native/udp-socket.ts';
import { realTime } from './clock.ts';
import { aboveLoss, onSignal, wantsExplanation } from './common.ts';
import { indexOfAddress } from './interfaces.ts';
import { complain, Ended, orEnd, say, systemError } from './output.ts';
import { type Address, addressesOf, indexOf, isMulticastAddress, NotResolved, shown } from './resolve.ts';

const ENODEV = 19;
const WARM_TURNS = 200;
/** Longer than any UDP payload. */
const DATAGRAM_BYTES = 65_536;

interface Target { readonly server: Address; readonly group: string; readonly scope: number }

async function first(name: string, family: 4 | 6 | undefined, failed: string): Promise<Address> {
  try {
    const [address] = await addressesOf(name, family);
    if (address) return address;
    throw new NotResolved('Name or service not known');
  } catch (error) {
    if (error instanceof NotResolved) throw new Ended(1, `getaddrinfo failed: ${error.message}`, failed);
    throw error;
  }
}

async function targetOf(program: SsmProgram, { operands, family }: SsmOptions): Promise<Target> {
  const [one = '', two = ''] = operands;
  if (program === 'ssmping') {
    const server = await first(one, family, 'name2addrsocks failed');
    if (isMulticastAddress(server.text)) throw new Ended(1, 'Argument must be a unicast address', 'name2addrsocks failed');
    return { server, group: SSM_GROUP[server.family], scope: server.scope };
  }
  const failed = `Failed to create socket for ${one}`;
  const left = await first(one, family, failed);
  const right = await first(two, left.family === 'inet' ? 4 : 6, failed);
  const multicast = [left, right].filter(({ text }) => isMulticastAddress(text));
  if (multicast.length !== 1) throw new Ended(1, `Both addresses cannot be ${multicast.length === 0 ? 'unicast' : 'multicast'} addresses`, failed);
  const [group, server] = multicast[0] === left ? [left, right] : [right, left];
  return { server, group: withTail(group.text), scope: group.scope || server.scope };
}

/** Joined on the interface that was named; otherwise where the kernel would send, as the original does, or where our own address is. */
function join(socket: UdpSocket, group: string, source: string | undefined, named: number, own: () => number): number {
  if (named > 0 || socket.family === 'inet6') {
    const index = named || own();
    socket.join(group, index, source);
    return index;
  }
  try {
    socket.join(group, 0, source);
    return 0;
  } catch (error) {
    if (!(error instanceof SystemCallError) || error.errno !== ENODEV) throw error;
    socket.join(group, own(), source);
    return own();
  }
}

/** What ran before is compiled: the first round trip is the network's time, not the engine's. To no descriptor, so nothing leaves. */
function warmUp(options: SsmPingOptions): void {
  const ping = new SsmPing(options);
  for (let n = 0; n < WARM_TURNS; n++) {
    const request = ping.request(performance.now(), realTime);
    sys.send(-1, request, request.length, 0);
  }
}

export async function ssmping(program: 'ssmping' | 'asmping', args: readonly string[]): Promise<number> {
  const options = ssmOptions(program, args);
  if (isRefused(options)) throw new Ended(1, ...options.refused, ...(options.usage ? ssmUsage(program) : []));
  const named = options.interface === undefined ? 0 : indexOf(options.interface);
  if (options.interface !== undefined && named === 0) throw new Ended(1, `Unknown interface ${options.interface}`);
  const { server, group, scope } = await targetOf(program, options);
  const { family } = server, { device } = options;
  const onDevice = device === undefined ? {} : { device };
  const area = new ReceiveArea(8, DATAGRAM_BYTES);

  // Whoever talks to the server has this address: a socket that was connected once knows it.
  const local = orEnd('connect', () => {
    using probe = new UdpSocket({ family, ...onDevice });
    probe.connect(server.text, PING_PORT, server.scope || named);
    return boundAddress(probe.fd);
  });
  using unicast = orEnd('bind', () => new UdpSocket({ family, address: local.address, scope: local.scope, shared: true, area, ...onDevice }));
  orEnd('connect', () => { unicast.connect(server.text, PING_PORT, server.scope || named); });
  using multicast = orEnd('bind', () => new UdpSocket({ family, address: group, port: unicast.port, scope: scope || local.scope || named, shared: true, area, ...onDevice }));
  const source = program === 'ssmping' ? server.text : undefined;
  const own = (): number => scope || local.scope || indexOf(device ?? '') || indexOfAddress(local.address);
  const joinedOn = orEnd(`Failed to join multicast ${program === 'ssmping' ? 'channel' : 'group'}`, () => join(multicast, group, source, named, own));

  const asking: SsmPingOptions = {
    program, server: shown(server.text, server.scope), local: shown(local.address, local.scope), group: shown(group, scope || joinedOn), pid: process.pid,
    asksVersion: options.asksVersion, intervalMs: options.intervalMs, ...(options.sizeBytes === undefined ? {} : { sizeBytes: options.sizeBytes }),
  };
  warmUp(asking);
  const ping = new SsmPing(asking);
  const quiet = options.json;
  if (!quiet) say(...ping.opening());

  const begun = performance.now();
  const datagram: { -readonly [K in keyof SsmDatagram]: SsmDatagram[K] } = { bytes: new Uint8Array(), length: 0, source: '', ttl: -1, seconds: 0, nanoseconds: 0 };
  const hears = (cast: Cast) => (received: Received): void => {
    datagram.bytes = received.bytes;
    datagram.length = received.length;
    datagram.source = shown(received.source, received.sourceScope);
    datagram.ttl = received.ttl;
    datagram.seconds = received.seconds;
    datagram.nanoseconds = received.nanoseconds;
    const lines = ping.received(cast, datagram, performance.now() - begun);
    if (!quiet) say(...lines);
  };
  const onError = (error: unknown): void => {
    if (!(error instanceof SystemCallError)) throw error;
    complain(...systemError('recv failed', error.errno));
  };
  unicast.onReceive(hears('unicast'), { onError });
  multicast.onReceive(hears('multicast'), { onError });

  const send = (): void => {
    const errno = unicast.send(ping.request(performance.now() - begun, realTime));
    if (errno !== 0 && errno !== EAGAIN) complain(...systemError('send failed', errno));
  };
  await new Promise<void>((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const turn = (): void => {
      if (ping.transmitted >= (options.count ?? Infinity)) { end(); return; }
      send();
      timer = setTimeout(turn, Math.max(0, begun + ping.transmitted * options.intervalMs - performance.now()));
    };
    const release = onSignal('SIGINT', () => { end(); });
    const end = (): void => { clearTimeout(timer); release(); resolve(); };
    turn();
  });

  const elapsedMs = performance.now() - begun;
  if (quiet) say(JSON.stringify({ schema: `wirewarp.${program}`, schemaVersion: 1, ...ping.report(elapsedMs) }, null, 2));
  else say(...ping.summary(elapsedMs));
  const diagnosis = ping.diagnosis();
  if (diagnosis.finding !== 'fine' && wantsExplanation(options)) complain(`${program}: ${diagnosis.text}`);
  return aboveLoss(options, Math.max(ping.exactLoss('unicast'), ping.exactLoss('multicast'))) ?? ping.exitStatus;
}
