/**
 * The layering of DESIGN, read off the sources: scenarios → harness/scenario → harness/* → lib/*. ESLint holds the same
 * rules; this holds them for those who run only the tests.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { filesBelow } from '../harness/setup/stamp.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

interface Import {
  readonly from: string;
  /** A path in the repository, a package or a node: module. */
  readonly to: string;
}

/** Whatever is imported, types too: knowing a type is knowing the module. */
function importsOf(from: string, text: string): Import[] {
  const specifiers = [
    ...text.matchAll(/^\s*(?:import|export)\b[^'";]*?\bfrom\s+['"]([^'"]+)['"]/gm),
    ...text.matchAll(/^\s*import\s+['"]([^'"]+)['"]/gm),
    ...text.matchAll(/\b(?:import|require)\(\s*['"]([^'"]+)['"]\s*\)/g),
  ].map(([, specifier = '']) => specifier);
  return specifiers.map((to) => ({ from, to: to.startsWith('.') ? posix.join(posix.dirname(from), to) : to }));
}

/** Each rule answers, for an import it forbids, why. */
const rules: ((from: string, to: string) => string | undefined | false)[] = [
  (from, to) =>
    from.startsWith('lib/') && /^(harness|scenarios|bench|test)\//.test(to) && 'lib imports nothing above it',
  (from, to) =>
    from.startsWith('lib/') &&
    to.startsWith('node:') &&
    !['node:buffer', 'node:util', 'node:assert', 'node:path'].includes(to) &&
    'lib is pure',
  (from, to) =>
    from.startsWith('scenarios/') &&
    !to.startsWith('scenarios/') &&
    to !== 'harness/scenario.ts' &&
    'scenarios have one door: harness/scenario.ts',
  (from, to) =>
    from.startsWith('harness/') && to.startsWith('scenarios/') && 'the harness knows scenarios by the catalogue only',
  (from, to) =>
    from.startsWith('harness/kernels/') &&
    (to === 'lib/claims.ts' || /^(harness\/(expect|report)|lib\/render)\//.test(to)) &&
    'kernels know nothing of claims and reports',
  (from, to) =>
    from.startsWith('harness/report/') &&
    /^harness\/(kernels|lab|probes|capture|expect)\//.test(to) &&
    'reports see the record, not what made it',
  (from, to) => to === 'execa' && from !== 'harness/system/exec.ts' && 'only harness/system/exec.ts runs programs',
  (from, to) =>
    to === 'p-retry' && from !== 'harness/system/eventually.ts' && 'only harness/system/eventually.ts retries',
  (from, to) =>
    /^(koffi|@koromix)(\/|$)/.test(to) &&
    !from.startsWith('harness/system/native/') &&
    'only harness/system/native/ calls into C',
];

function faults(imports: readonly Import[]): string[] {
  return imports.flatMap(({ from, to }) =>
    rules
      .map((rule) => rule(from, to))
      .flatMap((why) => (typeof why === 'string' ? [`${from} imports ${to}: ${why}`] : [])),
  );
}

t.test('every import points the right way', (t) => {
  const files = filesBelow(root, ['lib', 'harness', 'scenarios']).filter(({ name }) => name.endsWith('.ts'));
  t.ok(files.length > 10, 'there are sources');
  const imports = files.flatMap(({ name }) => importsOf(name, readFileSync(join(root, name), 'utf8')));
  t.ok(imports.length > 10, 'and imports in them');
  t.same(faults(imports), []);
  t.end();
});

t.test('one that does not is found', (t) => {
  const source = [
    "import { readFileSync } from 'node:fs';",
    "import { inspect } from 'node:util';",
    "import type { Lab } from '../harness/lab/lab.ts';",
    'import {',
    '  execa,',
    "} from 'execa';",
    "const native = await import('koffi');",
    "export * from './units.ts';",
  ].join('\n');
  t.same(faults(importsOf('lib/plan.ts', source)).sort(), [
    'lib/plan.ts imports execa: only harness/system/exec.ts runs programs',
    'lib/plan.ts imports harness/lab/lab.ts: lib imports nothing above it',
    'lib/plan.ts imports koffi: only harness/system/native/ calls into C',
    'lib/plan.ts imports node:fs: lib is pure',
  ]);
  t.same(faults(importsOf('scenarios/a/b.ts', "import x from '../../lib/units.ts';")).length, 1);
  t.same(faults(importsOf('scenarios/a/b.ts', "import x from '../../harness/scenario.ts';")), []);
  t.same(faults(importsOf('harness/kernels/qemu.ts', "import '../report/junit.ts';")).length, 1);
  t.end();
});
