/**
 * The list of epochs: which epoch was in force at a place in the log, and so which positions are still part of it.
 * Pure. `starts` ascends; of equal beginnings the last wins.
 */
import type { EpochStart, Position } from './store.js';

/** Why a position is not part of the log: its epoch was never known here, or the log lost that place. */
export type Invalid = 'epoch' | 'rollback';

export class EpochList {
  readonly #starts: EpochStart[];

  constructor(starts: readonly EpochStart[] = []) {
    this.#starts = [...starts];
  }

  /** The epoch in force at `seq`, or undefined before the list begins (it was pruned). */
  at(seq: number): string | undefined {
    for (let i = this.#starts.length - 1; i >= 0; i--) {
      const entry = this.#starts[i] as EpochStart;
      if (entry.start <= seq) return entry.epoch;
    }
    return undefined;
  }

  /** Notes that `epoch` is in force from `start` on. `start` must not be below the last one's. */
  begin(epoch: string, start: number): void {
    this.#starts.push({ epoch, start });
  }

  knows(epoch: string): boolean {
    return this.#starts.some((entry) => entry.epoch === epoch);
  }

  /** Undefined for a position that is part of a log with this `head`. */
  problem(position: Position, head: number): Invalid | undefined {
    if (position.seq <= head && this.at(position.seq) === position.epoch) return undefined;
    return this.knows(position.epoch) ? 'rollback' : 'epoch';
  }

  /** The highest place up to `seq` that this log has in common with another one: 0 without any. */
  commonUpTo(other: EpochList, seq: number): number {
    let place = seq;
    while (place > 0 && this.at(place) !== other.at(place)) {
      place = Math.min(this.#startAt(place), other.#startAt(place), place) - 1;
    }
    return Math.max(0, place);
  }

  /** Drops the epochs that ended at or before `seq`; the one in force there stays. */
  prune(seq: number): void {
    while (this.#starts.length > 1 && (this.#starts[1] as EpochStart).start <= seq) this.#starts.shift();
  }

  /** Where the epoch in force at `seq` began, 0 before the list begins. */
  #startAt(seq: number): number {
    return this.#starts.findLast(({ start }) => start <= seq)?.start ?? 0;
  }

  toArray(): readonly EpochStart[] {
    return [...this.#starts];
  }
}
