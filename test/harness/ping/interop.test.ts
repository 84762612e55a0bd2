// Debian's ssmping, asmping, ssmpingd and mcfirst against ours, every flag, in namespaces of our own: what they print, and what they put on the wire, field by field.
import t from 'tap';
import { setTimeout as sleep } from 'node:timers/promises';
import { UdpSocket } from '../../../harness/system/native/udp-socket.ts';
import { socketAddress } from '../../../harness/system/native/socket-address.ts';
import type { Frame } from '../../../lib/wire/index.ts';
import { fromHex, toHex } from '../../../lib/wire/bytes.ts';
import { isolated } from '../native/isolated.ts';
import { ADDRESS, ETH0, prepare, tools, twoMachines, type Ended, type TwoMachines } from './two-machines.ts';

await prepare();
isolated(import.meta.url);

const { ours, theirs, why, remove } = tools();
t.teardown(remove);
const skip = theirs ? false : why;
const real = (name: string): string => (theirs ?? ours)(name);

/** Every flag of the two clients, over both families. */
const V4 = [[], ['-v'], ['-s', '200'], ['-v', '-s', '300'], ['-s', '20'], ['-I', 'eth0'], ['-4'], ['-vs600']];
const V6 = [[], ['-6v'], ['-s', '200'], ['-I', 'eth0', '-v']];
const CALLS = [
  ...V4.flatMap((flags) => [['ssmping', ...flags, '-c', '1', ADDRESS.a], ['asmping', ...flags, '-c', '1', '239.1.2.3', ADDRESS.a]]),
  ...V6.flatMap((flags) => [['ssmping', ...flags, '-c1', ADDRESS.a6], ['asmping', ...flags, '-c1', ADDRESS.a6, 'ff15::9']]),
];
const name = (call: readonly string[]): string => call.join(' ');

/** What differs between two runs of one program, replaced: times, and who the server says it is. */
const plain = (text: string): string => text
  .replaceAll(/time[ =][\d.]+/g, 'time T').replaceAll(/= [\d./]+ ms/g, '= T ms').replaceAll(/\d+\.\d+ (ms|seconds|kbits)/g, 'T $1')
  .replaceAll(/0\.9\.1 \((20080418|wirewarp)\)/g, '0.9.1 (WHO)').replaceAll(/^\S*\/(\w+)(?= version|: | \[)/gm, '$1');
const THEIR_TEXT = toHex(Buffer.from('(20080418)')), OUR_TEXT = toHex(Buffer.from('(wirewarp)'));

/** A packet with what every run has anew replaced: the client's port and number, times. */
function packet(frame: Frame, port: number): string {
  const ip = frame.ipv4 ?? frame.ipv6;
  const payload = toHex(frame.payload ?? new Uint8Array());
  const who = (p: number | undefined): string => (p === port ? 'client' : String(p));
  // Option 1 with the number at 5, option 2, option 3 with the time at 21.
  const known = payload.length < 58 ? payload : `${payload.slice(0, 10)}PIDPIDPI${payload.slice(18, 42)}TIMETIMETIMETIME${payload.slice(58)}`;
  return [
    `${frame.eth?.src} > ${frame.eth?.dst}`, `${ip?.src} > ${ip?.dst}`, `ttl ${frame.ipv4?.ttl ?? frame.ipv6?.hopLimit}`, `tos ${frame.ipv4?.tos ?? frame.ipv6?.trafficClass}`, `df ${frame.ipv4?.dontFragment}`,
    `ports ${who(frame.udp?.srcPort)} > ${who(frame.udp?.dstPort)}`, `length ${frame.udp?.length}`, known.replaceAll(THEIR_TEXT, OUR_TEXT),
  ].join(' | ');
}
/** The packets of one client, by the number that they carry. */
function packetsOf(frames: readonly Frame[], pid: number): string[] {
  const own = frames.filter(({ udp, payload }) => udp && payload && payload.length >= 9 && Buffer.from(payload).readUInt32BE(5) === pid);
  const port = own[0]?.udp?.srcPort ?? 0;
  return own.map((frame) => packet(frame, port));
}
const reports = (frames: readonly Frame[]): string[] => [...new Set(frames.flatMap((frame) => {
  const records = frame.igmp?.type === 'report' && frame.igmp.version === 3 ? frame.igmp.records : frame.mld?.type === 'report' && frame.mld.version === 2 ? frame.mld.records : [];
  return records.filter(({ group }) => /4321:1234|234$/.test(group)).map(({ type, group, sources }) => `${type} ${group} ${sources.join(',')}`);
}))].sort();

interface Phase { readonly ended: Map<string, Ended>; readonly packets: Map<string, string[]>; readonly reports: string[]; readonly daemon: string }

const LEFT = ['block 232.43.211.234 10.77.0.1', 'block ff3e::4321:1234 fd77::1', 'to-include 239.1.2.234 ', 'to-include ff15::4321:1234 '];

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 600) throw new Error(`waited 30 s for ${what}`);
    await sleep(50);
  }
}

