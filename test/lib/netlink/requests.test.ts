// Every request against the bytes that iproute2 6.1 sent for the same command (recorded with strace -e write=all).
import { readFileSync } from 'node:fs';
import t from 'tap';
import {
  addressAdd, addressDelete, assemble, BOND_OPTIONS, BOND_SLAVE_OPTIONS, BRIDGE_OPTIONS, BRIDGE_PORT_OPTIONS, bpfFilterAdd, bridgePortSet, bridgeVlanAdd, bridgeVlanDelete,
  encodeOptions, fdbAdd, fdbDelete, fdbReplace, linkAdd, linkDelete, linkSet, linkSetOptions, MACVLAN_OPTIONS, mdbAdd, mdbDelete, neighbourAdd,
  neighbourDelete, neighbourReplace, neighbourTableSet, PayloadWriter, portVlanSet, qdiscAdd, routeAdd, routeDelete, slaveSetOptions, toIpWords, vlanDump, vlanMulticastSet, VLAN_OPTIONS,
  type NetlinkRequest, type OptionTable, type OptionValue,
} from '../../../lib/netlink/index.ts';
import { BOND_SAMPLES, BOND_SLAVE_SAMPLES, BRIDGE_PORT_SAMPLES, BRIDGE_SAMPLES, MACVLAN_SAMPLES, VLAN_SAMPLES } from './samples.ts';
import { attributeTree } from './tree.ts';

const recorded = JSON.parse(readFileSync(new URL('./iproute2-6.1.json', import.meta.url), 'utf8')) as Record<string, string>;
const used = new Set<string>();

function golden(command: string): { type: number; payload: Uint8Array } {
  const text = recorded[command];
  if (text === undefined) throw new Error(`not recorded: ${command}`);
  used.add(command);
  const [type = '', payload = ''] = text.split(' ');
  return { type: parseInt(type, 16), payload: Buffer.from(payload, 'hex') };
}

const LINK = { '18': 0, '18.2': 0, '18.2.1': 16, '26': 0, '26.10': 0, '12': 0 };

/** The innermost nest of ip's message that holds the options. */
const data = (payload: Uint8Array, path: readonly number[]): unknown => {
  let bytes = payload, header = 16, found: Uint8Array = new Uint8Array();
  for (const wanted of path) {
    const tree = attributeTree(bytes, header, {}) as [string, ...[number, string][]];
    const hit = tree.slice(1).find((entry) => entry[0] === wanted);
    found = Buffer.from(hit?.[1] ?? '', 'hex');
    bytes = found; header = 0;
  }
  return attributeTree(found, 0, {});
};

void t.test('options: the attribute of each is what ip sends', async (t) => {
  const check = (t: Pick<typeof import('tap').t, 'same'>, table: OptionTable, samples: Readonly<Record<string, OptionValue>>, command: (words: string) => string, path: number[], tool: 'ip' | 'bridge', extra: Readonly<Record<string, OptionValue>> = {}): number => {
    let checked = 0;
    for (const [key, value] of Object.entries(samples)) {
      const words = toIpWords(table, key, key === 'backup_port' ? 'lo' : value, tool);
      if (!words) continue;
      const writer = new PayloadWriter();
      encodeOptions(writer, table, { ...extra, [key]: value }, () => 1);
      t.same(attributeTree(writer.finish(), 0, {}), data(golden(command(words.join(' '))).payload, path), `${key}: ${words.join(' ')}`);
      checked++;
    }
    return checked;
  };
  t.equal(check(t, BRIDGE_OPTIONS, BRIDGE_SAMPLES, (w) => `ip link add name x type bridge ${w}`, [18, 2], 'ip'), 36);
  t.equal(check(t, BOND_OPTIONS, { ...BOND_SAMPLES }, (w) => `ip link add name x type bond ${w}`, [18, 2], 'ip'), 30);
  t.equal(check(t, MACVLAN_OPTIONS, MACVLAN_SAMPLES, (w) => `ip link add link lo name x type macvlan ${w}`, [18, 2], 'ip'), 1);
  t.equal(check(t, VLAN_OPTIONS, { id: 42 }, (w) => `ip link add link lo name x type vlan ${w}`, [18, 2], 'ip'), 1);
  const { id: _, ...rest } = VLAN_SAMPLES;
  t.equal(check(t, VLAN_OPTIONS, rest, (w) => `ip link add link lo name x type vlan id 42 ${w}`, [18, 2], 'ip', { id: 42 }), 6);
  t.equal(check(t, BRIDGE_PORT_OPTIONS, BRIDGE_PORT_SAMPLES, (w) => `ip link set dev lo type bridge_slave ${w}`, [18, 5], 'ip'), 21);
  t.equal(check(t, BRIDGE_PORT_OPTIONS, BRIDGE_PORT_SAMPLES, (w) => `bridge link set dev lo ${w}`, [12], 'bridge'), 18);
  t.equal(check(t, BOND_SLAVE_OPTIONS, BOND_SLAVE_SAMPLES, (w) => `ip link set dev lo type bond_slave ${w}`, [18, 5], 'ip'), 2);
  await Promise.resolve();
});

