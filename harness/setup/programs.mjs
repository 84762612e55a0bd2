/**
 * The system programs that wirewarp runs, and what to do about those that are missing. The decisions are pure functions
 * of what is known about the machine; setup.mjs carries them out.
 */
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';

/** Each program with its package, by package manager. */
export const programs = [
  { name: 'ip', apt: 'iproute2', dnf: 'iproute', pacman: 'iproute2', zypper: 'iproute2' },
  { name: 'bridge', apt: 'iproute2', dnf: 'iproute', pacman: 'iproute2', zypper: 'iproute2' },
  { name: 'tcpdump', apt: 'tcpdump', dnf: 'tcpdump', pacman: 'tcpdump', zypper: 'tcpdump' },
  {
    name: 'qemu-system-x86_64',
    apt: 'qemu-system-x86',
    dnf: 'qemu-system-x86-core',
    pacman: 'qemu-system-x86',
    zypper: 'qemu-x86',
  },
  { name: 'unshare', apt: 'util-linux', dnf: 'util-linux', pacman: 'util-linux', zypper: 'util-linux' },
  { name: 'setpriv', apt: 'util-linux', dnf: 'util-linux', pacman: 'util-linux', zypper: 'util-linux' },
];

/** What unpacks compressed kernel modules; needed only for kernels that have such. */
export const decompressors = {
  '.xz': { name: 'xz', apt: 'xz-utils', dnf: 'xz', pacman: 'xz', zypper: 'xz' },
  '.zst': { name: 'zstd', apt: 'zstd', dnf: 'zstd', pacman: 'zstd', zypper: 'zstd' },
};

/** Without what desktops add: QEMU alone would bring a graphical stack. */
const install = {
  apt: 'apt-get install --no-install-recommends',
  dnf: 'dnf install --setopt=install_weak_deps=False',
  pacman: 'pacman -S --needed',
  zypper: 'zypper install --no-recommends',
};

/** Is there such a program? PATH first, then folders that an ordinary user's PATH may lack. No process is started. */
export function isInstalled(name, path = process.env.PATH ?? '') {
  const folders = [...path.split(':').filter(Boolean), '/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'];
  return folders.some((folder) => {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return statSync(file).isFile();
    } catch {
      return false; // not there, or in a folder of PATH that is closed to us
    }
  });
}

/** "ID" and "ID_LIKE" of /etc/os-release, to the package manager; undefined for what we do not know. */
export function packageManager(osRelease) {
  const value = (key) => new RegExp(`^${key}=["']?([^"'\\n]*)`, 'm').exec(osRelease)?.[1] ?? '';
  const names = `${value('ID')} ${value('ID_LIKE')}`.split(/\s+/);
  const families = {
    apt: ['debian', 'ubuntu'],
    dnf: ['fedora', 'rhel', 'centos'],
    pacman: ['arch'],
    zypper: ['suse', 'opensuse', 'opensuse-tumbleweed', 'opensuse-leap', 'sles'],
  };
  return Object.keys(families).find((manager) => families[manager].some((name) => names.includes(name)));
}

/** Is this distribution Ubuntu or made from it? Its kernel packages are named otherwise. */
export function isUbuntu(osRelease) {
  return /^ID(_LIKE)?=.*ubuntu/m.test(osRelease);
}

/** Packages for these programs, each once. */
export function packagesFor(missing, manager) {
  return [...new Set(missing.map((program) => program[manager]))];
}

/**
 * What to do about missing programs: { say: lines, install: packages, ask: whether to ask first }. `install` is empty
 * where we do not install: no root, no apt, or told not to.
 *
 * machine: { osRelease, uid, terminal, ci }, flags: { yes, noInstall }
 */
export function decide(missing, machine, flags = {}) {
  if (missing.length === 0) return { say: [], install: [], ask: false };
  const names = missing.map(({ name }) => name).join(', ');
  const manager = packageManager(machine.osRelease);
  if (manager === 'apt' && machine.uid === 0 && !flags.noInstall) {
    const packages = packagesFor(missing, 'apt');
    return {
      say: [`Missing: ${names}. To be installed with apt-get, without recommended extras: ${packages.join(', ')}`],
      install: packages,
      ask: machine.terminal && !machine.ci && !flags.yes,
    };
  }
  return { say: [`Missing: ${names}. Install with`, ...remedies(missing, machine, manager)], install: [], ask: false };
}

/** The command to type; for an unknown distribution, all that we know. */
function remedies(missing, { uid }, manager) {
  const managers = manager === undefined ? Object.keys(install) : [manager];
  return managers.map((name) => `  ${typed(missing, name, { uid })}`);
}

/** The command that installs them with this package manager, as this user types it. */
export function typed(missing, manager, { uid }) {
  return `${uid === 0 ? '' : 'sudo '}${install[manager]} ${packagesFor(missing, manager).join(' ')}`;
}
