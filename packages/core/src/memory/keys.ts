/**
 * KeyWindow: the idempotency keys of the last minutes and the positions they stand for.
 * Pure. Invariant: the map is in the order in which keys were noted, so that expiry looks at the oldest only.
 */
import type { Position } from '../store.js';

interface Noted {
  readonly position: Position;
  readonly at: number;
}

export class KeyWindow {
  readonly #ttlMs: number;
  readonly #noted = new Map<string, Noted>();

  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs;
  }

  get size(): number {
    return this.#noted.size;
  }

  /** Where the entry with that key stands, if it was noted within the window. */
  find(channel: string, key: string, now: number): Position | undefined {
    const noted = this.#noted.get(scoped(channel, key));
    return noted && now - noted.at < this.#ttlMs ? noted.position : undefined;
  }

  note(channel: string, key: string, position: Position, now: number): void {
    const name = scoped(channel, key);
    // Without this an expired key that comes again would keep its old place, and stop the expiry there.
    this.#noted.delete(name);
    this.#noted.set(name, { position, at: now });
  }

  expire(now: number): void {
    for (const [name, { at }] of this.#noted) {
      if (now - at < this.#ttlMs) return;
      this.#noted.delete(name);
    }
  }

  /** Forgets the keys of what stood above `seq`. */
  rollback(seq: number): void {
    for (const [name, { position }] of this.#noted) if (position.seq > seq) this.#noted.delete(name);
  }

  clear(): void {
    this.#noted.clear();
  }
}

/** The length keeps `a` + `bc` and `ab` + `c` apart. */
function scoped(channel: string, key: string): string {
  return `${channel.length}:${channel}${key}`;
}
