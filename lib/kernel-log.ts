/**
 * What a kernel's log says of the kernel's own health. A complaint at any time of a run ends it in `crashed`.
 * Sources of the texts: lib/bug.c, kernel/panic.c, kernel/rcu/tree_stall.h, kernel/hung_task.c, kernel/watchdog.c,
 * kernel/locking/lockdep.c, mm/kasan/report.c, mm/slub.c, lib/ubsan.c, lib/refcount.c, lib/ref_tracker.c, net/core/dst.c,
 * net/core/dev.c, arch/x86/kernel/{traps,dumpstack}.c.
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
  // "traps: node[1] general protection fault" is a program's, not the kernel's. "int3: 0000 [#1] SMP" is how x86 and arm64 count what they die of.
  ['oops', /^(?!.*\btraps: [^\n]*\[\d+\] ).*\b(Oops: |general protection fault\b|BUG: unable to handle |kernel NULL pointer dereference\b|invalid opcode: |PANIC: |[^\n]+: [\da-f]{4,16} \[#\d+\])/],
  // Slab's own name stands where others have a colon: "BUG skbuff_head_cache (Not tainted): Redzone overwritten".
  ['BUG', /\bkernel BUG at |\bBUG: (?!unable|KASAN|KCSAN|KMSAN|KFENCE|soft lockup|workqueue lockup)|\bBUG [^\s:]+ \((Not t|T)ainted/],
  ['KASAN', /BUG: (KASAN|KMSAN|KFENCE|KCSAN)/],
  ['lockup', /soft lockup|hard LOCKUP|workqueue lockup/],
  // "WARNING: CPU: 0 PID: 1 at net/core/dev.c:1 f+0x1/0x2"; from 6.19 on "WARNING: net/core/dev.c:1 at f+0x1/0x2, CPU#0: node/1".
  ['WARNING', /\bWARNING: (CPU: |at |\S+:\d+ at |suspicious|possible|inconsistent|lock|bad|held|chain_key|[Nn]ested|\S+-(un)?safe\b|\S+ still has locks held|(kernel )?stack )/],
  ['lockdep', /\b(possible (circular|recursive|irq lock inversion)|inconsistent lock state|suspicious RCU usage|held lock freed|trying to register non-static key)/],
  ['UBSAN', /\bUBSAN: /],
  ['RCU stall', /\brcu[^\n]{0,40}(detected (expedited )?stalls|self-detected stall)/],
  ['hung task', /\btask \S.* blocked (in I\/O wait )?for more than \d+ seconds/],
  ['refcount', /\brefcount_t(: | overflow)|\bdst_release(_immediate)?( underflow|: dst:)|\bleaked reference\.|\breference already released\./],
  // 3.10 to 6.x, every 10 s for as long as somebody holds it.
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

/** SIGTRAP and SIGABRT: how V8 and libc end a program that found itself broken. */
const ABORTS = [5, 6];

/**
 * PID 1 of a VM is ours: that it ended by itself, with which status (128 and the signal where it aborted), and the panic
 * is no fault of the kernel's. Undefined where it was killed.
 */
export function initStatus(complaint: Complaint): number | undefined {
  const code = /Attempted to kill init! exitcode=0x([\da-f]{8})/.exec(complaint.line)?.[1];
  const status = code === undefined ? undefined : Number.parseInt(code, 16);
  if (status === undefined) return undefined;
  const signal = status & 0x7f;
  return signal === 0 ? (status >> 8) & 0xff : ABORTS.includes(signal) ? 128 + signal : undefined;
}

/** A panic for want of memory: of what the VM was given, no fault of the kernel's. */
export const lackedMemory = ({ line }: Complaint): boolean => /Kernel panic - not syncing: (Out of memory|System is deadlocked on memory)/i.test(line);

/** The lines of a complaint: a backtrace is what a maintainer asks for first. */
export function excerpt(log: string, complaint: Complaint, lines = 40): string[] {
  const all = log.split(/\r?\n/);
  const begin = cutAt(all, complaint.at);
  return all.slice(begin, begin + lines);
}

