// The script as text. test/harness/shell-export.test.ts runs it.
import t from 'tap';
import { execFileSync, spawnSync } from 'node:child_process';
import { compilePlan, type Plan, type Step } from '../../lib/plan.ts';
import { shellScript } from '../../lib/shell-export.ts';
import { ms, s } from '../../lib/units.ts';
import { bondedHypervisor, draw, guestsAndQuerier, movableGuest, ring, strictSwitch } from './topologies.ts';

const about = { title: 'a title', scenario: 'multicast/expiry', variant: 'legacy' };
const scriptOf = (steps: readonly Step[]): string => shellScript({ seed: 1, scale: 1, steps }, about);
const scripts = [guestsAndQuerier(), bondedHypervisor('802.3ad', { lacp_rate: 'fast' }), movableGuest(), ring({ stp_state: true }), strictSwitch()].map((topology) => shellScript(compilePlan(topology, { seed: 7 }), about));

t.test('every script is one that dash parses, and that shellcheck finds nothing in', async (t) => {
  for (const text of scripts) execFileSync('sh', ['-n'], { input: text });
  const shellcheck = spawnSync('shellcheck', ['--version']);
  if (shellcheck.error) { t.comment('shellcheck is not installed: apt-get install shellcheck'); return; }
  for (const text of scripts) t.equal(spawnSync('shellcheck', ['-'], { input: text, encoding: 'utf8' }).stdout, '');
});

t.test('the same plan gives the same script', async (t) => {
  t.equal(shellScript(compilePlan(movableGuest(), { seed: 7 }), about), scripts[2]);
});

t.test('options in the words and units of ip', async (t) => {
  t.match(scripts[0], /^link add name vmbr0 address 02:[0-9a-f:]+ type bridge forward_delay 0 stp_state 0 mcast_snooping 1 mcast_querier 0 mcast_querier_interval 25500$/m);
  t.match(scripts[0], /^link set dev bob type bridge_slave fastleave on$/m);
  t.match(scripts[1], /type bond mode 802\.3ad miimon 100 lacp_rate fast$/m);
  t.match(scripts[3], /^swb 3,4 45$/m, 'with STP a port may block');
  t.match(scripts[0], /^alice 3 15$/m);
});

