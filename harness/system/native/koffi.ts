/**
 * Where koffi comes from. It is a native add-on: a bundle cannot hold it, so it is required at run time.
 * WIREWARP_KOFFI names the add-on itself (in a VM "/koffi.node"); otherwise the npm package is looked up from here.
 */
import { createRequire } from 'node:module';
import type koffiPackage from 'koffi';

export type Koffi = typeof koffiPackage;

let loaded: Koffi | undefined;

export function loadKoffi(): Koffi {
  if (loaded) return loaded;
  const path = process.env['WIREWARP_KOFFI'];
  try {
    // An ESM bundle has its own path here; a CommonJS bundle has none, and asks from the program's file.
    const from = (import.meta.url as string | undefined) ?? process.argv[1] ?? '/';
    const required = createRequire(from)(path ?? 'koffi') as Koffi | { default: Koffi };
    loaded = 'default' in required ? required.default : required;
  } catch (cause) {
    throw new Error(`koffi does not load from ${path ?? 'the npm package'}: raw sockets and namespaces need it`, { cause });
  }
  return loaded;
}
