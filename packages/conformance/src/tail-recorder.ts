/** Recorder: a tail's listener that notes what it is told. */
import type { Entry, Position, Store, Tail, TailListener } from '@headwater/core';
import { seqsOf } from './store-test.js';

/** The listener that the suite itself tails with, for further tests of a store. */
export class Recorder implements TailListener {
  /** Every entry, in the order in which it was told. */
  readonly seen: Entry[] = [];
  /** What `lost` was told: at most one, by a store that keeps the contract. */
  readonly errors: unknown[] = [];
  /** What it listens to, once there is a tail. */
  tail: Tail | undefined;
  /** Called with each batch, after it was noted. */
  onEntries: (entries: readonly Entry[]) => void = () => {};

  /** A recorder that tails `store` from there. Rejects as `store.tail` does. */
  static async of(store: Store, from: Position): Promise<Recorder> {
    const recorder = new Recorder();
    recorder.tail = await store.tail(from, recorder);
    return recorder;
  }

  entries(entries: readonly Entry[]): void {
    this.seen.push(...entries);
    this.onEntries(entries);
  }

  lost(error: unknown): void {
    this.errors.push(error);
  }

  /** The seqs of what was seen. */
  get seqs(): number[] {
    return seqsOf(this.seen);
  }
}
