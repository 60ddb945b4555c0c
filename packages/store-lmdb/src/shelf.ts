/**
 * Shelf: notes that are good for a time: keys, snapshots or cursors.
 * Invariant: every note has one place in the order of time, under its own time, so that expiry looks at the oldest only.
 */

import { kindRange, type Noted, orderKey, orderOf } from './keys.js';
import { decodeNote, encodeNote, type Note } from './records.js';
import type { Table } from './tables.js';

const NOTHING = Buffer.from([0]);

export class Shelf {
  readonly #meta: Table;
  readonly #kind: Noted;

  constructor(meta: Table, kind: Noted) {
    this.#meta = meta;
    this.#kind = kind;
  }

  /** The note under that key, expired or not. */
  find(key: Buffer): Note | undefined {
    const record = this.#meta.get(key);
    return record && decodeNote(record, `a ${this.#kind}`);
  }

  /** Whether there is a note under that key, expired or not. */
  has(key: Buffer): boolean {
    return this.#meta.doesExist(key);
  }

  /** `known` is what {@link find} gives. */
  keep(key: Buffer, note: Note, known: Note | undefined): void {
    if (known) this.#meta.removeSync(orderKey(this.#kind, known.time, key));
    this.#meta.putSync(key, encodeNote(note));
    this.#meta.putSync(orderKey(this.#kind, note.time, key), NOTHING);
  }

  /** The keys of at most `most` notes from before `time`, the oldest first. */
  before(time: number, most: number): { readonly key: Buffer; readonly order: Buffer }[] {
    const { start, end } = kindRange(`${this.#kind}Order`);
    const found: { readonly key: Buffer; readonly order: Buffer }[] = [];
    for (const order of this.#meta.getKeys({ start, end, limit: most })) {
      const noted = orderOf(order);
      if (noted.time > time) break;
      found.push({ key: noted.key, order });
    }
    return found;
  }

  /** Drops at most `most` notes of `time` and before, the oldest first. Returns how many. */
  drop(time: number, most: number): number {
    const found = this.before(time, most);
    for (const { key, order } of found) {
      this.#meta.removeSync(key);
      this.#meta.removeSync(order);
    }
    return found.length;
  }
}
