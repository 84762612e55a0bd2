import t from 'tap';
import { decidePlaces, type Facts, howLong, type Wish } from '../../../harness/kernels/choose.ts';
import type { KernelImage } from '../../../harness/kernels/image/find.ts';

const cached: KernelImage = {
  release: '6.1.0-56-cloud-amd64',
  image: '/cache/vmlinuz',
  modules: '/cache/modules',
  origin: 'linux-image 6.1',
  readable: true,
};
const own: KernelImage = {
  release: '6.12.0',
  image: '/boot/vmlinuz-6.12.0',
  modules: '/lib/modules/6.12.0',
  origin: 'running',
  readable: true,
};
const secret: KernelImage = { ...own, readable: false };
const demand = { needs: ['bridge', 'bonding'], deadlineS: 7200, jobs: 2 };

/** A machine that has everything, but for what a test takes away. */
function machine(
  over: Partial<Facts> & { lacks?: string[]; kvmWorks?: boolean; without?: string[]; refused?: string } = {},
): Facts {
  const { lacks = [], kvmWorks = false, without = [], refused, ...rest } = over;
  const images = rest.images ?? [own, cached];
  return {
    arch: 'x64',
    images,
    bootable: images.find(({ readable }) => readable),
    qemu: 'qemu-system-x86_64',
    missing: (programs) => programs.filter((name) => without.includes(name)),
    remedy: (programs) => `install ${programs.join(' ')}`,
    running: async () => ({
      present: [],
      missing: Object.fromEntries(lacks.map((name) => [name, 'EOPNOTSUPP'])),
      ...(refused === undefined ? {} : { refused }),
    }),
    kvm: async () => ({ works: kvmWorks, why: 'no guest ran' }),
    fromFile: (file, modules) => {
      if (file.includes('text'))
        throw new Error(`Cannot boot ${file}: it is no x86 kernel image (bzImage or vmlinuz).`);
      return {
        release: '5.0',
        image: file,
        origin: 'file',
        readable: true,
        ...(modules === undefined ? {} : { modules }),
      };
    },
    isFile: (path) => path.startsWith('./'),
    uml: async () => undefined,
    tree: () => undefined,
    ...rest,
  };
}

const decide = (facts: Facts, wish: Partial<Wish> = {}) => decidePlaces({ kernels: ['auto'], ...wish }, demand, facts);

t.test('auto, virtual time', async (t) => {
  const {
    places: [first],
  } = await decide(machine());
  t.match(first, { place: 'qemu', time: 'warp', kvm: false, image: own });
  t.match(first?.reason, "the running kernel's own image");

  const {
    places: [second],
  } = await decide(machine({ images: [secret, cached] }));
  t.match(second, { image: cached });
  t.match(second?.reason, 'may not be read', 'says why it is not the running one');

  let asked = false;
  const facts = machine();
  await decide({
    ...facts,
    running: () => ((asked = true), facts.running()),
    kvm: () => ((asked = true), facts.kvm()),
  });
  t.notOk(asked, 'what is dear to ask is not asked when it cannot matter');
});

t.test('auto falls back to real time, saying so and for how long', async (t) => {
  for (const facts of [
    machine({ without: ['qemu-system-x86_64'] }),
    machine({ images: [] }),
    machine({ images: [secret] }),
    machine({ arch: 'arm64' }),
  ]) {
    const { places, lacks } = await decide(facts);
    t.match(places, [{ place: 'running', time: 'real' }]);
    t.match(places[0]?.reason, /^no virtual time here: .*at most about 60 min$/);
    t.same(lacks, []);
  }
  const typed = await decide(machine({ images: [] }), { time: 'warp' });
  t.same(typed.places, [], 'typed out, virtual time is a condition');
  t.match(typed.lacks, [{ what: /^virtual time was asked for, and no kernel image/, help: /npm start/ }]);

  const nothing = await decide(machine({ images: [], lacks: ['bonding'] }));
  t.match(nothing.lacks, [{ what: /no kernel image was found .*it lacks bonding \(EOPNOTSUPP\)/ }]);
  t.same(nothing.places, []);
});

t.test('auto, real and scaled time', async (t) => {
  t.match((await decide(machine(), { time: { scaled: 100 } })).places, [{ place: 'running', time: { scaled: 100 } }]);
  t.match(
    (await decide(machine({ lacks: ['vlan'] }), { time: 'real' })).places,
    [{ place: 'running' }],
    'what nobody needs may be missing',
  );
  const kvm = await decide(machine({ lacks: ['bonding'], kvmWorks: true }), { time: 'real' });
  t.match(kvm.places, [{ place: 'qemu', time: 'real', kvm: true }]);
  const tcg = await decide(machine({ refused: 'EPERM' }), { time: 'real' });
  t.match(tcg.places, [{ place: 'qemu', time: 'real', kvm: false, reason: /EPERM.*without KVM \(no guest ran\)/ }]);
  t.match((await decide(machine({ lacks: ['bonding'], without: ['ip'] }), { time: 'real' })).lacks, [
    { what: /it lacks bonding.*; and ip is not on this machine/, help: 'Install: install ip' },
  ]);
});

