/** Recurring: work that a store does by itself from time to time. One turn at a time; the pause begins when a turn is over. */
import type { Clock, Timer } from '../clock.js';

export class Recurring {
  readonly #clock: Clock;
  readonly #pauseMs: () => number;
  readonly #turn: () => Promise<unknown>;
  #timer: Timer | undefined;
  #isClosed = false;

  /** `pauseMs` is asked before each turn, the first one too. A turn that fails is followed by the next one all the same. */
  constructor(clock: Clock, pauseMs: () => number, turn: () => Promise<unknown>) {
    this.#clock = clock;
    this.#pauseMs = pauseMs;
    this.#turn = turn;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** From now on, until it is closed. */
  start(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = this.#clock.setTimer(() => {
      // A store that cannot be reached says so to whoever calls it.
      void this.#turn()
        .catch(() => {})
        .finally(() => {
          this.#timer = undefined;
          this.start();
        });
    }, this.#pauseMs());
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
  }
}
