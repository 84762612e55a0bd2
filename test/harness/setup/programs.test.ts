import t from 'tap';
import { decide, isInstalled, isUbuntu, packageManager, programs } from '../../../harness/setup/programs.mjs';
import { needsInstall, ownFlags } from '../../../harness/setup/setup.mjs';

const debian = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n';
const ubuntu = 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n';
const mint = 'ID=linuxmint\nID_LIKE="ubuntu debian"\n';
const rocky = 'ID="rocky"\nID_LIKE="rhel centos fedora"\n';
const arch = 'ID=arch\n';
const leap = 'ID="opensuse-leap"\nID_LIKE="suse opensuse"\n';

const root = { osRelease: debian, uid: 0, terminal: true, ci: false };
const missing = programs.filter(({ name }) => ['ip', 'bridge', 'qemu-system-x86_64'].includes(name));

t.test('which package manager', (t) => {
  const expected = { apt: [debian, ubuntu, mint], dnf: [rocky], pacman: [arch], zypper: [leap] };
  for (const [manager, systems] of Object.entries(expected)) {
    for (const osRelease of systems) t.equal(packageManager(osRelease), manager);
  }
  t.equal(packageManager('ID=nixos\n'), undefined);
  t.equal(packageManager('ID=notdebian\n'), undefined, 'a name within a name is another name');
  t.same([debian, ubuntu, mint].map(isUbuntu), [false, true, true]);
  t.end();
});

t.test('nothing missing: not a word', (t) => {
  t.same(decide([], root), { say: [], install: [], ask: false });
  t.end();
});

t.test('root on Debian: says what, asks on a terminal only', (t) => {
  const decision = decide(missing, root);
  t.same(decision.install, ['iproute2', 'qemu-system-x86'], 'each package once');
  t.match(decision.say.join(), /Missing: ip, bridge, qemu-system-x86_64\..*iproute2, qemu-system-x86$/);
  t.equal(decision.ask, true);
  t.equal(decide(missing, { ...root, ci: true }).ask, false, 'in CI it goes ahead');
  t.equal(decide(missing, { ...root, terminal: false }).ask, false, 'nobody there to ask');
  t.equal(decide(missing, root, { yes: true }).ask, false, '--yes is the answer');
  t.end();
});

t.test('not root, or told not to: says what to type, installs nothing', (t) => {
  const user = decide(missing, { ...root, uid: 1000 });
  t.same(user.install, []);
  t.equal(user.ask, false);
  t.same(user.say.slice(1), ['  sudo apt-get install --no-install-recommends iproute2 qemu-system-x86']);
  const told = decide(missing, root, { noInstall: true });
  t.same(told.install, []);
  t.same(told.say.slice(1), ['  apt-get install --no-install-recommends iproute2 qemu-system-x86']);
  t.end();
});

t.test('elsewhere, even as root: the line for that system; for an unknown one, all', (t) => {
  const lines = (osRelease: string): string[] => decide(missing, { ...root, osRelease }).say.slice(1);
  t.match(lines(rocky), [/^ {2}dnf install .* iproute qemu-system-x86-core$/]);
  t.match(lines(arch), [/^ {2}pacman -S --needed iproute2 qemu-system-x86$/]);
  t.match(lines(leap), [/^ {2}zypper install --no-recommends iproute2 qemu-x86$/]);
  t.equal(lines('').length, 4);
  t.same(decide(missing, { ...root, osRelease: rocky }).install, []);
  t.end();
});

t.test('looking for a program starts none', (t) => {
  const folder = t.testdir({ 'not-executable': '' });
  t.equal(isInstalled('sh', ''), true, 'in the system folders, whatever PATH says');
  t.equal(isInstalled('not-executable', folder), false);
  t.equal(isInstalled('no-such-program'), false);
  t.end();
});

t.test('own flags are taken out, the rest is passed on', (t) => {
  t.same(ownFlags(['A1', '--yes', '--seed', '3', '--no-install']), {
    flags: { yes: true, noInstall: true },
    rest: ['A1', '--seed', '3'],
  });
  t.end();
});

t.test('npm packages are compared by content', (t) => {
  const lock = (packages: object): string => JSON.stringify({ packages });
  const wanted = {
    '': { version: '1' },
    'node_modules/a': { version: '1.2.3' },
    'node_modules/b': { version: '1', optional: true },
  };
  const needs = (installed: object): boolean =>
    needsInstall(
      t.testdir({
        'package-lock.json': lock(wanted),
        node_modules: { '.package-lock.json': lock(installed) },
      }),
    );
  t.equal(needs({ 'node_modules/a': { version: '1.2.3' } }), false, 'an optional one may be missing');
  t.equal(needs({ 'node_modules/a': { version: '1.2.2' } }), true);
  t.equal(needs({}), true);
  t.equal(needsInstall(t.testdir({ 'package-lock.json': lock(wanted) })), true);
  t.end();
});
