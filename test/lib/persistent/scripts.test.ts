import t from 'tap';
import { problemLine, readPersistent, type Persistent } from '../../../lib/persistent/index.ts';
import { globMatches } from '../../../lib/persistent/shell.ts';
import { s } from '../../../lib/units.ts';

const local = (text: string, executable: boolean | undefined = true, bridge = 'vmbr0'): Persistent => readPersistent([{ path: '/sbin/ifup-local', text: `#!/bin/sh\n${text}\n`, executable }], bridge);
const problems = (p: Persistent): string[] => p.problems.map(problemLine);
const FILE = '/sys/class/net/$1/bridge/multicast_querier';

t.test('scripts that write 1 when the bridge comes up', async (t) => {
  const scripts: Record<string, string> = {
    'without a test': `echo 1 > ${FILE}`,
    'if with [ ]': `if [ "$1" = "vmbr0" ]; then\n  echo 1 > /sys/class/net/vmbr0/bridge/multicast_querier\nfi`,
    'if with test and &&': `test "$1" = vmbr0 && echo 1 > ${FILE}`,
    'if with [[ ]] and a pattern': `if [[ $1 == vmbr* && -n $1 ]]; then echo 1 >${FILE}; fi`,
    'refused, else': `if [ "$1" != vmbr0 ]; then exit 0; fi\necho 1 > ${FILE}`,
    'not': `! [ "$1" = eth0 ] && echo 1 > ${FILE}`,
    'x$1': `[ "x$1" = "xvmbr0" ] || exit 0\nprintf '%s\\n' 1 > ${FILE}`,
    case: `case "$1" in\n  lo|eth*) ;;\n  vmbr[0-9])\n    echo 1 > ${FILE}\n    ;;\n  *) exit 1 ;;\nesac`,
    'for and a variable': `BR="vmbr0 vmbr1"\nfor b in $BR; do\n  [ "$b" = "$1" ] && echo 1 > /sys/devices/virtual/net/\${b}/bridge/multicast_querier\ndone`,
    'for over a glob': 'for f in /sys/class/net/vmbr*/bridge/multicast_querier; do echo -n 1 > "$f"; done',
    'a default': 'IF=${1:-none}\necho 1 > /sys/class/net/$IF/bridge/multicast_querier',
    'a group': `{ echo 1 > ${FILE}; }`, 'a subshell': `( echo 1 > ${FILE} )`, tee: `echo 1 | tee ${FILE} >/dev/null`,
    'a function': `on() {\n  echo 1 > /sys/class/net/"$1"/bridge/multicast_querier\n}\non $1`,
    'sh -c': `sh -c "echo 1 > ${FILE}"`, ip: 'ip link set dev $1 type bridge mcast_querier 1', 'standard error elsewhere': `echo 1 > ${FILE} 2>/dev/null`,
    'the folder is there': `[ -d /sys/class/net/$1/bridge ] && echo 1 > ${FILE}`, 'and -a': `if [ "$1" = vmbr0 -a -n "$1" ]; then echo 1 > ${FILE}; fi`,
  };
  for (const [name, text] of Object.entries(scripts)) {
    const p = local(text);
    t.same([p.options, problems(p)], [{ mcast_querier: true }, []], name);
    t.ok((p.settings[0]?.line ?? 0) >= 2, `${name}: with its line`);
  }
});

t.test('scripts that do not', async (t) => {
  const scripts = [
    `[ "$1" = vmbr1 ] && echo 1 > ${FILE}`, `if [ $1 = eth0 ]; then echo 1 > ${FILE}; fi`, `case $1 in eth0|vmbr1) echo 1 > ${FILE};; esac`, `exit 0\necho 1 > ${FILE}`, `# echo 1 > ${FILE}`,
    `echo "echo 1 > ${FILE}"`, `false && echo 1 > ${FILE}`, `for b in; do echo 1 > ${FILE}; done`, `case "$1" in "vmbr*") echo 1 > ${FILE};; esac`,
  ];
  for (const text of scripts) {
    const p = local(text);
    t.same([p.options, problems(p)], [{}, []], text);
  }
});