void t.test('requests: type, header and attributes are what iproute2 sends', async (t) => {
  const cases: [string, NetlinkRequest, number, Readonly<Record<string, number>>][] = [];
  const add = (header: number, nests: Readonly<Record<string, number>>, entries: Record<string, NetlinkRequest>): void => {
    for (const [command, request] of Object.entries(entries)) cases.push([command, request, header, nests]);
  };
  add(16, LINK, {
    'ip link add name v1 type veth peer name eth0': linkAdd({ kind: 'veth', name: 'v1', peer: { name: 'eth0' } }),
    'ip link add name v1 address 02:00:00:00:00:01 mtu 1400 type veth peer name eth0 address 02:00:00:00:00:02':
      linkAdd({ kind: 'veth', name: 'v1', mac: '02:00:00:00:00:01', mtu: 1400, peer: { name: 'eth0', mac: '02:00:00:00:00:02' } }),
    'ip link set dev lo up': linkSet(1, { up: true }),
    'ip link set dev lo mtu 1400 address 02:00:00:00:00:01': linkSet(1, { mtu: 1400, mac: '02:00:00:00:00:01' }),
    'ip link set dev lo nomaster': linkSet(1, { master: 0 }),
    'ip link set dev lo carrier off': linkSet(1, { carrier: false }),
    'ip link set dev lo addrgenmode none': linkSet(1, { addrGenMode: 'none' }),
    'ip link set dev lo arp off multicast on allmulticast off promisc on': linkSet(1, { arp: false, multicast: true, allmulticast: false, promiscuous: true }),
    'ip link delete dev lo': linkDelete(1),
    'bridge link set dev lo cost 444': bridgePortSet(1, { cost: 444 }),
    'bridge vlan add dev lo vid 7 pvid untagged': bridgeVlanAdd({ index: 1, vid: 7, pvid: true, untagged: true }),
    'bridge vlan add dev lo vid 10-20': bridgeVlanAdd({ index: 1, vid: 10, end: 20 }),
    'bridge vlan add dev lo vid 7 self': bridgeVlanAdd({ index: 1, vid: 7, self: true }),
    'bridge vlan delete dev lo vid 7': bridgeVlanDelete({ index: 1, vid: 7 }),
  });
  add(8, {}, {
    'ip address add 192.0.2.1/24 broadcast 192.0.2.255 dev lo': addressAdd({ index: 1, address: '192.0.2.1/24' }),
    'ip address add 2001:db8::1/64 dev lo nodad': addressAdd({ index: 1, address: '2001:db8::1/64', noDad: true }),
  });
  add(12, {}, {
    'ip route add default via 192.0.2.254 dev lo': routeAdd({ destination: 'default', via: '192.0.2.254', index: 1 }),
    'ip route add 198.51.100.0/24 dev lo metric 50': routeAdd({ destination: '198.51.100.0/24', index: 1, metric: 50 }),
    'ip route add 2001:db8:1::/48 via 2001:db8::2 dev lo': routeAdd({ destination: '2001:db8:1::/48', via: '2001:db8::2', index: 1 }),
    'ip route delete 198.51.100.0/24 dev lo': routeDelete({ destination: '198.51.100.0/24', index: 1 }),
    'ip neighbour add 192.0.2.9 lladdr 02:00:00:00:00:09 dev lo nud permanent': neighbourAdd({ index: 1, address: '192.0.2.9', mac: '02:00:00:00:00:09' }),
    'ip neighbour replace 2001:db8::9 lladdr 02:00:00:00:00:09 dev lo nud stale': neighbourReplace({ index: 1, address: '2001:db8::9', mac: '02:00:00:00:00:09', state: 'stale' }),
    'ip neighbour delete 192.0.2.9 dev lo': neighbourDelete({ index: 1, address: '192.0.2.9' }),
    'bridge fdb add 02:00:00:00:00:09 dev lo master static vlan 7': fdbAdd({ index: 1, mac: '02:00:00:00:00:09', entry: 'static', vlan: 7 }),
    'bridge fdb replace 02:00:00:00:00:09 dev lo master dynamic sticky': fdbReplace({ index: 1, mac: '02:00:00:00:00:09', entry: 'dynamic', sticky: true }),
    'bridge fdb add 02:00:00:00:00:09 dev lo self permanent': fdbAdd({ index: 1, mac: '02:00:00:00:00:09', entry: 'permanent', self: true }),
    'bridge fdb delete 02:00:00:00:00:09 dev lo master': fdbDelete({ index: 1, mac: '02:00:00:00:00:09' }),
  });
  add(8, { '2': 0 }, {
    'bridge mdb add dev lo port lo grp 239.192.5.5 permanent': mdbAdd({ bridge: 1, port: 1, group: '239.192.5.5', state: 'permanent' }),
    'bridge mdb add dev lo port lo grp ff15::5 temp vid 7': mdbAdd({ bridge: 1, port: 1, group: 'ff15::5', vlan: 7 }),
    'bridge mdb add dev lo port lo grp 239.1.1.1 src 192.0.2.1 permanent': mdbAdd({ bridge: 1, port: 1, group: '239.1.1.1', source: '192.0.2.1', state: 'permanent' }),
    'bridge mdb del dev lo port lo grp 239.192.5.5': mdbDelete({ bridge: 1, port: 1, group: '239.192.5.5' }),
  });
  const program = assemble([{ load: 'byte', at: 0 }, { test: 'any-bit', value: 1, else: 'pass' }, { load: 'mark' }, { test: 'above', value: 2058, else: 'pass' }, { label: 'drop' }, { end: 2 }, { label: 'pass' }, { end: -1 }]);
  add(20, { '2': 0 }, {
    'tc qdisc add dev lo clsact': qdiscAdd(1, 'clsact'),
    'tc filter add dev lo egress protocol all pref 3 bpf bytecode "6,48 0 0 0,69 0 3 1,32 0 0 4294963220,37 0 1 2058,6 0 0 2,6 0 0 4294967295" direct-action':
      bpfFilterAdd({ index: 1, direction: 'egress', priority: 3, program }),
    'tc filter add dev lo ingress protocol all pref 1 bpf bytecode "1,6 0 0 4294967295" direct-action':
      bpfFilterAdd({ index: 1, direction: 'ingress', priority: 1, program: assemble([{ end: -1 }]) }),
  });
  add(8, { '1': 0, '2': 0 }, {
    'bridge vlan global set vid 10 dev lo mcast_snooping 1 mcast_querier 1': vlanMulticastSet({ index: 1, vid: 10 }, { mcast_snooping: true, mcast_querier: true }),
    'bridge vlan global set vid 10-11 dev lo mcast_igmp_version 3 mcast_mld_version 2 mcast_last_member_count 3 mcast_startup_query_count 4 mcast_last_member_interval 200 mcast_membership_interval 13000 mcast_querier_interval 36000 mcast_query_interval 6000 mcast_query_response_interval 500 mcast_startup_query_interval 700':
      vlanMulticastSet({ index: 1, vid: 10, end: 11 }, {
        mcast_igmp_version: 3, mcast_mld_version: 2, mcast_last_member_count: 3, mcast_startup_query_count: 4, mcast_last_member_interval: 2_000, mcast_membership_interval: 130_000,
        mcast_querier_interval: 360_000, mcast_query_interval: 60_000, mcast_query_response_interval: 5_000, mcast_startup_query_interval: 7_000,
      }),
    'bridge vlan set vid 10 dev lo mcast_router 2': portVlanSet({ index: 1, vid: 10 }, { mcast_router: 'permanent' }),
    'bridge vlan set vid 10-12 dev lo state blocking': portVlanSet({ index: 1, vid: 10, end: 12 }, { state: 'blocking' }),
  });
  add(8, {}, { 'bridge vlan global show': vlanDump('global'), 'bridge -d vlan show': vlanDump('ports') });
  for (const [command, request, header, nests] of cases) {
    const { type, payload } = golden(command);
    t.equal(request.type, type, `${command}: message type`);
    t.same(attributeTree(request.payload, header, nests), attributeTree(payload, header, nests), command);
  }
  await Promise.resolve();
});

