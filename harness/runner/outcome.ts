/**
 * What a result is, seen from outside: the agent's word, unless the place ended otherwise or its kernel complained. Whose
 * failure it was decides between errored (ours, the machine's) and crashed (the kernel's). Pure.
 */
import { type Complaint, concerns, excerpt, initStatus, lackedMemory, type Ours, type StepMark, stepOf } from '../../lib/kernel-log.ts';
import type { Verdict } from '../../lib/record.ts';
import type { Ending } from '../kernels/kernel.ts';

export interface Outcome {
  readonly place: 'running' | 'qemu' | 'uml';
  readonly ending: Ending;
  /** What the kernel said, and what of it is a complaint. */
  readonly log: string;
  readonly complaints: readonly Complaint[];
  /** Of a kernel that others use too: what in it is ours. */
  readonly ours?: Ours;
  /** The agent's own word, where it came to one. */
  readonly answer?: { readonly verdict: Verdict; readonly reason?: string };
  /** Why the agent came to none. */
  readonly failure?: string;
  /** The machine is not what was asked for: its time does not skip, or it lacks CPUs. */
  readonly unfit?: string;
  /** The kernel reached our agent. */
  readonly booted: boolean;
  readonly lastStep: string;
  /** Every step of the story, in order. */
  readonly steps: readonly StepMark[];
  /** Protocol seconds that were last heard of, how long ago by the wall, and how long all took. */
  readonly protocolS: number;
  readonly silentS: number;
  readonly wallS: number;
}

/** A VM that spoke so lately by the wall is at work: it says every 5 s of its own time that it is. */
const LATELY_S = 60;
/** Who waited for a processor for more of the time than he had one was not standing still, or nobody can tell. */
const STARVED = 0.5;
const CONSOLE_LINES = 15;

/** A bundle that dies shows the line it died in, and a bundle is one line. */
const bounded = (text: string): string => text.split('\n').map((line) => (line.length > 400 ? `${line.slice(0, 400)}…` : line)).slice(0, 60).join('\n');
const linesOf = (log: string): string[] => log.trimEnd().split(/\r?\n/);
const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** The complaint that counts: on a kernel that others use too, the first that speaks of us. */
function ownComplaint({ complaints, ours, log }: Outcome): Complaint | undefined {
  return ours ? complaints.find((one) => concerns(log, one, complaints, ours)) : complaints[0];
}

/** What others made the kernel complain of meanwhile. */
export function foreignComplaints(outcome: Outcome): string[] {
  const { complaints, ours, log } = outcome;
  return ours ? complaints.filter((one) => !concerns(log, one, complaints, ours)).map(({ kind, line }) => `the kernel complained (${kind}) meanwhile, not of anything of ours: ${line}`) : [];
}

export function outcomeOf(outcome: Outcome): { verdict: Verdict; reason: string | undefined } {
  const { log, lastStep, ending, answer, failure, unfit } = outcome;
  const complaint = ownComplaint(outcome);
  const ourStatus = complaint && initStatus(complaint);
  if (complaint && ourStatus !== undefined) {
    const before = linesOf(log).slice(Math.max(0, complaint.at - CONSOLE_LINES), complaint.at + 1).join('\n');
    return { verdict: 'errored', reason: `our agent in the VM ended with status ${ourStatus} during "${lastStep}"; the console before it:\n${bounded(before)}` };
  }
  if (complaint && lackedMemory(complaint)) return { verdict: 'errored', reason: `the VM ran out of memory during "${lastStep}":\n${excerpt(log, complaint, 30).join('\n')}` };
  if (complaint) return { verdict: 'crashed', reason: `the kernel complained (${complaint.kind}) ${whenOf(outcome, complaint)}${andMore(outcome, complaint)}:\n${excerpt(log, complaint, 30).join('\n')}` };
  if (unfit !== undefined) return { verdict: 'errored', reason: unfit };
  if (ending.how === 'deadline' && outcome.place !== 'running') return late(outcome, ending);
  if (ending.how !== 'done') return { verdict: outcome.place === 'running' || ending.how === 'failed' ? 'errored' : 'crashed', reason: endedEarly(outcome, ending.detail) };
  if (!answer) return { verdict: 'errored', reason: failure === undefined ? 'the agent ended without a result' : `our agent failed during "${lastStep}": ${bounded(failure)}` };
  return { verdict: answer.verdict, reason: answer.reason };
}

/** In which step it came, which need not be the last: a WARNING lets the story go on. */
function whenOf({ steps, lastStep }: Outcome, complaint: Complaint): string {
  const step = stepOf(complaint, steps);
  if (step) return `during "${step.text}", which began at ${step.atS.toFixed(1)} s`;
  return steps.length === 0 ? `during "${lastStep}"` : 'before the story began';
}

function andMore({ complaints, ours }: Outcome, first: Complaint): string {
  const others = ours ? [] : complaints.filter(({ at }) => at > first.at);
  if (others.length === 0) return '';
  return `, and ${others.length} ${others.length === 1 ? 'time' : 'times'} more (${[...new Set(others.map(({ kind }) => kind))].join(', ')})`;
}

/** The wall deadline passed in a VM: was the host too slow, or did the VM stand still? */
function late(outcome: Outcome, { detail, waitedShare }: Extract<Ending, { how: 'deadline' }>): { verdict: Verdict; reason: string } {
  const { booted, protocolS, silentS, wallS, lastStep } = outcome;
  const starved = (waitedShare ?? 0) > STARVED;
  const advancing = booted && silentS < Math.max(LATELY_S, wallS / 4);
  if (!advancing && !starved) {
    const still = booted ? `; it stood still: nothing was heard of it for ${Math.round(silentS)} s, virtual time stood at ${protocolS.toFixed(1)} s` : '';
    return { verdict: 'crashed', reason: endedEarly(outcome, `${detail}${still}`) };
  }
  const where = booted ? `virtual time stood at ${protocolS.toFixed(1)} s in "${lastStep}"` : 'the kernel was still booting';
  const taken = waitedShare === undefined || waitedShare < 0.1 ? '' : `, and it had to wait for a processor ${percent(waitedShare)} of the time that it wanted one`;
  return { verdict: 'errored', reason: `the host was too slow: ${where} when the ${Math.round(wallS)} s of wall time were over${taken}. Give it longer (--timeout), run fewer at a time (--jobs), or free the machine` };
}

function endedEarly({ place, booted, lastStep, log, ending }: Outcome, detail: string): string {
  const machines = ending.how === 'failed';
  const what = booted ? `it ended during "${lastStep}"` : place === 'running' ? 'the agent did not start' : machines ? 'the VM did not come up, which is not the kernel\'s doing' : 'the kernel never reached our agent';
  const said = place === 'running' || (machines && log === '') ? ''
    : log !== '' ? ` The end of its console:\n${linesOf(log).slice(-CONSOLE_LINES).join('\n')}`
    : ' Its console stayed empty: is the image for this machine, with a serial console and initramfs support?';
  return `${what}: ${bounded(detail)}.${said}`;
}
