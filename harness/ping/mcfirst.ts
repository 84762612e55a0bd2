/** mcfirst: a socket on a group and port, until so many packets came or so much time passed. */
import { Mcfirst } from '../../lib/ping/mcfirst.ts';
import { isRefused, mcfirstOptions, ssmUsage } from '../../lib/ping/ssm-options.ts';
import { SystemCallError } from '../system/native/errno.ts';
import { ReceiveArea } from '../system/native/receive-batch.ts';
import { UdpSocket } from '../system/native/udp-socket.ts';
import { realTime } from './clock.ts';
import { onSignal } from './common.ts';
import { interfaces } from './interfaces.ts';
import { complain, Ended, orEnd, say, systemError } from './output.ts';
import { type Address, addressesOf, indexOf, isMulticastAddress, NotResolved, shown } from './resolve.ts';

async function one(name: string, family: 4 | 6 | undefined): Promise<Address> {
  try {
    const [address] = await addressesOf(name, family);
    if (address) return address;
    throw new NotResolved('Name or service not known');
  } catch (error) {
    if (error instanceof NotResolved) throw new Ended(1, `getaddrinfo failed: ${error.message}`, `Failed to create socket for ${name}`);
    throw error;
  }
}

export async function mcfirst(args: readonly string[]): Promise<number> {
  const options = mcfirstOptions(args);
  if (isRefused(options)) throw new Ended(1, ...options.refused, ...(options.usage ? ssmUsage('mcfirst') : []));
  const named = options.interface === undefined ? 0 : indexOf(options.interface);
  if (options.interface !== undefined && named === 0) throw new Ended(1, `Unknown interface ${options.interface}`);
  const { operands, device, json, seconds } = options;
  const [portText = ''] = operands.slice(-1), names = operands.slice(0, -1);
  const failed = `Failed to create socket for ${operands[0] ?? ''}`;
  if (!/^\d+$/.test(portText)) throw new Ended(1, 'getaddrinfo failed: Servname not supported for ai_socktype', failed);
  const port = Number(portText);
  if (port < 1 || port > 65_535) throw new Ended(1, `Invalid port: ${portText}`, failed);
  const first = await one(names[0] ?? '', options.family);
  const second = names[1] === undefined ? undefined : await one(names[1], first.family === 'inet' ? 4 : 6);
  const [group, source] = second === undefined || isMulticastAddress(first.text) ? [first, second] : [second, first];
  if (!isMulticastAddress(group.text)) throw new Ended(1, 'Argument must be a multicast address', failed);
  if (source && isMulticastAddress(source.text)) throw new Ended(1, 'Both addresses cannot be multicast addresses', failed);

  const { family } = group, area = new ReceiveArea(32, 65_536), scope = group.scope || named;
  using socket = orEnd('bind', () => new UdpSocket({ family, address: group.text, port, scope, shared: true, area, receiveBufferBytes: 1 << 20, ...(device === undefined ? {} : { device }) }));
  const counted = new Mcfirst(family);
  const most = options.count ?? (seconds === undefined ? 1 : Infinity);
  const index = named || group.scope || indexOf(device ?? '') || onlyInterface();
  orEnd(`Failed to join multicast ${source ? 'channel' : 'group'}`, () => { socket.join(group.text, index, source?.text); });
  const joined = realTime();
  if (!json) say(Mcfirst.opening(shown(group.text, scope), source && shown(source.text, source.scope)));
  await new Promise<void>((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const release = onSignal('SIGINT', () => { end(); });
    const end = (): void => { clearTimeout(timer); release(); resolve(); };
    socket.onReceive((received) => {
      if (counted.packets >= most) return;
      const afterNs = (received.seconds - joined.seconds) * 1e9 + received.nanoseconds - joined.nanoseconds;
      const line = counted.received({ length: received.length, source: shown(received.source, received.sourceScope), ttl: received.ttl, afterNs });
      if (!options.quiet && !json) say(line);
      if (counted.packets >= most) end();
    }, { onError: (error) => { if (error instanceof SystemCallError) complain(...systemError('recv failed', error.errno)); else throw error; } });
    if (seconds !== undefined) timer = setTimeout(end, seconds * 1000);
  });
  if (json) say(JSON.stringify({ schema: 'wirewarp.mcfirst', schemaVersion: 1, ...counted.report(group.text, source?.text) }, null, 2));
  else say(...counted.summary());
  return counted.exitStatus;
}

/** 0, for the kernel to choose by its routes; the one real interface where that is the whole choice. */
function onlyInterface(): number {
  const [only, ...more] = interfaces().filter(({ flags }) => flags.includes('UP') && flags.includes('MULTICAST') && !flags.includes('LOOPBACK'));
  return only && more.length === 0 ? only.index : 0;
}
