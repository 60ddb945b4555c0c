/**
 * MemoryChannels: every channel that the memory log knows, and what it remembers of those it has forgotten.
 * Invariant: a channel that is not known has no entries, and everything it ever had is at or below `forgotten`.
 */

import type { Entry } from '../store.js';
import type { Bounds } from '../store-kit/retention.js';
import { MemoryChannel } from './channel.js';
import type { EntryList } from './entry-list.js';
import { ENTRY_OVERHEAD } from './options.js';
import { levelBelow } from './total.js';

export class MemoryChannels {
  readonly #boundsOf: (channel: string) => Bounds;
  readonly #known = new Map<string, MemoryChannel>();
  #forgotten = 0;
  #trimmed = 0;
  #cost = 0;

  constructor(boundsOf: (channel: string) => Bounds) {
    this.#boundsOf = boundsOf;
  }

  get size(): number {
    return this.#known.size;
  }

  /** The floor of every channel that is not known. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** The highest of all floors: above it nothing was ever trimmed. */
  get trimmed(): number {
    return this.#trimmed;
  }

  /** What all retained entries hold, bookkeeping included. */
  get cost(): number {
    return this.#cost;
  }

  values(): MapIterator<MemoryChannel> {
    return this.#known.values();
  }

  floorOf(name: string): number {
    return this.#known.get(name)?.floor ?? this.#forgotten;
  }

  /** The channel, known from now on. @throws SseError `ERR_SSE_CALLBACK` where `retentionOf` fails. */
  open(name: string, now: number): MemoryChannel {
    const known = this.#known.get(name);
    if (known) return known;
    const channel = new MemoryChannel(name, this.#boundsOf(name), this.#forgotten, now);
    this.#known.set(name, channel);
    return channel;
  }

  push(channel: MemoryChannel, entry: Entry, now: number): void {
    channel.push(entry, now);
    this.#cost += entry.body.byteLength + ENTRY_OVERHEAD;
  }

  /** Trims the channel's oldest entry and returns it. */
  trim(channel: MemoryChannel): Entry {
    const entry = channel.trim();
    this.#cost -= entry.body.byteLength + ENTRY_OVERHEAD;
    if (entry.seq > this.#trimmed) this.#trimmed = entry.seq;
    return entry;
  }

  /** The entries of these channels; their floors go into `floors`. */
  pick(names: readonly string[], floors: Map<string, number>): EntryList[] {
    const lists: EntryList[] = [];
    for (const name of names) {
      if (floors.has(name)) continue;
      const known = this.#known.get(name);
      floors.set(name, known ? known.floor : this.#forgotten);
      if (known) lists.push(known.entries);
    }
    return lists;
  }

  /** The floors above `after`. Nearly always a hub reads above all of them, and then no channel is looked at. */
  floorsAbove(after: number): Map<string, number> {
    const floors = new Map<string, number>();
    if (this.#trimmed <= after) return floors;
    for (const { name, floor } of this.#known.values()) if (floor > after) floors.set(name, floor);
    return floors;
  }

  /** Drops what is known of a channel without entries. */
  forget(channel: MemoryChannel): void {
    if (channel.floor > this.#forgotten) this.#forgotten = channel.floor;
    this.#known.delete(channel.name);
  }

  /** Loses everything above `toSeq`. */
  rollback(toSeq: number): void {
    this.#forgotten = Math.min(this.#forgotten, toSeq);
    this.#trimmed = Math.min(this.#trimmed, toSeq);
    for (const channel of this.#known.values()) {
      channel.rollback(toSeq);
      if (channel.isBlank(this.#forgotten)) this.#known.delete(channel.name);
    }
    this.#cost = this.#costs().reduce((sum, cost) => sum + cost, 0);
  }

  /** To what cost each channel has to be trimmed so that all together are within `bound`. */
  levelWithin(bound: number): number {
    return levelBelow(bound, this.#costs());
  }

  clear(): void {
    this.#known.clear();
    this.#forgotten = 0;
    this.#trimmed = 0;
    this.#cost = 0;
  }

  #costs(): Float64Array {
    return Float64Array.from(this.#known.values(), ({ cost }) => cost);
  }
}
