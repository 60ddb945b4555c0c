/**
 * ServerTime: the time that all processes at a log go by: the server's, whatever their own clocks say.
 * Invariant: it runs on with the monotonic clock of this process, so that setting the clock of the machine changes nothing.
 */
import { type Clock, systemClock } from '@headwater/core';

export class ServerTime {
  readonly #clock: Clock | undefined;
  #ahead: number | undefined;

  /** A `clock` overrides the server's time, for tests. */
  constructor(clock: Clock | undefined) {
    this.#clock = clock;
  }

  /** The server has just said that it is `now` there. */
  learn(now: number): void {
    if (Number.isFinite(now)) this.#ahead = now - systemClock.elapsed();
  }

  /** Milliseconds since 1970; by the system's clock before the server has told. */
  now(): number {
    if (this.#clock) return this.#clock.now();
    return this.#ahead === undefined ? systemClock.now() : Math.round(this.#ahead + systemClock.elapsed());
  }
}
