// A group for which there was no room, at the bridge or at the port, and one that was lost for another reason.
import t from 'tap';
import { altered, findings, fixture, type Fixture } from './fixture.ts';

const full = fixture('mdb-limits-bridge-switched-on-again');
const kinds = (f: Fixture): string[] => findings(f).map((x) => x.kind);
const redrawn = ({ topology, ...f }: Fixture, hashMax: number): Fixture => ({
  ...f, topology: { ...topology, devices: topology.devices.map((d) => (d.kind === 'bridge' ? { ...d, options: { ...d.options, mcast_hash_max: hashMax } } : d)) },
});
const portLimited = (f: Fixture, most: number): Fixture => altered(f, (e) => (e['what'] === 'vmbr0:bob' && e['port'] ? { ...e, port: { mcast_max_groups: most } } : e));

t.test('a table that is full', (t) => {
  const [found] = findings(full);
  t.same(kinds(full), ['group-limit']);
  t.equal(found?.where, 'vmbr0:bob');
  t.match(found?.what, /no entry for 239\.192\.7\.9: when bob asked for it at 7\d\.\d+ s, it held 8 groups, the last of them since 45\.\d+ s, and its limit is 8 \(mcast_hash_max\)/);
  t.match(found?.what, /switches snooping off, for all groups/);
  t.ok(found?.evidence.some((e) => /the last entry for which there was room/.test(e.text)));
  const lines = found?.cures.flatMap((c) => c.lines) ?? [];
  for (const line of ['echo 4096 > /sys/class/net/vmbr0/bridge/hash_max', 'echo 1 > /sys/class/net/vmbr0/bridge/multicast_snooping', 'ip link set dev vmbr0 type bridge mcast_hash_max 4096 mcast_snooping 1'])
    t.ok(lines.includes(line), line);
  t.end();
});

t.test('a port that is in as many groups as it may', (t) => {
  const [found] = findings(portLimited(redrawn(full, 4096), 8));
  t.equal(found?.kind, 'group-limit');
  t.match(found?.what, /vmbr0's port bob has no entry for 239\.192\.7\.9: .* the port was in 8 groups, .* its limit is 8 \(mcast_max_groups\)/);
  t.ok(found?.cures.some((c) => c.lines.includes('bridge link set dev bob mcast_max_groups 0')));
  t.end();
});

t.test('where there was room, the report was lost for another reason', (t) => {
  t.same(kinds(redrawn(full, 9)), ['report-lost']);
  t.same(kinds(portLimited(redrawn(full, 4096), 9)), ['report-lost']);
  // A group that the bridge has on another port needs no more room.
  const known = { ...full, events: [...full.events, { atNs: 60e9, type: 'state', what: 'vmbr0:vmbr0 MDB 239.192.7.9 on dave', value: 'present' }].sort((a, b) => a.atNs - b.atNs) };
  t.same(kinds(altered(known, (e) => (e['what'] === 'vmbr0:vmbr0 MDB 239.192.7.8 on bob' ? undefined : e))), ['report-lost']);
  t.end();
});
