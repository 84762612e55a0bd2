/** Does something every so often by an absolute schedule: lateness of one turn does not move the next. */
import type { Clock } from '../lab/clock.ts';
import type { Duration } from '../../lib/units.ts';

export class Pacer {
  readonly #clock: Clock;
  readonly #every: Duration;
  readonly #turn: (n: number) => void;
  #startNs = 0;
  #n = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: Clock, every: Duration, turn: (n: number) => void) {
    if (every.ns <= 0) throw new RangeError('a pacer needs an interval above zero');
    this.#clock = clock;
    this.#every = every;
    this.#turn = turn;
  }

  /** First turn now, and no other before this returns, however long it takes: whoever starts it need not be ready for more. */
  start(): this {
    this.#startNs = this.#clock.ns;
    this.#turn(this.#n++);
    this.#wait();
    return this;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#n = Infinity;
  }

  readonly #run = (): void => {
    // Late by more than a turn (a busy host in real time): what is due is done at once, so that none is missing.
    while (this.#n !== Infinity && this.#startNs + this.#n * this.#every.ns <= this.#clock.ns) this.#turn(this.#n++);
    this.#wait();
  };

  #wait(): void {
    if (this.#n === Infinity) return;
    this.#timer = setTimeout(this.#run, this.#clock.realMsUntil(this.#startNs + this.#n * this.#every.ns));
  }
}
