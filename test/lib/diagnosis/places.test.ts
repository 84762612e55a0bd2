// Places that let nothing pass, and bonds that could go round them or could not: each recorded run beside the same symptom of another cause.
import t from 'tap';
import type { StoryEvent } from '../../../lib/diagnosis/story.ts';
import { altered, findings, fixture, type Fixture } from './fixture.ts';

const kinds = (f: Fixture): string[] => findings(f).map((x) => x.kind);
const isAt = (e: StoryEvent, what: string): boolean => e['what'] === what;
const added = (f: Fixture, ...events: StoryEvent[]): Fixture => ({ ...f, events: [...f.events, ...events].sort((a, b) => a.atNs - b.atNs) });
/** Lost is only what was sent between two instants. */
const lostWithin = (f: Fixture, fromS: number, toS: number): Fixture =>
  altered(f, (e) => (e.type === 'ping' ? { ...e, repliedNs: (e['sentNs'] as number[]).map((at, i) => (at > fromS * 1e9 && at < toS * 1e9 ? (e['repliedNs'] as (number | null)[])[i] : at)) } : e));
const redrawn = (f: Fixture, name: string, change: object): Fixture => ({ ...f, topology: { ...f.topology, devices: f.topology.devices.map((d) => (d.kind === 'bridge' && d.name === name ? { ...d, ...change } : d)) } });

t.test('a locked port', (t) => {
  const locked = fixture('locked-in-a-vlan');
  const [found] = findings(locked);
  t.same(kinds(locked), ['port-locked']);
  t.equal(found?.where, 'br0:alice');
  t.match(found?.what, /br0's port alice is locked since 5\.\d+ s: .* there is none for 02:\S+ \(alice\)/);
  t.ok(found?.cures.some((c) => c.lines.some((line) => /^bridge fdb replace 02:\S+ dev alice master static vlan 100$/.test(line))), 'the station is let in');
  const mac = /for (02:\S+) \(alice\)/.exec(found?.what ?? '')?.[1] ?? '';
  const entered = (vlan: number): Fixture => added(locked, { atNs: 40e6, type: 'state', what: `br0:br0 FDB ${mac} VLAN ${vlan}`, value: 'alice' });
  t.same(kinds(entered(100)), ['unexplained'], 'who was entered is let in: the lock did not do it');
  t.same(kinds(entered(1)), ['port-locked'], 'entered for another VLAN, it is not');
  const unlocked = altered(locked, (e) => (isAt(e, 'br0:alice') && e['port'] ? { ...e, port: {} } : e));
  t.same(kinds(unlocked), ['unexplained']);
  t.same(kinds(added(unlocked, { atNs: 5.03e9, type: 'state', what: 'br0:alice port state', value: 'disabled' })), ['silent-cut']);
  t.end();
});

t.test('an announcement whose ethertype a switch drops, and one that was lost', (t) => {
  const filtered = fixture('odd-ethertype-rarp-unknown-too');
  const [found] = findings(filtered);
  t.same(kinds(filtered), ['announcement-filtered']);
  t.equal(found?.sure, 'certain', 'what the switch takes is drawn');
  t.match(found?.what, /drops this ethertype \(0x8035\) before it learns/);
  t.same(kinds(redrawn(filtered, 'sw', { like: { passesOnly: ['IPv4', 'ARP', 'RARP'] } })), ['announcement-lost'], 'a switch that takes RARP did not drop it for that');
  const plain = redrawn(filtered, 'sw', { like: undefined });
  t.same(kinds(plain), ['announcement-lost']);
  const odd = findings(altered(plain, (e) => (e.type === 'frame' ? { ...e, etherType: 0x0835 } : e)));
  t.same(odd.map((f) => [f.kind, f.sure]), [['announcement-filtered', 'likely']], 'of a switch that nobody drew a filter for');
  t.end();
});

t.test('a machine behind the switch is cut off from every slave, or from one', (t) => {
  const far = fixture('monitored-targets-arp-vanishes');
  t.same(findings(far).map((f) => [f.kind, f.where]), [['silent-cut', 'sw:far']], 'no slave goes round it, and the bond’s search is no leak');
  const path = altered(lostWithin(far, 0, 30.2), (e) => (isAt(e, 'sw:far port state') ? { ...e, what: 'sw:hv0 port state' } : e));
  t.same(findings(path).map((f) => [f.kind, f.where]), [['failover-detection', 'sw:hv0']], 'the other slave did');
  t.end();
});

t.test('a leg of a group over two switches: down with no way round it, not yet noticed, or back too early', (t) => {
  const down = fixture('virtual-port-group-lacp-no-way-round');
  t.same(findings(down).map((f) => [f.kind, f.where]), [['link-down', 'sw1:hv0'], ['link-down', 'sw1:core0']]);
  t.same([...new Set(kinds(lostWithin(down, 19.2, 30)))], ['lacp-renegotiation'], 'what went into the leg after its return');
  // As if both ends looked at their carriers four seconds late.
  const late = altered(down, (e) => (e.atNs > 13e9 && e.atNs < 14e9 && (e['slave'] !== undefined || /^sw1:hv (port state|operstate)$/.test(String(e['what']))) ? { ...e, atNs: e.atNs + 4e9 } : e));
  t.same(kinds(lostWithin(added(late), 0, 16)), ['failover-detection'], 'what went into it before the bond left it out');
  t.end();
});

t.test('a bond without a slave', (t) => {
  const released = fixture('mode-changed-to-balance-rr');
  const [found] = findings(released);
  t.same([found?.kind, found?.where], ['link-down', 'client:bond0']);
  t.match(found?.what, /client:bond0 has no slave, and is down since 20\.\d+ s/);
  const keeps = altered(released, (e) => (e.atNs > 1e9 && e.atNs < 21.5e9 && (e.type === 'device' || e.type === 'state') ? undefined : e));
  t.same(kinds(keeps), ['unexplained'], 'it kept its slave, and lost them all the same');
  t.end();
});

t.test('a bond’s own link: gone for less than its downdelay, for longer, and without one', (t) => {
  const delayed = fixture('link-delays-one-and-three-seconds');
  const [blip, cut] = findings(delayed);
  t.same(kinds(delayed), ['failover-detection', 'failover-detection'], 'its carrier was not good, and the bond is not blind');
  t.match(blip?.what, /Its carrier was back at 5\.\d+ s, before hv:bond0 gave it up: it looks at carriers every 100 ms \(miimon\), and waits 1 s more \(downdelay\)/);
  t.match(cut?.what, /went on using eth0 until 12\.\d+ s/);
  // As if only the switch's end had gone.
  t.same(kinds(altered(lostWithin(delayed, 0, 8), (e) => (isAt(e, 'hv:eth0 operstate') ? undefined : e))), ['silent-cut'], 'whose carrier stays is believed in');
  t.same([...new Set(kinds(fixture('link-delays-no-downdelay')))], ['failover-detection'], 'each change of slave follows a carrier: no flaps for want of validation');
  t.end();
});
