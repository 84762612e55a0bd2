// Errored or crashed: whose failure it was.
import t from 'tap';
import { foreignComplaints, type Outcome, outcomeOf } from '../../../harness/runner/outcome.ts';
import { findComplaints } from '../../../lib/kernel-log.ts';

const outcome = (over: Partial<Outcome> & { log?: string } = {}): Outcome => ({
  place: 'qemu', ending: { how: 'done' }, log: '', complaints: findComplaints(over.log ?? ''), booted: true, lastStep: 'alice sends', protocolS: 42.25, silentS: 3, wallS: 300, ...over,
});
const deadline = (waitedShare?: number) => ({ how: 'deadline' as const, detail: 'the VM was ended after 300 s of wall time', ...(waitedShare === undefined ? {} : { waitedShare }) });

t.test('a wall deadline in a VM', async (t) => {
  const slow = outcomeOf(outcome({ ending: deadline(0.8) }));
  t.equal(slow.verdict, 'errored');
  t.match(slow.reason, /^the host was too slow: virtual time stood at 42\.3 s in "alice sends" when the 300 s of wall time were over, and it had to wait for a processor 80 % .*--timeout/);
  t.match(outcomeOf(outcome({ ending: deadline(0) })), { verdict: 'errored', reason: /^the host was too slow.*were over\. Give/ }, 'it was at work, though nobody took its processor: emulation is slow');
  t.match(outcomeOf(outcome({ ending: deadline(0.1), silentS: 200 })), { verdict: 'crashed', reason: /stood still: nothing was heard of it for 200 s, virtual time stood at 42\.3 s/ });
  t.match(outcomeOf(outcome({ ending: deadline(), silentS: 200 })), { verdict: 'crashed' }, 'nobody can tell, and it was silent');
  t.match(outcomeOf(outcome({ ending: deadline(0.9), silentS: 200 })), { verdict: 'errored' }, 'silent, but it hardly got a processor');
  t.match(outcomeOf(outcome({ ending: deadline(0.9), booted: false, silentS: 300 })), { verdict: 'errored', reason: /the kernel was still booting when/ });
  t.match(outcomeOf(outcome({ ending: deadline(0.1), booted: false, silentS: 300 })), { verdict: 'crashed', reason: /the kernel never reached our agent/ });
  t.match(outcomeOf(outcome({ ending: deadline(0.9), log: 'BUG: kernel NULL pointer dereference, address: 0' })), { verdict: 'crashed', reason: /complained \(oops\)/ }, 'what the kernel said outweighs the clock');
});

t.test('on the running kernel a deadline is ours', async (t) => {
  t.match(outcomeOf(outcome({ place: 'running', ending: { how: 'deadline', detail: 'the agent was ended after 60 s of wall time' } })), { verdict: 'errored', reason: /the agent was ended after 60 s/ });
});

t.test('the running kernel complains', async (t) => {
  const log = '[ 1.0] WARNING: CPU: 1 PID: 7 at net/a.c:1 f+0x1/0x2';
  const answer = { verdict: 'held' as const };
  const of = (pid: number): Outcome => outcome({ place: 'running', log, answer, ours: { devices: new Set(), pids: new Set([pid]) } });
  t.match(outcomeOf(of(7)), { verdict: 'crashed', reason: /complained \(WARNING\)/ });
  t.same(foreignComplaints(of(7)), []);
  t.match(outcomeOf(of(8)), { verdict: 'held' }, 'of others');
  t.match(foreignComplaints(of(8)), [/^the kernel complained \(WARNING\) meanwhile, not of anything of ours: /]);
  t.same(foreignComplaints(outcome({ log })), [], 'a VM is ours whole');
});
