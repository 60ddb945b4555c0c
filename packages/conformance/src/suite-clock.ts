/**
 * SuiteClock: the clock that the suite hands to stores, moved by the tests and by nothing else.
 * Invariant: time moves first, then the timers that have become due are called, each once and in the order in which they were due.
 */
import type { Clock, Timer } from '@headwater/core';

interface Waiting {
  readonly fn: () => void;
  readonly due: number;
}

/** Any time will do, as long as it is the same in every run. */
const BEGINNING = Date.UTC(2024, 0, 1);

export class SuiteClock implements Clock {
  readonly #waiting = new Set<Waiting>();
  #elapsed = 0;

  now(): number {
    return BEGINNING + this.#elapsed;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  setTimer(fn: () => void, ms: number): Timer {
    const timer: Waiting = { fn, due: this.#elapsed + ms };
    this.#waiting.add(timer);
    return timer;
  }

  clearTimer(timer: Timer): void {
    this.#waiting.delete(timer as Waiting);
  }

  /** Turns are the event loop's own: a store may wait for a real socket in between. */
  setTurn(fn: () => void): void {
    setImmediate(fn);
  }

  /** Leaps `ms` ahead. A timer that arms itself again is called once, however many times its period fits in. */
  advance(ms: number): void {
    this.#elapsed += ms;
    const due = [...this.#waiting].filter((timer) => timer.due <= this.#elapsed).sort((a, b) => a.due - b.due);
    for (const timer of due) if (this.#waiting.delete(timer)) timer.fn();
  }
}
