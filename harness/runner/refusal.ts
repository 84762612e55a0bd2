/** Why a command is not carried out. Faults are gathered, so that one look shows all there is to mend. */

/** One thing that is wrong, and what to do about it. */
export interface Fault {
  /** A sentence without its full stop; further lines are details. */
  readonly what: string;
  readonly help?: string;
}

/** The command line or a file named on it cannot be worked with: status 2. */
export class BadInput extends Error {
  override readonly name = 'BadInput';
  readonly faults: readonly Fault[];
  constructor(faults: readonly Fault[]) {
    super(faults.map(({ what }) => what).join('; '));
    this.faults = faults;
  }
}

/** The input is right, and this machine has no place to run it: status 3. */
export class NoPlace extends Error {
  override readonly name = 'NoPlace';
  readonly faults: readonly Fault[];
  constructor(faults: readonly Fault[]) {
    super(faults.map(({ what }) => what).join('; '));
    this.faults = faults;
  }
}

/** What an error says, for the end of a sentence. */
export const said = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
