// Namespaces, notifications and sockets on two guests behind one bridge, all in this process.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import v8 from 'node:v8';
import vm from 'node:vm';
import t from 'tap';
import { addressAdd, decodeLink, linkAdd, linkGet, linkSet, linkSetOptions, mdbDump, decodeMdb, type Notification } from '../../../lib/netlink/index.ts';
import { SystemCallError } from '../../../harness/system/native/errno.ts';
import { IcmpSocket } from '../../../harness/system/native/icmp-socket.ts';
import { CLOCK, clockNs, clockResolutionNs, sys, terminalSettings } from '../../../harness/system/native/libc.ts';
import { createNamespace, homeNamespace, inNamespace, openNamespace } from '../../../harness/system/native/namespaces.ts';
import { NetlinkError, NetlinkSocket } from '../../../harness/system/native/netlink-socket.ts';
import { ETH_P_ALL, PacketSocket } from '../../../harness/system/native/packet-socket.ts';
import { Reactor, reactor } from '../../../harness/system/native/reactor.ts';
import { socketAddress } from '../../../harness/system/native/socket-address.ts';
import { UdpSocket } from '../../../harness/system/native/udp-socket.ts';
import { isolated } from './isolated.ts';

isolated(import.meta.url);

const own = (): string => readlinkSync('/proc/thread-self/ns/net');

void t.test('a namespace is entered and left, whatever happens inside', async (t) => {
  const home = own();
  using ns = createNamespace();
  t.equal(own(), home, 'making one does not move us');
  const inside = inNamespace(ns.fd, own);
  t.not(inside, home);
  t.equal(own(), home);
  t.throws(() => inNamespace(ns.fd, () => { throw new Error('inside'); }), /inside/);
  t.equal(own(), home, 'after an exception');
  t.throws(() => { void inNamespace(ns.fd, async () => { await sleep(0); }); }, /synchronous/);
  t.equal(own(), home, 'after a promise');
  using other = createNamespace();
  inNamespace(ns.fd, () => {
    inNamespace(other.fd, () => undefined);
    t.equal(own(), inside, 'nested calls return to the outer one');
    inNamespace(homeNamespace(), () => { t.equal(own(), home); });
  });
  t.throws(() => inNamespace(9_999, () => undefined), { name: 'SystemCallError', code: 'EBADF', call: 'setns(9999)' });
  await Promise.resolve();
});

void t.test('sysctls and children of a switched window belong to the namespace', async (t) => {
  using ns = createNamespace();
  const file = '/proc/sys/net/ipv4/ip_default_ttl';
  inNamespace(ns.fd, () => { writeFileSync(file, '33'); });
  t.equal(readFileSync(file, 'utf8').trim(), '64');
  t.equal(inNamespace(ns.fd, () => readFileSync(file, 'utf8').trim()), '33');
  const child = inNamespace(ns.fd, () => spawn('readlink', ['/proc/self/ns/net'], { stdio: ['ignore', 'pipe', 'inherit'] }));
  let text = '';
  for await (const piece of child.stdout) text += String(piece);
  t.equal(text.trim(), inNamespace(ns.fd, own), 'spawn');
  t.equal(inNamespace(ns.fd, () => execFileSync('readlink', ['/proc/self/ns/net'], { encoding: 'utf8' })).trim(), inNamespace(ns.fd, own), 'execFileSync');
});

void t.test('a namespace with a path is found by other programs, and goes', async (t) => {
  const ns = createNamespace({ path: '/run/netns/alice' });
  t.equal(execFileSync('nsenter', ['--net=/run/netns/alice', 'readlink', '/proc/self/ns/net'], { encoding: 'utf8' }).trim(), inNamespace(ns.fd, own));
  using again = openNamespace('/run/netns/alice');
  t.equal(inNamespace(again.fd, own), inNamespace(ns.fd, own));
  t.throws(() => createNamespace({ path: '/run/netns/alice' }), { code: 'EEXIST' });
  ns.close();
  ns.close();
  t.notOk(existsSync('/run/netns/alice'));
  await Promise.resolve();
});