t.test('named kernels', async (t) => {
  t.match(
    (await decide(machine(), { kernels: ['running'] })).places,
    [{ place: 'running', time: 'real' }],
    'the running kernel has no virtual time to default to',
  );
  t.match((await decide(machine(), { kernels: ['running'], time: 'warp' })).faults, [{ what: /no virtual time/ }]);
  t.match((await decide(machine({ without: ['unshare'] }), { kernels: ['running'] })).lacks, [
    { what: '--kernel running: unshare is not on this machine' },
  ]);
  t.match((await decide(machine(), { kernels: [cached.release] })).places, [
    { place: 'qemu', time: 'warp', image: cached },
  ]);
  t.match((await decide(machine({ kvmWorks: true }), { kernels: [cached.release], time: 'real' })).places, [
    { kvm: true },
  ]);
  t.match((await decide(machine({ images: [secret] }), { kernels: ['6.12.0'] })).faults, [
    { what: /you may not read/, help: /chmod a\+r/ },
  ]);
  t.match((await decide(machine(), { kernels: ['./bzImage'], modules: '/m' })).places, [
    { image: { image: './bzImage', modules: '/m' } },
  ]);
  t.match((await decide(machine(), { kernels: ['./bzImage'] })).places[0]?.reason, 'no module folder');
  t.match((await decide(machine(), { kernels: ['./text'] })).faults, [{ what: /no x86 kernel image/ }]);
  t.match((await decide(machine(), { kernels: ['6.1.0-56-cloud-amd46'] })).faults, [
    { what: /no such kernel/, help: /^Nearest: 6\.1\.0-56-cloud-amd64/ },
  ]);
});

t.test('several CPUs are a VM’s in real time', async (t) => {
  const wish = { time: 'real', cpus: 2 } as const;
  t.match((await decide(machine(), wish)).places, [{ place: 'qemu', time: 'real', kvm: false, reason: /--cpus 2 is for VMs.* without KVM \(no guest ran\), with 2 CPUs/ }], 'auto is no running kernel then');
  t.match((await decide(machine({ kvmWorks: true }), { ...wish, kernels: ['6.12.0'] })).places, [{ place: 'qemu', kvm: true, reason: /with KVM, with 2 CPUs/ }]);
  t.match((await decide(machine(), { ...wish, kernels: ['running'] })).faults, [{ what: "--cpus 2 with --kernel running: the running kernel has this machine's CPUs", help: /a VM/ }]);
  const uml = machine({ uml: async () => ({ release: '6.1', timeTravel: true, hz: 100, config: new Map() }), isFile: () => true });
  t.match((await decide(uml, { ...wish, kernels: ['./linux'] })).faults, [{ what: '--cpus 2 with --kernel ./linux: User-Mode Linux has one CPU' }]);
  const tree = machine({ tree: () => ({ version: '6.1' }) });
  t.match((await decide(tree, { ...wish, kernels: ['./src'] })).faults, [{ what: /built for User-Mode Linux/, help: /--arch-kernel x86/ }]);
  t.match((await decide(tree, { ...wish, kernels: ['./src'], treeArch: 'x86' })).places, [{ place: 'tree', arch: 'x86', time: 'real' }]);
  t.match(await decide(machine(), { ...wish, cpus: 1, kernels: ['running'] }), { faults: [], places: [{ place: 'running' }] });
});

t.test('several kernels, and all that is wrong with them', async (t) => {
  const { places, faults } = await decide(machine(), {
    kernels: ['auto', '6.12.0', 'running', 'runing', 'atuo', 'auto'],
  });
  t.same(
    places.map(({ place }) => place),
    ['qemu', 'running'],
    'auto and the release that it comes to are one',
  );
  t.same(faults.length, 2);
});

t.test('an estimate tells seconds from hours', async (t) => {
  t.equal(howLong('real', { needs: [], deadlineS: 60, jobs: 1 }), 'in real time, at most about 60 s');
  t.equal(
    howLong({ scaled: 100 }, { needs: [], deadlineS: 20_000, jobs: 2 }),
    '100 times as fast as real time, at most about 2 min',
  );
  t.equal(howLong('real', { needs: [], deadlineS: 40_000, jobs: 2 }), 'in real time, at most about 5.6 h');
});
