// What the original printed for replies that a scripted server gave it, recorded; ours is given the same.
import t from 'tap';
import { SsmPing } from '../../../lib/ping/ssm-client.ts';
import { encodeSsmRequest } from '../../../lib/ping/ssm-message.ts';
import type { Cast } from '../../../lib/ping/omping-client.ts';

const SERVER = '10.77.0.1', GROUP = '232.43.211.234', PID = 4242, BASE = 1_000_000;
const ping = (options: { asksVersion?: boolean; sizeBytes?: number; program?: 'ssmping' | 'asmping' } = {}): SsmPing =>
  new SsmPing({ program: 'ssmping', server: SERVER, local: '10.77.0.2', group: GROUP, pid: PID, asksVersion: false, intervalMs: 1000, ...options });

/** Asks until `sequence`, all at the same instant. */
function asks(p: SsmPing, sequence: number): Uint8Array {
  let request = new Uint8Array();
  while (p.transmitted < sequence) request = Uint8Array.from(p.request(0, () => ({ seconds: BASE, microseconds: 0 })));
  return request;
}
interface Come { seq: number; us: number; ttl?: number; pid?: number; source?: string; change?: (bytes: Uint8Array) => Uint8Array }
function comes(p: SsmPing, cast: Cast, { seq, us, ttl = 64, pid = PID, source = SERVER, change = (b) => b }: Come): string[] {
  const reply = encodeSsmRequest({ pid, sequence: seq, seconds: BASE, microseconds: 0, group: GROUP });
  reply[0] = 0x41;
  const bytes = change(reply);
  return p.received(cast, { bytes, length: bytes.length, source, ttl, seconds: BASE, nanoseconds: us * 1000 + 999 }, 0);
}

void t.test('opening and summary of a run with losses', async (t) => {
  const p = ping();
  t.same(p.opening(), ['ssmping joined (S,G) = (10.77.0.1,232.43.211.234)', 'pinging S from 10.77.0.2']);
  asks(p, 5);
  const lines = [
    ...comes(p, 'unicast', { seq: 1, us: 368 }), ...comes(p, 'unicast', { seq: 2, us: 197 }), ...comes(p, 'multicast', { seq: 2, us: 295 }), ...comes(p, 'multicast', { seq: 3, us: 2621 }),
    ...comes(p, 'unicast', { seq: 4, us: 186 }), ...comes(p, 'unicast', { seq: 5, us: 254 }), ...comes(p, 'multicast', { seq: 5, us: 272 }),
  ];
  t.same(lines, [
    '  unicast from 10.77.0.1, seq=1 dist=0 time=0.368 ms', '  unicast from 10.77.0.1, seq=2 dist=0 time=0.197 ms', 'multicast from 10.77.0.1, seq=2 dist=0 time=0.295 ms',
    'multicast from 10.77.0.1, seq=3 dist=0 time=2.621 ms', '  unicast from 10.77.0.1, seq=4 dist=0 time=0.186 ms', '  unicast from 10.77.0.1, seq=5 dist=0 time=0.254 ms', 'multicast from 10.77.0.1, seq=5 dist=0 time=0.272 ms',
  ]);
  t.same(p.summary(5001.7), [
    '', '--- 10.77.0.1 statistics ---', '5 packets transmitted, time 5001 ms', 'unicast:', '   4 packets received, 20% packet loss', '   rtt min/avg/max/std-dev = 0.186/0.251/0.368/0.073 ms',
    'multicast:', '   3 packets received, 25% packet loss since first mc packet (seq 2) recvd', '   rtt min/avg/max/std-dev = 0.272/1.062/2.621/1.102 ms',
  ]);
  t.equal(p.exitStatus, 0);
});

void t.test('no multicast at all is status 1, whatever unicast did', async (t) => {
  const p = ping({ program: 'asmping' });
  t.same(p.opening(), ['asmping joined (S,G) = (*,232.43.211.234)', 'pinging 10.77.0.1 from 10.77.0.2']);
  asks(p, 2);
  comes(p, 'unicast', { seq: 1, us: 100 });
  t.same(p.summary(2001).slice(-2), ['multicast:', '   0 packets received, 100% packet loss']);
  t.equal(p.exitStatus, 1);
});

