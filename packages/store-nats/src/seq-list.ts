/**
 * SeqList: ascending seqs, added at the end and removed at the front. Pure.
 * Invariant: removal is amortised O(1), and finding a place is a binary search.
 */

/** Below this many removed ones it is not worth to move the rest. */
const FEW = 64;

export class SeqList {
  #seqs: number[] = [];
  #start = 0;

  get size(): number {
    return this.#seqs.length - this.#start;
  }

  push(seq: number): void {
    this.#seqs.push(seq);
  }

  shift(): void {
    this.#start++;
    if (this.#start < FEW || this.#start * 2 < this.#seqs.length) return;
    this.#seqs = this.#seqs.slice(this.#start);
    this.#start = 0;
  }

  /** At most `limit` seqs above `seq`. */
  after(seq: number, limit: number): number[] {
    let low = this.#start;
    let high = this.#seqs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#seqs[middle] as number) > seq) high = middle;
      else low = middle + 1;
    }
    return this.#seqs.slice(low, low + limit);
  }
}
