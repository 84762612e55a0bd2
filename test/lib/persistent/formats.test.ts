import t from 'tap';
import { formatOf, persistent, PersistentError, problemLine, readPersistent, type FileText, type Persistent } from '../../../lib/persistent/index.ts';
import { s, ms } from '../../../lib/units.ts';

const read = (bridge: string, ...files: FileText[]): Persistent => readPersistent(files, bridge);
const file = (path: string, text: string, executable?: boolean): FileText => ({ path, text, ...(executable === undefined ? {} : { executable }) });
const problems = (p: Persistent): string[] => p.problems.map(problemLine);

const IFCFG = 'etc/sysconfig/network-scripts/ifcfg-vmbr0';

t.test('ifcfg: the options line of the case, DELAY in seconds', async (t) => {
  const p = read('vmbr0', file(IFCFG, ['DEVICE=vmbr0', 'TYPE=Bridge', 'ONBOOT=yes', 'BOOTPROTO=static', 'IPADDR=192.0.2.1', 'PREFIX=24', 'DELAY=0', 'STP=off', 'AGEING=60', "BRIDGING_OPTS='multicast_querier=1  multicast_query_interval=6000 priority=4096'"].join('\n')));
  t.same(p.problems, []);
  t.same(p.options, { forward_delay: s(0), ageing_time: s(60), stp_state: false, mcast_querier: true, mcast_query_interval: s(60), priority: 4096 });
  const querier = p.settings.find((x) => x.option === 'mcast_querier');
  t.match(querier, { file: IFCFG, line: 10, bridge: 'vmbr0' });
});

t.test('ifcfg: quoting as the shell reads it, and the last assignment counts', async (t) => {
  const p = read('vmbr0', file(IFCFG, 'TYPE="Bridge" # a bridge\nBRIDGING_OPTS=multicast_querier=0\nBRIDGING_OPTS="multicast_querier=1 \\\n multicast_snooping=1"\nNAME=uplink\n'));
  t.same(p.problems, []);
  t.same(p.options, { mcast_querier: true, mcast_snooping: true });
});

t.test('ifcfg: a misspelt option is named with its file, its line and what is near', async (t) => {
  const p = read('vmbr0', file(IFCFG, 'DEVICE=vmbr0\nTYPE=Bridge\nBRIDGING_OPTS="multicast_querrier=1 hello_time=2 foo"\nDELEY=0\n'));
  t.same(p.options, {});
  t.match(problems(p), [
    /ifcfg-vmbr0:4: DELEY is no variable.*did you mean DELAY/, /ifcfg-vmbr0:3: a bridge has no option multicast_querrier; did you mean multicast_querier/,
    /ifcfg-vmbr0:3: hello_time: it comes to 20 ms.*hundredths of a second \(NetworkManager reads seconds here\)/, /ifcfg-vmbr0:3: BRIDGING_OPTS: "foo" is not NAME=VALUE/,
  ]);
});

t.test('ifcfg: names of ip, commas, words for numbers, and TYPE=bridge are refused', async (t) => {
  t.match(problems(read('vmbr0', file(IFCFG, 'TYPE=Bridge\nBRIDGING_OPTS="mcast_querier=1 multicast_snooping=on a=1,b=2"'))), [/no option mcast_querier; that is the name `ip` gives it; write multicast_querier/, /"on" is neither on nor off: the kernel takes a number/, /has a comma/]);
  const lower = read('vmbr0', file(IFCFG, 'TYPE=bridge\nBRIDGING_OPTS="multicast_querier=1"'));
  t.same(lower.options, {});
  t.match(problems(lower), [/letter by letter; write TYPE=Bridge/]);
  t.match(problems(read('vmbr0', file(IFCFG, 'TYPE=Bridge\nBRIDGING_OPTS="multicast_querier=$(cat /etc/q)"\nrm -rf /\n'))), [/cannot be read off/, /no assignment/]);
});

