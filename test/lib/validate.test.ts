// Each fault has a topology that has it and one that just has it not.
import t from 'tap';
import { scalingFaults } from '../../lib/validate/options.ts';
import { TopologyBuilder } from '../../lib/topology-builder.ts';
import type { BondMode } from '../../lib/topology-words.ts';
import type { BridgeSpec, EndSpec, Options, QuerierSpec, Topology } from '../../lib/topology.ts';
import { ms, s, us } from '../../lib/units.ts';
import { formatFaults, nearest, validateTopology } from '../../lib/validate.ts';
import { bondedHypervisor, draw, guestsAndQuerier, movableGuest, ring, strictSwitch, withDevice, withEnd, withNode } from './topologies.ts';

const report = (topology: Topology, scale = 1): string => formatFaults(validateTopology(topology, { scale }));

/** Exactly one fault, with these words in it, and none in the sound twin. */
const pair = (name: string, words: RegExp, broken: Topology, sound: Topology, scale = 1): void => {
  t.test(name, async (t) => {
    const faults = validateTopology(broken, { scale });
    t.match(formatFaults(faults), words);
    t.equal(faults.length, 1, formatFaults(faults));
    t.equal(report(sound, scale), '', 'its sound twin has none');
  });
};

const bridge = (options: Record<string, Options[string]>): Topology => draw((b) => { b.bridge('sw', { options }); });
const port = (options: Options): Topology => draw((b) => { b.guest('alice', { on: b.bridge('sw'), port: options }); });
const bond = (mode: BondMode, options: Record<string, Options[string]>, miimon = true): Topology => draw((b) => {
  const sw = b.bridge('sw');
  const hv = b.hypervisor('hv');
  const bond0 = hv.bond('bond0', { mode, ...(miimon ? { miimon: ms(100) } : {}), options });
  b.link(bond0, sw, { a: { name: 'eth1' } });
});
const node = (change: Parameters<typeof withNode>[2]): Topology => withNode(guestsAndQuerier(), 'alice', change);
const querier = (change: Partial<QuerierSpec>): Topology => {
  const topology = guestsAndQuerier();
  return { ...topology, queriers: topology.queriers.map((q) => ({ ...q, ...change })) };
};

t.test('the shapes of the reported cases have no fault', async (t) => {
  for (const topology of [strictSwitch(), guestsAndQuerier(), bondedHypervisor(), bondedHypervisor('balance-xor'), bondedHypervisor('802.3ad', { lacp_rate: 'fast' }), movableGuest(), ring({ stp_state: true })])
    t.equal(report(topology), '');
  for (const topology of [guestsAndQuerier(), bondedHypervisor(), movableGuest()]) t.equal(report(topology, 25), '', 'in a scaled run too');
});

const like = (words: object, options: Record<string, Options[string]> = {}, own: Options = {}): Topology => draw((b) => { b.guest('alice', { on: b.bridge('sw', { like: words, options }), port: own }); });
pair('a word that no switch knows', /no switch is like fastLeaves.*\n.*did you mean fastLeave\?/, like({ fastLeaves: true }), like({ fastLeave: true }));
pair('a switch word with another sort of value', /noFloodFallback is "yes"/, like({ noFloodFallback: 'yes' }), like({ noFloodFallback: true }));
pair('a suppression of no versions', /suppressesReports is true.*\n.*v1-v2, all/, like({ suppressesReports: true }), like({ suppressesReports: 'all' }));
pair('an ethertype that is none', /passesOnly names "IPX"/, like({ passesOnly: ['IPv4', 'IPX'] }), like({ passesOnly: ['IPv4', 0x8137] }));
pair('a length for an ethertype', /passesOnly names 1500/, like({ passesOnly: [1500] }), like({ passesOnly: [1536] }));
pair('a switch that passes nothing', /passesOnly is \[\]/, like({ passesOnly: [] }), like({ passesOnly: ['ARP'] }));
pair('a snooping switch that does not snoop', /mcast_snooping is off/, like({ fastLeave: true }, { mcast_snooping: false }), like({ passesOnly: ['ARP'] }, { mcast_snooping: false }));
pair('a switch CPU beside spanning tree', /nothing of spanning tree/, like({ noFloodFallback: true }, { stp_state: true }), like({ fastLeave: true }, { stp_state: true }));
pair('a switch CPU beside VLANs', /knows no VLANs/, like({ suppressesReports: 'all' }, { vlan_filtering: true }), like({ fastLeave: true }, { vlan_filtering: true }));
pair('a port against its switch', /sw:alice: mcast_flood is on, but its switch sets off/, like({ dropsUnknownMulticast: true }, {}, { mcast_flood: true }), like({ dropsUnknownMulticast: true }, {}, { mcast_flood: false }));
const movesTo = (words: object | undefined): Topology => draw((b) => { const [from, to] = [b.bridge('br1'), b.bridge('br2', words ? { like: words } : {})]; b.guest('vm', { on: from, movesTo: [to] }); b.link(from, to); });
pair('a guest that moves to a strict switch', /can move to br2:br2/, movesTo({ fastLeave: true }), movesTo({ fastLeave: false }));
const limited = (multicastLimitBytes: number, mtuBytes = 1500): Topology => draw((b) => { b.link(b.host('p'), b.bridge('sw'), { multicastLimitBytes, mtuBytes }); });
t.test('a multicast limit that limits nothing, at both ends of its cable', async (t) => {
  t.match(report(limited(1500)), /p:sw: multicastLimitBytes is 1500, and its MTU is 1500[^]*sw:p: multicastLimitBytes/);
  t.equal(report(limited(2044, 4092)), '');
  t.match(report(limited(20)), /no path is shorter than 68 bytes/);
});

