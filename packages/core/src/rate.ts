/** Rate: a token bucket. Pure but for the clock. */
import type { Clock } from './clock.js';

export class Rate {
  readonly #perSecond: number;
  readonly #clock: Clock;
  #tokens: number;
  #at: number;

  /** `perSecond` is also the burst. */
  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#tokens = perSecond;
    this.#at = clock.elapsed();
  }

  /** True, and one token less, where there is one. */
  take(): boolean {
    const now = this.#clock.elapsed();
    this.#tokens = Math.min(this.#perSecond, this.#tokens + ((now - this.#at) / 1_000) * this.#perSecond);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
