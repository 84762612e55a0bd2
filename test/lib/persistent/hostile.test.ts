import t from 'tap';
import { readPersistent } from '../../../lib/persistent/index.ts';
import { BRIDGE_OPTIONS } from '../../../lib/netlink/options/index.ts';
import { randomFrom } from '../../../lib/seed.ts';

const PATHS = ['ifcfg-vmbr0', '/sbin/ifup-local', '9.rules', '/etc/network/interfaces', 'a.netdev', 'a.network', 'a.nmconnection', '/etc/netplan/a.yaml', '/usr/local/sbin/helper', 'a.netdev.d/b.conf', '/etc/network/if-up.d/x', 'unknown'];
const PIECES = [
  '"', "'", '`', '$', '${', '}', '$(', ')', '((', '\\', '\n', '\r\n', '\0', ' ', '\t', '=', '==', '+=', ';', ';;', '&&', '||', '|', '&', '<<', '>', '2>', '>&', '[', ']', '[[', ']]', '{', '*', '?', '[a-', '!', '#', '%', '%k', '$name', '$env{', ':-',
  'if', 'then', 'fi', 'else', 'elif', 'case', 'in', 'esac', 'for', 'do', 'done', 'while', 'x()', 'echo', 'printf', 'test', 'exit', 'return', 'sh', '-c', 'ip', 'link', 'set', 'type', 'bridge', 'brctl', 'setfd', '.', '/sbin/ifup-local', '/usr/local/sbin/helper',
  '1', '0', '-1', '99999999999999999999', '1e309', '0x', '08', '$1', '$IFACE', '$INTERFACE', 'vmbr0', 'eth0', '/sys/class/net/vmbr0/bridge/multicast_querier', '/sys/class/net/$1/bridge/', 'multicast_querier', 'BRIDGING_OPTS=', 'TYPE=Bridge', 'DELAY=', 'iface', 'bridge_fd', 'bridge-mcqi',
  'post-up', 'source', '[NetDev]', 'Name=vmbr0', 'Kind=bridge', '[Bridge]', 'MulticastQuerier=', 'AgeingTimeSec=', '2min', '[connection]', 'type=bridge', 'interface-name=vmbr0', '[bridge]', 'stp=', 'network:', '  bridges:', '    vmbr0:', '      parameters:', '        stp: ', '&a', '*a', '<<: *a',
  '? ', '- ', '!!js/function', 'ACTION=="add"', 'KERNEL=="vmbr*"', 'RUN+="/usr/local/sbin/helper"', 'ATTR{bridge/multicast_querier}="1"', '__proto__', 'constructor', 'toString', '\ud800', 'ß', '\ufeff',
];

t.test('no text makes it throw, and each setting is one that the table has', async (t) => {
  const random = randomFrom(7, 'hostile files');
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const begun = process.hrtime.bigint();
  for (let n = 0; n < 4_000; n++) {
    const files = Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({
      path: pick(PATHS), text: Array.from({ length: Math.floor(random() * 40) }, () => pick(PIECES) + pick(['', ' ', ' ', '\n'])).join(''), executable: random() < 0.8,
    }));
    try {
      const { settings, problems } = readPersistent(files, 'vmbr0');
      for (const x of settings) {
        if (x.bridge !== 'vmbr0' || (x.port === undefined && !Object.hasOwn(BRIDGE_OPTIONS, x.option))) throw new Error(`a setting of nobody: ${JSON.stringify(x)}`);
      }
      for (const x of [...settings, ...problems]) if (!files.some((f) => f.path === x.file) || x.line < 1) throw new Error(`a place that is none: ${JSON.stringify(x)}`);
    } catch (error) {
      t.fail(`${String(error)} of ${JSON.stringify(files)}`);
      break;
    }
  }
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  t.ok(seconds < 60, `4000 texts took ${seconds.toFixed(1)} s`);
});

t.test('what is long or deep ends all the same', async (t) => {
  const deep = 5_000;
  const texts: [string, string][] = [
    ['/sbin/ifup-local', '('.repeat(deep)], ['/sbin/ifup-local', 'if '.repeat(deep)], ['/sbin/ifup-local', `${'! '.repeat(deep)}true`], ['/sbin/ifup-local', `[ ${'! '.repeat(deep)} x ]`], ['/sbin/ifup-local', `[[ ${'( '.repeat(deep)} x ]]`],
    ['/sbin/ifup-local', `a=xxxxxxxxxx\n${'a=$a$a$a$a\n'.repeat(60)}echo $a`], ['/sbin/ifup-local', `f() { f; f; }\nf`], ['/sbin/ifup-local', `for a in ${'x '.repeat(300)}; do for b in ${'y '.repeat(300)}; do :; done; done`],
    ['/sbin/ifup-local', `case $1 in ${'*a'.repeat(200)}) ;; esac`], ['/sbin/ifup-local', `true${' && true'.repeat(deep)}`], ['ifcfg-vmbr0', `TYPE=Bridge\nBRIDGING_OPTS="${'x'.repeat(100_000)}"`], ['ifcfg-vmbr0', '"\n'.repeat(2_000)],
    ['/etc/netplan/a.yaml', `network:\n${' ['.repeat(deep)}`], ['/etc/netplan/a.yaml', `a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nnetwork: *c\n`], ['a.netdev', '[NetDev]\nName=vmbr0\nKind=bridge\n[Bridge]\nAgeingTimeSec='.concat('1s '.repeat(20_000))],
    ['9.rules', `KERNEL=="${'*a'.repeat(500)}", ATTR{bridge/multicast_querier}="1"`], ['interfaces', `iface vmbr0 inet manual\n${'\\\n'.repeat(10_000)}`], ['interfaces', 'x'.repeat(2_000_000)],
  ];
  for (const [path, text] of texts) {
    const begun = process.hrtime.bigint();
    t.doesNotThrow(() => readPersistent([{ path, text, executable: true }], 'vmbr0'), `${path}: ${text.slice(0, 30)}`);
    t.ok(process.hrtime.bigint() - begun < 10_000_000_000n, 'and soon');
  }
});

t.test('names of objects are no options', async (t) => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    for (const file of [
      { path: 'ifcfg-vmbr0', text: `TYPE=Bridge\nBRIDGING_OPTS="${name}=1"\n` }, { path: 'interfaces', text: `iface vmbr0 inet manual\n  bridge-${name} 1\n` }, { path: 'a.netdev', text: `[NetDev]\nName=vmbr0\nKind=bridge\n[Bridge]\n${name}=1\n` },
      { path: 'a.nmconnection', text: `[connection]\ntype=bridge\ninterface-name=vmbr0\n[bridge]\nstp=false\n${name}=1\n` }, { path: '/etc/netplan/a.yaml', text: `network:\n  bridges:\n    vmbr0:\n      parameters:\n        stp: false\n        ${name}: 1\n` },
    ]) {
      const p = readPersistent([file], 'vmbr0');
      t.notOk(Object.keys(p.options).some((k) => k !== 'stp_state'), `${file.path} ${name}`);
      t.ok(p.problems.length > 0, `${file.path} ${name} is named`);
    }
  }
});