t.test('ifcfg: a member sets its port', async (t) => {
  const p = read('vmbr0', file('ifcfg-eth0', 'DEVICE=eth0\nBRIDGE=vmbr0\nBRIDGING_OPTS="multicast_flood=0 path_cost=50 multicast_fast_leave=1"\n'));
  t.same([p.options, p.ports, p.problems], [{}, { eth0: { mcast_flood: false, cost: 50, fastleave: true } }, []]);
  t.same(read('vmbr1', file('ifcfg-eth0', 'DEVICE=eth0\nBRIDGE=vmbr0\nBRIDGING_OPTS="multicast_flood=0"\n')).ports, {});
});

t.test('interfaces: bridge_* and bridge-*, seconds, post-up with $IFACE', async (t) => {
  const text = `auto lo
iface lo inet loopback

auto vmbr0
iface vmbr0 inet static
    address 192.0.2.10/24
    gateway 192.0.2.1
    bridge_ports eth0
    bridge_stp off
    bridge_fd 0.5
    bridge-ageing 300
    bridge_maxwait 0
    bridge-mcsnoop yes
    bridge-mcqi 60
    bridge_pathcost eth0 19
    # how the notes of Proxmox VE write it
    post-up ( echo 1 > /sys/devices/virtual/net/$IFACE/bridge/multicast_querier )
    post-down echo gone
`;
  const p = read('vmbr0', file('/etc/network/interfaces', text));
  t.same(p.problems, []);
  t.same(p.options, { stp_state: false, forward_delay: ms(500), ageing_time: s(300), mcast_snooping: true, mcast_query_interval: s(60), mcast_querier: true });
  t.same(p.ports, { eth0: { cost: 19 } });
  t.equal(p.settings.find((x) => x.option === 'mcast_querier')?.line, 17);
});

t.test('interfaces: what goes wrong there', async (t) => {
  const p = read('vmbr0', file('/etc/network/interfaces', `source /etc/network/interfaces.d/*
iface vmbr0 inet manual
  bridge_ports none
  bridge_mcquerrier 1
  brigde_fd 0
  pre-up echo 1 > /sys/class/net/$IFACE/bridge/multicast_querier
  adress 192.0.2.1
  bridge-vids 2-4094
iface eth0 inet manual
  post-up echo 1 > /sys/class/net/vmbr0/bridge/multicast_querier
`));
  t.same(p.options, {});
  t.match(problems(p), [
    /interfaces:1: .*none of its files was handed over/, /:4: a bridge has no option bridge_mcquerrier; did you mean bridge_mcquerier/, /:5: brigde_fd .*did you mean bridge_fd/,
    /:6: pre-up runs before vmbr0 is there/, /:7: adress .*did you mean address/, /:8: bridge-vids is not carried over/, /:10: it is written when eth0 comes up, not when vmbr0 is made/,
  ]);
  const sourced = read('vmbr0', file('/etc/network/interfaces', 'source /etc/network/interfaces.d/*\n'), file('/etc/network/interfaces.d/vmbr0', 'iface vmbr0 inet manual\n  bridge-mcquerier on\n'));
  t.same([sourced.problems, sourced.options], [[], { mcast_querier: true }]);
});