pair('empty topology', /no nodes/, draw(() => undefined), draw((b) => { b.host('h'); }));
pair('duplicate node names', /node sw: 2 nodes have this name/, draw((b) => { b.host('sw'); b.host('sw'); }), draw((b) => { b.host('sw'); b.host('sx'); }));
pair('a node name that is no file name', /"\.\." is a folder/, draw((b) => { b.host('..'); }), draw((b) => { b.host('...'); }));
pair('a node name with a slash', /has a slash/, draw((b) => { b.host('a/b'); }), draw((b) => { b.host('a.b'); }));
pair('a node name with a blank', /has a blank/, draw((b) => { b.host('a b'); }), draw((b) => { b.host('a_b'); }));
pair('a name that ip reads as a comment', /character other than/, draw((b) => { b.host('a#b'); }), draw((b) => { b.host('a+b'); }));
pair('a name that reads as an option', /hyphen/, draw((b) => { b.host('-n'); }), draw((b) => { b.host('n-'); }));
pair('a node name that is too long', /201 bytes/, draw((b) => { b.host('n'.repeat(201)); }), draw((b) => { b.host('n'.repeat(200)); }));
const named = (name: string): Topology => draw((b) => { b.host('h').bridge(name); });
pair('a device name of 16 bytes', /16 bytes, the kernel takes 15/, named('a'.repeat(16)), named('a'.repeat(15)));
pair('a guest whose port gets too long a name', /sw:a-guest-of-16byt.*16 bytes/, draw((b) => { b.guest('a-guest-of-16byt', { on: b.bridge('sw') }); }), draw((b) => { b.guest('a-guest-of-15by', { on: b.bridge('sw') }); }));
for (const reserved of ['all', 'default', 'lo', '.', '..', 'bonding_masters']) pair(`the reserved device name ${reserved}`, /reserved/, named(reserved), named('all0'));
pair('duplicate device names in a node', /hv:sw: 2 devices of hv have this name/,
  draw((b) => { const bond0 = b.hypervisor('hv').bond('b0', { mode: 'balance-xor' }); const there = b.bridge('sw'); b.link(bond0, there, { b: { name: 'p1' } }); b.link(bond0, there, { b: { name: 'p2', up: false } }); }),
  draw((b) => { const bond0 = b.hypervisor('hv').bond('b0', { mode: 'balance-xor' }); const there = b.bridge('sw'); b.link(bond0, there, { a: { name: 'e1' }, b: { name: 'p1' } }); b.link(bond0, there, { a: { name: 'e2' }, b: { name: 'p2', up: false } }); }));
pair('duplicate link names', /link x: 2 links/,
  draw((b) => { const [p, q] = [b.host('p'), b.host('q')]; b.link(p, q, { name: 'x', a: { name: 'e1' }, b: { name: 'e1' } }); b.link(p, q, { name: 'x', a: { name: 'e2' }, b: { name: 'e2' } }); }),
  draw((b) => { const [p, q] = [b.host('p'), b.host('q')]; b.link(p, q, { a: { name: 'e1' }, b: { name: 'e1' } }); b.link(p, q, { a: { name: 'e2' }, b: { name: 'e2' } }); }));

