/**
 * RecordIndex: which message of the stream holds which seqs. Pure.
 * Invariant: ascending in both; a record without entries ends where the one before it does.
 */

const FEW = 1_024;

/** What of the stream's front nobody needs any more. */
export interface Purgeable {
  /** The newest such message. */
  readonly position: number;
  /** The highest seq in it or before it. */
  readonly covers: number;
  readonly count: number;
}

export class RecordIndex {
  #positions: number[] = [];
  #lasts: number[] = [];
  /** When a record with keys was written, 0 without. */
  #keyed: number[] = [];
  #start = 0;

  get size(): number {
    return this.#positions.length - this.#start;
  }

  push(position: number, last: number, keyed: number): void {
    this.#positions.push(position);
    this.#lasts.push(last);
    this.#keyed.push(keyed);
  }

  /** The message that holds `seq`. */
  positionOf(seq: number): number | undefined {
    let low = this.#start;
    let high = this.#lasts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#lasts[middle] as number) >= seq) high = middle;
      else low = middle + 1;
    }
    return this.#positions[low];
  }

  /** The records at the front that end at or below `seq` and whose keys, if any, are out of use. The newest is never among them. */
  purgeable(seq: number, isInUse: (written: number) => boolean): Purgeable | undefined {
    let end = this.#start;
    for (; end < this.#lasts.length - 1; end++) {
      const keyed = this.#keyed[end] as number;
      if ((this.#lasts[end] as number) > seq || (keyed > 0 && isInUse(keyed))) break;
    }
    if (end === this.#start) return undefined;
    return {
      position: this.#positions[end - 1] as number,
      covers: this.#lasts[end - 1] as number,
      count: end - this.#start,
    };
  }

  /** Drops the messages below `position`; the highest seq in them, 0 where there are none. */
  dropBelow(position: number): number {
    let last = 0;
    while (this.#start < this.#positions.length && (this.#positions[this.#start] as number) < position) {
      last = this.#lasts[this.#start] as number;
      this.#start++;
    }
    if (this.#start >= FEW && this.#start * 2 >= this.#positions.length) {
      this.#positions = this.#positions.slice(this.#start);
      this.#lasts = this.#lasts.slice(this.#start);
      this.#keyed = this.#keyed.slice(this.#start);
      this.#start = 0;
    }
    return last;
  }
}
