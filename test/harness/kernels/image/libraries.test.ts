import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readElf, readModinfo, stripElf } from '../../../../harness/kernels/image/elf.ts';
import { librariesOf, readLoaderCache } from '../../../../harness/kernels/image/libraries.ts';
import { findProgram } from '../../../../harness/kernels/image/parts.ts';

/** What this machine's loader says: name → file. */
function ldd(program: string): Map<string, string> {
  const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' });
  const lines = [...stdout.matchAll(/^\s*(\S+) => (\/\S+)/gm)];
  return new Map(lines.map(([, name = '', file = '']) => [name, realpathSync(file)]));
}

t.test('finds the libraries that the loader finds', { skip: existsSync('/usr/bin/ldd') ? false : 'no ldd' }, (t) => {
  for (const program of [process.execPath, ...['ip', 'bridge', 'tcpdump'].map(findProgram)]) {
    const ours = new Map([...librariesOf([program]).byName].map(([name, file]) => [name, realpathSync(file)]));
    const theirs = ldd(program);
    t.ok(theirs.size > 0, `ldd knows ${program}`);
    t.same([...ours.keys()].sort(), [...theirs.keys()].sort(), `${program}: the same names`);
    for (const [name, file] of theirs) {
      // The loader may take a build for this very processor; ours is for every one.
      if (!file.includes('glibc-hwcaps')) t.equal(ours.get(name), file, `${program}: ${name}`);
    }
  }
  t.end();
});

t.test('and the loader itself', (t) => {
  const { loaders } = librariesOf([process.execPath]);
  t.equal(loaders.size, 1);
  const [[asked, file] = ['', '']] = loaders;
  t.match(asked, /ld-/);
  t.ok(readElf(readFileSync(file)));
  t.end();
});

t.test('finds them without the loader’s cache, too', (t) => {
  const program = findProgram('ip');
  t.same([...librariesOf([program], '/nonexistent').byName.keys()], [...librariesOf([program]).byName.keys()]);
  t.same(readLoaderCache('/nonexistent'), new Map());
  t.end();
});

t.test('a script is refused by name', (t) => {
  const script = join(t.testdir(), 'script');
  writeFileSync(script, '#!/bin/sh\n');
  t.throws(() => librariesOf([script]), /script into a VM: it is no 64-bit x86 program/);
  t.end();
});

t.test('a stripped program is shorter and runs', (t) => {
  const whole = readFileSync(process.execPath);
  const stripped = stripElf(whole);
  t.same(readElf(stripped), readElf(whole), 'the loader sees the same');
  const file = join(t.testdir(), 'node');
  writeFileSync(file, stripped);
  chmodSync(file, 0o755);
  const result = spawnSync(file, ['-p', '6 * 7'], { encoding: 'utf8' });
  t.match(result, { status: 0, stdout: '42\n' });
  t.ok(stripped.length <= whole.length);
  t.end();
});

t.test('what is no ELF file', (t) => {
  const text = Buffer.from('hello '.repeat(50));
  t.equal(readElf(text), undefined);
  t.same(readModinfo(text), new Map());
  t.equal(stripElf(text), text);
  t.end();
});
