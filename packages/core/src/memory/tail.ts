/**
 * MemoryTail: one listener's place in the memory log.
 * Invariant: the listener is told each entry once and in order, and never again after the tail has ended. A listener that
 * throws ends its own tail, because nobody knows what it has taken in, and disturbs no other.
 */
import type { Entry, Tail, TailListener } from '../store.js';
import { tellEntries, tellLost } from '../store-kit/listener.js';

export class MemoryTail implements Tail {
  readonly #listener: TailListener;
  readonly #onEnd: () => void;
  /** What came before the start, then undefined. */
  #waiting: Entry[] | undefined;
  /** The head when the tail began: up to here everything is in its backlog. */
  readonly #head: number;
  #isOver = false;

  /** `backlog`, from now on the tail's, is all that the log holds after the tail's beginning, up to `head`. */
  constructor(listener: TailListener, backlog: Entry[], head: number, onEnd: () => void) {
    this.#listener = listener;
    this.#waiting = backlog;
    this.#head = head;
    this.#onEnd = onEnd;
  }

  /** Delivers the backlog. */
  start(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting && waiting.length > 0) this.#deliver(waiting);
  }

  /** The next entries of the log. */
  tell(entries: readonly Entry[]): void {
    // A tail that began while another one's listener was told of these has them in its backlog.
    if ((entries[0] as Entry).seq <= this.#head) return;
    if (this.#waiting) for (const entry of entries) this.#waiting.push(entry);
    else this.#deliver(entries);
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
    try {
      tellEntries(this.#listener, entries);
    } catch (error) {
      this.lose(error);
    }
  }
}