/** Side by side: each takes a second, and more of them at once would be late for want of a processor. */
const AT_ONCE = 8;

/** Every call, against one daemon. */
async function phase(net: TwoMachines, client: (name: string) => string, daemon: (name: string) => string): Promise<Phase> {
  const server = net.start('a', daemon('ssmpingd'));
  await listening(net);
  const { frames, stop } = net.capture();
  const ended = new Map<string, Ended>();
  for (let at = 0; at < CALLS.length; at += AT_ONCE) {
    await Promise.all(CALLS.slice(at, at + AT_ONCE).map(async (call) => { ended.set(name(call), await net.run('b', client(call[0] as string), call.slice(1))); }));
  }
  // Leaves come late.
  await until('every group to be left', () => LEFT.every((record) => reports(frames).includes(record)));
  stop();
  server.kill();
  return { ended, reports: reports(frames), packets: new Map([...ended].map(([call, { pid }]) => [call, packetsOf(frames, pid)])), daemon: (await server.ended).stdout };
}

/** The daemon answers. */
async function listening(net: TwoMachines): Promise<void> {
  using asking = new UdpSocket({ namespace: net.b.fd, family: 'inet6' });
  let answered = false;
  asking.onReceive(() => { answered = true; });
  await until('the daemon to answer', () => {
    if (!answered) asking.sendTo(Uint8Array.of(0x51), socketAddress(ADDRESS.a6, 4321));
    return answered;
  });
}

void t.test('our client and theirs, our daemon and theirs', { skip }, async (t) => {
  await using net = twoMachines();
  const golden = await phase(net, real, real);
  const pairs = { 'our client, their daemon': await phase(net, ours, real), 'their client, our daemon': await phase(net, real, ours), 'ours both': await phase(net, ours, ours) };
  for (const [call, { status, stdout, stderr }] of golden.ended) {
    t.equal(status, 0, `${call}: ${stdout}${stderr}`);
    t.equal(golden.packets.get(call)?.length, 3, `${call}: a request and two replies are on the wire`);
  }
  t.same(golden.reports.filter((line) => line.startsWith('to-exclude') || line.startsWith('allow')), [
    'allow 232.43.211.234 10.77.0.1', 'allow ff3e::4321:1234 fd77::1', 'to-exclude 239.1.2.234 ', 'to-exclude ff15::4321:1234 ',
  ], 'sources are asked for by those who know them');
  for (const [pair, made] of Object.entries(pairs)) {
    t.same(made.reports.filter((line) => !line.startsWith('is-')), golden.reports.filter((line) => !line.startsWith('is-')), `${pair}: memberships`);
    for (const call of golden.ended.keys()) {
      const [mine, their] = [made.ended.get(call), golden.ended.get(call)];
      t.same([mine?.status, plain(mine?.stdout ?? ''), plain(mine?.stderr ?? '')], [their?.status, plain(their?.stdout ?? ''), plain(their?.stderr ?? '')], `${pair}: ${call}: what is printed`);
      t.same(made.packets.get(call), golden.packets.get(call), `${pair}: ${call}: what is sent`);
    }
    const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '' && !line.includes(ADDRESS.b6)).sort();
    t.same(lines(made.daemon), lines(golden.daemon), `${pair}: what the daemon prints`);
  }
});

