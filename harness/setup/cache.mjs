/** Where wirewarp keeps what is dear to make again and safe to delete: unpacked kernels, initramfs files, snapshots. */
import { accessSync, constants, existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

/** $XDG_CACHE_HOME/wirewarp, or ~/.cache/wirewarp; the standard has a relative value ignored. */
export function cacheFolder(env = process.env) {
  const base = env.XDG_CACHE_HOME ?? '';
  return join(isAbsolute(base) ? base : join(homedir(), '.cache'), 'wirewarp');
}

/**
 * Why something cannot be kept there, and what to do: from the error that came of trying. The system's own word misleads:
 * a folder that cannot be made in a read-only place is reported as missing.
 */
export function cacheTrouble(path, error, megabytes) {
  const elsewhere = 'or set XDG_CACHE_HOME to a folder of yours';
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT' || /no space left/i.test(error.message ?? ''))
    return `no space is left for ${path}${megabytes === undefined ? '' : `, which takes about ${megabytes} MB`}. Free some, ${elsewhere}.`;
  const closed = unwritable(path);
  if (closed !== undefined) return `${path} cannot be made: ${closed}. Make it writable, ${elsewhere}.`;
  return `${path} cannot be written: ${error.message}. Mend that, ${elsewhere}.`;
}

/** Why nothing can be made at a path, by the nearest folder that is there; undefined where it can. */
export function unwritable(path) {
  let there = path;
  while (!existsSync(there) && there !== dirname(there)) there = dirname(there);
  try {
    accessSync(there, constants.W_OK);
    return undefined;
  } catch ({ code }) {
    return `${there} ${code === 'EROFS' ? 'is read-only' : code === 'EACCES' ? 'is not yours to write' : `cannot be written (${code})`}`;
  }
}
