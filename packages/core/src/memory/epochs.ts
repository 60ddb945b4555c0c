/**
 * MemoryEpochs: which epochs the memory log remembers, and whether a position is still part of it.
 * Invariant: the epoch in force at the head, at a retained entry and at a kept snapshot is always remembered.
 */
import { EpochList } from '../epochs.js';
import type { EpochStart, Position } from '../store.js';
import { fenced } from '../store-kit/errors.js';

/** Clients whose id is this many connects of a process old still resume. At some 30 bytes each it costs nothing. */
export const KEPT_EPOCHS = 1_000;

export class MemoryEpochs {
  #list: EpochList = new EpochList();

  /** The epoch that began last, undefined before the first. */
  get current(): string | undefined {
    return this.#list.at(Number.POSITIVE_INFINITY);
  }

  /** Begins `epoch` after `head`. Only once there are more than {@link KEPT_EPOCHS} is it asked which are still needed. */
  start(epoch: string, head: number, oldestNeeded: () => number): void {
    this.#list.begin(epoch, this.current === undefined ? 0 : head + 1);
    if (this.toArray().length > KEPT_EPOCHS) this.#prune(oldestNeeded());
  }

  /** The epoch in force at `seq`; empty before the first. */
  at(seq: number): string {
    return this.#list.at(seq) ?? '';
  }

  isValid(at: Position, head: number): boolean {
    return this.#list.problem(at, head) === undefined;
  }

  /** @throws SseError `ERR_SSE_FENCED` where `at` is not valid. */
  fence(action: string, at: Position, head: number): void {
    if (!this.isValid(at, head)) throw fenced(action, at, head);
  }

  toArray(): readonly EpochStart[] {
    return this.#list.toArray();
  }

  /** Loses what began above `seq`. */
  rollback(seq: number): void {
    this.#list = new EpochList(this.toArray().filter(({ start }) => start <= seq));
  }

  clear(): void {
    this.#list = new EpochList();
  }

  #prune(oldestNeeded: number): void {
    // An epoch whose successor began at the same place was never in force anywhere, so no id carries it.
    const starts = this.toArray().filter(({ start }, i, all) => all[i + 1]?.start !== start);
    this.#list = new EpochList(starts);
    const oldestKept = starts.at(-KEPT_EPOCHS)?.start ?? 0;
    this.#list.prune(Math.min(oldestKept, oldestNeeded));
  }
}
