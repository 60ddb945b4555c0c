/**
 * Feed: the tails of one store, and what wakes them: the own commits at once, those of others by the hint, and a poll behind it.
 * Invariant: while there is a tail there is a poll; without one the feed holds neither timer nor watcher.
 */
import type { Clock, Entry, TailListener, Timer } from '@headwater/core';
import type { Hint } from './hint.js';
import { LmdbTail, type ReadNext } from './tail.js';

/** The hint comes within a millisecond or two; this is for where it does not come. One read of 60 bytes. */
const POLL_MS = 50;

export class Feed {
  readonly #clock: Clock;
  /** Copied on every change, so that a listener may tail and stop while it is told. */
  #tails: readonly LmdbTail[] = [];
  #unlisten: (() => void) | undefined;
  #timer: Timer | undefined;
  readonly #wake = (): void => this.pull();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A tail from `seq` on, which has to be pulled once. */
  add(listener: TailListener, seq: number, read: ReadNext, hint: Hint): LmdbTail {
    const onEnd = () => this.#remove(tail);
    const tail: LmdbTail = new LmdbTail(listener, seq, read, onEnd, (fn) => this.#clock.setTurn(fn));
    this.#tails = [...this.#tails, tail];
    this.#unlisten ??= hint.listen(this.#wake);
    this.#keepPolling();
    return tail;
  }

  /** What this store has just committed: the own tails need not read what is at hand, all others are told to look. */
  tell(entries: readonly Entry[], hint: Hint): void {
    for (const tail of this.#tails) tail.tell(entries);
    hint.touch(this.#wake);
  }

  /** There may be more. */
  pull(): void {
    for (const tail of this.#tails) tail.pull();
  }

  lose(error: unknown): void {
    for (const tail of this.#tails) tail.lose(error);
  }

  stop(): void {
    for (const tail of this.#tails) tail.stop();
  }

  #remove(tail: LmdbTail): void {
    this.#tails = this.#tails.filter((other) => other !== tail);
    if (this.#tails.length > 0) return;
    this.#unlisten?.();
    this.#unlisten = undefined;
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #keepPolling(): void {
    if (this.#timer !== undefined || this.#tails.length === 0) return;
    this.#timer = this.#clock.setTimer(() => {
      this.#timer = undefined;
      this.pull();
      this.#keepPolling();
    }, POLL_MS);
  }
}
