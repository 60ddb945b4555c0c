/** Recorder: a tail's listener that notes what it is told. */
import type { Entry, Tail, TailListener } from '@headwater/core';
import { seqsOf } from './store-test.js';

export class Recorder implements TailListener {
  readonly seen: Entry[] = [];
  readonly errors: unknown[] = [];
  tail: Tail | undefined;
  onEntries: (entries: readonly Entry[]) => void = () => {};

  entries(entries: readonly Entry[]): void {
    this.seen.push(...entries);
    this.onEntries(entries);
  }

  lost(error: unknown): void {
    this.errors.push(error);
  }

  get seqs(): number[] {
    return seqsOf(this.seen);
  }
}
