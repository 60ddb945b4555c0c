/**
 * EntryList: entries in the order of their seq, found by seq, removed mostly at the front.
 * Pure. Invariant: seqs ascend; a removed entry leaves its seq behind as a hole, so that searching still works; holes are
 * swept out once they are half as many as the entries, which makes every removal amortised O(1) beside its search.
 */
import type { Entry } from '../store.js';

/** Below this many holes sweeping is not worth its call. */
const FEW_HOLES = 64;

export class EntryList {
  #slots: (Entry | number)[] = [];
  /** Everything before this slot is a hole. */
  #start = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Entries and holes: what the list occupies. */
  get slots(): number {
    return this.#slots.length;
  }

  get first(): Entry | undefined {
    return this.#slots[this.#start] as Entry | undefined;
  }

  get newest(): Entry | undefined {
    return this.#slots.findLast(isEntry);
  }

  /** `entry.seq` must be above every seq before it. */
  push(entry: Entry): void {
    this.#slots.push(entry);
    this.#size++;
  }

  /** Removes the first entry. The list must have one. */
  shift(): Entry {
    const entry = this.#slots[this.#start] as Entry;
    this.#clear(this.#start);
    return entry;
  }

  /** Removes the entry with that seq. The list must have it. */
  remove(seq: number): void {
    this.#clear(this.#indexAfter(seq - 1));
  }

  /** Removes every entry above `seq` and returns them. */
  cut(seq: number): readonly Entry[] {
    const removed = this.#slots.splice(this.#indexAfter(seq)).filter(isEntry);
    this.#size -= removed.length;
    return removed;
  }

  clear(): void {
    this.#slots = [];
    this.#start = 0;
    this.#size = 0;
  }

  /** At most `limit` entries above `seq`, ascending. */
  after(seq: number, limit: number): Entry[] {
    const found: Entry[] = [];
    for (let i = this.#indexAfter(seq); i < this.#slots.length && found.length < limit; i++) {
      const slot = this.#slots[i] as Entry | number;
      if (isEntry(slot)) found.push(slot);
    }
    return found;
  }

  /** A reader that stands before the first entry above `seq`. It must not be used across changes of the list. */
  readerAfter(seq: number): () => Entry | undefined {
    let i = this.#indexAfter(seq);
    return () => {
      while (i < this.#slots.length) {
        const slot = this.#slots[i++] as Entry | number;
        if (isEntry(slot)) return slot;
      }
      return undefined;
    };
  }

  /** The slot of the lowest seq above `seq`. Seqs are integers, so the distances to both ends bound it: without gaps there is nothing to search. */
  #indexAfter(seq: number): number {
    const slots = this.#slots;
    const length = slots.length;
    if (this.#size === 0) return length;
    const lastSeq = seqOf(slots[length - 1] as Entry | number);
    if (seq >= lastSeq) return length;
    const firstSeq = seqOf(slots[this.#start] as Entry | number);
    if (seq < firstSeq) return this.#start;
    let low = Math.max(this.#start, length - (lastSeq - seq));
    let high = Math.min(length, this.#start + (seq - firstSeq) + 1);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (seqOf(slots[middle] as Entry | number) > seq) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #clear(index: number): void {
    const slots = this.#slots;
    slots[index] = seqOf(slots[index] as Entry | number);
    this.#size--;
    while (typeof slots[this.#start] === 'number') this.#start++;
    if (slots.length - this.#size > this.#size / 2 + FEW_HOLES) this.#sweep();
  }

  #sweep(): void {
    const onlyAtFront = this.#start === this.#slots.length - this.#size;
    this.#slots = onlyAtFront ? this.#slots.slice(this.#start) : this.#slots.filter(isEntry);
    this.#start = 0;
  }
}

function seqOf(slot: Entry | number): number {
  return typeof slot === 'number' ? slot : slot.seq;
}

function isEntry(slot: Entry | number): slot is Entry {
  return typeof slot !== 'number';
}

/** At most `limit` entries above `seq` of all the lists, in the order of their seq. */
export function mergeAfter(lists: readonly EntryList[], seq: number, limit: number): Entry[] {
  if (lists.length === 1) return (lists[0] as EntryList).after(seq, limit);
  const heap: Source[] = [];
  for (const list of lists) {
    const next = list.readerAfter(seq);
    const entry = next();
    if (entry) heap.push({ entry, next });
  }
  // A sorted array is a heap.
  heap.sort((a, b) => a.entry.seq - b.entry.seq);
  const merged: Entry[] = [];
  while (heap.length > 0 && merged.length < limit) {
    const top = heap[0] as Source;
    merged.push(top.entry);
    const entry = top.next();
    if (entry) top.entry = entry;
    else if (heap.length > 1) heap[0] = heap.pop() as Source;
    else heap.pop();
    sink(heap);
  }
  return merged;
}

interface Source {
  entry: Entry;
  readonly next: () => Entry | undefined;
}

/** Restores the heap's order after its top was replaced. */
function sink(heap: Source[]): void {
  const top = heap[0];
  if (!top) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    const left = heap[child];
    if (!left) break;
    const right = heap[child + 1];
    if (right && right.entry.seq < left.entry.seq) child++;
    const least = heap[child] as Source;
    if (least.entry.seq >= top.entry.seq) break;
    heap[at] = least;
    at = child;
  }
  heap[at] = top;
}
