/**
 * LmdbTail: one listener's place in the log.
 * Invariant: the listener is told each entry once and in order, and never again after the tail has ended. The place moves only
 * here: what this process has just committed is handed over as it is where it follows on the place, and read otherwise.
 */
import type { Entry, Tail, TailListener } from '@headwater/core';
import { tellEntries, tellLost } from '@headwater/core/store-kit';

/** The entries after a place, a page of them; throws where they cannot be had. */
export type ReadNext = (seq: number) => readonly Entry[];

export class LmdbTail implements Tail {
  readonly #listener: TailListener;
  readonly #read: ReadNext;
  readonly #onEnd: () => void;
  readonly #setTurn: (fn: () => void) => void;
  #seq: number;
  /** A turn is waited for, in which the next page is read. */
  #isWaiting = false;
  #isTelling = false;
  #isOver = false;

  constructor(
    listener: TailListener,
    seq: number,
    read: ReadNext,
    onEnd: () => void,
    setTurn: (fn: () => void) => void,
  ) {
    this.#listener = listener;
    this.#seq = seq;
    this.#read = read;
    this.#onEnd = onEnd;
    this.#setTurn = setTurn;
  }

  /** The place up to which the listener was told. */
  get seq(): number {
    return this.#seq;
  }

  /** The newest entries of the log. */
  tell(entries: readonly Entry[]): void {
    const follows = entries[0]?.seq === this.#seq + 1;
    if (follows && !this.#isWaiting && !this.#isTelling) this.#deliver(entries);
    else this.pull();
  }

  /** There may be more: reads a page now, and further ones in turns of their own. */
  pull(): void {
    if (this.#isOver || this.#isWaiting || this.#isTelling) return;
    let entries: readonly Entry[];
    try {
      entries = this.#read(this.#seq);
    } catch (error) {
      this.lose(error);
      return;
    }
    if (entries.length === 0) return;
    this.#deliver(entries);
    if (this.#isOver) return;
    this.#isWaiting = true;
    this.#setTurn(() => {
      this.#isWaiting = false;
      this.pull();
    });
  }

  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onEnd();
  }

  /** Ends the tail and tells its listener why. */
  lose(error: unknown): void {
    if (this.#isOver) return;
    this.stop();
    tellLost(this.#listener, error);
  }

  #deliver(entries: readonly Entry[]): void {
    if (this.#isOver) return;
    this.#seq = entries.at(-1)?.seq ?? this.#seq;
    this.#isTelling = true;
    try {
      tellEntries(this.#listener, entries);
    } catch (error) {
      this.lose(error);
    } finally {
      this.#isTelling = false;
    }
  }
}
