/**
 * strictTypeChecked finds what matters most here: promises that nobody waits for. The import rules hold the layering of
 * DESIGN: scenarios → harness/scenario → harness/* → lib/*, and one importer for each library with effects.
 * test/imports.test.ts checks the layering again, for those who run the tests only.
 */
import tseslint from 'typescript-eslint';

/** Modules of Node that do nothing but compute. */
const pureNode = ['node:buffer', 'node:util', 'node:assert', 'node:path'];

const only = (group, message) => ({ group, message });
const execaOnly = only(['execa'], 'Only harness/system/exec.ts runs programs.');
const retryOnly = only(['p-retry'], 'Only harness/system/eventually.ts retries.');
const koffiOnly = only(['koffi', 'koffi/*', '@koromix/*'], 'Only harness/system/native/ calls into C.');
const singleDoors = [execaOnly, retryOnly, koffiOnly];

const restrict = (...patterns) => ({ '@typescript-eslint/no-restricted-imports': ['error', { patterns }] });

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'results/', '.tap/', 'test/e2e/fixtures/does-not-load.ts'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'off' },
    rules: {
      // Numbers in messages are what reports are made of; String() around each hides the sentence.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // `() => list.push(x)` as a callback says what it does.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // `void promise` is how something is said to be left to itself.
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      // A type parameter that only names the result is how a cast is kept in one place.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // Flags set in callbacks look constant to it.
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      // Text is cut and reversed by code points on purpose.
      '@typescript-eslint/no-misused-spread': 'off',
      // A scenario's story or a contract's method is async for its callers, whether or not this one waits.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      ...restrict(...singleDoors),
    },
  },
  {
    files: ['lib/**/*.ts'],
    rules: restrict(
      ...singleDoors,
      only(['**/harness/**', '**/scenarios/**', '**/bench/**', '**/test/**'], 'lib imports nothing above it.'),
      only(['node:*', ...pureNode.map((name) => `!${name}`)], 'lib is pure: no file, process, socket or clock.'),
    ),
  },
  {
    files: ['scenarios/**/*.ts'],
    rules: restrict(
      ...singleDoors,
      only(
        ['**/harness/**', '!**/harness/scenario.ts', '**/lib/**', 'node:*'],
        'Scenarios have one door: harness/scenario.ts.',
      ),
    ),
  },
  {
    files: ['harness/kernels/**/*.ts'],
    rules: restrict(
      ...singleDoors,
      only(
        ['**/claims.ts', '**/expect/**', '**/report/**', '**/render/**'],
        'Kernels know nothing of claims and reports.',
      ),
    ),
  },
  {
    files: ['harness/report/**/*.ts'],
    rules: restrict(
      ...singleDoors,
      only(['**/kernels/**', '**/lab/**', '**/probes/**', '**/expect/**'], 'Reports see the record, not what made it.'),
    ),
  },
  { files: ['harness/system/exec.ts'], rules: restrict(retryOnly, koffiOnly) },
  { files: ['harness/system/eventually.ts'], rules: restrict(execaOnly, koffiOnly) },
  { files: ['harness/system/native/**/*.ts', 'harness/kernels/image/parts.ts'], rules: restrict(execaOnly, retryOnly) },
  {
    files: ['test/**/*.ts'],
    rules: {
      // Tests spoil records in ways that no type allows.
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      // tap itself awaits a subtest that nobody awaits.
      '@typescript-eslint/no-floating-promises': [
        'error',
        { allowForKnownSafePromises: [{ from: 'package', name: 'PromiseWithSubtest', package: '@tapjs/core' }] },
      ],
    },
  },
  // Set-up runs before TypeScript is there.
  { files: ['**/*.{js,mjs,cjs}'], extends: [tseslint.configs.recommended] },
);