t.test('what cannot be read off is named, with its line, and not taken', async (t) => {
  const scripts: [string, RegExp][] = [
    [`echo 1 > /sys/class/net/$BRIDGE/bridge/multicast_querier`, /ifup-local:2: what .*BRIDGE.* is cannot be read off/], [`[ -f /etc/querier ] && echo 1 > ${FILE}`, /whether -f \/etc\/querier holds cannot be read off/],
    [`echo $(cat /etc/q) > ${FILE}`, /the value for multicast_querier cannot be read off/], [`VALUE=\`cat q\`\necho $VALUE > ${FILE}`, /:3: the value for/], [`cat /etc/q > ${FILE}`, /what cat writes to a file of the kernel/],
    ['sysctl -w net.bridge.x=1', /sysctl is not understood.*no option of a bridge is a sysctl/], [`while true; do echo 1 > ${FILE}; done`, /"while": not understood/], ['/usr/local/bin/querier $1', /querier is not understood/],
    [`ehco 1 > ${FILE}`, /what ehco writes/], ['echo 1 > /sys/class/net/$1/bridge/multicast_querrier', /:2: a bridge has no option multicast_querrier; did you mean multicast_querier/],
    ['echo on > /sys/class/net/$1/bridge/multicast_querier', /takes a number/], [`echo 1 > "${FILE}`, /a quotation that does not end/], ['echo 1 > /sys/class/net/$1/queues/rx-0/rps_cpus', /is no option of a bridge/],
    ['ip link set $1 type bridge mcast_querrier 1', /`ip` knows no bridge option mcast_querrier; did you mean mcast_querier/], [`cat <<E\n1\nE`, /a here-document/], [`echo 1 > /sys/class/net/*/bridge/multicast_querier`, /does not expand \*/],
    [`[ "$1" = vmbr0 ] && grep -q x /etc/y && echo 1 > ${FILE}`, /grep is not understood/], ['echo 1 > /sys/class/net/$1/bridge/root_id', /can only be read/],
  ];
  for (const [text, wanted] of scripts) {
    const p = local(text);
    t.same(p.options, {}, text);
    t.ok(problems(p).some((line) => wanted.test(line)), `${text}: ${problems(p).join(' | ')}`);
  }
});

t.test('a script that is not executable runs for nobody', async (t) => {
  const p = local(`echo 1 > ${FILE}`, false);
  t.same(p.options, {});
  t.match(problems(p), [/not executable.*chmod \+x \/sbin\/ifup-local/]);
  t.same(local(`echo 1 > ${FILE}`, undefined).options, { mcast_querier: true }, 'a mode that nobody told is no reproach');
});

t.test('written when a port comes up: lost when the bridge alone is made again', async (t) => {
  const p = local('[ "$1" = eth0 ] && echo 1 > /sys/class/net/vmbr0/bridge/multicast_querier');
  t.same(p.options, {});
  t.match(problems(p), [/:2: it is written when eth0 comes up, not when vmbr0 is made/]);
});

t.test('sysfs counts hundredths of a second, brctl seconds', async (t) => {
  t.same(local('echo 6000 > /sys/class/net/$1/bridge/multicast_query_interval; brctl setfd $1 2.5; brctl stp $1 off; brctl setageing $1 60').options, { mcast_query_interval: s(60), forward_delay: s(2.5), stp_state: false, ageing_time: s(60) });
  t.same(local('echo 0x10 > /sys/class/net/$1/bridge/hash_max').options, { mcast_hash_max: 16 });
  t.same(local('echo 0 > /sys/class/net/vmbr0/brif/eth0/multicast_flood\nip link set eth1 type bridge_slave mcast_flood off').ports, { eth0: { mcast_flood: false }, eth1: { mcast_flood: false } });
});

const rule = (text: string, helper?: string, executable = true): Persistent =>
  readPersistent([{ path: '/etc/udev/rules.d/99-q.rules', text }, ...(helper === undefined ? [] : [{ path: '/usr/local/sbin/bridge-querier', text: helper, executable }])], 'vmbr0');

t.test('udev: the rule of the case and its helper', async (t) => {
  const text = '# querier\nACTION=="add", SUBSYSTEM=="net", \\\n  RUN+="/usr/local/sbin/bridge-querier"\n';
  const helper = '#!/bin/sh\nif [ "$INTERFACE" = "vmbr0" ]; then\n  echo 1 > /sys/devices/virtual/net/vmbr0/bridge/multicast_querier\nfi\n';
  const p = rule(text, helper);
  t.same([p.options, problems(p)], [{ mcast_querier: true }, []]);
  t.match(p.settings, [{ file: '/usr/local/sbin/bridge-querier', line: 3 }]);
  t.match(problems(rule(text)), [/99-q\.rules:2: the rule runs \/usr\/local\/sbin\/bridge-querier, which was not handed over/]);
  const unrun = rule(text, helper, false);
  t.same(unrun.options, {});
  t.match(problems(unrun), [/not executable, so nobody runs it/]);
  t.same(rule(text, helper.replaceAll('vmbr0', 'vmbr7')).options, {});
});

