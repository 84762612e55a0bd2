/**
 * Runs a test file in network, mount and process namespaces of its own: it re-executes the file under `unshare`, with the
 * same stdio, so tap sees the inner one. Nothing the file does can touch the host, and nothing can stay behind.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { mkdirSync } from 'node:fs';
import { mount } from '../../../harness/system/native/libc.ts';

/** Call first: `isolated(import.meta.url)`. Returns inside only. */
export function isolated(url: string): void {
  if (process.env['WIREWARP_TEST_ISOLATED'] === url) {
    mount('none', '/', null, 0x4000 | 0x4_0000); // MS_REC | MS_PRIVATE
    mount('sysfs', '/sys', 'sysfs');             // the sysfs of this network namespace
    mkdirSync('/run/netns', { recursive: true });
    mount('tmpfs', '/run/netns', 'tmpfs');
    return;
  }
  const root = process.getuid?.() === 0;
  const run = spawnSync('unshare', [...(root ? [] : ['--user', '--map-root-user']), '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', process.execPath, ...process.execArgv, fileURLToPath(url)], {
    stdio: 'inherit', env: { ...process.env, WIREWARP_TEST_ISOLATED: url },
  });
  process.exit(run.status ?? 1);
}
