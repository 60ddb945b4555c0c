/**
 * Retained: channel, time and size of every entry that retention has left, by seq. Pure.
 * Invariant: holds exactly the seqs above `floor`, without a gap.
 */
import type { Bounds } from '@headwater/core/store-kit';

const FEW = 1_024;

export class Retained {
  readonly #bounds: Bounds;
  #channels: string[] = [];
  #times: number[] = [];
  #sizes: number[] = [];
  #start = 0;
  #bytes = 0;
  /** The highest seq trimmed. */
  floor: number;

  constructor(bounds: Bounds, floor: number) {
    this.#bounds = bounds;
    this.floor = floor;
  }

  push(channel: string, time: number, size: number): void {
    this.#channels.push(channel);
    this.#times.push(time);
    this.#sizes.push(size);
    this.#bytes += size;
  }

  sizeOf(seq: number): number {
    return this.#sizes[this.#start + seq - this.floor - 1] as number;
  }

  /** True while the oldest entry is beyond a bound. */
  isOver(now: number): boolean {
    const count = this.#channels.length - this.#start;
    if (count === 0) return false;
    const { count: most, bytes, ageMs } = this.#bounds;
    return count > most || this.#bytes > bytes || now - (this.#times[this.#start] as number) > ageMs;
  }

  /** Trims the oldest entry, whose seq is the floor from now on, and returns its channel. */
  shift(): string {
    const channel = this.#channels[this.#start] as string;
    this.#bytes -= this.#sizes[this.#start] as number;
    this.floor++;
    this.#start++;
    if (this.#start >= FEW && this.#start * 2 >= this.#channels.length) {
      this.#channels = this.#channels.slice(this.#start);
      this.#times = this.#times.slice(this.#start);
      this.#sizes = this.#sizes.slice(this.#start);
      this.#start = 0;
    }
    return channel;
  }
}
