/**
 * QEMU ended before its guest's last word: whose doing was it, and what is there to do? A kernel that dies resets its
 * machine, and with -no-reboot QEMU then ends with status 0; any other status, and a signal, are QEMU's own. Pure.
 */
import type { Ending } from './kernel.ts';

export interface QemuEnded {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stderr: string;
  /** It could not be started at all. */
  readonly error: { readonly message: string } | undefined;
}

/** QEMU's own word for a guest that jumped to where there is no code; it then aborts. */
const LOST_GUEST = /Trying to execute code outside RAM or ROM/;

const REMEDIES: readonly (readonly [said: RegExp, remedy: string])[] = [
  [/allocate memory|guest memory|out of memory|Cannot allocate/i, 'Free memory, or run fewer at a time (--jobs 1)'],
  [/no space left|disk quota/i, 'Free space where the results go, or name another place (--results)'],
  [/\bkvm\b/i, 'Let this user open /dev/kvm (on most distributions its group is kvm), or run in virtual time (--time warp), which needs none'],
  // Before the options: "invalid accelerator" is one of a build without it.
  [/accel(erator)?\b.*(not|invalid|unknown|unavailable)|(not|invalid|unknown|no) (available )?accel|accel-tcg/i, 'This QEMU lacks its TCG accelerator: install all of its package, or name another QEMU (--qemu)'],
  [/error reading initrd|could not (open|load) (the )?kernel|linux kernel too old/i, 'Look at the image (--kernel): it must be a bzImage of this machine’s architecture, and readable'],
  [/\bbios\b|firmware|\brom\b|romfile|\.bin\b/i, "Its firmware is missing: install it (Debian and Ubuntu: seabios and QEMU's own -data and -common packages), or name another QEMU (--qemu)"],
  [/invalid option|unsupported machine|invalid parameter|property .*(not found|unknown)|unable to find CPU model|icount/i, 'This QEMU is too old, or was built without that: name another one (--qemu)'],
];

export function qemuEnding({ exitCode, signal, stderr, error }: QemuEnded): Ending {
  const said = stderr.trim();
  if (signal === 'SIGABRT' && LOST_GUEST.test(said)) return { how: 'died', detail: said };
  const told = /terminating on signal (\d+)[^\n]*/.exec(said)?.[0];
  if (told !== undefined) return { how: 'failed', detail: `QEMU was told to end, and not by us: ${told}` };
  if (exitCode === 0) return { how: 'died', detail: said || 'QEMU ended with status 0: its guest was reset or powered off' };
  const never = exitCode === undefined && signal === undefined ? error?.message : undefined;
  const status = signal === undefined ? `QEMU ended with status ${exitCode ?? 'unknown'}` : `QEMU was ended by ${signal}`;
  return { how: 'failed', detail: `${never ?? status}${said === '' ? '' : `, and said: ${said}`}. ${remedyFor(said, signal)}` };
}

function remedyFor(said: string, signal: string | undefined): string {
  const known = REMEDIES.find(([pattern]) => pattern.test(said))?.[1];
  if (known !== undefined) return known;
  if (signal === 'SIGKILL') return 'Somebody killed it; where memory is short it is the system (see dmesg): free some, or run fewer at a time (--jobs 1)';
  if (signal !== undefined) return 'If nobody here did that, it is a fault of QEMU: try another one (--qemu)';
  return '`npx wirewarp doctor` says what this machine lacks; --qemu names another QEMU';
}