/** switch ── alice, bob */
function twoGuests() {
  const sw = createNamespace(), alice = createNamespace(), bob = createNamespace();
  const nl = new NetlinkSocket(sw.fd);
  const seen: Notification[] = [];
  const subscription = nl.subscribe(['link', 'mdb', 'neigh'], (notification) => { seen.push(notification); });
  nl.request([
    linkAdd({ kind: 'bridge', name: 'br0', index: 10, up: true, options: { forward_delay: 0 } }),
    ...[alice, bob].map((guest, at) => linkAdd({ kind: 'veth', name: `g${String(at)}`, index: 11 + at, up: true, master: 10, peer: { name: 'eth0', index: 7, netnsFd: guest.fd, mac: `02:00:00:00:00:0${String(at + 1)}` } })),
  ]);
  for (const [at, guest] of [alice, bob].entries()) {
    using inside = new NetlinkSocket(guest.fd);
    inside.request([linkSet('lo', { up: true }), linkSet(7, { up: true }), addressAdd({ index: 7, address: `192.0.2.${String(at + 1)}/24` }), addressAdd({ index: 7, address: `2001:db8::${String(at + 1)}/64`, noDad: true })]);
  }
  return { nl, seen, alice, bob, sw, [Symbol.dispose]: () => { subscription.close(); nl.close(); for (const ns of [sw, alice, bob]) ns.close(); } };
}

const until = async (condition: () => boolean, what: string): Promise<void> => {
  const end = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`did not happen within 5 s: ${what}`);
    await sleep(5);
  }
};

void t.test('a failed request is named; the others are done', async (t) => {
  using ns = createNamespace();
  using nl = new NetlinkSocket(ns.fd);
  try {
    nl.request([linkAdd({ kind: 'bridge', name: 'a' }), linkAdd({ kind: 'bridge', name: 'a' }), linkSetOptions('a', 'bridge', { max_age: 10 }), linkAdd({ kind: 'bridge', name: 'b' })]);
    t.fail('it was taken');
  } catch (error) {
    t.ok(error instanceof NetlinkError);
    if (error instanceof NetlinkError) {
      t.match(error, { index: 1, code: 'EEXIST', description: 'ip link add name a type bridge' });
      t.same(error.failures.map(({ index, code }) => [index, code]), [[1, 'EEXIST'], [2, 'ERANGE']]);
    }
  }
  t.equal(nl.get(linkGet('b'), decodeLink).kind, 'bridge');
  t.throws(() => nl.get(linkGet('c'), decodeLink), { code: 'ENODEV' });
  await Promise.resolve();
});

void t.test('more requests than one datagram holds', async (t) => {
  using ns = createNamespace();
  using nl = new NetlinkSocket(ns.fd);
  nl.request([linkSet('lo', { up: true })]);
  const many = Array.from({ length: 5_000 }, (_, at) => addressAdd({ index: 1, address: `10.${String(at >> 8)}.${String(at & 255)}.1/32`, noPrefixRoute: true }));
  t.throws(() => { nl.request([...many, ...many.slice(4_990)]); }, { index: 5_000, code: 'EEXIST' });
  await Promise.resolve();
});

void t.test('udp: multicast with kernel time, TTL and destination; the MDB is told', async (t) => {
  using net = twoGuests();
  await until(() => net.seen.some((n) => n.event === 'NEWLINK' && n.link.name === 'g1' && n.link.operstate === 'up' && n.link.portState === 'forwarding'), 'ports forward');
  for (const [family, group] of [['inet', '239.192.5.5'], ['inet6', 'ff15::5']] as const) {
    using receiver = new UdpSocket({ namespace: net.bob.fd, family, port: 5000 });
    using sender = new UdpSocket({ namespace: net.alice.fd, family });
    using idle = new UdpSocket({ namespace: net.bob.fd, family, port: 5001 });
    receiver.join(group, 7);
    sender.setMulticastInterface(7);
    sender.setMulticastTtl(9);
    const got: { text: string; ttl: number; source: string; to: string | undefined; at: bigint; index: number; port: number }[] = [];
    let wrongly = 0;
    receiver.onReceive((d) => { got.push({ text: Buffer.from(d.copy()).toString(), ttl: d.ttl, source: d.source, to: d.destination, at: d.timeNs, index: d.interfaceIndex, port: d.sourcePort }); });
    idle.onReceive(() => { wrongly++; });
    const before = clockNs(CLOCK.REALTIME);
    const to = socketAddress(group, 5000, 7), toIdle = socketAddress(group, 5001, 7);
    for (let n = 0; n < 100; n++) t.equal(sender.sendTo(Buffer.from(`n${String(n)}`), to), 0);
    sender.sendTo(Buffer.from('unasked'), toIdle);
    await until(() => got.length === 100, `100 datagrams arrive (${family})`);
    await sleep(20);
    t.same(got.map(({ text }) => text), Array.from({ length: 100 }, (_, n) => `n${String(n)}`));
    t.match(got[0], { ttl: 9, to: group, index: 7, source: family === 'inet' ? '192.0.2.1' : '2001:db8::1', port: sender.port });
    t.ok(got.every(({ at }) => at >= before && at <= clockNs(CLOCK.REALTIME)), 'kernel times lie between');
    t.equal(wrongly, 0, 'a socket that did not join hears nothing');
    await until(() => net.seen.some((n) => n.event === 'NEWMDB' && n.mdb.entries.some((e) => e.group === group && e.port === 12)), 'the MDB notification');
    const entry = net.nl.dump(mdbDump(), decodeMdb).flatMap(({ entries }) => entries).find((e) => e.group === group && e.port === 12);
    t.ok((entry?.timerMs ?? 0) > 250_000 && (entry?.timerMs ?? 0) <= 260_000, `membership timer: ${String(entry?.timerMs)} ms`);
  }
});