t.test('udev: match and assignment', async (t) => {
  const taken = [
    'ACTION=="add", SUBSYSTEM=="net", KERNEL=="vmbr0", ATTR{bridge/multicast_querier}="1"', 'ACTION=="add|change", SUBSYSTEM=="net", KERNEL=="vmbr*", ATTR{bridge/multicast_querier}="1"', 'SUBSYSTEM=="net", ENV{INTERFACE}=="vmbr[0-9]", ACTION!="remove", ATTR{bridge/multicast_querier}="1"',
    `ACTION=="add", SUBSYSTEM=="net", RUN+="/bin/sh -c 'echo 1 > /sys/class/net/$name/bridge/multicast_querier'"`, `ACTION=="add", SUBSYSTEM=="net", RUN+="/sbin/ip link set %k type bridge mcast_querier 1"`,
    'SUBSYSTEM=="net", ENV{DEVTYPE}=="bridge", TEST=="bridge", ATTR{bridge/multicast_querier}="1"',
  ];
  for (const text of taken) t.same([rule(text).options, problems(rule(text))], [{ mcast_querier: true }, []], text);
  const left = ['ACTION=="remove", SUBSYSTEM=="net", ATTR{bridge/multicast_querier}="1"', 'ACTION=="add", SUBSYSTEM=="block", ATTR{bridge/multicast_querier}="1"', 'ACTION=="add", KERNEL=="eth*", ATTR{bridge/multicast_querier}="1"', 'KERNEL!="vmbr0", ATTR{bridge/multicast_querier}="1"'];
  for (const text of left) t.same([rule(text).options, problems(rule(text))], [{}, []], text);
  const named: [string, RegExp][] = [
    ['ACTON=="add", ATTR{bridge/multicast_querier}="1"', /udev has no key ACTON; did you mean ACTION/], ['ATTR{address}=="02:*", ATTR{bridge/multicast_querier}="1"', /whether ATTR\{address\} matches/], ['ATTR{bridge/multicast_querrier}="1"', /did you mean multicast_querier/],
    ['ACTION=="add" SUBSYSTEM=="net" what', /not understood from here on: what/], ['RUN+="/bin/echo 1 > /sys/class/net/vmbr0/bridge/multicast_querier"', /udev runs no shell/], ['PROGRAM=="/bin/true", ATTR{bridge/multicast_querier}="1"', /whether PROGRAM matches/], ['SUBSYSTEM=="net", GOTO="end"', /GOTO= is not understood/],
  ];
  for (const [text, wanted] of named) {
    t.same(rule(text).options, {}, text);
    t.ok(problems(rule(text)).some((line) => wanted.test(line)), `${text}: ${problems(rule(text)).join(' | ')}`);
  }
});

t.test('a script of the user that another one calls', async (t) => {
  const files = [{ path: '/etc/network/interfaces', text: 'iface vmbr0 inet manual\n  bridge_ports none\n  post-up /usr/local/bin/q $IFACE 1\n' }, { path: '/usr/local/bin/q', text: '#!/bin/sh\necho $2 > /sys/class/net/$1/bridge/multicast_querier\n', executable: true }];
  const p = readPersistent(files, 'vmbr0');
  t.same([p.options, problems(p)], [{ mcast_querier: true }, []]);
  const loop = readPersistent([{ path: '/sbin/ifup-local', text: '#!/bin/sh\n/sbin/ifup-local $1\n', executable: true }], 'vmbr0');
  t.match(problems(loop), [/calls too deep/]);
});

t.test('globs', async (t) => {
  t.ok(globMatches('vmbr*', 'vmbr0'));
  t.ok(globMatches('[!e]mbr?', 'vmbr0'));
  t.notOk(globMatches('vmbr', 'vmbr0'));
  t.notOk(globMatches('\\*', 'x'));
  t.ok(globMatches('a.b', 'a.b'));
  t.notOk(globMatches('a.b', 'axb'));
});
