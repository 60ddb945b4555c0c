/**
 * Mirror: the journal of a session while it follows the stream, and whoever waits for it or listens to it.
 * Invariant: what listeners are told is what the journal has taken, in its order and once.
 */
import type { Entry } from '@headwater/core';
import { type Bodies, toEntries } from './bodies.js';
import type { Journal } from './journal.js';
import { WentBack } from './messages.js';
import type { LogRecord } from './record.js';
import type { ServerTime } from './server-time.js';

/** What a process knows of a stream, over several sessions. */
export interface Replica {
  readonly journal: Journal;
  readonly bodies: Bodies;
  /** When the stream was made, as the server says it: one that was deleted and made again is another one. */
  readonly created: string;
}

export class Mirror {
  readonly replica: Replica;
  /** Told of the entries of each record. */
  readonly listeners: Set<(entries: readonly Entry[]) => void> = new Set();
  readonly #time: ServerTime;
  readonly #waiting = new Set<{ readonly position: number; readonly wake: () => void }>();
  /** The place up to which the journal is proven to be the stream's. */
  #proven = 0;

  constructor(replica: Replica, time: ServerTime) {
    this.replica = replica;
    this.#time = time;
  }

  /** All that the journal has is in the stream, at its place. */
  prove(): void {
    this.#proven = this.replica.journal.position;
  }

  /** Takes a message of which only the header was read, from the stream's beginning on. */
  scan(record: LogRecord | undefined, position: number): void {
    const { journal } = this.replica;
    // The scan itself is the proof: what does not follow was passed over by everybody.
    if (journal.apply(record, position) === 'stranger') journal.skip(position);
    this.#wake();
  }

  /** Takes a message; `payload` must be the caller's to give away. @throws WentBack where the log may be another one. */
  take(record: LogRecord | undefined, position: number, payload: Uint8Array): void {
    const { journal, bodies } = this.replica;
    const applied = journal.apply(record, position);
    if (applied === 'known') return;
    if (applied === 'stranger') {
      // What is before it is proven, so it is the stranger that does not belong here: it was written to another log.
      if (journal.position !== this.#proven) throw new WentBack('it does not go on where it had ended');
      journal.skip(position);
      this.#proven = position;
    } else if (record && record.entries.length > 0) {
      const entries = toEntries(record, payload);
      bodies.keep(position, entries);
      for (const listener of this.listeners) listener(entries);
    }
    journal.trim(this.#time.now());
    this.#wake();
  }

  /** Resolves once the journal has the message at `position`; rejects after `timeoutMs`. */
  reached(position: number, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (position <= this.replica.journal.position) return resolve();
      const wake = () => {
        clearTimeout(timer);
        resolve();
      };
      const waiter = { position, wake };
      const timer = setTimeout(() => {
        this.#waiting.delete(waiter);
        reject(new Error(`the server has not delivered message ${position} within ${timeoutMs} ms`));
      }, timeoutMs).unref();
      this.#waiting.add(waiter);
    });
  }

  #wake(): void {
    const { position } = this.replica.journal;
    for (const waiter of this.#waiting) {
      if (waiter.position > position) continue;
      this.#waiting.delete(waiter);
      waiter.wake();
    }
  }
}
