/**
 * The catalogue of scenarios as a module, `wirewarp:catalogue`: `export const catalogue = [{ path, scenario }, …]`,
 * sorted by path. A bundle cannot list a folder when it runs (in a VM there is none), so the list is made when it is
 * built; tests get the same module through catalogue-hook.mjs.
 */
import { join } from 'node:path';
import { filesBelow } from './stamp.mjs';

export const catalogueName = 'wirewarp:catalogue';

/** Scenario files relative to the checkout. Shared topologies are parts of scenarios, not scenarios. */
export function scenarioFiles(root) {
  return filesBelow(root, ['scenarios'])
    .map(({ name }) => name)
    .filter((name) => name.endsWith('.ts') && !/\.(test|d)\.ts$/.test(name) && !name.includes('/topologies/'));
}

/** Source text of the module; `specifier` says how a scenario file is imported from where the module stands. */
export function catalogueSource(files, specifier) {
  const imports = files.map((file, i) => `import s${i} from ${JSON.stringify(specifier(file))};`);
  const entries = files.map((file, i) => `  { path: ${JSON.stringify(file)}, scenario: s${i} },`);
  return [...imports, 'export const catalogue = [', ...entries, '];', ''].join('\n');
}

/** The module for esbuild. */
export function cataloguePlugin(root) {
  return {
    name: 'catalogue',
    setup(build) {
      build.onResolve({ filter: /^wirewarp:catalogue$/ }, ({ path }) => ({ path, namespace: 'catalogue' }));
      build.onLoad({ filter: /.*/, namespace: 'catalogue' }, () => ({
        contents: catalogueSource(scenarioFiles(root), (file) => join(root, file)),
        resolveDir: root,
        loader: 'js',
      }));
    },
  };
}
