// What is said where nothing can be kept.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { cacheFolder, cacheTrouble, unwritable } from '../../../harness/setup/cache.mjs';

const folder = mkdtempSync(join(tmpdir(), 'wirewarp-test-'));
t.teardown(() => { rmSync(folder, { recursive: true, force: true }); });

t.test('where the cache is', async (t) => {
  t.equal(cacheFolder({ XDG_CACHE_HOME: '/x' }), '/x/wirewarp');
  t.match(cacheFolder({ XDG_CACHE_HOME: 'relative' }), /\/\.cache\/wirewarp$/);
});

t.test('no space', async (t) => {
  t.equal(cacheTrouble('/c/k', { code: 'ENOSPC', message: 'x' }, 150), 'no space is left for /c/k, which takes about 150 MB. Free some, or set XDG_CACHE_HOME to a folder of yours.');
  t.match(cacheTrouble('/c/k', { message: 'E: Write error - write (28: No space left on device)' }), /^no space is left for \/c\/k\. Free some/);
});

t.test('a place that is closed is named, not the folder that could not be made in it', { skip: process.getuid?.() === 0 ? 'root may write anywhere' : false }, async (t) => {
  chmodSync(folder, 0o500);
  t.equal(unwritable(join(folder, 'a/b')), `${folder} is not yours to write`);
  t.match(cacheTrouble(join(folder, 'a/b'), { code: 'ENOENT', message: 'ENOENT' }), `${join(folder, 'a/b')} cannot be made: ${folder} is not yours to write. Make it writable`);
  chmodSync(folder, 0o700);
});

t.test('a place that is open: the system’s own word', async (t) => {
  t.equal(unwritable(join(folder, 'a/b')), undefined);
  t.match(cacheTrouble(join(folder, 'a'), { code: 'EIO', message: 'EIO: i/o error' }), /a cannot be written: EIO: i\/o error\. Mend that/);
});
