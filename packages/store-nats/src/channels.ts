/**
 * Channels: which seqs of the log belong to which channel, and what was trimmed from each. Pure.
 * Invariant: a channel that is not known has no entries, and everything that it ever had is at or below `forgotten`.
 */
import { SeqList } from './seq-list.js';

export interface Channel {
  readonly name: string;
  /** Its retained entries. */
  readonly seqs: SeqList;
  /** The highest seq trimmed from it. */
  floor: number;
  /** The seq of its newest entry, trimmed or not; 0 before the first, undefined where that is not known exactly. */
  last: number | undefined;
  /** When that came. */
  touched: number;
}

export class Channels {
  readonly #known = new Map<string, Channel>();
  /** The floor of every channel that is not known. */
  forgotten = 0;

  values(): MapIterator<Channel> {
    return this.#known.values();
  }

  find(name: string): Channel | undefined {
    return this.#known.get(name);
  }

  floorOf(name: string): number {
    return this.#known.get(name)?.floor ?? this.forgotten;
  }

  /** What `Entry.prev` of the channel's next entry is. */
  lastOf(name: string): number | undefined {
    const known = this.#known.get(name);
    if (known) return known.last;
    return this.forgotten === 0 ? 0 : undefined;
  }

  /** Adds an entry, of which `prev` is what its writer knew, and returns its channel. */
  push(name: string, seq: number, prev: number | undefined, written: number): Channel {
    let channel = this.#known.get(name);
    if (!channel) {
      // What came before, and is not known here, was trimmed before this process came.
      channel = { name, seqs: new SeqList(), floor: prev ?? this.forgotten, last: prev, touched: written };
      this.#known.set(name, channel);
    }
    channel.seqs.push(seq);
    channel.last = seq;
    channel.touched = written;
    return channel;
  }

  /** The channel's oldest retained entry, which has that seq, is trimmed. */
  trim(name: string, seq: number): void {
    const channel = this.#known.get(name);
    if (!channel) return;
    channel.seqs.shift();
    channel.floor = seq;
  }

  /** Takes over what a table says of a channel without entries. */
  remember(name: string, last: number | undefined, touched: number, floor: number): void {
    if (this.#known.has(name)) return;
    this.#known.set(name, { name, seqs: new SeqList(), floor, last, touched });
  }

  /** Drops what is known of channels without entries that have been idle since `before`. */
  forget(before: number): void {
    for (const { name, seqs, floor, touched } of this.#known.values()) {
      if (seqs.size > 0 || touched >= before) continue;
      this.#known.delete(name);
      if (floor > this.forgotten) this.forgotten = floor;
    }
  }

  /** Nothing is known of anything up to `seq`. */
  lose(seq: number): void {
    this.#known.clear();
    this.forgotten = seq;
  }
}
