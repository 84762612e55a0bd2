import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { kernelFromFile } from '../../../harness/kernels/image/find.ts';
import { candidateVersion, dependsOf, kernelPackages, unknownPackages } from '../../../harness/setup/apt.mjs';
import { cacheFolder } from '../../../harness/setup/cache.mjs';
import { describe } from '../../../harness/setup/fetch-kernel.mjs';
import {
  bootableKernel,
  compareReleases,
  findKernels,
  lackedModules,
  neededModules,
  recordName,
  releaseOfImage,
} from '../../../harness/setup/kernels.mjs';

/** Recorded: `apt-cache depends --no-recommends --no-suggests NAME`. */
const debian: Record<string, string> = {
  'linux-image-cloud-amd64': 'linux-image-cloud-amd64\n  Depends: linux-image-6.1.0-56-cloud-amd64\n',
  'linux-image-6.1.0-56-cloud-amd64': [
    'linux-image-6.1.0-56-cloud-amd64',
    '  Depends: kmod',
    ' |Depends: linux-initramfs-tool',
    '  Depends: <linux-initramfs-tool>',
    '    initramfs-tools',
    '  Breaks: initramfs-tools',
    '',
  ].join('\n'),
};
const ubuntu: Record<string, string> = {
  'linux-image-virtual': 'linux-image-virtual\n  Depends: linux-image-6.8.0-48-generic\n  Depends: linux-firmware\n',
  'linux-image-6.8.0-48-generic': [
    'linux-image-6.8.0-48-generic',
    '  Depends: kmod',
    '  Depends: linux-base',
    '  Depends: linux-modules-6.8.0-48-generic',
    '  Conflicts: linux-image-unsigned-6.8.0-48-generic',
    '',
  ].join('\n'),
};

t.test('the packages that hold a kernel', async (t) => {
  t.same(await kernelPackages(false, (name) => debian[name] ?? ''), ['linux-image-6.1.0-56-cloud-amd64']);
  t.same(await kernelPackages(true, (name) => ubuntu[name] ?? ''), [
    'linux-image-6.8.0-48-generic',
    'linux-modules-6.8.0-48-generic',
  ]);
  t.same(await kernelPackages(false, () => ''), [], 'unknown to apt');
  t.same(dependsOf('x\n |Depends: a\n  Depends: b\n  PreDepends: c\n  Depends: <virtual>\n'), ['a', 'c']);
});

t.test('what apt has to offer', (t) => {
  const policy = [
    'tcpdump:',
    '  Installed: (none)',
    '  Candidate: 4.99.3-1',
    '  Version table:',
    '     4.99.3-1 500',
    'held:',
    '  Installed: (none)',
    '  Candidate: (none)',
    '',
  ].join('\n');
  t.same(unknownPackages(['tcpdump', 'held', 'never-heard-of'], policy), ['held', 'never-heard-of']);
  t.equal(candidateVersion('tcpdump', policy), '4.99.3-1');
  t.equal(candidateVersion('never-heard-of', policy), undefined);
  t.end();
});

/** The head of a bzImage, as far as boot loaders ask for the version. */
function image(release: string): Buffer {
  const bytes = Buffer.alloc(0x1000);
  bytes.write('HdrS', 0x202);
  bytes.writeUInt16LE(0x300, 0x20e);
  bytes.write(`${release} (builder@host) #1 SMP`, 0x500);
  return bytes;
}

function files(root: string, content: Record<string, Buffer | string>): string {
  for (const [path, data] of Object.entries(content)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), data);
  }
  return root;
}

/** A folder of modules that lacks nothing, one of them builtin. */
function modules(at: string): Record<string, string> {
  const { bridge = '', ...others } = neededModules;
  const entries = Object.values(others).map((path) => [`${at}/${path}.xz`, ''] as const);
  return { ...Object.fromEntries(entries), [`${at}/modules.builtin`]: `${bridge}\n` };
}

