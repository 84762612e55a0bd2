// A kernel's complaints in its own words, of kernels from 3.10 to 6.19; and what is none.
import t from 'tap';
import { concerns, excerpt, findComplaints, formatKmsg, initStatus, lackedMemory, stepOf } from '../../lib/kernel-log.ts';

const kinds = (log: string): string[] => findComplaints(log).map(({ kind }) => kind);

t.test('complaints', (t) => {
  for (const [line, kind] of [
    ['Kernel panic - not syncing: Fatal exception in interrupt', 'panic'],
    ['Oops: 0002 [#1] SMP NOPTI', 'oops'],
    ['Oops: general protection fault, probably for non-canonical address 0xdead000000000108: 0000 [#1] SMP NOPTI', 'oops'],
    ['general protection fault, probably for non-canonical address 0xdead000000000108: 0000 [#1] PREEMPT SMP NOPTI', 'oops'],
    ['general protection fault: 0000 [#1] SMP', 'oops'],
    ['BUG: unable to handle page fault for address: ffffffffc0000000', 'oops'],
    ['BUG: unable to handle kernel paging request at 0000000000001000', 'oops'],
    ['BUG: kernel NULL pointer dereference, address: 0000000000000008', 'oops'],
    ['invalid opcode: 0000 [#1] SMP', 'oops'],
    ['PANIC: early exception 0x0d IP 10:ffffffff81000000 error 0 cr2 0x0', 'oops'],
    ['divide error: 0000 [#1] PREEMPT SMP NOPTI', 'oops'],
    ['int3: 0000 [#2] SMP', 'oops'],
    ['traps: PANIC: double fault, error_code: 0x0', 'oops'],
    ['Internal error: synchronous external abort: 0000000096000210 [#1] SMP', 'oops'],
    ['Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: br_handle_frame+0x1/0x2', 'panic'],
    ['kernel BUG at net/core/skbuff.c:109!', 'BUG'],
    ['BUG: Bad page state in process node  pfn:0001f', 'BUG'],
    ['BUG skbuff_head_cache (Not tainted): Redzone overwritten', 'BUG'],
    ['BUG kmalloc-1k (Tainted: G        W         ): Object already free', 'BUG'],
    ['BUG: spinlock bad magic on CPU#0, node/1', 'BUG'],
    ['BUG: scheduling while atomic: node/1/0x00000002', 'BUG'],
    ['BUG: sleeping function called from invalid context at mm/slab.h:420', 'BUG'],
    ['[ BUG: Invalid wait context ]', 'BUG'],
    ['BUG: KASAN: use-after-free in br_multicast_count+0x1/0x2', 'KASAN'],
    ['BUG: KFENCE: out-of-bounds read in br_ip6_multicast_add_group+0x1/0x2', 'KASAN'],
    ['BUG: KMSAN: uninit-value in br_dev_xmit+0x1/0x2', 'KASAN'],
    ['Watchdog detected hard LOCKUP on cpu 0', 'lockup'],
    ['watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [node:1]', 'lockup'],
    ['BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 30s!', 'lockup'],
    ['WARNING: at net/bridge/br_multicast.c:1 br_multicast_rcv+0x1/0x2()', 'WARNING'],
    ['WARNING: CPU: 0 PID: 1 at net/core/dev.c:7 f+0x1/0x2', 'WARNING'],
    ['WARNING: net/core/dev.c:7 at f+0x1/0x2, CPU#0: node/1', 'WARNING'],
    ['WARNING: at f+0x1/0x2, CPU#0: node/1', 'WARNING'],
    ['WARNING: possible circular locking dependency detected', 'WARNING'],
    ['WARNING: SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected', 'WARNING'],
    ['WARNING: bad unlock balance detected!', 'WARNING'],
    ['WARNING: inconsistent lock state', 'WARNING'],
    ['WARNING: suspicious RCU usage', 'WARNING'],
    ['WARNING: chain_key collision', 'WARNING'],
    ['WARNING: node/1 still has locks held!', 'WARNING'],
    ['WARNING: lock held when returning to user space!', 'WARNING'],
    ['[ INFO: possible circular locking dependency detected ]', 'lockdep'],
    ['[ INFO: suspicious RCU usage. ]', 'lockdep'],
    ['INFO: trying to register non-static key.', 'lockdep'],
    ['UBSAN: array-index-out-of-bounds in net/bridge/br.c:1:2', 'UBSAN'],
    ['rcu: INFO: rcu_preempt self-detected stall on CPU', 'RCU stall'],
    ['rcu: INFO: rcu_sched detected stalls on CPUs/tasks:', 'RCU stall'],
    ['rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 0-...D } 21 jiffies', 'RCU stall'],
    ['INFO: rcu_tasks detected stalls on tasks:', 'RCU stall'],
    ['UBSAN: Undefined behaviour in net/bridge/br_fdb.c:1:2', 'UBSAN'],
    ['UBSAN: shift-out-of-bounds in net/sched/sch_api.c:1:2', 'UBSAN'],
    ['INFO: task kworker/u2:1:25 blocked for more than 120 seconds.', 'hung task'],
    ['INFO: task node:1 blocked in I/O wait for more than 120 seconds.', 'hung task'],
    ['refcount_t: underflow; use-after-free.', 'refcount'],
    ['refcount_t: addition on 0; use-after-free.', 'refcount'],
    ['refcount_t overflow at dev_hold+0x1/0x2 in node[1], uid/euid: 0/0', 'refcount'],
    ['dst_release underflow', 'refcount'],
    ['leaked reference.', 'refcount'],
    ['unregister_netdevice: waiting for eth0 to become free. Usage count = 2', 'leaked netdevice'],
  ] as const) {
    t.same(kinds(line), [kind], line);
    t.same(kinds(`[   12.345678] ${line}\r`), [kind], 'with a time before it');
    t.same(kinds(`[   12.345678][    T1] ${line}`), [kind], 'with its caller before it');
  }
  t.end();
});

