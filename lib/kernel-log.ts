/**
 * What a kernel's log says of the kernel's own health. A complaint at any time of a run ends it in `crashed`.
 * Sources of the texts: lib/bug.c, kernel/panic.c, kernel/rcu/tree_stall.h, kernel/hung_task.c, kernel/watchdog.c,
 * kernel/locking/lockdep.c, mm/kasan/report.c, lib/ubsan.c, lib/refcount.c, net/core/dev.c.
 */
export interface Complaint {
  readonly kind: string;
  /** The line that says it. */
  readonly line: string;
  /** Index of that line in the log. */
  readonly at: number;
}

const COMPLAINTS: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ['panic', /Kernel panic - not syncing/],
  // "traps: node[1] general protection fault" is a program's, not the kernel's.
  ['oops', /^(?!.*\btraps: ).*\b(Oops: |general protection fault\b|BUG: unable to handle |kernel NULL pointer dereference\b|invalid opcode: |PANIC: )/],
  ['BUG', /\bkernel BUG at |^.*\bBUG: (?!unable|KASAN|KCSAN|KMSAN|KFENCE|soft lockup|workqueue lockup)/],
  ['KASAN', /BUG: (KASAN|KMSAN|KFENCE|KCSAN)/],
  ['lockup', /soft lockup|hard LOCKUP|workqueue lockup/],
  // "WARNING: CPU: 0 PID: 1 at net/core/dev.c:1 f+0x1/0x2"; from 6.19 on "WARNING: net/core/dev.c:1 at f+0x1/0x2, CPU#0: node/1".
  ['WARNING', /\bWARNING: (CPU: |at |\S+:\d+ at |suspicious|possible|inconsistent|lock|bad|held|[Nn]ested|\S+-(un)?safe\b|(kernel )?stack )/],
  ['lockdep', /\b(possible (circular|recursive|irq lock inversion)|inconsistent lock state|suspicious RCU usage|held lock freed|trying to register non-static key)/],
  ['UBSAN', /\bUBSAN: /],
  ['RCU stall', /\brcu[^\n]{0,40}(detected (expedited )?stalls|self-detected stall)/],
  ['hung task', /\btask .* blocked for more than \d+ seconds/],
  ['refcount', /\brefcount_t: /],
  ['leaked netdevice', /unregister_netdevice: waiting for /],
];

/** Every complaint in a log, in its order. `allow`: texts that are no complaint in this run, said on purpose. */
export function findComplaints(log: string, allow: readonly RegExp[] = []): Complaint[] {
  const found: Complaint[] = [];
  log.split(/\r?\n/).forEach((line, at) => {
    if (allow.some((pattern) => pattern.test(line))) return;
    const hit = COMPLAINTS.find(([, pattern]) => pattern.test(line));
    if (hit) found.push({ kind: hit[0], line: line.trim(), at });
  });
  return found;
}

/** PID 1 of a VM is ours: that it ended by itself, with which status, and the panic is no fault of the kernel's. Undefined where it was killed. */
export function initStatus(complaint: Complaint): number | undefined {
  const code = /Attempted to kill init! exitcode=0x([\da-f]{8})/.exec(complaint.line)?.[1];
  const status = code === undefined ? undefined : Number.parseInt(code, 16);
  return status === undefined || (status & 0x7f) !== 0 ? undefined : (status >> 8) & 0xff;
}

/** The lines around a complaint: a backtrace is what a maintainer asks for first. */
export function excerpt(log: string, complaint: Complaint, lines = 40): string[] {
  return log.split(/\r?\n/).slice(complaint.at, complaint.at + lines);
}
