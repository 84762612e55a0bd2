import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { bootableKernel, findKernels } from '../../../../harness/kernels/image/find.ts';
import { moduleName, readModuleFolder, selectModules } from '../../../../harness/kernels/image/modules.ts';

/** A file that has nothing of a module but its .modinfo section. */
function fakeModule(info: Record<string, string>): Buffer {
  const modinfo = Buffer.from(
    Object.entries(info)
      .map(([key, value]) => `${key}=${value}\0`)
      .join(''),
  );
  const names = Buffer.from('\0.modinfo\0.shstrtab\0');
  const bytes = Buffer.alloc(64 + modinfo.length + names.length + 3 * 64);
  bytes.writeUInt32BE(0x7f454c46, 0);
  bytes.set([2, 1, 1], 4);
  bytes.writeUInt16LE(1, 16); // relocatable
  bytes.writeUInt16LE(62, 18);
  const table = 64 + modinfo.length + names.length;
  bytes.writeBigUInt64LE(BigInt(table), 40);
  bytes.writeUInt16LE(64, 58);
  bytes.writeUInt16LE(3, 60);
  bytes.writeUInt16LE(2, 62);
  modinfo.copy(bytes, 64);
  names.copy(bytes, 64 + modinfo.length);
  const section = (i: number, name: number, offset: number, size: number): void => {
    bytes.writeUInt32LE(name, table + i * 64);
    bytes.writeBigUInt64LE(BigInt(offset), table + i * 64 + 24);
    bytes.writeBigUInt64LE(BigInt(size), table + i * 64 + 32);
  };
  section(1, 1, 64, modinfo.length);
  section(2, 10, 64 + modinfo.length, names.length);
  return bytes;
}

/** A folder of such files. */
function folderOf(root: string, files: Record<string, Buffer>, builtin = ''): string {
  for (const [path, data] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), data);
  }
  writeFileSync(join(root, 'modules.builtin'), builtin);
  return root;
}

t.test('each after what it depends on, none twice', async (t) => {
  const folder = folderOf(
    t.testdir(),
    {
      'kernel/net/8021q/8021q.ko': fakeModule({ depends: 'mrp,garp', license: 'GPL' }),
      'kernel/net/802/mrp.ko': fakeModule({ depends: '' }),
      'kernel/net/802/garp.ko': fakeModule({ depends: 'stp' }),
      'kernel/net/802/stp.ko.gz': gzipSync(fakeModule({ depends: '' })),
      'kernel/net/bridge/bridge.ko': fakeModule({ depends: 'stp,llc' }),
      'kernel/drivers/net/some-thing.ko': fakeModule({}),
    },
    'kernel/net/llc/llc.ko\nkernel/net/packet/af_packet.ko\n',
  );
  const set = await selectModules(readModuleFolder(folder), ['8021q', 'bridge', 'af_packet', 'some_thing', 'bonding']);
  t.same(
    set.load.map(({ name }) => name),
    ['mrp', 'stp', 'garp', '8021q', 'bridge', 'some_thing'],
  );
  t.same(set.builtin, ['llc', 'af_packet']);
  t.same(set.missing, ['bonding']);
});

t.test('a dependency that is nowhere', async (t) => {
  const folder = folderOf(t.testdir(), { 'a.ko': fakeModule({ depends: 'b' }) });
  await t.rejects(selectModules(readModuleFolder(folder), ['a']), /module a: it depends on b, which is not in/);
});

t.test('names', (t) => {
  t.equal(moduleName('kernel/drivers/net/usb/cdc-ether.ko.xz'), 'cdc_ether');
  t.end();
});

const kernel = bootableKernel(findKernels());
t.test(
  'a real kernel',
  { skip: kernel === undefined ? 'no kernel with modules on this machine' : false },
  async (t) => {
    const folder = readModuleFolder(kernel?.modules ?? '');
    const set = await selectModules(folder, ['bonding', '8021q', 'bridge', 'no_such_module']);
    const names = set.load.map(({ name }) => name);
    const before = (first: string, then: string): void => {
      // Either may be in the image.
      if (names.includes(first) && names.includes(then))
        t.ok(names.indexOf(first) < names.indexOf(then), `${first} before ${then}`);
    };
    before('tls', 'bonding');
    before('stp', 'bridge');
    before('llc', 'stp');
    before('garp', '8021q');
    t.same(set.missing, ['no_such_module']);
    for (const { name, data } of set.load) t.equal(data.readUInt32BE(0), 0x7f454c46, `${name} is decompressed`);
  },
);
