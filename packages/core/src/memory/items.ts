/**
 * ItemShelf: the items of the keyed channels. Pure.
 * Invariant: a channel's items are what all its changes have made, or it is known to be broken.
 */
import type { ItemChange } from '../store.js';

interface Shelf {
  readonly items: Map<string, string>;
  /** The newest change. */
  changed: number;
}

export class ItemShelf {
  readonly #shelves = new Map<string, Shelf>();
  /** Channels whose changes were lost: what their items were before nobody knows any more. */
  readonly #broken = new Set<string>();

  change(channel: string, { id, json }: ItemChange, seq: number): void {
    if (this.#broken.has(channel)) return;
    let shelf = this.#shelves.get(channel);
    if (!shelf) {
      shelf = { items: new Map(), changed: seq };
      this.#shelves.set(channel, shelf);
    }
    shelf.changed = seq;
    if (json === undefined) shelf.items.delete(id);
    else shelf.items.set(id, json);
  }

  /** A copy of the channel's items by id; undefined where they are not known. */
  of(channel: string): ReadonlyMap<string, string> | undefined {
    return this.#broken.has(channel) ? undefined : new Map(this.#shelves.get(channel)?.items);
  }

  /** Loses every change above `seq`. */
  rollback(seq: number): void {
    for (const [channel, { changed }] of this.#shelves) {
      if (changed <= seq) continue;
      this.#shelves.delete(channel);
      this.#broken.add(channel);
    }
  }

  clear(): void {
    this.#shelves.clear();
    this.#broken.clear();
  }
}
