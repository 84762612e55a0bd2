import { spawnSync } from 'node:child_process';
import t from 'tap';
import { cpioArchive, type CpioEntry } from '../../../../harness/kernels/image/cpio.ts';

const file = (path: string, text: string): CpioEntry => ({ kind: 'file', path, data: Buffer.from(text) });

/** Reads an archive back, by the format's description and not by the writer's code. */
function decode(bytes: Buffer): Record<string, string | number>[] {
  const found: Record<string, string | number>[] = [];
  for (let at = 0; ;) {
    const field = (i: number): number => parseInt(bytes.toString('latin1', at + 6 + i * 8, at + 14 + i * 8), 16);
    if (bytes.toString('latin1', at, at + 6) !== '070701') throw new Error(`no header at ${at}`);
    const name = bytes.toString('utf8', at + 110, at + 110 + field(11) - 1);
    if (bytes[at + 110 + field(11) - 1] !== 0) throw new Error(`the name at ${at} does not end in NUL`);
    const data = (at + 110 + field(11) + 3) & ~3;
    if (name === 'TRAILER!!!') return found;
    found.push({
      name,
      ino: field(0),
      mode: field(1).toString(8),
      owner: field(2) + field(3),
      mtime: field(5),
      device: `${field(9)}:${field(10)}`,
      data: bytes.toString('utf8', data, data + field(6)),
    });
    at = (data + field(6) + 3) & ~3;
  }
}

t.test('what was put in can be read back', (t) => {
  const entries: CpioEntry[] = [
    { kind: 'device', path: 'dev/ttyS1', major: 4, minor: 65 },
    file('etc/passwd', 'root\n'),
    { ...(file('init', '#!') as CpioEntry & { kind: 'file' }), executable: true },
    { kind: 'link', path: 'lib64', target: 'lib' },
    { kind: 'folder', path: 'proc' },
  ];
  const common = { owner: 0, mtime: 0, device: '0:0', data: '' };
  t.same(decode(Buffer.concat(cpioArchive(entries))), [
    { ...common, name: 'dev', ino: 1, mode: '40755' },
    { ...common, name: 'dev/ttyS1', ino: 2, mode: '20600', device: '4:65' },
    { ...common, name: 'etc', ino: 3, mode: '40755' },
    { ...common, name: 'etc/passwd', ino: 4, mode: '100644', data: 'root\n' },
    { ...common, name: 'init', ino: 5, mode: '100755', data: '#!' },
    { ...common, name: 'lib64', ino: 6, mode: '120777', data: 'lib' },
    { ...common, name: 'proc', ino: 7, mode: '40755' },
  ]);
  t.end();
});

t.test('lengths of every remainder by four', (t) => {
  for (let length = 0; length < 9; length += 1) {
    const entries = [file('a'.repeat(length + 1), 'x'.repeat(length)), file('z', 'last')];
    const archive = Buffer.concat(cpioArchive(entries));
    t.same(
      decode(archive).map(({ data }) => data),
      ['x'.repeat(length), 'last'],
    );
    t.equal(archive.length % 4, 0);
  }
  t.end();
});

t.test('the same bytes in whatever order the entries come', (t) => {
  const entries = [file('b/c', '1'), file('a', '2'), file('b/a', '3')];
  t.same(Buffer.concat(cpioArchive(entries)), Buffer.concat(cpioArchive(entries.toReversed())));
  t.end();
});

t.test('paths that would land elsewhere or twice are refused', (t) => {
  for (const path of ['/etc/passwd', '../up', 'a//b', 'a/', ''])
    t.throws(() => cpioArchive([file(path, '')]), /relative and plain/);
  t.throws(() => cpioArchive([file('a', '1'), file('a', '2')]), /"a" twice/);
  t.throws(() => cpioArchive([file('a', '1'), file('a/b', '2')]), /"a" is no folder/);
  t.end();
});

t.test('cpio reads it', (t) => {
  const input = Buffer.concat(cpioArchive([file('a/b', 'text'), { kind: 'link', path: 'l', target: 'a/b' }]));
  const result = spawnSync('cpio', ['-t', '--quiet'], { input, encoding: 'utf8' });
  if (result.error !== undefined) t.pass('read by cpio', { skip: 'cpio is not installed' });
  else t.match(result, { status: 0, stdout: 'a\na/b\nl\n', stderr: '' });
  t.end();
});
