/** Module hooks behind catalogue-hook.mjs; Node runs them on a thread of their own. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { catalogueName, catalogueSource, scenarioFiles } from './catalogue.mjs';
import { root } from './root.mjs';

export async function resolve(specifier, context, next) {
  if (specifier === catalogueName) return { url: specifier, format: 'module', shortCircuit: true };
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (url !== catalogueName) return next(url, context);
  const source = catalogueSource(scenarioFiles(root), (file) => pathToFileURL(join(root, file)).href);
  return { format: 'module', source, shortCircuit: true };
}