void t.test('duplicates are shown, and not counted', async (t) => {
  const p = ping();
  asks(p, 1);
  t.same([...comes(p, 'unicast', { seq: 1, us: 168 }), ...comes(p, 'unicast', { seq: 1, us: 209 }), ...comes(p, 'multicast', { seq: 1, us: 235 }), ...comes(p, 'multicast', { seq: 1, us: 255 })], [
    '  unicast from 10.77.0.1, seq=1 dist=0 time=0.168 ms', '  unicast from 10.77.0.1, seq=1 dist=0 time=0.209 ms (DUP!)',
    'multicast from 10.77.0.1, seq=1 dist=0 time=0.235 ms', 'multicast from 10.77.0.1, seq=1 dist=0 time=0.255 ms (DUP!)',
  ]);
  t.match(p.summary(0)[4], '1 packets received');
});

void t.test('hops, by the TTLs that systems send with', async (t) => {
  const p = ping();
  asks(p, 10);
  const dist = [64, 63, 1, 128, 127, 100, 65, 255, 129, 200].map((ttl, at) => Number(/dist=(-?\d+)/.exec(comes(p, 'unicast', { seq: at + 1, us: 1, ttl })[0] ?? '')?.[1]));
  t.same(dist, [0, 1, 63, 0, 1, 28, 63, -127, -1, -72]);
  t.match(comes(p, 'multicast', { seq: 1, us: 1, ttl: -1 })[0], 'dist=-1');
});

void t.test('noise', async (t) => {
  const p = ping();
  asks(p, 1);
  const first = (bytes: number) => (b: Uint8Array): Uint8Array => Uint8Array.of(bytes, ...b.subarray(1));
  t.same(comes(p, 'unicast', { seq: 1, us: 1, change: (b) => b.subarray(0, 10) }), ['packet too small']);
  t.same(comes(p, 'unicast', { seq: 1, us: 1, change: () => new Uint8Array() }), ['packet too small']);
  t.same(comes(p, 'unicast', { seq: 1, us: 1, change: first(0x42) }), ['received non-reply packet']);
  t.same(comes(p, 'multicast', { seq: 1, us: 1, change: first(0x51) }), ['received non-reply packet']);
  t.same(comes(p, 'multicast', { seq: 1, us: 1, pid: 1 }), ["received someone else's multicast reply"]);
  t.same(comes(p, 'unicast', { seq: 1, us: 1, pid: 1 }), ["received someone else's unicast reply"]);
  t.same(comes(p, 'unicast', { seq: 1, us: 1, source: '10.77.0.9' }), ['ignoring packet from wrong host (10.77.0.9)']);
  t.same(comes(p, 'unicast', { seq: 77, us: 1 }), [], 'what was never asked is no answer');
  t.same(comes(p, 'unicast', { seq: 0, us: 1 }), []);
  t.equal(p.unicast.received + p.multicast.received, 0);
  t.same(comes(p, 'unicast', { seq: 1, us: 5, change: (b) => Uint8Array.of(...b, 1, 2, 3) }), ['  unicast from 10.77.0.1, seq=1 dist=0 time=0.005 ms'], 'something behind does no harm');
});

void t.test('version once, sizes each time', async (t) => {
  const p = ping({ asksVersion: true, sizeBytes: 200 });
  asks(p, 2);
  const withVersion = (b: Uint8Array): Uint8Array => Uint8Array.of(...b, 0, 6, 0, 4, ...Buffer.from('v1\x1b['), ...new Uint8Array(200 - b.length - 8));
  t.same(comes(p, 'unicast', { seq: 1, us: 5, change: withVersion }), ['Server version: v1?[', '  unicast from 10.77.0.1, seq=1 dist=0 time=0.005 ms']);
  t.same(comes(p, 'unicast', { seq: 2, us: 5, change: (b) => Uint8Array.of(...b, ...new Uint8Array(12)) }), ['Warning, requested packet size 200, got 50', '  unicast from 10.77.0.1, seq=2 dist=0 time=0.005 ms']);
});