void t.test('udp: the receive area outlives garbage collections', async (t) => {
  // What only the kernel points to must not be collected; it was once, and malloc found the damage much later.
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as () => void;
  using ns = createNamespace();
  using nl = new NetlinkSocket(ns.fd);
  nl.request([linkSet('lo', { up: true })]);
  using receiver = new UdpSocket({ namespace: ns.fd, family: 'inet', address: '127.0.0.1' });
  using sender = new UdpSocket({ namespace: ns.fd, family: 'inet' });
  const to = socketAddress('127.0.0.1', receiver.port);
  for (let round = 0; round < 20; round++) {
    collect();
    // Whoever got the freed memory would now be overwritten by datagrams.
    const filler = Array.from({ length: 200 }, (_, at) => new Uint8Array(new ArrayBuffer(256 + (at % 8) * 256)).fill(0x5a));
    for (let n = 0; n < 32; n++) sender.sendTo(Buffer.alloc(1500, round), to);
    let intact = 0;
    receiver.receive((d) => { if (d.length === 1500 && d.bytes[d.start] === round && d.bytes[d.end - 1] === round) intact++; });
    t.equal(intact, 32);
    t.ok(filler.every((bytes) => bytes.every((byte) => byte === 0x5a)));
  }
  await Promise.resolve();
});

void t.test('udp: a source-specific join hears that source only', async (t) => {
  using net = twoGuests();
  using receiver = new UdpSocket({ namespace: net.bob.fd, family: 'inet', port: 5000 });
  using sender = new UdpSocket({ namespace: net.alice.fd, family: 'inet' });
  sender.setMulticastInterface(7);
  receiver.join('232.1.1.1', 7, '192.0.2.99');
  receiver.join('232.1.1.2', 7, '192.0.2.1');
  const heard: (string | undefined)[] = [];
  receiver.onReceive((d) => { heard.push(d.destination); });
  await until(() => {
    for (const group of ['232.1.1.1', '232.1.1.2']) sender.sendTo(Buffer.from('x'), socketAddress(group, 5000));
    return heard.length > 0;
  }, 'the wanted source is heard');
  t.same([...new Set(heard)], ['232.1.1.2']);
});

void t.test('udp: what finds no room is counted', async (t) => {
  using ns = createNamespace();
  using nl = new NetlinkSocket(ns.fd);
  nl.request([linkSet('lo', { up: true })]);
  using receiver = new UdpSocket({ namespace: ns.fd, family: 'inet', address: '127.0.0.1', receiveBufferBytes: 4096 });
  using sender = new UdpSocket({ namespace: ns.fd, family: 'inet' });
  t.equal(receiver.drops(), 0);
  const to = socketAddress('127.0.0.1', receiver.port);
  for (let i = 0; i < 100; i++) sender.sendTo(new Uint8Array(1000), to);
  let came = 0;
  receiver.receive(() => { came++; });
  t.ok(came > 0 && came < 100);
  t.equal(receiver.drops(), 100 - came, 'each of the rest');
  t.end();
});

void t.test('udp: a source that is blocked is not heard, until it is unblocked', async (t) => {
  using net = twoGuests();
  for (const [family, group, wanted] of [['inet', '239.1.1.1', '192.0.2.1'], ['inet6', 'ff15::11', '2001:db8::1']] as const) {
    using receiver = new UdpSocket({ namespace: net.bob.fd, family, port: 5000 });
    using sender = new UdpSocket({ namespace: net.alice.fd, family, address: wanted });
    sender.setMulticastInterface(7);
    receiver.join(group, 7);
    let heard = 0;
    receiver.onReceive(() => { heard++; });
    const to = socketAddress(group, 5000);
    const sends = (): void => { sender.sendTo(Buffer.from('x'), to); };
    await until(() => { sends(); return heard > 0; }, `heard from any source (${family})`);
    receiver.block(group, 7, wanted);
    await sleep(20);
    const before = heard;
    for (let n = 0; n < 20; n++) sends();
    await sleep(20);
    t.equal(heard, before, 'blocked');
    receiver.unblock(group, 7, wanted);
    await until(() => { sends(); return heard > before; }, `heard again (${family})`);
  }
});