t.test('networkd: .netdev, time spans, .network of a port, drop-ins', async (t) => {
  const netdev = file('/etc/systemd/network/10-vmbr0.netdev', '[NetDev]\nName=vmbr0\nKind=bridge\n; comment\n[Bridge]\nMulticastQuerier=yes\nForwardDelaySec=2\nAgeingTimeSec=2min 30s\nMulticastIGMPVersion=3\nDefaultPVID=none\nSTP=no\nVLANProtocol=802.1ad\n');
  const port = file('/etc/systemd/network/20-eth0.network', '[Match]\nName=eth0\n[Network]\nBridge=vmbr0\n[Bridge]\nMulticastFlood=no\nFastLeave=true\nUseBPDU=no\nMulticastRouter=permanent\nCost=7\n');
  const p = read('vmbr0', netdev, port);
  t.same(p.problems, []);
  t.same(p.options, { mcast_querier: true, forward_delay: s(2), ageing_time: s(150), mcast_igmp_version: 3, vlan_default_pvid: 0, stp_state: false, vlan_protocol: '802.1ad' });
  t.same(p.ports, { eth0: { mcast_flood: false, fastleave: true, guard: true, mcast_router: 'permanent', cost: 7 } });
  const dropped = read('vmbr0', file('/etc/systemd/network/10-vmbr0.netdev.d/q.conf', '[Bridge]\nMulticastQuerier=no\n'), netdev);
  t.equal(dropped.options['mcast_querier'], false, 'the drop-in has the last word');
  t.same(dropped.problems, []);
  t.same(read('br0', file('/etc/systemd/network/10-netplan-br0.netdev.d/q.conf', '[Bridge]\nMulticastQuerier=yes\n')).options, { mcast_querier: true });
  t.match(problems(read('x', file('/etc/systemd/network/9-x.netdev.d/q.conf', '[Bridge]\nMulticastQuerier=yes\n'))), [/cannot be read off the file; hand the \.netdev over too/]);
});

t.test('networkd: faults', async (t) => {
  t.match(problems(read('vmbr0', file('a.netdev', '[NetDev]\nName=vmbr0\nKind=bridge\nMTUByte=1\n[Brigde]\nSTP=1\n[Bridge]\nMulticastQuerrier=yes\nSTP=maybe\nHelloTimeSec=20s\nMaxAgeSec=0\nForwardDelaySec=infinity\nnonsense\n'))), [
    /:13: this is neither/, /:4: \[NetDev\] has no key MTUByte; did you mean MTUBytes/, /:5: .*no section \[Brigde\]; did you mean Bridge/, /:8: \[Bridge\] has no key MulticastQuerrier; did you mean MulticastQuerier/,
    /:9: STP: "maybe" is neither on nor off/, /:10: HelloTimeSec: it comes to 20 s, and the kernel takes 1 s to 10 s/, /:11: systemd-networkd does not set MaxAgeSec when it is 0/, /:12: .*"infinity" is not a length of time/,
  ]);
  t.match(problems(read('vmbr0', file('b.network', '[Match]\nName=tap*\n[Network]\nBridge=vmbr0\n[Bridge]\nFastLeave=1\n'))), [/which ports the file is for/]);
  t.match(problems(read('vmbr0', file('b.network', '[Match]\nName=eth0\n[Network]\nBrdige=vmbr0\n'))), [/did you mean Bridge/]);
  t.same(read('vmbr0', file('c.netdev', '[NetDev]\nName=bond0\nKind=bond\n[Bond]\nMode=802.3ad\n')).problems, [], 'a bond is somebody else');
});

t.test('NetworkManager: seconds for STP and ageing, hundredths for multicast, STP on by default', async (t) => {
  const text = '[connection]\nid=vmbr0\nuuid=1b1b\ntype=bridge\ninterface-name=vmbr0\n\n[bridge]\nmulticast-querier=true\nmulticast-query-interval=6000\nageing-time=60\nforward-delay=4\nmulticast-router=enabled\n';
  const p = read('vmbr0', file('/etc/NetworkManager/system-connections/vmbr0.nmconnection', text));
  t.same(p.problems, []);
  t.same(p.options, { mcast_querier: true, mcast_query_interval: s(60), ageing_time: s(60), forward_delay: s(4), mcast_router: 'permanent', stp_state: true });
  t.match(p.settings.find((x) => x.option === 'stp_state'), { line: 7, text: /default is true/ });
  const port = file('/etc/NetworkManager/system-connections/eth0', '[connection]\ntype=ethernet\ninterface-name=eth0\nmaster=1b1b\nslave-type=bridge\n[bridge-port]\nhairpin-mode=true\npath-cost=5\n');
  t.same(read('vmbr0', file('/etc/NetworkManager/system-connections/vmbr0', `${text}stp=false\n`), port).ports, { eth0: { hairpin: true, cost: 5 } });
  t.match(problems(read('vmbr0', file('v.nmconnection', '[connection]\ntype=bridge\ninterface-name=vmbr0\n[bridge]\nstp=false\nmulticast-queryer=true\nmulticast-snooping=yes\nforward-delay=1.5x\n'))), [
    /:6: \[bridge\] has no key multicast-queryer; did you mean .*multicast-querier/, /:7: multicast-snooping: "yes" is neither true nor false/, /:8: forward-delay: "1.5x" is not a number of seconds/,
  ]);
});