const misspelt = withEnd(guestsAndQuerier(), 'alice', 'b', { master: 'vmrb0' });
pair('a master that does not exist', /its master vmrb0 does not exist in vmbr0[^]*did you mean vmbr0/, misspelt, guestsAndQuerier());
pair('a link end in a missing node', /it is in alcie, and there is no such node[^]*did you mean alice/, withEnd(guestsAndQuerier(), 'alice', 'a', { node: 'alcie' }), guestsAndQuerier());
pair('its own master', /its own master/, withEnd(guestsAndQuerier(), 'alice', 'b', { master: 'alice' }), guestsAndQuerier());
pair('a master that is no master', /only a bridge or a bond has members/, withEnd(guestsAndQuerier(), 'alice', 'b', { master: 'bob' }), guestsAndQuerier());
pair('a bridge in a bridge', /a bridge cannot be a member/, draw((b) => { const h = b.host('h'); h.bridge('b0'); h.bridge('b1'); }).devices.length === 2 ? withDevice(draw((b) => { const h = b.host('h'); h.bridge('b0'); h.bridge('b1'); }), 'b0', { master: 'b1' }) : guestsAndQuerier(), guestsAndQuerier());
t.test('masters in a circle, each named', async (t) => {
  const bonds = draw((b) => { const h = b.host('h'); h.bond('b0', { mode: 'balance-xor' }); h.bond('b1', { mode: 'balance-xor' }); });
  t.match(report(withDevice(withDevice(bonds, 'b0', { master: 'b1' }), 'b1', { master: 'b0' })), /h:b0: its masters lead back to itself: b0 → b1 → b0[^]*h:b1/);
});
t.test('a port in two masters is named with both', async (t) => {
  const topology = draw((b) => { const h = b.host('h'); h.bridge('b0'); h.bridge('b1'); });
  const end = (name: string, master: string): EndSpec => ({ kind: 'end', node: 'h', name, addresses: [], master });
  const twice: Topology = { ...topology, links: [{ name: 'x', a: end('p', 'b0'), b: { ...end('q', 'b0'), up: false } }, { name: 'y', a: { ...end('p', 'b1'), up: false }, b: end('r', 'b1') }] };
  t.match(report(twice), /h:p: it is in two masters: b0 and b1/);
});
const vlan = (id: number, over = 'eth0'): Topology => draw((b) => { const [h, g] = [b.host('h'), b.host('g')]; b.link(h, g, { a: { name: 'eth0' } }); h.vlan('v', { over, id }); });
pair('a VLAN device over a missing one', /the device it lies over, eht0 does not exist in h[^]*did you mean eth0/, vlan(5, 'eht0'), vlan(5));
pair('a VLAN device over itself', /over itself/, vlan(5, 'v'), vlan(5));
pair('VLAN id 0', /VLAN id 0 is outside 1 to 4094/, vlan(0), vlan(1));
pair('VLAN id 4095', /VLAN id 4095/, vlan(4_095), vlan(4_094));
pair('a querier on a missing device', /its device eth9 does not exist in core/, querier({ device: 'eth9' }), querier({ device: 'eth0' }));
pair('a neighbour entry on a missing device', /device of the neighbour entry for 192\.0\.2\.2, eth7 does not exist/, node({ neighbours: [{ device: 'eth7', address: '192.0.2.2', of: { node: 'bob', device: 'eth0' } }] }), node({ neighbours: [{ device: 'eth0', address: '192.0.2.2', of: { node: 'bob', device: 'eth0' } }] }));
pair('a neighbour entry of a missing device', /whose MAC the neighbour entry/, node({ neighbours: [{ device: 'eth0', address: '192.0.2.2', of: { node: 'bob', device: 'eth1' } }] }), node({}));
pair('a neighbour entry for what is no address', /not an IP address/, node({ neighbours: [{ device: 'eth0', address: '192.0.2', of: { node: 'bob', device: 'eth0' } }] }), node({}));
pair('a route to nowhere', /leads nowhere/, node({ routes: [{ to: 'default' }] }), node({ routes: [{ to: 'default', device: 'eth0' }] }));
pair('a route by a missing device', /eth1 does not exist in alice/, node({ routes: [{ to: 'default', device: 'eth1' }] }), node({ routes: [{ to: 'default', via: '192.0.2.2' }] }));
pair('a route of two IP versions', /two IP versions/, withNode(node({ routes: [{ to: '198.51.100.0/24', via: '2001:db8::1' }] }), 'alice', { ipv6: true }), node({ routes: [{ to: '198.51.100.0/24', via: '192.0.2.2' }] }));
pair('a guest that moves to what is no bridge', /place 1 is sw, a .*not a bridge|port of place 1|does not exist/, { ...movableGuest(), movables: movableGuest().movables.map((m) => ({ ...m, places: m.places.map((p, i) => (i === 1 ? { ...p, bridge: 'br9' } : p)) })) }, movableGuest());
pair('bridge port options on what is in no bridge', /bridge port options \(fastleave\)/, withEnd(guestsAndQuerier(), 'alice', 'a', { port: { fastleave: true } }), withEnd(guestsAndQuerier(), 'alice', 'b', { port: { fastleave: true } }));
pair('bridge port options on a bond slave', /its master bond0 is a bond, not a bridge/, withEnd(bondedHypervisor(), 'hv1-sw1', 'a', { port: { fastleave: true } }), withEnd(bondedHypervisor(), 'hv1-sw1', 'b', { port: { fastleave: true } }));
pair('bond slave options on a bridge port', /bond slave options \(queue_id\)/, withEnd(bondedHypervisor(), 'hv1-sw1', 'b', { slave: { queue_id: 1 } }), withEnd(bondedHypervisor(), 'hv1-sw1', 'a', { slave: { queue_id: 1 } }));
pair('a slave that is to stay down', /a bond opens each slave/, withEnd(bondedHypervisor(), 'hv1-sw1', 'a', { up: false }), withEnd(bondedHypervisor(), 'hv1-sw1', 'b', { up: false }));

