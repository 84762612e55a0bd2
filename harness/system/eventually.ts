/**
 * Waiting for what has no notification. The only importer of p-retry.
 *
 * p-retry's own bounds are ten tries over seventeen minutes; here every wait has an owner, a reason and an end. Prefer a
 * notification (rtnetlink, a file handle, an event) wherever there is one: polling costs, and most of all in a VM.
 */
import pRetry from 'p-retry';

/** The bounds of a wait. */
export interface Patience {
  /** What is waited for, as the end of "Gave up waiting for …": "the querier's first query". */
  readonly for: string;
  /** No further attempt begins after this long. */
  readonly withinMs: number;
  /** Pause between two attempts; 20 by default. */
  readonly everyMs?: number;
  readonly signal?: AbortSignal;
}

/** Waited in vain; `cause` is why the last attempt failed. */
export class GaveUpError extends Error {
  override readonly name = 'GaveUpError';
}

/**
 * Tries until an attempt does not throw, and returns its value. A TypeError or ReferenceError ends the wait at once, as
 * itself: those are faults in our code, not a state of the network that may pass. The attempts do not overlap, and one
 * that hangs is its own to bound.
 */
export async function eventually<T>(patience: Patience, attempt: () => T | Promise<T>): Promise<T> {
  const { withinMs, everyMs = 20, signal } = patience;
  let attempts = 0;
  let last: unknown;
  try {
    return await pRetry(
      async () => {
        attempts += 1;
        try {
          return await attempt();
        } catch (error) {
          last = error;
          throw isOurFault(error) ? error : new NotYet(error);
        }
      },
      {
        retries: Infinity,
        factor: 1,
        minTimeout: everyMs,
        maxTimeout: everyMs,
        maxRetryTime: withinMs,
        randomize: false,
        shouldRetry: ({ error }) => !isOurFault(error),
        ...(signal === undefined ? {} : { signal }),
      },
    );
  } catch (error) {
    if (!(error instanceof NotYet)) throw error;
    const said = last instanceof Error ? last.message : String(last);
    const tries = `${String(attempts)} attempt${attempts === 1 ? '' : 's'}`;
    throw new GaveUpError(`Gave up waiting for ${patience.for} after ${String(withinMs)} ms (${tries}): ${said}`, {
      cause: last,
    });
  }
}

/** Carries any thrown value past p-retry, which turns what is no Error into a TypeError and those it never retries. */
class NotYet extends Error {
  constructor(cause: unknown) {
    super('not yet', { cause });
  }
}

function isOurFault(error: unknown): boolean {
  return error instanceof TypeError || error instanceof ReferenceError;
}
