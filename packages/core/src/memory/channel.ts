/**
 * MemoryChannel: the history and the metadata of one channel in the memory log.
 * Invariant: `entries` holds everything the channel got above `floor`; `floor` and `last` outlive the entries.
 */

import type { Entry } from '../store.js';
import type { Bounds } from '../store-kit/retention.js';
import { EntryList } from './entry-list.js';
import { ENTRY_OVERHEAD } from './options.js';

/** `last` of a channel whose previous entry is not known exactly. */
export const UNKNOWN = -1;

export class MemoryChannel {
  readonly name: string;
  readonly #bounds: Bounds;
  readonly entries: EntryList = new EntryList();
  /** Bytes of the retained bodies. */
  bytes = 0;
  /** The highest seq that may have been trimmed, see `Page.floors`. */
  floor: number;
  /** The newest entry's seq, trimmed or not; 0 before the first, {@link UNKNOWN} where an earlier one may have been forgotten. */
  last: number;
  /** When the last entry came, by the store's clock. */
  touched: number;
  /** The floor that the channel began with, and the first entry it got since (0: none). Only a rollback needs them. */
  #base: number;
  #first = 0;

  constructor(name: string, bounds: Bounds, base: number, now: number) {
    this.name = name;
    this.#bounds = bounds;
    this.#base = base;
    this.floor = base;
    this.last = base === 0 ? 0 : UNKNOWN;
    this.touched = now;
  }

  /** What the retained entries hold, bookkeeping included. */
  get cost(): number {
    return this.bytes + this.entries.size * ENTRY_OVERHEAD;
  }

  push(entry: Entry, now: number): void {
    this.entries.push(entry);
    this.bytes += entry.body.byteLength;
    this.last = entry.seq;
    this.touched = now;
    if (this.#first === 0) this.#first = entry.seq;
  }

  /** True while the oldest entry is beyond a bound. */
  isOver(now: number): boolean {
    const { first, size } = this.entries;
    if (!first) return false;
    const { count, bytes, ageMs } = this.#bounds;
    return size > count || this.bytes > bytes || now - first.time > ageMs;
  }

  /** Trims the oldest entry and returns it. */
  trim(): Entry {
    const entry = this.entries.shift();
    this.bytes -= entry.body.byteLength;
    this.floor = entry.seq;
    return entry;
  }

  /** Loses everything above `toSeq`. What is then no longer known exactly errs on the safe side: a high floor, no `last`. */
  rollback(toSeq: number): void {
    for (const entry of this.entries.cut(toSeq)) this.bytes -= entry.body.byteLength;
    if (this.#first === 0 || this.#first > toSeq) this.#begin(Math.min(this.#base, toSeq));
    else if (this.last > toSeq) this.#rewind(toSeq);
  }

  /** True where the channel is as one that the log does not know. */
  isBlank(forgotten: number): boolean {
    return this.#first === 0 && this.#base <= forgotten;
  }

  #rewind(toSeq: number): void {
    const newest = this.entries.newest;
    if (newest) this.last = newest.seq;
    // All that the channel had up to `toSeq` was trimmed, and the floor is the highest of it.
    else if (this.floor <= toSeq) this.last = this.floor;
    // The floor is above: which was the highest trimmed up to `toSeq` is not known any more.
    else this.#begin(toSeq);
  }

  #begin(base: number): void {
    this.#base = base;
    this.#first = 0;
    this.floor = base;
    this.last = base === 0 ? 0 : UNKNOWN;
  }
}