t.test('no complaints', (t) => {
  for (const line of [
    'Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on, data leaks possible via Spectre v2 BHB attacks!',
    'ACPI BIOS Warning (bug): Optional FADT field has valid Length but zero Address',
    'Warning: unable to open an initial console.',
    'INFO: lockdep is turned off.',
    'warning: `node\' uses wireless extensions which will stop working for Wi-Fi 7 hardware; use nl80211',
    'Out of memory: Killed process 77 (tcpdump) total-vm:1kB, anon-rss:1kB',
    'traps: node[77] trap invalid opcode ip:7f0000000000 sp:7ffc00000000 error:0 in node[1000+1]',
    'debug: DEBUG: 0000 [#hash]',
    'traps: node[77] general protection fault ip:7f0000000000 sp:7ffc00000000 error:0 in libc.so.6',
    'bond0: (slave eth1): link status definitely down, disabling slave',
    'bonding: bond0: Warning: the permanent HWaddr of eth0 is still in use by bond0',
    'br0: port 1(p1) entered disabled state',
    'kmemleak: DEBUG: nothing to see',
    'RETBleed: WARNING: Spectre v2 mitigation leaves CPU vulnerable to RETBleed attacks, data leaks possible!',
  ])
    t.same(kinds(line), [], line);
  t.same(findComplaints('WARNING: at f()', [/at f/]), [], 'what is allowed is none');
  t.end();
});

t.test('the excerpt begins with the first line that says it', (t) => {
  const log = 'fine\nBUG: unable to handle page fault for address: ffff\n#PF: supervisor read access\nOops: 0000 [#1] SMP\nKernel panic - not syncing: Fatal exception';
  const [first] = findComplaints(log);
  t.match(first, { kind: 'oops', at: 1 });
  t.same(first && excerpt(log, first, 2), log.split('\n').slice(1, 3));
  t.end();
});

t.test('and before it what a WARN() says of itself', async (t) => {
  const log = 'fine\n[    1.0] ------------[ cut here ]------------\n[    1.0] list_del corruption\n[    1.0] WARNING: CPU: 0 PID: 1 at lib/list_debug.c:1 f+0x1/0x2\n[    1.0] Modules linked in:';
  const [first] = findComplaints(log);
  t.same(first && excerpt(log, first, 3), log.split('\n').slice(1, 4));
});