t.test('filters in the words of tc; what no command builds is said at the top', async (t) => {
  t.match(scripts[4], /^batch tc sw <<'END'$|^ {2}batch tc sw <<'END'$/m);
  t.match(scripts[4], /^# drops outgoing multicast of more than 2044 bytes \(IP\)\nfilter add dev far egress protocol all pref 2 bpf bytecode "6,48 0 0 0,69 0 3 1,128 0 0 0,37 0 1 2058,6 0 0 2,6 0 0 4294967295" direct-action$/m);
  t.match(scripts[4], /^qdisc add dev far clsact$/m);
  t.match(scripts[4], /^# NOT in it: the CPU of sw, a process of wirewarp/m);
  t.notMatch(scripts[0], /NOT in it/);
});

t.test('every kind of step is written', async (t) => {
  const text = scriptOf([
    { do: 'namespace', node: 'h' },
    { do: 'sysctl', node: 'h', key: 'net/ipv4/tcp_rmem', value: '4096 131072 6291456' },
    { do: 'bond', node: 'h', name: 'bond0', mac: '02:00:00:00:00:01', mtuBytes: 9_000, options: { mode: 'active-backup', arp_interval: ms(500), arp_ip_target: ['192.0.2.1', '192.0.2.2'], coupled_control: false, num_peer_notif: 3 } },
    { do: 'bridge', node: 'h', name: 'br', mac: '02:00:00:00:00:02', options: { fdb_max_learned: 9, mcast_router: 'permanent' } },
    { do: 'dummy', node: 'h', name: 'd0', mac: '02:00:00:00:00:03', options: {} },
    { do: 'veth', a: { node: 'h', name: 'e1', mac: '02:00:00:00:00:04', mtuBytes: 9_000 }, b: { node: 'h', name: 'e2', mac: '02:00:00:00:00:05' } },
    { do: 'vlan', node: 'h', name: 'v', over: 'bond0', id: 10, mac: '02:00:00:00:00:06', mtuBytes: 1_400 },
    { do: 'slave', node: 'h', name: 'e1', options: { queue_id: 2 } },
    { do: 'bond-options', node: 'h', name: 'bond0', options: { primary: 'e1' } },
    { do: 'port', node: 'h', name: 'e2', options: { mcast_eht_hosts_limit: 7, learning: false } },
    { do: 'vlan-member', node: 'h', name: 'e2', id: 10, pvid: true, untagged: true, self: false },
    { do: 'vlan-member', node: 'h', name: 'br', id: 10, pvid: false, untagged: false, self: true },
    { do: 'address', node: 'h', name: 'v', address: '2001:db8::1/64' },
    { do: 'route', node: 'h', to: 'default', via: '192.0.2.1', device: 'v' },
    { do: 'neighbour', node: 'h', device: 'v', address: '192.0.2.7', mac: '02:00:00:00:00:07' },
    { do: 'ready', node: 'h', name: 'v', withinMs: 1_500 },
  ]);
  for (const line of [
    '/proc/sys/net/ipv4/tcp_rmem 4096 131072 6291456',
    'link add name bond0 address 02:00:00:00:00:01 mtu 9000 type bond mode active-backup arp_interval 500 arp_ip_target 192.0.2.1,192.0.2.2 num_grat_arp 3',
    '/sys/class/net/bond0/bonding/coupled_control 0',
    'link add name br address 02:00:00:00:00:02 type bridge mcast_router 2',
    '# later than iproute2 6.1:', 'link set dev br type bridge fdb_max_learned 9',
    'link add name d0 address 02:00:00:00:00:03 type dummy',
    'link add name e1 netns ${PREFIX}h address 02:00:00:00:00:04 mtu 9000 type veth peer name e2 netns ${PREFIX}h address 02:00:00:00:00:05',
    'link add link bond0 name v address 02:00:00:00:00:06 mtu 1400 type vlan id 10',
    'link set dev e1 type bond_slave queue_id 2', 'link set dev bond0 type bond primary e1',
    'link set dev e2 type bridge_slave learning off', '/sys/class/net/e2/brport/multicast_eht_hosts_limit 7',
    'vlan add dev e2 vid 10 pvid untagged', 'vlan add dev br vid 10 self', 'addr add 2001:db8::1/64 dev v nodad', 'route add default via 192.0.2.1 dev v',
    'neigh replace 192.0.2.7 lladdr 02:00:00:00:00:07 nud permanent dev v', 'v - 2',
  ]) t.ok(text.split('\n').includes(line), line);
  t.ok(text.indexOf('vlan add dev e2') > text.indexOf('batch bridge h'), 'VLANs are bridge\'s');
});

t.test('nothing in a plan or its title becomes a command', async (t) => {
  const wicked = shellScript(compilePlan(guestsAndQuerier(), { seed: 1 }), { title: "it's\n$(touch /tmp/x) `id`\nEND\nrm", scenario: "a'; id; '", variant: '\u0007"$HOME' });
  execFileSync('sh', ['-n'], { input: wicked });
  t.notMatch(wicked, /^(rm|END\nrm|\$\(touch)/m);
  t.match(wicked, /^MARK='<wirewarp a'\\''; id; '\\'' "\$HOME seed 1>'$/m);
  const bad: [string, Step][] = [
    ['a node', { do: 'namespace', node: 'a b' }], ['a node', { do: 'namespace', node: '$(id)' }], ['a node', { do: 'namespace', node: '../x' }],
    ['a device', { do: 'up', node: 'h', name: 'e1\nlink del lo' }], ['a comment', { do: 'up', node: 'h', name: 'e#1' }], ['an option', { do: 'up', node: 'h', name: '-h' }],
    ['an address', { do: 'address', node: 'h', name: 'e1', address: "192.0.2.1/24' dev lo" }], ['a sysctl', { do: 'sysctl', node: 'h', key: 'net/x', value: '1\n/etc/passwd x' }],
  ];
  for (const [what, step] of bad) t.throws(() => scriptOf([{ do: 'namespace', node: 'h' }, step]), TypeError, what);
});

t.test('a long mark is cut between characters', async (t) => {
  const mark = /^MARK='(.*)'$/m.exec(shellScript(compilePlan(guestsAndQuerier(), { seed: 1 }), { ...about, scenario: 'ü'.repeat(300) }))?.[1] ?? '';
  t.ok(Buffer.byteLength(mark) < 250 && !mark.includes('\ufffd'), mark);
});

t.test('a network without cables, and one with nothing to wait for', async (t) => {
  const plan: Plan = compilePlan(draw((b) => { b.host('h').bridge('br', { options: { ageing_time: s(1) } }); }), { seed: 1 });
  const text = shellScript(plan, about);
  execFileSync('sh', ['-n'], { input: text });
  t.match(text, /wait_until_ready\(\) \{\n {2}:\n\}/);
  t.match(text, /ageing_time 100$/m);
});
