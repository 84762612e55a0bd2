import t from 'tap';
import type { Job } from '../../../../harness/agent/protocol.ts';
import { umlArguments, umlEnding, UML_DEFAULTS } from '../../../../harness/kernels/uml/kernel.ts';
import { filter } from '../../../../harness/kernels/uml/launch-filter.ts';

const job: Job = { scenario: 'a/b', variant: 'c', control: false, seed: 7, scale: 1, capture: 'claims', deadlineS: 10, warp: true };

t.test('the command line holds the job and no path: the kernel makes random numbers of it', (t) => {
  const args = umlArguments(UML_DEFAULTS, job);
  t.ok(args.includes('time-travel=inf-cpu'));
  t.ok(args.some((arg) => arg.startsWith('time-travel-start=')), 'the wall clock is the same in every run');
  t.notOk(args.some((arg) => /=\/(?!proc\/self|bin|koffi)/.test(arg)), 'no folder of this machine');
  t.not(args.join(' '), umlArguments(UML_DEFAULTS, { ...job, seed: 8 }).join(' '), 'the seed is in it');
  t.ok(umlArguments({ ...UML_DEFAULTS, timeTravel: 'counted' }, job).includes('time-travel'));
  t.notOk(umlArguments({ ...UML_DEFAULTS, timeTravel: 'real' }, job).some((arg) => arg.startsWith('time-travel')));
  t.end();
});

t.test('a panic is the kernel’s end, a kill or no start is not', (t) => {
  const ended = { exitCode: undefined, signal: undefined, stderr: '', error: undefined };
  t.match(umlEnding({ ...ended, signal: 'SIGABRT', stderr: 'Kernel panic' }), { how: 'died', detail: 'Kernel panic' });
  t.match(umlEnding({ ...ended, exitCode: 1 }), { how: 'died' });
  t.match(umlEnding({ ...ended, signal: 'SIGKILL' }), { how: 'failed' });
  t.match(umlEnding({ ...ended, exitCode: 127, stderr: 'execve failed' }), { how: 'failed', detail: 'execve failed' });
  t.end();
});

/** The classic BPF machine, as far as the filter goes. */
function verdictOf(number: number, architecture: number): number {
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const [code, ifTrue, ifFalse, k] = filter[at] as (typeof filter)[number];
    if (code === 0x20) accumulator = k === 0 ? number : architecture;
    else if (code === 0x15) at += accumulator === k ? ifTrue : ifFalse;
    else return k;
  }
}

t.test('the filter fails getrandom and nothing else', (t) => {
  t.equal(verdictOf(318, 0xc000_003e), 0x0005_0000 | 38, 'ENOSYS');
  t.equal(verdictOf(317, 0xc000_003e), 0x7fff_0000);
  t.equal(verdictOf(0, 0xc000_003e), 0x7fff_0000);
  t.equal(verdictOf(318, 0x4000_0003), 0x7fff_0000, 'another architecture numbers them otherwise');
  t.end();
});