t.test('netplan: its parameters, STP on by default, and no multicast', async (t) => {
  const p = read('br0', file('/etc/netplan/01.yaml', 'network:\n  version: 2\n  renderer: networkd\n  bridges:\n    br0:\n      interfaces: [eth0]\n      dhcp4: no\n      parameters:\n        stp: false\n        forward-delay: 4\n        ageing-time: 500ms\n        priority: 4096\n        path-cost: {eth0: 7}\n        port-priority:\n          eth0: 3\n'));
  t.same(p.problems, []);
  t.same(p.options, { stp_state: false, forward_delay: s(4), ageing_time: ms(500), priority: 4096 });
  t.same(p.ports, { eth0: { cost: 7, priority: 3 } });
  const wrong = read('br0', file('/etc/netplan/01.yaml', 'network:\n  bridges:\n    br0:\n      parameters:\n        multicast-querier: true\n        foward-delay: 2\n      adresses: []\n'));
  t.same(wrong.options, { stp_state: true });
  t.match(problems(wrong), [/:5: netplan's parameters have no multicast-querier; netplan has no option for multicast.*10-netplan-br0\.netdev\.d/, /:6: .*did you mean forward-delay/, /:7: a bridge has no key adresses; did you mean addresses/]);
  t.match(problems(read('br0', file('/etc/netplan/01.yaml', 'network:\n  bridges: {br0: [}\n'))), [/:2: no YAML/]);
  t.same(read('br0', file('/etc/netplan/01.yaml', 'network:\n  bridges:\n    br0:\n')).options, {}, 'without parameters netplan leaves STP to the kernel');
});

t.test('a file for another bridge says nothing of this one', async (t) => {
  for (const f of [
    file('ifcfg-vmbr1', 'DEVICE=vmbr1\nTYPE=Bridge\nBRIDGING_OPTS=multicast_querier=1\n'), file('interfaces', 'iface vmbr1 inet manual\n  bridge-mcquerier 1\n  post-up echo 1 > /sys/class/net/$IFACE/bridge/multicast_querier\n'),
    file('a.netdev', '[NetDev]\nName=vmbr1\nKind=bridge\n[Bridge]\nMulticastQuerier=1\n'), file('/sbin/ifup-local', '#!/bin/sh\nif [ "$1" = vmbr1 ]; then echo 1 > /sys/class/net/$1/bridge/multicast_querier; fi\n', true),
    file('9.rules', 'ACTION=="add", SUBSYSTEM=="net", KERNEL=="vmbr1", ATTR{bridge/multicast_querier}="1"\n'),
  ]) {
    const p = read('vmbr0', f);
    t.same([p.options, p.problems], [{}, []], f.path);
    t.same(p.bridges, ['vmbr1'], `${f.path}: it is said whose it is`);
    t.same(read('vmbr1', f).options, { mcast_querier: true }, `${f.path}: for its own bridge it counts`);
  }
});

t.test('two files that differ: a script has the last word, otherwise it is a problem', async (t) => {
  const ifcfg = file(IFCFG, 'TYPE=Bridge\nDELAY=15\nBRIDGING_OPTS=multicast_querier=0\n');
  const local = file('/sbin/ifup-local', '#!/bin/sh\necho 1 > /sys/class/net/$1/bridge/multicast_querier\n', true);
  const both = read('vmbr0', local, ifcfg);
  t.same([both.options['mcast_querier'], both.problems], [true, []]);
  const rule = file('9.rules', 'ACTION=="add", SUBSYSTEM=="net", ATTR{bridge/multicast_querier}="1"\n');
  t.match(problems(read('vmbr0', rule, ifcfg)), [/ifcfg-vmbr0:3: mcast_querier is another than in 9\.rules:1.*not certain/]);
});

t.test('STP and a forward delay that the kernel refuses together', async (t) => {
  t.match(problems(read('vmbr0', file(IFCFG, 'TYPE=Bridge\nSTP=on\nDELAY=0\n'))), [/ifcfg-vmbr0:3: with STP on the kernel takes a forward delay of 2 s to 30 s/]);
  t.same(read('vmbr0', file(IFCFG, 'TYPE=Bridge\nSTP=off\nDELAY=0\n')).problems, []);
});

t.test('formats are known by path, and by text where the path does not tell', async (t) => {
  const table: [string, string, string | undefined][] = [
    ['ifcfg-br0', '', 'ifcfg'], ['/sbin/ifup-local', '', 'hook'], ['/etc/NetworkManager/dispatcher.d/50-q', '', 'hook'], ['/etc/network/if-up.d/q', '', 'hook'], ['x.rules', '', 'udev'], ['interfaces', '', 'interfaces'], ['a.netdev', '', 'netdev'], ['a.network', '', 'network'],
    ['a.netdev.d/b.conf', '', 'netdev drop-in'], ['a.nmconnection', '', 'keyfile'], ['n.yaml', 'network:\n', 'netplan'], ['n.yaml', 'spec: 1\n', undefined],
    ['notes.txt', 'iface br0 inet manual\n', 'interfaces'], ['notes.txt', 'DEVICE=br0\n', 'ifcfg'], ['notes.txt', '[connection]\n', 'keyfile'], ['notes.txt', '[NetDev]\n', 'netdev'], ['notes.txt', 'ACTION=="add"', 'udev'], ['helper', '#!/bin/sh\n', 'script'], ['notes.txt', 'hello', undefined],
  ];
  for (const [path, text, format] of table) t.equal(formatOf({ path, text }), format, `${path} ${text}`);
  t.match(problems(read('br0', file('notes.txt', 'hello'))), [/notes.txt:1: the file is of no kind that is known here/]);
  t.match(problems(read('br0', file('helper', '#!/bin/sh\necho 1 > /sys/class/net/br0/bridge/multicast_querier\n'))), [/nothing among the files runs it/]);
});

t.test('lines that end in CR LF: what a shell would make of them is said, and nothing is taken', async (t) => {
  for (const f of [file(IFCFG, 'TYPE=Bridge\r\nBRIDGING_OPTS=multicast_querier=1\r\n'), file('/sbin/ifup-local', '#!/bin/sh\r\necho 1 > /sys/class/net/$1/bridge/multicast_querier\r\n', true)]) {
    const p = read('vmbr0', f);
    t.same(p.options, {}, f.path);
    t.match(problems(p), [/:1: lines end in CR LF/], f.path);
  }
  t.same(read('vmbr0', file('a.netdev', '[NetDev]\r\nName=vmbr0\r\nKind=bridge\r\n[Bridge]\r\nMulticastQuerier=1\r\n')).options, { mcast_querier: true }, 'systemd takes them off');
});

t.test('the door of scenarios: options, or an error with every line that is not understood', async (t) => {
  t.same(persistent([file(IFCFG, 'TYPE=Bridge\nBRIDGING_OPTS=multicast_querier=1\n')], 'vmbr0'), { mcast_querier: true });
  t.same(persistent([], 'vmbr0'), {});
  const wrong = [file(IFCFG, 'TYPE=Bridge\nBRIDGING_OPTS="multicast_querrier=1 multicast_snoping=1"\n')];
  t.throws(() => persistent(wrong, 'vmbr0'), PersistentError);
  t.throws(() => persistent(wrong, 'vmbr0'), /ifcfg-vmbr0:2: a bridge has no option multicast_querrier; did you mean multicast_querier.*\n.*multicast_snoping; did you mean multicast_snooping/);
});
