/** Whether a process of ours got the processor when it wanted it. */
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Of the time in which its busiest thread wanted a processor, the part in which it had to wait for one: 0 to 1. From
 * /proc/PID/task/TID/schedstat, which counts both in ns; undefined where the process is gone or the kernel does not count.
 */
export function waitedShareOf(pid: number): number | undefined {
  try {
    const threads = readdirSync(`/proc/${pid}/task`).map((thread) => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ').map(Number));
    const [ran = 0, waited = 0] = threads.sort(([a = 0, b = 0], [c = 0, d = 0]) => c + d - (a + b))[0] ?? [];
    return ran + waited > 0 ? waited / (ran + waited) : undefined;
  } catch {
    return undefined;
  }
}
