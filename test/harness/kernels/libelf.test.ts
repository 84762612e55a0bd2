import { existsSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { environmentOf, libelf } from '../../../harness/kernels/tree/libelf.ts';

const say = (): void => undefined;
const never = (): never => { throw new Error('not to be asked'); };
const refuses = (): Promise<boolean> => Promise.resolve(false);

/** A package's tree, with the library that its link leads to. */
function unpacked(t: Tap): string {
  const tree = t.testdir();
  for (const folder of ['usr/include', 'usr/lib/x86_64-linux-gnu']) mkdirSync(join(tree, folder), { recursive: true });
  for (const file of ['usr/include/gelf.h', 'usr/lib/x86_64-linux-gnu/libelf.so.1']) writeFileSync(join(tree, file), '');
  return tree;
}
type Tap = typeof t;

t.test('installed headers are taken as they are', async (t) => {
  t.same(await libelf({ say, compiles: () => Promise.resolve(true), cached: never, fetchPackage: never }), { env: {} });
});

t.test('else those of our cache, by the compiler’s environment', async (t) => {
  const tree = unpacked(t as unknown as Tap);
  const { env } = await libelf({ say, compiles: (given) => Promise.resolve(given['CPATH'] !== undefined), cached: () => tree, fetchPackage: never });
  t.match(env?.['CPATH'], new RegExp(`^${tree}/usr/include`));
  const link = join(tree, 'wirewarp-link/libelf.so');
  t.match(env?.['LIBRARY_PATH'], new RegExp(`^${tree}/wirewarp-link`));
  t.ok(existsSync(link), 'the link leads somewhere');
  t.equal(readlinkSync(link), join(tree, 'usr/lib/x86_64-linux-gnu/libelf.so.1'));
  t.ok(environmentOf(tree), 'a second time as well');
});

t.test('what cannot be had is named, with the packages to install', async (t) => {
  const forbidden = await libelf({ say, fetch: false, compiles: refuses, cached: () => undefined, fetchPackage: never });
  t.match(forbidden.lack, /headers of libelf; they are not on this machine, and fetching is forbidden \(--no-install\)\. Install them: .* libelf-dev \(Debian, Ubuntu\), elfutils-libelf-devel \(Fedora, RHEL\)/);
  const unknown = await libelf({ say, fetch: true, compiles: refuses, cached: () => undefined, fetchPackage: () => Promise.resolve({ failed: 'apt knows no package libelf-dev.' }) });
  t.match(unknown.lack, /not on this machine, and apt knows no package libelf-dev\. Install them/);
  const unfit = await libelf({ say, compiles: refuses, cached: () => unpacked(t as unknown as Tap), fetchPackage: never });
  t.match(unfit.lack, /in our cache \(.*\) do not compile here/);
  t.equal(environmentOf(t.testdir()), undefined, 'a tree that holds none');
});
