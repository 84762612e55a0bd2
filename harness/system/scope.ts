/** An undo stack: the undo is registered before the do, every undo runs, last first, and what fails is told beside the rest. */
export interface UndoFailure {
  readonly what: string;
  readonly error: unknown;
}

export class Scope {
  readonly #undos: { what: string; undo: () => void | Promise<void> }[] = [];
  #closed = false;

  /** Register how to undo something, in words as well, before doing it. */
  defer(what: string, undo: () => void | Promise<void>): void {
    if (this.#closed) throw new Error(`${what}: the scope is closed, nothing would undo this`);
    this.#undos.push({ what, undo });
  }

  /** Run every undo. Never throws; safe to call twice. */
  async close(): Promise<UndoFailure[]> {
    this.#closed = true;
    const failures: UndoFailure[] = [];
    for (let entry = this.#undos.pop(); entry; entry = this.#undos.pop()) {
      try {
        await entry.undo();
      } catch (error) {
        failures.push({ what: entry.what, error });
      }
    }
    return failures;
  }
}
