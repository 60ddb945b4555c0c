/**
 * NatsTail: one listener's place in the log. It is fed by the session that follows the stream, and ends with it.
 * Invariant: the listener is told each entry once and in order, and never again after the tail has ended.
 */
import { type Entry, type Position, SseError, type Tail, type TailListener } from '@headwater/core';
import { fenced, tellEntries, tellLost, wrongPosition } from '@headwater/core/store-kit';
import { readPage } from './history.js';
import type { Session } from './session.js';

const PAGE = 1_000;
const PAGE_BYTES = 4 * 2 ** 20;

export class NatsTail implements Tail {
  readonly #session: Session;
  readonly #listener: TailListener;
  readonly #onEnd: () => void;
  /** The newest entry that the listener was told of. */
  #seq: number;
  #isCatchingUp = false;
  #isOver = false;

  /** The session's journal must be up to date. @throws SseError `ERR_SSE_FENCED`, `ERR_SSE_POSITION` */
  constructor(session: Session, from: Position, listener: TailListener, onEnd: () => void) {
    const { journal } = session;
    if (!journal.isValid(from)) throw fenced('tail', from, journal.head);
    if (journal.trimmed > from.seq) throw trimmed(from, journal.trimmed);
    this.#session = session;
    this.#listener = listener;
    this.#onEnd = onEnd;
    this.#seq = from.seq;
    session.mirror.listeners.add(this.#hear);
    // In a turn of its own: nothing of the caller's is running when its listener is called.
    if (journal.head > from.seq) setImmediate(() => void this.#catchUp());
    this.#isCatchingUp = journal.head > from.seq;
  }

  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#session.mirror.listeners.delete(this.#hear);
    this.#onEnd();
  }

  /** The session has ended, or the place was lost. */
  lose(error: unknown): void {
    if (this.#isOver) return;
    this.stop();
    tellLost(this.#listener, error);
  }

  readonly #hear = (entries: readonly Entry[]): void => {
    if (this.#isCatchingUp) return;
    this.#deliver(entries);
  };

  async #catchUp(): Promise<void> {
    const { journal } = this.#session;
    try {
      while (!this.#isOver && this.#seq < journal.head) {
        if (journal.trimmed > this.#seq) throw trimmed({ epoch: '', seq: this.#seq }, journal.trimmed);
        const { entries } = await readPage(this.#session, this.#seq, undefined, PAGE, PAGE_BYTES);
        this.#deliver(entries);
      }
      this.#isCatchingUp = false;
    } catch (error) {
      this.lose(error);
    }
  }

  #deliver(entries: readonly Entry[]): void {
    if (this.#isOver || entries.length === 0) return;
    const [first] = entries;
    const last = entries.at(-1);
    if (first?.seq !== this.#seq + 1 || last?.seq !== this.#seq + entries.length) {
      return this.lose(
        new SseError('ERR_SSE_POSITION', `Cannot go on with a tail: what is after ${this.#seq} was trimmed`),
      );
    }
    this.#seq = last.seq;
    try {
      tellEntries(this.#listener, entries);
    } catch (error) {
      this.lose(error);
    }
  }
}

function trimmed(from: Position, seq: number): SseError {
  return wrongPosition('tail', from, `is below seq ${seq}, up to which entries were trimmed`);
}