t.test('in which step of the story', async (t) => {
  const steps = [{ text: 'a', atS: 0, upS: 4.2 }, { text: 'b', atS: 5, upS: 9.2 }];
  const said = (line: string) => stepOf({ kind: 'WARNING', line, at: 7 }, steps)?.text;
  t.equal(said('[    3.000000] x'), undefined);
  t.equal(said('[    4.190000] x'), 'a', 'the two clocks of the kernel differ by some milliseconds');
  t.equal(said('[    9.000000][    T1] x'), 'a');
  t.equal(said('<4>[  100.000000] x'), 'b');
  t.equal(said('no time'), 'b', 'the last, where nothing tells');
  const byLines = steps.map((step, i) => ({ ...step, lines: 7 + i }));
  t.equal(stepOf({ kind: 'WARNING', line: '[ 100.0] x', at: 7 }, byLines)?.text, 'a', 'by the lines, where those were counted');
  t.equal(stepOf({ kind: 'WARNING', line: '[ 100.0] x', at: 6 }, byLines), undefined);
});

t.test('a panic for want of memory', async (t) => {
  const of = (line: string) => findComplaints(line).map(lackedMemory);
  t.same(of('Kernel panic - not syncing: System is deadlocked on memory'), [true]);
  t.same(of('Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled'), [true]);
  t.same(of('Kernel panic - not syncing: Fatal exception'), [false]);
});

t.test('init that ended by itself', (t) => {
  const status = (code: string) => findComplaints(`Kernel panic - not syncing: Attempted to kill init! exitcode=0x${code}`).map(initStatus);
  t.same(status('00004600'), [70]);
  t.same(status('00000000'), [0]);
  t.same(status('00000005'), [133], 'SIGTRAP: V8 ends so what it finds broken in itself');
  t.same(status('00000006'), [134], 'SIGABRT');
  t.same(status('0000000b'), [undefined], 'SIGSEGV may be the kernel\'s fault');
  t.same(findComplaints('Kernel panic - not syncing: Fatal exception').map(initStatus), [undefined]);
  t.end();
});

t.test('records of /dev/kmsg', async (t) => {
  t.equal(formatKmsg('6,175990,17496127317,-;dave: entered promiscuous mode\n SUBSYSTEM=net\n DEVICE=n7\n'), '[17496.127317] dave: entered promiscuous mode');
  t.equal(formatKmsg('4,1,261100000,c,caller=T1;a\\x0ab; c'), '[  261.100000] a\nb; c');
});

t.test('a complaint of a kernel that others use too', async (t) => {
  const ours = { devices: new Set(['vmbr0', 'core']), pids: new Set([4711]) };
  const speaksOfUs = (log: string): boolean[] => {
    const all = findComplaints(log);
    return all.map((one) => concerns(log, one, all, ours));
  };
  t.same(speaksOfUs('[    1.0] unregister_netdevice: waiting for vmbr0 to become free. Usage count = 1'), [true]);
  t.same(speaksOfUs('[    1.0] unregister_netdevice: waiting for docker0 to become free. Usage count = 1'), [false]);
  t.same(speaksOfUs('[    1.0] WARNING: CPU: 1 PID: 4711 at net/core/dev.c:1 f+0x1/0x2'), [true], 'a process of ours');
  t.same(speaksOfUs('[    1.0] WARNING: CPU: 1 PID: 12 at net/core/dev.c:1 f+0x1/0x2\n[    1.0] CPU: 1 PID: 12 Comm: dockerd'), [false], 'a path is no device');
  t.same(speaksOfUs('[    1.0] WARNING: CPU: 1 PID: 12 at fs/a.c:1 f+0x1/0x2\n[    1.1] ---[ end trace 0 ]---\n[    1.2] vmbr0: port 1(core) entered blocking state'), [false], 'what comes after its report is not of it');
  t.same(speaksOfUs('[    1.0] WARNING: CPU: 1 PID: 12 at fs/a.c:1 f+0x1/0x2\n[    1.1] vmbr0: hw csum failure\n[    1.1] ---[ end trace 0 ]---'), [true]);
  t.same(speaksOfUs('[    1.0] WARNING: CPU: 1 PID: 12 at fs/a.c:1 f+0x1/0x2\n[    1.1] vmbr0: port 1(core) entered blocking state'), [false], 'no end is marked, and this is no line of a report');
  t.same(speaksOfUs('[    1.0] INFO: task node:4711 blocked for more than 120 seconds.\n[    1.1]  task:node state:D stack:0 pid:4711\n[    1.1]  Call Trace:\n[    1.1]  schedule+0x1/0x2'), [true]);
  t.same(speaksOfUs('[    1.0] WARNING: CPU: 1 PID: 12 at fs/a.c:1 f+0x1/0x2\n[    1.1] WARNING: CPU: 1 PID: 4711 at net/a.c:1 g+0x1/0x2'), [false, true], 'each for itself');
});
