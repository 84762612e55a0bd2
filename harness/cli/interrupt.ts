/**
 * Ctrl-C: the first one ends what runs and keeps what was done; the second one ends us at once, and the kernel ends the
 * places with us.
 */
import { status } from './exit-status.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** On a terminal npm gets Ctrl-C as well and hands it on: both copies are one wish. */
const ONE_WISH_MS = 300;

export interface Interrupt extends Disposable {
  readonly signal: AbortSignal;
}

/** Until disposed, signals abort instead of ending the process. */
export function onInterrupt(
  say: (line: string) => void,
  exit: (code: number) => void = (code) => process.exit(code),
): Interrupt {
  const controller = new AbortController();
  let first: number | undefined;
  const stop = (name: NodeJS.Signals): void => {
    const now = performance.now();
    if (first === undefined) {
      first = now;
      say(`${name}: ending what runs; once more to end at once`);
      controller.abort();
    } else if (now - first > ONE_WISH_MS) exit(status.interrupted);
  };
  for (const name of SIGNALS) process.on(name, stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of SIGNALS) process.off(name, stop);
    },
  };
}