/** What a daemon answers to crafted datagrams: where to, and what. */
async function answers(net: TwoMachines, daemon: string, datagrams: Readonly<Record<string, string>>): Promise<{ said: string[]; answers: Record<string, string[]> }> {
  const server = net.start('a', daemon);
  await listening(net);
  const made: Record<string, string[]> = {};
  for (const [what, hex] of Object.entries(datagrams)) {
    const family = what.startsWith('IPv6') ? 'inet6' : 'inet';
    using socket = new UdpSocket({ namespace: net.b.fd, family });
    using after = new UdpSocket({ namespace: net.b.fd, family });
    const { frames, stop } = net.capture(), to = socketAddress(family === 'inet' ? ADDRESS.a : ADDRESS.a6, 4321);
    socket.sendTo(fromHex(hex), to);
    // What comes next is answered last: then all of the answers are there.
    after.sendTo(Uint8Array.of(0x51), to);
    await until(`an answer to what was sent after: ${what}`, () => frames.filter(({ udp }) => udp?.srcPort === 4321 && udp.dstPort === after.port).length === 2);
    stop();
    made[what] = frames.filter(({ udp }) => udp?.srcPort === 4321 && udp.dstPort === socket.port)
      .map(({ ipv4, ipv6, payload }) => `${(ipv4 ?? ipv6)?.dst} ttl ${ipv4?.ttl ?? ipv6?.hopLimit} ${toHex(payload ?? new Uint8Array()).replaceAll(THEIR_TEXT, OUR_TEXT)}`);
  }
  server.kill();
  return { said: (await server.ended).stdout.split('\n').filter((line) => !line.includes(ADDRESS.b6)), answers: made };
}

const HEAD = '51 00010004 00005d38 00020004 00000001 00030008 6b014af6 000440f3';
void t.test('crafted requests: our daemon answers as theirs does', { skip }, async (t) => {
  await using net = twoMachines();
  const crafted = {
    'one octet': '51',
    'IPv6, one octet': '51',
    'no group': HEAD,
    'a group of the protocol': `${HEAD} 00040005 01 ef0909ea`,
    'another group': `${HEAD} 00040005 01 ef090909`,
    'IPv6, another group': `${HEAD} 00040011 02 ff150000000000000000000000000009`,
    'the group as the RFC writes it': `${HEAD} 00040006 0001 ef0909ea`,
    'options behind the group': `${HEAD} 00040005 01 ef0909ea 00050000 00070002 00c8`,
    'version asked': `${HEAD} 00050000 00040005 01 ef0909ea`,
    'a size without room for padding': `${HEAD} 00070002 0031 00040005 01 ef0909ea`,
    'a size with room for an empty padding': `${HEAD} 00070002 0030 00040005 01 ef0909ea`,
    'a size': `${HEAD} 00070002 0100 00040005 01 ef0909ea`,
    'an unknown option': `${HEAD} 00630003 616263 00040005 01 ef0909ea`,
    'a reply': `41${HEAD.slice(2)}`,
    'an init': `49${HEAD.slice(2)}`,
    'a response': `53${HEAD.slice(2)}`,
    'another letter': '42',
  };
  const theirs = await answers(net, real('ssmpingd'), crafted), mine = await answers(net, ours('ssmpingd'), crafted);
  for (const what of Object.keys(crafted)) {
    if (what === 'an init') continue; // Dialect 2, which theirs does not speak: ours tells its version.
    t.same(mine.answers[what], theirs.answers[what], what);
  }
  t.same(theirs.answers['an init'], []);
  t.equal(mine.answers['an init']?.length, 1);
  t.same(mine.said, theirs.said);
  t.equal(theirs.answers['one octet']?.length, 2, 'there was something to compare');
});