void t.test('udp: refusals are numbers and errors, not deaths', async (t) => {
  using net = twoGuests();
  using socket = new UdpSocket({ namespace: net.alice.fd, family: 'inet' });
  t.equal(socket.sendTo(Buffer.from('x'), socketAddress('203.0.113.1', 9)), 101, 'ENETUNREACH');
  socket.connect('192.0.2.1', 9);
  const errors: unknown[] = [];
  socket.onReceive(() => t.fail('nothing was sent'), { onError: (error) => { errors.push(error); } });
  socket.send(Buffer.from('x'));
  await until(() => errors.length > 0, 'the refusal');
  t.match(errors[0], { code: 'ECONNREFUSED' });
});

void t.test('icmp: echo, raw and datagram sockets', async (t) => {
  using net = twoGuests();
  for (const range of ['1 0', '0 2147483647']) {
    inNamespace(net.alice.fd, () => { writeFileSync('/proc/sys/net/ipv4/ping_group_range', range); });
    for (const [family, address] of [['inet', '192.0.2.2'], ['inet6', '2001:db8::2']] as const) {
      using ping = new IcmpSocket({ namespace: net.alice.fd, family });
      t.equal(ping.datagram, range !== '1 0');
      const replies: { sequence: number; source: string; ttl: number; size: number; seconds: number }[] = [];
      ping.onReceive((r) => { replies.push({ sequence: r.sequence, source: r.source, ttl: r.ttl, size: r.payload.length, seconds: r.seconds }); });
      let sequence = 0;
      await until(() => { if (replies.length === 0) ping.send(socketAddress(address, 0), ++sequence); return replies.length > 0; }, `an echo reply from ${address}`);
      t.match(replies[0], { source: address, ttl: 64, size: 56 });
      t.ok((replies[0]?.sequence ?? 0) >= 1 && (replies[0]?.seconds ?? 0) > 1.7e9);
    }
  }
});

void t.test('packets: a frame goes out and comes in whole', async (t) => {
  using net = twoGuests();
  using out = new PacketSocket({ namespace: net.alice.fd, index: 7 });
  using back = new PacketSocket({ namespace: net.bob.fd, index: 7, receive: ETH_P_ALL, promiscuous: true });
  const frame = Buffer.from('02000000000202000000000188b5' + '0123456789abcdef'.repeat(6), 'hex');
  const got: string[] = [];
  back.onReceive((f) => { got.push(Buffer.from(f.copy()).toString('hex')); });
  await until(() => { out.send(frame); return got.includes(frame.toString('hex')); }, 'the frame');
  t.pass();
});

void t.test('reactor: removed means not called, and empty means the process may end', async (t) => {
  using r = new Reactor();
  using ns = createNamespace();
  using nl = new NetlinkSocket(ns.fd);
  nl.request([linkSet('lo', { up: true })]);
  const [a, b] = [0, 1].map(() => new UdpSocket({ namespace: ns.fd, family: 'inet', address: '127.0.0.1' })) as [UdpSocket, UdpSocket];
  let calls = 0;
  // Both are ready at once; whoever is first removes the other.
  a.onReceive(() => { calls++; b.close(); }, { reactor: r });
  b.onReceive(() => { calls++; a.close(); }, { reactor: r });
  using sender = new UdpSocket({ namespace: ns.fd, family: 'inet' });
  for (const socket of [a, b]) sender.sendTo(Buffer.from('x'), socketAddress('127.0.0.1', socket.port));
  await sleep(30);
  t.equal(calls, 1);
  a.close(); b.close();
  t.equal(r.size, 0);
  t.throws(() => { r.add(9_999, () => undefined); }, { code: 'EBADF' });
  t.equal(r.size, 0, 'a descriptor that could not be added is not counted');
});

void t.test('libc: errors are records', async (t) => {
  t.throws(() => terminalSettings(homeNamespace()), { name: 'SystemCallError', call: 'tcgetattr', code: 'ENOTTY' });
  t.ok(new SystemCallError('x', 'y', 13, 'z').message.includes('EACCES'));
  t.ok(clockResolutionNs(CLOCK.MONOTONIC) > 0n);
  t.equal(sys.fcntl(9_999, 1, 0), -1);
  await Promise.resolve();
});

void t.test('nothing is left', async (t) => {
  await sleep(0);
  t.equal(reactor().size, 0);
  t.equal(execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' }), '');
});