const address = (...addresses: string[]): Topology => withEnd(guestsAndQuerier(), 'alice', 'a', { addresses });
pair('an invalid address', /"192\.0\.2\.256\/24" is not an IP address/, address('192.0.2.256/24'), address('192.0.2.255/24'));
pair('an address without prefix length', /no prefix length/, address('192.0.2.9'), address('192.0.2.9/32'));
pair('a prefix length of 33', /prefix length is 0 to 32/, address('192.0.2.9/33'), address('192.0.2.9/32'));
pair('a multicast address', /multicast group/, address('239.192.5.5/24'), address('192.192.5.5/24'));
pair('an unspecified address', /stands for no address/, address('0.0.0.0/0'), address('0.0.0.1/8'));
pair('IPv6 without IPv6', /alice has no IPv6/, address('2001:db8::1/64'), withNode(address('2001:db8::1/64'), 'alice', { ipv6: true }));
pair('an address on a bridge port', /its frames go to the bridge vmbr0/, withEnd(guestsAndQuerier(), 'alice', 'b', { addresses: ['192.0.2.99/24'] }), withDevice(guestsAndQuerier(), 'vmbr0', { addresses: ['192.0.2.99/24'] }));
pair('duplicate addresses', /alice:eth0, bob:eth0: the address 192\.0\.2\.2 is there 2 times in one broadcast domain/, address('192.0.2.2/24'), address('192.0.2.99/24'));
pair('duplicate addresses in two spellings', /2001:db8::2/,
  draw((b) => { const sw = b.bridge('sw'); b.guest('p', { on: sw, ipv6: true, addresses: ['2001:db8::2/64'] }); b.guest('q', { on: sw, ipv6: true, addresses: ['2001:DB8:0::2/64'] }); }),
  draw((b) => { const sw = b.bridge('sw'); b.guest('p', { on: sw, ipv6: true, addresses: ['2001:db8::2/64'] }); b.guest('q', { on: sw, ipv6: true, addresses: ['2001:DB8:0:1::2/64'] }); }));
pair('the same address twice on a device', /2 times/, address('192.0.2.9/24', '192.0.2.9/25'), address('192.0.2.9/24', '192.0.2.10/25'));
const acrossVlans = (second: number): Topology => draw((b) => {
  const sw = b.bridge('sw');
  for (const [name, id] of [['p', 10], ['q', second]] as const) {
    const h = b.host(name);
    b.link(h, sw, { a: { name: 'eth0' } });
    h.vlan('v', { over: 'eth0', id, addresses: ['192.0.2.1/24'] });
  }
});
pair('duplicate addresses in one VLAN, and in two', /p:v, q:v: the address 192\.0\.2\.1/, acrossVlans(10), acrossVlans(20));
const filtered = (pvid: number): Topology => draw((b) => {
  const sw = b.bridge('sw', { options: { vlan_filtering: true, vlan_default_pvid: 0 } });
  b.guest('p', { on: sw, addresses: ['192.0.2.1/24'], vlans: [{ id: 10, pvid: true, untagged: true }] });
  b.guest('q', { on: sw, addresses: ['192.0.2.1/24'], vlans: [{ id: pvid, pvid: true, untagged: true }] });
});
pair('duplicate addresses behind a filtering bridge', /p:eth0, q:eth0/, filtered(10), filtered(20));