/** WARN() and BUG() say what they mean before they say that they are one: between this line and theirs. */
const CUT_HERE = /-{4,}\[ cut here \]-{4,}/;
function cutAt(lines: readonly string[], at: number): number {
  const above = lines.slice(Math.max(0, at - CUT_LINES), at).findLastIndex((line) => CUT_HERE.test(line));
  return above < 0 ? at : Math.max(0, at - CUT_LINES) + above;
}
const CUT_LINES = 5;

/** A step of the story, where the log stood when it began: by the kernel's clock, or by its lines so far. */
export interface StepMark {
  readonly text: string;
  /** Protocol time. */
  readonly atS: number;
  readonly upS: number;
  readonly lines?: number;
}

/** Seconds since boot at the head of a console's line; it may stand behind a level or before a caller. */
const timeOf = (line: string): number | undefined => {
  const text = /^(?:<\d+>)?\[ *(\d+\.\d+)\]/.exec(line)?.[1];
  return text === undefined ? undefined : Number(text);
};

/** The kernel's log and its monotonic clock begin at the same boot, but not in the same millisecond. */
const CLOCKS_APART_S = 0.05;

/** The step in which a complaint came; undefined before the first one, or where nothing tells. */
export function stepOf(complaint: Complaint, steps: readonly StepMark[]): StepMark | undefined {
  const saidS = timeOf(complaint.line);
  return steps.findLast(({ upS, lines }) => (lines === undefined ? saidS === undefined || upS <= saidS + CLOCKS_APART_S : lines <= complaint.at));
}

/** A record of /dev/kmsg ("6,1234,17496127,-;sw: port 4(core) entered …", then " KEY=value" lines) as a console shows it. */
export function formatKmsg(record: string): string {
  const [, , timeUs = '0', text = record] = /^(\d+),\d+,(\d+),[^;]*;(.*)/.exec(record) ?? [];
  return `[${(Number(timeUs) / 1e6).toFixed(6).padStart(12)}] ${text.replaceAll(/\\x([\da-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))}`;
}

/** How far behind its first line the end of a report is looked for. */
const REPORT_LINES = 80;
/** What belongs to a report of which no end is marked: registers, a stack, who and where. */
const REPORT_LINE = /\] +(\? |[\w.]+\+0x|Call Trace|Call trace|<\/?(TASK|IRQ|NMI|SOFTIRQ)>|RIP:|RSP:|R[A-Z0-9]{2}:|Code:|CR2:|FS:|CPU:|Hardware name:|Modules linked in:|Workqueue:|task:|Tainted:|Showing all locks|#\d+:|\(detected by|rcu:|pc :|lr :|sp :|x\d+ ?:)/;

/** What is ours on a kernel that others use too. */
export interface Ours { readonly devices: ReadonlySet<string>; readonly pids: ReadonlySet<number> }

/**
 * Does a complaint of such a kernel speak of what is ours: a device of ours, or a process? Looked for in its whole
 * report: up to its "end trace", or as long as the lines are those of a report. Others' lines come in between.
 */
export function concerns(log: string, complaint: Complaint, all: readonly Complaint[], { devices, pids }: Ours): boolean {
  const next = all.find(({ at }) => at > complaint.at)?.at ?? Infinity;
  const lines = excerpt(log, complaint, Math.min(REPORT_LINES, next - complaint.at));
  const end = lines.findIndex((line, i) => i > 0 && /---\[ end /.test(line));
  const beyond = lines.findIndex((line, i) => i > 0 && !REPORT_LINE.test(line));
  const report = end > 0 ? lines.slice(0, end) : lines.slice(0, beyond < 0 ? undefined : beyond);
  return report.some((line) => {
    const pid = /\b(?:PID: |pid:|task \S+:)(\d+)\b/i.exec(line)?.[1];
    return (pid !== undefined && pids.has(Number(pid))) || [...line.matchAll(DEVICE)].some(([, before = '', inLine = '']) => devices.has(before || inLine));
  });
}

/** Where the kernel names a device: "sw: port 4(core) entered …", "bond0: (slave eth0): …", "waiting for veth0 to become free". A path is none. */
const DEVICE = /(?<=[\s(])([\w.@-]+)[:)]|\bwaiting for ([\w.@-]+) to become free/g;