t.test('finds the running kernel first, then the cache, then others; newer before older', (t) => {
  const root = files(t.testdir(), {
    'boot/vmlinuz-6.1.0-9-amd64': image('6.1.0-9-amd64'),
    'boot/vmlinuz-6.1.0-10-amd64': image('6.1.0-10-amd64'),
    'boot/vmlinuz-0-rescue-abc': image('6.0.0'),
    'boot/config-6.1.0-9-amd64': '',
    ...modules('lib/modules/6.1.0-9-amd64'),
    'usr/lib/modules/6.9.7-arch1/vmlinuz': image('6.9.7-arch1'),
    'cache/6.1.0-56-cloud/boot/vmlinuz': image('6.1.0-56-cloud'),
    [`cache/6.1.0-56-cloud/${recordName}`]: JSON.stringify({
      release: '6.1.0-56-cloud',
      image: 'boot/vmlinuz',
      modules: 'lib/modules/6.1.0-56-cloud',
      origin: { package: 'linux-image-6.1.0-56-cloud', version: '6.1.192-2' },
    }),
    ...modules('cache/6.1.0-56-cloud/lib/modules/6.1.0-56-cloud'),
    [`cache/damaged/${recordName}`]: '{"release": "6.',
  });
  const found = findKernels({ root, release: '6.1.0-9-amd64', cache: join(root, 'cache') });
  t.same(
    found.map(({ release, origin }) => `${release} ${origin}`),
    [
      '6.1.0-9-amd64 running',
      '6.1.0-56-cloud linux-image-6.1.0-56-cloud 6.1.192-2',
      '6.9.7-arch1 installed',
      '6.1.0-10-amd64 installed',
    ],
  );
  t.same(
    found.map(({ readable }) => readable),
    [true, true, true, true],
  );
  t.equal(bootableKernel(found), found[0]);
  t.equal(bootableKernel(found.slice(2)), undefined, 'no modules, no scenarios');
  t.same(
    found.map((kernel) => lackedModules(kernel).length),
    [0, 0, 4, 4],
  );
  t.end();
});

t.test('an image that may not be read is passed over', { skip: process.getuid?.() === 0 && 'root reads all' }, (t) => {
  const root = files(t.testdir(), { 'boot/vmlinuz-1': image('1'), ...modules('lib/modules/1') });
  chmodSync(join(root, 'boot/vmlinuz-1'), 0);
  const found = findKernels({ root, release: '1', cache: join(root, 'none') });
  t.match(found, [{ release: '1', readable: false }]);
  t.equal(bootableKernel(found), undefined);
  t.end();
});

t.test('a kernel named by its file', (t) => {
  const root = files(t.testdir(), {
    'boot/vmlinuz-5.10.0-7': image('5.10.0-7'),
    ...modules('lib/modules/5.10.0-7'),
    text: 'hello',
  });
  const file = join(root, 'boot/vmlinuz-5.10.0-7');
  t.equal(releaseOfImage(file), '5.10.0-7');
  t.same(kernelFromFile(file), {
    release: '5.10.0-7',
    image: file,
    modules: join(root, 'lib/modules/5.10.0-7'),
    origin: 'file',
    readable: true,
  });
  t.throws(() => kernelFromFile(join(root, 'text')), /text: it is no x86 kernel image/);
  t.throws(() => kernelFromFile(join(root, 'boot')), /boot: it is not a file/);
  t.throws(() => kernelFromFile(join(root, 'none')), /none: there is no such file/);
  t.throws(() => kernelFromFile(file, join(root, 'none')), /modules from .*none: there is no such folder/);
  t.end();
});

t.test('an unpacked package, old layout and new', (t) => {
  const old = files(t.testdir({ a: {} }) + '/a', { 'boot/vmlinuz-6.1': '', 'lib/modules/6.1/modules.builtin': '' });
  t.same(describe(old), { release: '6.1', image: 'boot/vmlinuz-6.1', modules: 'lib/modules/6.1' });
  const merged = files(join(old, '../b'), { 'boot/vmlinuz-6.12': '', 'usr/lib/modules/6.12/modules.builtin': '' });
  t.same(describe(merged), { release: '6.12', image: 'boot/vmlinuz-6.12', modules: 'usr/lib/modules/6.12' });
  t.equal(describe(join(old, 'lib')), undefined);
  t.end();
});

t.test('releases compare as people count', (t) => {
  t.same(['6.1.0-9', '6.10.1', '6.1.0-56', '6.2'].sort(compareReleases), ['6.1.0-9', '6.1.0-56', '6.2', '6.10.1']);
  t.end();
});

t.test('the cache folder', (t) => {
  t.equal(cacheFolder({ XDG_CACHE_HOME: '/var/tmp/x' }), '/var/tmp/x/wirewarp');
  const home = execFileSync(process.execPath, ['-p', 'os.homedir()'], { encoding: 'utf8' }).trim();
  t.equal(cacheFolder({ XDG_CACHE_HOME: 'relative' }), `${home}/.cache/wirewarp`);
  t.end();
});
