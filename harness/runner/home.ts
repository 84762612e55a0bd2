/** Where wirewarp itself lies: the checkout, or its folder in node_modules. The same from the sources and from the bundle. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Package {
  readonly name?: string;
  readonly version?: string;
}

let known: { folder: string; version: string } | undefined;

function find(): { folder: string; version: string } {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const found = readPackage(folder);
    if (found?.name === 'wirewarp') return { folder, version: found.version ?? '0.0.0' };
    if (folder === dirname(folder))
      throw new Error(`wirewarp's own package.json was not found above ${fileURLToPath(import.meta.url)}`);
  }
}

function readPackage(folder: string): Package | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Package;
  } catch {
    return undefined; // a folder in between
  }
}

/** wirewarp's own folder. */
export const home = (): string => (known ??= find()).folder;
export const version = (): string => (known ??= find()).version;
