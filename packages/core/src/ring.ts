/**
 * Ring: the newest frames of the log, encoded. It covers `(base, head]` and knows of every place in there whether it holds an
 * entry. Pure: no time, no turns. Only this file touches the slots.
 */
import type { Frame } from './frame.js';

export class Ring {
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  /** Slot i is the place `base + 1 + i - skipped`; a place without an entry (trimmed before this process came) is undefined. */
  #slots: (Frame | undefined)[] = [];
  #skipped = 0;
  #base = 0;
  #bytes = 0;
  #floors = new Map<string, number>();
  #floorElse = 0;

  constructor(maxEvents: number, maxBytes: number) {
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
  }

  /** The ring holds nothing at or below this place. */
  get base(): number {
    return this.#base;
  }

  /** The newest place that the ring covers. */
  get head(): number {
    return this.#base + this.#slots.length - this.#skipped;
  }

  /** Empties the ring; it then covers nothing after `base`. */
  clear(base: number): void {
    this.#slots = [];
    this.#skipped = 0;
    this.#base = base;
    this.#bytes = 0;
    this.#floors = new Map();
    this.#floorElse = 0;
  }

  /**
   * Fills the places up to `upTo` with what a store has retained there. Channels with a floor (or, unknown to the store, below
   * `forgotten`) had entries that are missing here: `covers` says no to places below it.
   */
  warm(frames: readonly Frame[], upTo: number, floors: ReadonlyMap<string, number>, forgotten: number): void {
    for (const frame of frames) {
      while (this.head + 1 < frame.seq) this.#slots.push(undefined);
      this.append(frame);
    }
    while (this.head < upTo) this.#slots.push(undefined);
    for (const [channel, floor] of floors) if (floor > this.#base) this.#floors.set(channel, floor);
    this.#floorElse = Math.max(this.#floorElse, forgotten);
  }

  /** Adds the next frame; its seq is `head + 1`. */
  append(frame: Frame): void {
    this.#slots.push(frame);
    this.#bytes += frame.bytes.length;
  }

  at(seq: number): Frame | undefined {
    return this.#slots[seq - this.#base - 1 + this.#skipped];
  }

  /** True if every entry of `channel` after `seq` is here. */
  covers(channel: string, seq: number): boolean {
    return seq >= this.#base && (this.#floors.get(channel) ?? this.#floorElse) <= seq;
  }

  /** Drops the oldest frames beyond the bounds, but none after `upTo`: a flush may still need them. */
  evict(upTo: number): void {
    while (this.#base < upTo && (this.head - this.#base > this.#maxEvents || this.#bytes > this.#maxBytes)) {
      this.#bytes -= this.#slots[this.#skipped]?.bytes.length ?? 0;
      this.#slots[this.#skipped] = undefined;
      this.#skipped++;
      this.#base++;
    }
    // Moving the rest down once half of the array is empty keeps eviction constant on average.
    if (this.#skipped > 1024 && this.#skipped * 2 > this.#slots.length) {
      this.#slots = this.#slots.slice(this.#skipped);
      this.#skipped = 0;
    }
  }
}
