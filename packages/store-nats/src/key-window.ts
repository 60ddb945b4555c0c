/**
 * KeyWindow: the idempotency keys of the last minutes, and where their entries are. Pure.
 * Invariant: what `find` gives was written less than `ttlMs` ago; older ones are dropped as time goes.
 */

export interface KeyPlace {
  readonly seq: number;
  readonly epoch: string;
  readonly written: number;
}

export class KeyWindow {
  readonly #ttlMs: number;
  /** In the order in which they were written. */
  readonly #places = new Map<string, KeyPlace>();

  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs;
  }

  find(id: string, now: number): KeyPlace | undefined {
    const place = this.#places.get(id);
    return place && this.isKnown(place.written, now) ? place : undefined;
  }

  isKnown(written: number, now: number): boolean {
    return now - written < this.#ttlMs;
  }

  add(id: string, place: KeyPlace): void {
    this.#places.delete(id);
    this.#places.set(id, place);
  }

  expire(now: number): void {
    for (const [id, { written }] of this.#places) {
      if (this.isKnown(written, now)) return;
      this.#places.delete(id);
    }
  }
}

/** The length keeps `a` + `bc` and `ab` + `c` apart. */
export function keyId(channel: string, key: string): string {
  return `${channel.length}:${channel}${key}`;
}
