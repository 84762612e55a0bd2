// A bond that took its new slave's MAC and told nobody; and the same symptom where that is not so.
import t from 'tap';
import type { StoryEvent } from '../../../lib/diagnosis/story.ts';
import { pcapngPacket } from '../../../lib/tcpdump-parser/index.ts';
import { arpFrame, gratuitousArp, igmpV3Report } from '../../../lib/wire/index.ts';
import { altered, findings, fixture, type Fixture, withoutCapture } from './fixture.ts';

const quiet = fixture('fail-over-mac-active-and-quiet');
const [OLD, NEW, OUTSIDE] = ['02:25:b8:dc:49:07', '02:f5:81:21:a2:d5', '02:45:c0:f0:c2:e2'];
const MOVED_NS = 5_056_269_056;
const kinds = (f: Fixture): string[] => findings(f).map((x) => x.kind);
const bondWith = (f: Fixture, over: object): Fixture => altered(f, (e) => (e['what'] === 'hv:bond0' && e['options'] ? { ...e, options: { ...e['options'], ...over } } : e));
const and = (f: Fixture, ...events: StoryEvent[]): Fixture => ({ ...f, events: [...f.events, ...events].sort((a, b) => a.atNs - b.atNs) });
const state = (atNs: number, what: string, value: string): StoryEvent => ({ atNs, type: 'state', what, value });
/** As if the one interface that was captured had seen this as well. */
function seen(f: Fixture, atNs: number, bytes: Uint8Array): Fixture {
  const begin = BigInt(f.events.find((e) => e.type === 'begin')?.['realtimeNs'] as string);
  return { ...f, capture: Buffer.concat([f.capture ?? Buffer.of(), pcapngPacket({ timestampNs: begin + BigInt(atNs), bytes })]) };
}
const announcement = gratuitousArp({ mac: NEW, ip: '192.0.2.1' });

t.test('the bond has another MAC, and announces nothing', (t) => {
  const [found, ...others] = findings(quiet);
  t.same(others, []);
  t.match(found, { kind: 'mac-changed-unannounced', where: 'hv:bond0', sure: 'likely', affects: [{ flow: 'outside pings 192.0.2.1', open: true }] });
  for (const part of ['hv:bond0 moved from eth0 to eth1 at 5.056 s', `${NEW} (eth1) since then, and ${OLD} (eth0) before`, 'outside had the MAC of 192.0.2.1 from before, and no gratuitous ARP', 'num_grat_arp is 0', 'a capture at sw2:hv has none'])
    t.ok(found?.what.includes(part), part);
  t.same(found?.evidence.map(({ text }) => text), ['outside: neighbour 192.0.2.1 reachable', 'sw1:hv: down', 'hv:bond0: active slave eth1']);
  const lines = found?.cures.flatMap((cure) => cure.lines) ?? [];
  for (const line of ['echo 1 > /sys/class/net/bond0/bonding/num_grat_arp', 'arping -U -c 3 -I bond0 192.0.2.1']) t.ok(lines.includes(line), line);
  t.end();
});

t.test('over IPv6 too', (t) => {
  const [found] = findings(fixture('fail-over-mac-active-and-quiet-ipv6'));
  t.match(found, { kind: 'mac-changed-unannounced', where: 'hv:bond0' });
  t.ok(found?.what.includes('no unsolicited neighbour advertisement'));
  t.notOk(found?.cures.some((cure) => cure.where === 'arping'));
  t.end();
});

t.test('frames to the old MAC make it certain', (t) => {
  const [found] = findings(seen(quiet, MOVED_NS + 1e8, arpFrame({ operation: 2, senderMac: OUTSIDE, senderIp: '192.0.2.3', targetMac: OLD, targetIp: '192.0.2.1' }, { srcMac: OUTSIDE, dstMac: OLD })));
  t.match(found, { kind: 'mac-changed-unannounced', sure: 'certain', what: /goes on sending to 02:25:b8:dc:49:07 \(sw2:hv\)/ });
  t.end();
});

t.test('either the option or a capture must show that nothing was said', (t) => {
  const [found] = findings(bondWith(quiet, { num_peer_notif: 1 }));
  t.match(found, { kind: 'mac-changed-unannounced', what: /is another: a capture at sw2:hv has none\./ });
  t.notMatch(found?.what, /num_grat_arp/);
  t.notOk(found?.cures.some((cure) => cure.lines.some((line) => line.includes('num_grat_arp'))), 'it is on already');
  t.match(findings(withoutCapture(quiet)), [{ kind: 'mac-changed-unannounced', what: /num_grat_arp is 0\)\./ }]);
  t.same(kinds(bondWith(withoutCapture(quiet), { num_peer_notif: 1 })), ['unexplained'], 'nobody looked');
  const blind = seen({ ...quiet, capture: (quiet.capture as Uint8Array).subarray(0, captureHead(quiet)) }, 1e6, igmpV3Report({ srcMac: OUTSIDE, source: '192.0.2.3', records: [] }));
  t.same(kinds(bondWith(blind, { num_peer_notif: 1 })), ['unexplained'], 'a capture that has no ARP at all may leave it out');
  t.end();
});

/** Blocks of a section and an interface, before the first packet. */
function captureHead({ capture }: Fixture): number {
  const view = Buffer.from(capture as Uint8Array);
  let at = 0;
  while (view.readUInt32LE(at) !== 6) at += view.readUInt32LE(at + 4);
  return at;
}

t.test('where it was announced, the cause is another', (t) => {
  t.same(kinds(seen(quiet, MOVED_NS + 1e6, announcement)), ['unexplained']);
  t.same(kinds(seen(bondWith(quiet, { num_peer_notif: 1 }), MOVED_NS + 1e6, announcement)), ['unexplained']);
  t.same(kinds(seen(quiet, MOVED_NS + 1e6, gratuitousArp({ mac: NEW, ip: '192.0.2.9' }))), ['mac-changed-unannounced'], 'another address says nothing of this one');
  t.same(kinds(seen(quiet, MOVED_NS - 1e9, announcement)), ['mac-changed-unannounced'], 'before it moved is too early');
  t.end();
});

t.test('one MAC for all needs no word to neighbours', (t) => {
  for (const policy of ['none', 'follow']) t.same(kinds(bondWith(quiet, { fail_over_mac: policy })), ['unexplained'], policy);
  t.end();
});

t.test('who asked since then has the new one', (t) => {
  const neighbour = 'outside:eth0 neighbour 192.0.2.1';
  t.same(kinds(and(quiet, state(MOVED_NS + 1e7, neighbour, 'failed'), state(MOVED_NS + 2e7, neighbour, 'reachable'))), ['unexplained']);
  t.same(kinds(and(quiet, state(MOVED_NS + 1e7, neighbour, 'stale'), state(MOVED_NS + 5e9, neighbour, 'delay'))), ['mac-changed-unannounced'], 'doubted is not asked');
  t.end();
});

t.test('a bond that is where it was has the MAC that is known', (t) => {
  t.same(kinds(altered(quiet, (e) => (e.type === 'state' && e['what'] === 'hv:bond0 active slave' && e['value'] === 'eth1' ? undefined : e))).includes('mac-changed-unannounced'), false);
  t.end();
});
