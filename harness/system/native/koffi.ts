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
    // The bundle is a file too: import.meta.url is its own path there.
    const required = createRequire(import.meta.url)(path ?? 'koffi') as Koffi | { default: Koffi };
    loaded = 'default' in required ? required.default : required;
  } catch (cause) {
    throw new Error(`koffi does not load from ${path ?? 'the npm package'}: raw sockets and namespaces need it`, { cause });
  }
  return loaded;
}
