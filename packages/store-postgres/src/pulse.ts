/**
 * Pulse: when to look again: at a hint, or after a while, because a hint is never more than that.
 * Invariant: a hint that comes while nobody waits is not lost.
 */

/** The longest pause. With the time limit of a call this stays below two seconds. */
const LONGEST_MS = 500;

export class Pulse {
  readonly #shortestMs: number;
  #pauseMs: number;
  #isHinted = false;
  #wake: (() => void) | undefined;

  /** After something was found it is looked again after `shortestMs`, and then less and less often. */
  constructor(shortestMs: number) {
    this.#shortestMs = shortestMs;
    this.#pauseMs = shortestMs;
  }

  /** Look now. */
  hint(): void {
    this.#isHinted = true;
    this.#wake?.();
  }

  /** Something was there: look more often. */
  quicken(): void {
    this.#pauseMs = this.#shortestMs;
  }

  /** Resolves when it is time to look. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), this.#pauseMs).unref();
      this.#pauseMs = Math.min(LONGEST_MS, this.#pauseMs * 2);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        this.#isHinted = false;
        resolve();
      };
      if (this.#isHinted) this.#wake();
    });
  }
}
