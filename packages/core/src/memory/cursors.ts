/**
 * CursorShelf: how far each client is known to have come. Pure.
 * Invariant: the map is in the order in which cursors were proven last, so that expiry and the bound look at the oldest only.
 */
import type { StoredCursor } from '../store.js';

/** Clients name themselves, so their number is bounded: 100,000 of them are some 20 MB. The one that was silent longest goes. */
const MAX_CURSORS = 100_000;

export class CursorShelf {
  readonly #ttlMs: number;
  readonly #kept = new Map<string, StoredCursor>();

  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs;
  }

  get size(): number {
    return this.#kept.size;
  }

  find(key: string, now: number): StoredCursor | undefined {
    const cursor = this.#kept.get(key);
    return cursor && now - cursor.time < this.#ttlMs ? cursor : undefined;
  }

  keep(key: string, { at, time }: StoredCursor): void {
    this.#kept.delete(key);
    this.#kept.set(key, { at: { epoch: at.epoch, seq: at.seq }, time });
    if (this.#kept.size > MAX_CURSORS) this.#kept.delete(this.#kept.keys().next().value as string);
  }

  expire(now: number): void {
    for (const [key, { time }] of this.#kept) {
      if (now - time < this.#ttlMs) return;
      this.#kept.delete(key);
    }
  }

  clear(): void {
    this.#kept.clear();
  }
}
