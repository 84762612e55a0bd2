// The same symptom with another cause must be called by the other name: recorded runs, altered in what tells them apart.
import t from 'tap';
import type { StoryEvent } from '../../../lib/diagnosis/story.ts';
import { altered, findings, fixture, type Fixture, withoutCapture } from './fixture.ts';

// Bob's second membership is left out: there it is one cause after another.
const recorded = withoutCapture(fixture('membership-expiry-legacy-ipv4'));
const deaf: Fixture = { ...recorded, events: recorded.events.filter((e) => !((e.type === 'joins' || e.type === 'leaves') && e.atNs > 100e9) && !(String(e['what']).endsWith('239.192.5.5 on bob') && e.atNs > 330e9)).map((e) => (e.type === 'flow' && e['receiver'] === 'bob' ? { ...e, receivedNs: (e['sentNs'] as number[]).map((at, i) => (at > 330e9 ? null : (e['receivedNs'] as (number | null)[])[i])) } : e)) };
const kinds = (f: Fixture): string[] => findings(f).map((x) => x.kind);
const drop = (test: (e: StoryEvent) => boolean) => (e: StoryEvent): StoryEvent | undefined => (test(e) ? undefined : e);
const isMdb = (e: StoryEvent, value?: string): boolean => e.type === 'state' && String(e['what']).includes(' MDB ') && (value === undefined || e['value'] === value);
const isAt = (e: StoryEvent, what: string): boolean => e['what'] === what;

