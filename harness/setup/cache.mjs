/** Where wirewarp keeps what is dear to make again and safe to delete: unpacked kernels, initramfs files, snapshots. */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** $XDG_CACHE_HOME/wirewarp, or ~/.cache/wirewarp; the standard has a relative value ignored. */
export function cacheFolder(env = process.env) {
  const base = env.XDG_CACHE_HOME ?? '';
  return join(isAbsolute(base) ? base : join(homedir(), '.cache'), 'wirewarp');
}
