// The running kernel's own log: from now on, and no more than we may.
import { accessSync, constants, writeFileSync } from 'node:fs';
import t from 'tap';
import { openKernelLog } from '../../../harness/kernels/kmsg.ts';
import { waitedShareOf } from '../../../harness/kernels/schedstat.ts';

function mayRead(): boolean {
  try {
    accessSync('/dev/kmsg', constants.R_OK | constants.W_OK);
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}

t.test('what was said before is left out, what is said from now on is there', { skip: mayRead() ? false : 'the log is for root' }, async (t) => {
  writeFileSync('/dev/kmsg', '<6>wirewarp test: before\n');
  const log = openKernelLog();
  if (typeof log === 'string') return t.fail(log);
  t.teardown(() => { log.close(); });
  writeFileSync('/dev/kmsg', '<6>wirewarp test: after\n');
  const text = log.text();
  t.notMatch(text, 'wirewarp test: before');
  t.match(text, /^\[ *\d+\.\d{6}\] wirewarp test: after$/m);
  log.close();
  log.close();
  t.equal(log.text(), text, 'closed, it still has what it read');
});

t.test('why not, where we may not', async (t) => {
  t.match(openKernelLog('/nonexistent/kmsg'), /^\/nonexistent\/kmsg cannot be read \(ENOENT\): run as root, or set kernel\.dmesg_restrict=0$/);
});

t.test('whether a process gets the processor', async (t) => {
  const share = waitedShareOf(process.pid);
  t.ok(share === undefined || (share >= 0 && share <= 1), String(share));
  t.equal(waitedShareOf(2 ** 22 + 1), undefined, 'nobody there');
});