void t.test('the few that differ from iproute2 on purpose', async (t) => {
  // ip names the family only if told to (AF_UNSPEC finds the table by name); the kernel takes both.
  const table = golden('ip ntable change name arp_cache dev lo base_reachable 5000 retrans 500 gc_stale 9000 delay_probe 1000');
  const ours = neighbourTableSet('inet', { base_reachable_time: 5000, retrans_time: 500, gc_staletime: 9000, delay_probe_time: 1000 }, 1);
  t.equal(ours.type, table.type);
  t.same(attributeTree(ours.payload, 4, { '6': 0 }).slice(1), attributeTree(table.payload, 4, { '6': 0 }).slice(1));
  // Deleting, ip also sends IFA_ADDRESS only when told a peer.
  const removal = addressDelete({ index: 1, address: '192.0.2.1/24' });
  t.equal(removal.type, golden('ip address delete 192.0.2.1/24 dev lo').type);
  await Promise.resolve();
});

void t.test('a wrong attribute number is seen', async (t) => {
  const wrong: OptionTable = { ...BRIDGE_OPTIONS, mcast_querier_interval: { ...BRIDGE_OPTIONS.mcast_querier_interval, attribute: 33 } };
  const truth = data(golden('ip link add name x type bridge mcast_querier_interval 360000').payload, [18, 2]);
  const encoded = (table: OptionTable): unknown => {
    const writer = new PayloadWriter();
    encodeOptions(writer, table, { mcast_querier_interval: 3_600_000 });
    return attributeTree(writer.finish(), 0, {});
  };
  t.same(encoded(BRIDGE_OPTIONS), truth, 'positive control');
  t.notSame(encoded(wrong), truth, 'the doctored table');
  t.same(data(linkSetOptions('br0', 'bridge', { mcast_querier_interval: 3_600_000 }).payload, [18, 2]), truth);
  t.ok(slaveSetOptions(1, 'bridge', { cost: 5 }).payload.length > 16);
  await Promise.resolve();
});

void t.test('every recorded command was compared', async (t) => {
  t.same(Object.keys(recorded).filter((command) => !used.has(command)), []);
  await Promise.resolve();
});