const mac = (text: string): Topology => withEnd(guestsAndQuerier(), 'alice', 'a', { mac: text });
pair('an invalid MAC', /is not a MAC address/, mac('02:00:00:00:00'), mac('02:00:00:00:00:01'));
pair('a multicast MAC', /multicast address/, mac('03:00:00:00:00:01'), mac('06:00:00:00:00:01'));
pair('a MAC of zeros', /all zeros/, mac('00:00:00:00:00:00'), mac('00:00:00:00:00:01'));
pair('duplicate MACs', /the MAC 02:00:00:00:00:01 is there 2 times/, withEnd(mac('02:00:00:00:00:01'), 'bob', 'a', { mac: '02:00:00:00:00:01' }), withEnd(mac('02:00:00:00:00:01'), 'bob', 'a', { mac: '02:00:00:00:00:02' }));
const mtu = (bytes: number, ipv6 = false): Topology => withNode(withEnd(guestsAndQuerier(), 'alice', 'a', { mtuBytes: bytes }), 'alice', { ipv6 });
pair('an MTU of 67', /MTU 67 is outside 68 to 65535/, mtu(67), mtu(68));
pair('an MTU of 65536', /MTU 65536/, mtu(65_536), mtu(65_535));
pair("an MTU below IPv6's", /below IPv6's least/, mtu(1_279, true), mtu(1_280, true));
pair("a slave's MTU that the bond overrides", /bond bond0 gives its slaves its own/, withEnd(bondedHypervisor(), 'hv1-sw1', 'a', { mtuBytes: 9_000 }), withEnd(bondedHypervisor(), 'hv1-sw1', 'b', { mtuBytes: 9_000 }));
pair('VLANs on a bridge that does not filter', /alice has VLANs, but the bridge does not filter/, withEnd(guestsAndQuerier(), 'alice', 'b', { vlans: [{ id: 10 }] }),
  draw((b) => { b.guest('alice', { on: b.bridge('sw', { options: { vlan_filtering: true } }), vlans: [{ id: 10 }] }); }));
pair('two pvids', /2 VLANs \(10, 20\) are its pvid/,
  draw((b) => { b.guest('alice', { on: b.bridge('sw', { options: { vlan_filtering: true } }), vlans: [{ id: 10, pvid: true }, { id: 20, pvid: true }] }); }),
  draw((b) => { b.guest('alice', { on: b.bridge('sw', { options: { vlan_filtering: true } }), vlans: [{ id: 10, pvid: true }, { id: 20 }] }); }));
pair('VLANs on a device in no bridge', /neither a bridge nor the port of one/, withEnd(guestsAndQuerier(), 'alice', 'a', { vlans: [{ id: 10 }] }), guestsAndQuerier());
pair("a sysctl of the machine's", /only net\.\* belongs to a namespace/, node({ sysctls: { 'kernel.hostname': 'x' } }), node({ sysctls: { 'net.core.somaxconn': '7' } }));
pair('a sysctl that climbs out', /not below net/, node({ sysctls: { 'net/../kernel/hostname': 'x' } }), node({ sysctls: { 'net/core/somaxconn': '7' } }));
pair('an MLD version without IPv6', /no IPv6/, node({ mldVersion: 1 }), node({ mldVersion: 1, ipv6: true }));

pair('an unknown option', /no option mcast_querrier[^]*did you mean mcast_querier/, bridge({ mcast_querrier: true }), bridge({ mcast_querier: true }));
pair("an option by its file's name", /write mcast_querier/, bridge({ multicast_querier: true }), bridge({ mcast_querier: true }));
pair("a port's option on a bridge", /it is an option of a bridge port/, bridge({ fastleave: true }), port({ fastleave: true }));
pair("a bridge's option on a port", /a bridge port has no option mcast_snooping/, port({ mcast_snooping: true }), bridge({ mcast_snooping: true }));
pair('an option that objects inherit', /no option toString/, bridge({ toString: true }), bridge({}));
pair('a switch that is a number', /wanted true or false/, bridge({ mcast_snooping: 1 }), bridge({ mcast_snooping: false }));
pair('a timer without a unit', /without a unit/, bridge({ ageing_time: 300 }), bridge({ ageing_time: s(300) }));
pair('a duration where a number belongs', /a duration, but it takes a whole number/, bridge({ priority: s(1) }), bridge({ priority: 1 }));
pair('a negative timer', /cannot be negative/, bridge({ ageing_time: s(-1) }), bridge({ ageing_time: s(0) }));
pair('a timer finer than hundredths of a second', /1 ms, and the kernel counts it in hundredths of a second/, bridge({ mcast_last_member_interval: ms(1) }), bridge({ mcast_last_member_interval: ms(10) }));
pair('a bond timer finer than milliseconds', /100\.5 ms.*milliseconds/, bond('active-backup', { miimon: us(100_500) }, false), bond('active-backup', { miimon: ms(101) }, false));
pair('forward_delay below 2 s with STP', /forward_delay is 1\.99 s: the kernel takes 2 s to 30 s and refuses/, bridge({ stp_state: true, forward_delay: s(1.99) }), bridge({ stp_state: true, forward_delay: s(2) }));
pair('forward_delay above 30 s with STP', /forward_delay is 31 s/, bridge({ stp_state: true, forward_delay: s(31) }), bridge({ stp_state: false, forward_delay: s(31) }));
pair('hello_time out of range', /hello_time/, bridge({ hello_time: s(0.99) }), bridge({ hello_time: s(1) }));
pair('a query interval that the kernel changes', /changes it silently/, bridge({ mcast_query_interval: s(0.99) }), bridge({ mcast_query_interval: s(1) }));
pair('a name out of the list', /wanted one of disabled, learned, permanent/, bridge({ mcast_router: 'always' }), bridge({ mcast_router: 'permanent' }));
pair('an IGMP version that a bridge does not query in', /mcast_igmp_version/, bridge({ mcast_igmp_version: 1 }), bridge({ mcast_igmp_version: 2 }));
pair('group_fwd_mask with a refused bit', /refuses bits 0/, bridge({ group_fwd_mask: 4 }), bridge({ group_fwd_mask: 8 }));
pair('an action as an option', /cannot be held/, bridge({ fdb_flush: true }), bridge({}));
pair('a port state in a plan', /let the story set it/, port({ state: 'blocking' }), port({ learning: false }));
pair('a backup port of another bridge', /no port of sw/, port({ backup_port: 'bob' }), port({ backup_port: '' }));

pair('arp_interval with 802.3ad', /arp_interval does not exist in mode 802\.3ad/, bond('802.3ad', { arp_interval: ms(500) }, false), bond('active-backup', { arp_interval: ms(500), arp_ip_target: ['192.0.2.1'] }, false));
pair('lacp_rate in active-backup', /lacp_rate does not exist in mode active-backup/, bond('active-backup', { lacp_rate: 'fast' }), bond('802.3ad', { lacp_rate: 'fast' }));
pair('primary in balance-xor', /primary does not exist in mode balance-xor/, bond('balance-xor', { primary: 'eth1' }), bond('active-backup', { primary: 'eth1' }));
pair('miimon and arp_interval together', /both miimon and arp_interval/, bond('active-backup', { arp_interval: ms(500), arp_ip_target: ['192.0.2.1'] }), bond('active-backup', { miimon: ms(0), arp_interval: ms(500), arp_ip_target: ['192.0.2.1'] }, false));
pair('arp_interval without a target', /without arp_ip_target/, bond('active-backup', { arp_interval: ms(500) }, false), bond('active-backup', { arp_interval: ms(500), arp_ip_target: ['192.0.2.1'] }, false));
pair('targets without arp_interval', /without arp_interval/, bond('active-backup', { arp_ip_target: ['192.0.2.1'] }), bond('active-backup', {}));
pair('a target of the wrong IP version', /wrong family/, bond('active-backup', { arp_interval: ms(500), arp_ip_target: ['2001:db8::1'] }, false), bond('active-backup', { arp_interval: ms(500), arp_ip_target: ['192.0.2.1'] }, false));
pair('updelay without miimon', /updelay without miimon/, bond('active-backup', { updelay: ms(200) }, false), bond('802.3ad', { updelay: ms(200) }, false));
pair('downdelay that is no multiple of miimon', /rounds it down[^]*use 200 ms/, bond('active-backup', { downdelay: ms(150) }), bond('active-backup', { downdelay: ms(200) }));
pair('a primary that is no slave', /primary is eth2, which is no slave[^]*did you mean eth1/, bond('active-backup', { primary: 'eth2' }), bond('active-backup', { primary: 'eth1' }));
pair('active_slave in a plan', /use primary/, bond('active-backup', { active_slave: 'eth1' }), bond('active-backup', { primary: 'eth1' }));
pair('a mode that there is not', /mode is "active"/, bond('active' as BondMode, {}), bond('active-backup', {}));

pair('a query interval of 0', /its query interval is 0 s/, querier({ queryInterval: s(0), responseInterval: s(10) }), querier({ queryInterval: s(10.1), responseInterval: s(10) }));
pair('answers later than the next query', /not below its query interval/, querier({ queryInterval: s(10), responseInterval: s(10) }), querier({ queryInterval: s(10.1), responseInterval: s(10) }));
pair('a response interval finer than IGMP can say', /tenths of a second/, querier({ responseInterval: ms(50) }), querier({ responseInterval: ms(100) }));
pair('a response interval longer than IGMPv2 can say', /holds 25\.5 s at most/, querier({ version: 'IGMPv2', responseInterval: s(25.6) }), querier({ version: 'IGMPv2', responseInterval: s(25.5) }));
pair('a source of the wrong version', /no IPv4 address/, querier({ source: 'fe80::1' }), querier({ source: '0.0.0.0' }));
const mld = (change: Partial<QuerierSpec>, ipv6 = true): Topology => withNode({ ...querier({ version: 'MLDv2', ...change }) }, 'core', { ipv6 });
pair('MLD without IPv6', /speaks MLDv2, and core has no IPv6/, mld({}, false), mld({}));
pair('an MLD source that is not link-local', /not link-local/, mld({ source: '2001:db8::1' }), mld({ source: 'fe80::1' }));
pair('the same, told that it is meant', /not link-local/, mld({ source: '2001:db8::1' }), mld({ source: '2001:db8::1', anySource: true }));
pair('a querier version that there is not', /version is "IGMPv4"/, querier({ version: 'IGMPv4' as never }), querier({ version: 'IGMPv3' }));

pair('a ring without STP, and one with it on one bridge', /loop without spanning tree: (swa|swb|swc) .*→/, ring(), ring({ stp_state: true }));
pair('a ring with one cable down', /loop/, ring(), ring({}, true));
const parallel = (left?: BondMode, right?: BondMode): Topology => draw((b) => {
  const [p, q] = [b.hypervisor('p'), b.hypervisor('q')];
  const [bp, bq] = [p.bridge('br'), q.bridge('br')];
  const plug = (h: typeof p, br: typeof bp, mode?: BondMode): typeof bp | ReturnType<typeof h.bond> => (mode ? h.bond('bond0', { mode, on: br }) : br);
  const [x, y] = [plug(p, bp, left), plug(q, bq, right)];
  b.link(x, y, { a: { name: 'e1' }, b: { name: 'e1' } });
  b.link(x, y, { a: { name: 'e2' }, b: { name: 'e2' } });
});
pair('two parallel cables, and the same in a bond on both sides', /p:br \(port e[12]\) → q:br \(port e[12]\) → p:br|q:br \(port e[12]\) → p:br/, parallel(), parallel('balance-xor', '802.3ad'));
pair('two parallel cables, and a bond on one side', /loop/, parallel(), parallel('active-backup'));
pair('a bridge looped to itself', /loop without spanning tree: sw \(port p1\)|sw \(port p2\)/,
  draw((b) => { const sw = b.bridge('sw'); b.link(sw, sw, { a: { name: 'p1' }, b: { name: 'p2' } }); }),
  draw((b) => { const [sw, sx] = [b.bridge('sw'), b.bridge('sx')]; b.link(sw, sx); }));
const loopByVlans = (second: number): Topology => draw((b) => {
  const hv = b.hypervisor('hv');
  const sw = b.bridge('sw');
  const [br1, br2] = [hv.bridge('br1'), hv.bridge('br2')];
  b.link(hv, sw, { a: { name: 'eth0' }, b: { name: 'p0' } });
  b.link(hv, sw, { a: { name: 'eth1' }, b: { name: 'p1' } });
  hv.vlan('v0', { over: 'eth0', id: 10, on: br1 });
  hv.vlan('v1', { over: 'eth1', id: second, on: br2 });
  b.link(br1, br2, { a: { name: 'x1' }, b: { name: 'x2' } });
});
pair('a loop through one VLAN, and none through two', /loop without spanning tree/, loopByVlans(10), loopByVlans(20));
const isolated = (both: boolean): Topology => draw((b) => {
  const [p, q] = [b.bridge('p'), b.bridge('q')];
  b.link(p, q, { a: { name: 'e1', port: { isolated: true } }, b: { name: 'e1' } });
  b.link(p, q, { a: { name: 'e2', port: { isolated: both } }, b: { name: 'e2' } });
});
pair('a loop, and none between isolated ports', /loop/, isolated(false), isolated(true));
t.test('two rings are two faults, each named once', async (t) => {
  const topology = draw((b) => {
    for (const x of ['a', 'b']) {
      const [p, q, r] = [b.bridge(`${x}1`), b.bridge(`${x}2`), b.bridge(`${x}3`)];
      b.link(p, q); b.link(q, r); b.link(r, p);
    }
  });
  const faults = validateTopology(topology);
  t.equal(faults.length, 2, formatFaults(faults));
  t.match(formatFaults(faults), /a1[^]*b1|b1[^]*a1/);
});

pair('a scale that takes a timer below its unit', /less than one of the hundredths of a second[^]*scale of at most 100/, bridge({ mcast_last_member_interval: s(1) }), bridge({ mcast_last_member_interval: s(10) }), 250);
pair('a scale that takes STP below its floor', /forward_delay is 9\.9 s, so 1\.98 s at scale 5[^]*scale of at most 4/, bridge({ stp_state: true, forward_delay: s(9.9), hello_time: s(10), max_age: s(40) }), bridge({ stp_state: true, forward_delay: s(10), hello_time: s(10), max_age: s(40) }), 5);
pair("a scale that takes STP's defaults below their floor", /hello_time is 2 s, so 670 ms.*kernel's default/, bridge({ stp_state: true, max_age: s(40) }), bridge({ stp_state: true, hello_time: s(3), max_age: s(40) }), 3);
pair("a scale that takes the bridge's own startup query below its floor", /mcast_startup_query_interval.*kernel's default/, bridge({ mcast_querier: true }), bridge({ mcast_querier: false }), 32);
pair("a scale that a query's response time cannot follow", /a query counts it in tenths of a second/, bridge({ mcast_querier: true, mcast_query_response_interval: s(1) }), bridge({ mcast_querier: true, mcast_query_response_interval: s(2.5) }), 25);
pair('a scale that a querier of ours cannot follow', /IGMPv3 query counts it in tenths/, guestsAndQuerier(), mld({}), 101);
t.test('a scale that is none', async (t) => { for (const scale of [0, -1, NaN]) t.match(report(guestsAndQuerier(), scale), /the scale is/); });

t.test('five faults at once: all five', async (t) => {
  const b = new TopologyBuilder();
  const sw = b.bridge('a-switch-with-a-long-name', { options: { mcast_querrier: true } });
  b.guest('alice', { on: sw, addresses: ['192.0.2.1/24'] });
  b.guest('bob', { on: sw, addresses: ['192.0.2.1/24'], mac: '01:00:5e:00:00:01' });
  b.guest('carol', { on: sw });
  const faults = validateTopology(withEnd(b.build(), 'carol', 'b', { master: 'nowhere' }));
  const text = formatFaults(faults);
  for (const words of [/25 bytes/, /did you mean mcast_querier/, /the address 192\.0\.2\.1/, /multicast address/, /its master nowhere does not exist/]) t.match(text, words);
  t.equal(faults.length, 5);
});

t.test('the report counts, and names place, fault and remedy', async (t) => {
  t.equal(formatFaults([]), '');
  t.equal(formatFaults([{ where: 'hv1:bond0', fault: 'it is odd', fix: 'make it even' }]), 'The topology has a fault:\n  hv1:bond0: it is odd.\n    → make it even');
  t.match(formatFaults(validateTopology(bridge({ foo_bar: 1, ageing_time: 1 }))), /^The topology has 2 faults:/);
});

t.test('nearest names', async (t) => {
  t.same(nearest('mcast_querrier', ['mcast_querier', 'mcast_router', 'mtu']), ['mcast_querier']);
  t.same(nearest('alcie', ['alice', 'bob']), ['alice'], 'swapped letters');
  t.same(nearest('zzz', ['alice', 'bob']), []);
  t.same(nearest('querier', ['mcast_querier', 'mcast_querier_interval', 'ageing_time']), ['mcast_querier', 'mcast_querier_interval'], 'a part of a name');
});

t.test('1000 guests are checked in well under a second', async (t) => {
  const big = draw((b) => { const sw = b.bridge('sw'); b.link(sw, b.bridge('core')); for (let i = 0; i < 1_000; i++) b.guest(`g${i}`, { on: sw }); });
  const begin = performance.now();
  t.equal(report(big), '');
  // 0.2 s on a busy machine; quadratic work would take tens of seconds.
  t.ok(performance.now() - begin < 5_000);
});

t.test('a topology from outside the types is reported, not thrown at', async (t) => {
  const odd = { ...guestsAndQuerier() };
  const devices = odd.devices.map((d): BridgeSpec => ({ ...(d as BridgeSpec), options: { mcast_snooping: null as never, ageing_time: Symbol('x') as never } }));
  t.equal(validateTopology({ ...odd, devices }).length, 2);
});

t.test('what a story sets later is held against the scale too', async (t) => {
  t.match(scalingFaults({ mcast_querier: true }, 32), [{ fault: /mcast_startup_query_interval is 31\.25 s.*it is the kernel's default/, fix: /scale of at most 31/ }]);
  t.same(scalingFaults({ mcast_querier: true }, 31), []);
  t.same(scalingFaults({ mcast_querier: true }, 1), []);
  t.match(scalingFaults({ mcast_query_interval: s(20) }, 25), [{ fix: /scale of at most 20/ }]);
  t.same(scalingFaults({ no_such_option: true, mcast_startup_query_interval: s(0.5) }, 1), [], 'what is wrong anyway is not the scale’s fault');
  t.same(scalingFaults({ no_such_option: true }, 25), []);
});
