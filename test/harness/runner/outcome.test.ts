// Errored or crashed: whose failure it was.
import t from 'tap';
import { foreignComplaints, type Outcome, outcomeOf } from '../../../harness/runner/outcome.ts';
import { findComplaints } from '../../../lib/kernel-log.ts';

const outcome = (over: Partial<Outcome> & { log?: string } = {}): Outcome => ({
  place: 'qemu', ending: { how: 'done' }, log: '', complaints: findComplaints(over.log ?? ''), booted: true, lastStep: 'alice sends', steps: [], protocolS: 42.25, silentS: 3, wallS: 300, ...over,
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

t.test('a complaint names the step in which it came, not the last', async (t) => {
  const steps = [{ text: 'bob joins', atS: 0, upS: 10 }, { text: 'the cut', atS: 60, upS: 70 }, { text: 'the end', atS: 600, upS: 610 }];
  const log = '[   75.000000] WARNING: CPU: 0 PID: 1 at net/core/dev.c:1 f+0x1/0x2\n[  620.000000] BUG: Bad page state in process node  pfn:00001';
  const answer = { verdict: 'held' as const };
  t.match(outcomeOf(outcome({ log, steps, answer })), { verdict: 'crashed', reason: /^the kernel complained \(WARNING\) during "the cut", which began at 60\.0 s, and 1 time more \(BUG\):\n\[ {3}75/ });
  t.match(outcomeOf(outcome({ log: log.replace('75.0', ' 5.0'), steps, answer })).reason, /\(WARNING\) before the story began, and/);
  t.match(outcomeOf(outcome({ log: log.split('\n')[0] ?? '', steps: [], lastStep: 'booting' })).reason, /during "booting":/);
});

t.test('memory that ran out in the VM is not its kernel’s fault', async (t) => {
  t.match(outcomeOf(outcome({ log: '[ 1.0] Kernel panic - not syncing: System is deadlocked on memory' })), { verdict: 'errored', reason: /ran out of memory during "alice sends"/ });
});

t.test('a VM that did not start, or that somebody ended', async (t) => {
  const failed = { how: 'failed' as const, detail: 'QEMU ended with status 1, and said: cannot set up guest memory: Cannot allocate memory. Free memory' };
  t.match(outcomeOf(outcome({ ending: failed, booted: false })), { verdict: 'errored', reason: /^the VM did not come up, which is not the kernel's doing: QEMU ended with status 1.*Free memory\.$/ });
  t.match(outcomeOf(outcome({ ending: failed, log: 'a line' })), { verdict: 'errored', reason: /^it ended during "alice sends": .*\na line$/s });
  t.match(outcomeOf(outcome({ ending: { how: 'died', detail: 'x' }, booted: false })), { verdict: 'crashed', reason: /the kernel never reached our agent: x\. Its console stayed empty/ });
  t.match(outcomeOf(outcome({ ending: failed, log: 'Oops: 0002 [#1] SMP NOPTI' })), { verdict: 'crashed' }, 'what the kernel said of itself comes first');
});