void t.test('what is refused, and how', { skip }, async (t) => {
  await using net = twoMachines();
  const wrong = [
    'ssmping', 'ssmping -h', 'ssmping -x', 'ssmping -c', 'ssmping -c 0 10.77.0.1', 'ssmping -c x 10.77.0.1', 'ssmping -s 0 10.77.0.1', 'ssmping -s 65536 10.77.0.1', 'ssmping -I nope 10.77.0.1', 'ssmping 239.1.1.1',
    'ssmping -4 fd77::1', 'ssmping -6 10.77.0.1', 'ssmping a b', 'asmping', 'asmping 239.1.2.3', 'asmping 239.1.2.3 239.1.2.4', 'asmping 10.77.0.1 10.77.0.3', 'asmping 239.1.2.3 fd77::1', 'mcfirst', 'mcfirst 239.5.5.5',
    'mcfirst -c 0 239.5.5.5 5000', 'mcfirst -t 0 239.5.5.5 5000', 'mcfirst 10.77.0.1 5000', 'mcfirst -I nope 239.5.5.5 5000', 'mcfirst -6 239.5.5.5 5000', 'mcfirst 239.5.5.5 abc',
  ];
  const without = (text: string): string[] => plain(text).split('\n').filter((line) => line !== '' && !line.startsWith('also: ') && !/^errno=/.test(line)).map((line) => line.replace(/ \((20080418|wirewarp)\)/, ''));
  await Promise.all(wrong.map(async (line) => {
    const [program = '', ...args] = line.split(' ');
    const [their, mine] = await Promise.all([net.run('b', real(program), args), net.run('b', ours(program), args)]);
    t.same([mine.status, without(mine.stdout), without(mine.stderr)], [their.status, without(their.stdout), without(their.stderr)], line);
    t.equal(their.status, 1, line);
  }));
});

void t.test('mcfirst beside mcfirst', { skip }, async (t) => {
  await using net = twoMachines();
  const calls: readonly (readonly string[])[] = [
    ['239.5.5.5', '5000'], ['-c', '3', '239.5.5.5', '5000'], ['-c2', '-r', ADDRESS.a, '239.5.5.5', '5000'], ['-c2', '239.5.5.5', ADDRESS.a, '5000'], ['-t', '2', '-v', '239.5.5.6', '5000'],
    ['-c', '2', '-I', 'eth0', 'ff15::5', '5000'], ['-c', '2', '-I', 'eth0', ADDRESS.a6, 'ff15::5', '5000'], ['-4', '-c', '2', '239.5.5.5', '5000'],
  ];
  const runs = calls.flatMap((args) => [real, ours].map((of) => ({ args, program: net.start('b', of('mcfirst'), args) })));
  await Promise.all(runs.map(({ program }) => program.says('joined')));
  const senders = (['inet', 'inet6'] as const).map((family) => {
    const socket = new UdpSocket({ namespace: net.a.fd, family });
    socket.setMulticastTtl(9);
    socket.setMulticastInterface(ETH0);
    return { socket, to: socketAddress(family === 'inet' ? '239.5.5.5' : 'ff15::5', 5000) };
  });
  for (let n = 0; n < 5; n++) {
    for (const { socket, to } of senders) socket.sendTo(new Uint8Array(100).fill(n), to);
    await sleep(50);
  }
  for (const { socket } of senders) socket.close();
  const ended = await Promise.all(runs.map(({ program }) => program.ended));
  for (const [at, args] of calls.entries()) {
    const [their, mine] = [ended[2 * at], ended[2 * at + 1]];
    t.same([mine?.status, plain(mine?.stdout ?? '')], [their?.status, plain(their?.stdout ?? '')], `mcfirst ${args.join(' ')}`);
  }
  t.match(ended[2]?.stdout, /ttl\/hops 9[^]*300 bytes \(payload\) and 3 packets/, 'there was something to compare');
});

void t.test('a daemon that is not there, and an interrupt', { skip }, async (t) => {
  await using net = twoMachines();
  for (const args of [['-c', '2', ADDRESS.a], ['-c', '2', ADDRESS.a6]]) {
    const [their, mine] = await Promise.all([net.run('b', real('ssmping'), args), net.run('b', ours('ssmping'), args)]);
    t.same([mine.status, plain(mine.stdout), mine.stderr], [their.status, plain(their.stdout), their.stderr], args.join(' '));
    t.equal(their.status, 1);
  }
  const server = net.start('a', real('ssmpingd'));
  await listening(net);
  const ended = await Promise.all([real, ours].map(async (of) => {
    const program = net.start('b', of('ssmping'), [ADDRESS.a]);
    await program.says('multicast from');
    program.kill('SIGINT');
    return program.ended;
  }));
  t.same([ended[1]?.status, plain(ended[1]?.stdout ?? '')], [ended[0]?.status, plain(ended[0]?.stdout ?? '')], 'SIGINT prints the summary');
  t.equal(ended[0]?.status, 0);
  server.kill();
});