t.test('a group that does not come: who has not joined is told from whose membership expired', (t) => {
  const nobody = altered(deaf, (e) => (e.type === 'joins' || e.type === 'leaves' || isMdb(e) ? undefined : e.type === 'reading' ? withGroups(e, ['224.0.0.1']) : lostAll(e)));
  const found = findings(nobody);
  t.same([...new Set(found.map((f) => f.kind))], ['never-joined']);
  t.match(found[0]?.what, /its kernel's groups on eth0 are 224\.0\.0\.1/);
  t.end();
});

t.test('a report that never came: joined, and no entry ever', (t) => {
  const found = kinds(altered(deaf, (e) => (isMdb(e) || e.type === 'query' || e.type === 'leaves' ? undefined : lostAll(e))));
  t.same(found, ['report-lost']);
  t.end();
});

t.test('queries that go on and are not answered', (t) => {
  // Another query every 60 s, of which the members take no notice.
  const query = deaf.events.find((e) => e.type === 'query') as StoryEvent;
  const more = Array.from({ length: 4 }, (_, i): StoryEvent => ({ ...query, atNs: 80e9 + i * 60e9 }));
  t.same(kinds({ ...deaf, events: [...deaf.events, ...more].sort((a, b) => a.atNs - b.atNs) }), ['queries-unanswered']);
  t.end();
});

t.test('queries that are not passed on to the member', (t) => {
  const query = deaf.events.find((e) => e.type === 'query') as StoryEvent;
  const more = Array.from({ length: 4 }, (_, i): StoryEvent => ({ ...query, atNs: 80e9 + i * 60e9 }));
  const withheld = altered({ ...deaf, events: [...deaf.events, ...more].sort((a, b) => a.atNs - b.atNs) }, (e) => (e.type === 'device' && /^vmbr0:(bob|dave|erin)$/.test(String(e['what'])) ? { ...e, port: { mcast_flood: false } } : e));
  t.same([...new Set(kinds(withheld))], ['query-withheld']);
  t.end();
});

t.test('no querier counts any more, and the port takes no flood', (t) => {
  const strict = altered(deaf, (e) => (e.type === 'device' && /^vmbr0:(bob|dave|erin)$/.test(String(e['what'])) ? { ...e, port: { mcast_flood: false } }
    : e.type === 'state' && String(e['what']).includes('router port') ? undefined
    : e.type === 'reading' ? { ...e, bridges: { 'vmbr0:vmbr0': { querier: {}, groups: [], routers: [] } } } : e));
  t.same(kinds(strict), ['strict-no-querier']);
  t.end();
});

t.test('by the tables it arrives: what the receiver’s kernel counted decides', (t) => {
  // The entries stay, so the bridge forwards; the datagrams are lost all the same.
  const stays = altered(deaf, drop((e) => isMdb(e, 'absent') || (e.type === 'flow' && e['receiver'] !== 'dave')));
  const counted = (counters: Record<string, number>): Fixture => {
    const readings = [0, 100].map((n, i): StoryEvent => ({ atNs: (325 + i * 295) * 1e9, type: 'reading', why: 'test', machines: { dave: { counters: Object.fromEntries(Object.entries(counters).map(([name, k]) => [name, 1 + n * k])), groups: { eth0: ['239.192.5.5'] } } } }));
    // The trimmed flow has eight lost in the outage; a counter must show most of those between the two readings.
    return { ...stays, events: [...stays.events.filter((e) => e.type !== 'reading'), ...readings].sort((a, b) => a.atNs - b.atNs) };
  };
  t.same(kinds(counted({ 'Ip.InReceives': 1, 'IpExt.InMcastPkts': 1 })), ['host-firewall'], 'they came in, and were not delivered');
  t.same(kinds(counted({ 'Ip.InReceives': 1, 'IpExt.InMcastPkts': 1, 'Ip.InDelivers': 1, 'Udp.RcvbufErrors': 1 })), ['receive-buffer-full']);
  t.same(kinds(counted({ 'Ip.InReceives': 1, 'TcpExt.IPReversePathFilter': 1 })), ['reverse-path-filter']);
  t.same(kinds(counted({})), ['unexplained'], 'they never came, and the tables do not say why: nothing is made up');
  const large = (f: Fixture): Fixture => altered(f, (e) => (e.type === 'flow' ? { ...e, sizeBytes: 3000 } : e));
  t.same(kinds(large(counted({ 'Ip.InReceives': 2, 'Ip.ReasmReqds': 2, 'Ip.ReasmFails': 1 }))), ['fragments-missing']);
  t.end();
});

t.test('a link on the way that takes less than the datagrams', (t) => {
  const small = altered(deaf, (e) => (isMdb(e, 'absent') ? undefined : e.type === 'device' && isAt(e, 'vmbr0:bob') ? { ...e, mtu: 1000 } : e.type === 'flow' ? { ...e, sizeBytes: 1200 } : e));
  const found = findings(small).filter((f) => f.where === 'vmbr0:bob');
  t.same(found.map((f) => f.kind), ['size-limit']);
  t.match(found[0]?.what, /MTU of 1000 bytes; the datagrams are 1228 bytes long/);
  t.end();
});

t.test('a port that does not forward yet', (t) => {
  const state = (value: string, atNs: number): StoryEvent => ({ atNs, type: 'state', what: 'vmbr0:bob port state', value });
  const stp = { ...deaf, events: [...deaf.events.filter((e) => !isMdb(e, 'absent')), state('listening', 300e9)].sort((a, b) => a.atNs - b.atNs) };
  const found = findings(stp).filter((f) => f.where === 'vmbr0:bob');
  t.same(found.map((f) => f.kind), ['port-not-forwarding']);
  const cut = { ...deaf, events: [...deaf.events.filter((e) => !isMdb(e, 'absent')), state('disabled', 300e9)].sort((a, b) => a.atNs - b.atNs) };
  t.same(findings(cut).filter((f) => f.where === 'vmbr0:bob').map((f) => f.kind), ['silent-cut'], 'disabled with a carrier: frames vanish there');
  t.end();
});

const silent = fixture('silent-guest-until-it-sends');

t.test('a station that is not reached: where it was lost is told from the tables of each hop', (t) => {
  t.same(kinds(silent), ['failover-unannounced']);
  // The bond stays where it is: the far side of its link is dead, the near one keeps its carrier.
  const stays = altered(silent, drop((e) => (e.type === 'state' && (isAt(e, 'hv:bond0 active slave') || isAt(e, 'hv:eth0 operstate')) && e.atNs > 1e9) || (e.type === 'device' && String(e['what']).startsWith('hv:') && e.atNs > 1e9)));
  t.same(kinds(stays), ['silent-cut']);
  // The switch learned the address behind the wrong port while the guest was where it always was.
  const moved = altered(silent, (e) => (e.atNs > 1e9 && (e.type === 'device' || (e.type === 'state' && !String(e['what']).includes('FDB')) || isAt(e, 'sw1:sw1 FDB 02:fa:d9:d4:d0:54')) ? undefined : isAt(e, 'core:core FDB 02:fa:d9:d4:d0:54') ? undefined : e));
  const leak: StoryEvent[] = [
    { atNs: 31e6, type: 'state', what: 'core:core FDB 02:fa:d9:d4:d0:54', value: 'sw1' },
    { atNs: 8.55e9, type: 'frame', from: 'sw2:core', src: '02:fa:d9:d4:d0:54', dst: 'ff:ff:ff:ff:ff:ff', etherType: 0x0806, line: '02:fa:d9:d4:d0:54 > ff:ff:ff:ff:ff:ff  gratuitous ARP request: 192.0.2.2 is at 02:fa:d9:d4:d0:54' },
    { atNs: 8.56e9, type: 'state', what: 'core:core FDB 02:fa:d9:d4:d0:54', value: 'sw2' },
  ];
  const leaked = findings({ ...moved, events: [...moved.events, ...leak].sort((a, b) => a.atNs - b.atNs) });
  t.same(leaked.map((f) => f.kind), ['mac-leaked']);
  t.match(leaked[0]?.what, /learned 02:fa:d9:d4:d0:54 \(vm\) behind sw2 .* while vm was behind sw1/);
  t.end();
});

t.test('an address that nobody answers for: not by the group of its asking where the bridge has the group', (t) => {
  const gone = fixture('neighbour-discovery-querier-gone-and-believed-in'), moved = fixture('unknown-to-newcomers-until-core-asks');
  t.same(kinds(gone), ['membership-expired']);
  t.same(kinds(altered(gone, drop((e) => isMdb(e, 'absent')))), ['unexplained'], 'the entry stayed, so the questions arrive');
  t.same(kinds(moved), ['group-left-behind']);
  t.end();
});

t.test('a router that stops forwarding: after queries that named no group, or for a reason of its own', (t) => {
  const malformed = fixture('query-that-names-no-group-malformed');
  const bare = withoutCapture(malformed);
  const told = altered(bare, (e) => (e.type === 'query' && e['group'] !== undefined ? { ...e, namesNoGroup: true } : e));
  for (const f of [...(malformed.capture ? [malformed] : []), told]) {
    const [found] = findings(f);
    t.same(kinds(f), ['query-names-no-group']);
    t.match(found?.what, /core asked at 67\.11\d s, 68\.11\d s and 69\.11\d s who is left in 239\.192\.5\.5, for eve had left it at 67\.102 s.* vmbr0 snoops, and drops such a query/);
    t.ok(found?.cures.some((c) => c.lines.includes('mrouted -v')));
  }
  t.same(kinds(bare), ['silent-cut'], 'its queries named the group');
  t.same(kinds(altered(told, (e) => (e.type === 'query' ? undefined : e))), ['silent-cut'], 'it never asked');
  const hostsHear = altered(told, (e) => (e.type === 'device' && e['options'] ? { ...e, options: { ...e['options'], mcast_snooping: false } } : e));
  t.same(kinds(hostsHear), ['silent-cut'], 'nobody snoops, so hosts heard it');
  const before = altered(told, (e) => (e.type === 'query' && e['group'] !== undefined ? { ...e, atNs: e.atNs - 30e9 } : e));
  t.same(kinds({ ...before, events: [...before.events].sort((a, b) => a.atNs - b.atNs) }), ['silent-cut'], 'it asked long before');
  t.end();
});

t.test('a member that moved: where no bridge snoops, no group is left behind', (t) => {
  for (const name of ['multicast-after-failover-queried', 'unknown-to-newcomers-until-core-asks']) {
    const moved = fixture(name);
    t.ok(kinds(moved).includes('group-left-behind'));
    const deafBridges = altered(moved, (e) => (e.type === 'device' && e['options'] ? { ...e, options: { ...e['options'], mcast_snooping: false } } : e));
    t.same(kinds(deafBridges).filter((kind) => kind !== 'failover-detection'), ['unexplained'], 'they flood: it is lost for a reason that is not on record');
  }
  t.end();
});

t.test('one of several members behind a port drops out: it kept its report back, or it did not answer', (t) => {
  const polite = fixture('several-guests-of-one-host-entry-for-each');
  const [found] = findings(polite);
  t.same(kinds(polite), ['report-suppressed']);
  t.equal(found?.sure, 'certain');
  t.match(found?.what, /sw's port hv has mcast_to_unicast switched on: .* bob was asked at 164\.568 s \(core\), and heard the report of dave at 164\.639 s/);
  t.ok(found?.cures.some((c) => c.lines.includes('bridge link set dev hv mcast_to_unicast off')));
  // The host's bridge hands reports to the querier alone: then nobody heard another's.
  const snoops = altered(polite, (e) => (isAt(e, 'hv:br0') && e['options'] ? { ...e, options: { ...(e['options']), mcast_snooping: true } } : e));
  const knows: StoryEvent = { atNs: 6e6, type: 'state', what: 'hv:br0 router port eth0', value: 'present' };
  t.notOk(kinds({ ...snoops, events: [...snoops.events, knows].sort((a, b) => a.atNs - b.atNs) }).includes('report-suppressed'));
  // Without a capture the entries of the others tell: as long as there are any.
  t.same(findings(withoutCapture(polite)).map((f) => [f.kind, f.sure]), [['report-suppressed', 'likely']]);
  const alone = altered(withoutCapture(polite), (e) => (e.type === 'reading' && e['bridges'] ? { ...e, bridges: { 'sw:sw': { querier: { ipv4: { address: '192.0.2.2', port: 'core', leftMs: 130_000 } }, groups: [], routers: [{ port: 'core' }] } } } : e));
  t.same([...new Set(kinds(alone))], ['queries-unanswered']);
  t.end();
});

t.test('nothing lost, nothing found', (t) => {
  t.same(kinds(altered(silent, (e) => (e.type === 'ping' ? { ...e, repliedNs: e['sentNs'] } : e))), []);
  t.same(kinds({ ...silent, events: [] }), [], 'an empty record');
  t.end();
});

/** The flow as if nothing had ever arrived. */
function lostAll(e: StoryEvent): StoryEvent {
  return e.type === 'flow' ? { ...e, receivedNs: (e['sentNs'] as number[]).map(() => null) } : e;
}

function withGroups(e: StoryEvent, groups: string[]): StoryEvent {
  const machines = e['machines'] as Record<string, { counters: object }>;
  return { ...e, machines: Object.fromEntries(Object.entries(machines).map(([name, m]) => [name, { ...m, groups: { eth0: groups } }])) };
}
