/**
 * Rounds: a job that is done again and again, each time a while after it was done.
 * Invariant: one at a time; none begins after `stop`.
 */
import type { Clock, Timer } from '@headwater/core';

export class Rounds {
  readonly #clock: Clock;
  readonly #job: () => Promise<unknown>;
  readonly #everyMs: number;
  #timer: Timer | undefined;
  #isRunning = false;
  #isStopped = false;

  /** What fails is tried again in the next round: whoever uses the store hears by himself of what is wrong. */
  constructor(clock: Clock, everyMs: number, job: () => Promise<unknown>) {
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#job = job;
  }

  /** Begins, if it has not. */
  start(): void {
    if (this.#timer !== undefined || this.#isRunning || this.#isStopped) return;
    this.#timer = this.#clock.setTimer(() => {
      this.#timer = undefined;
      this.#isRunning = true;
      const again = () => {
        this.#isRunning = false;
        this.start();
      };
      this.#job().then(again, again);
    }, this.#everyMs);
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}
