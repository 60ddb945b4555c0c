/**
 * SnapshotShelf: the newest snapshot of each channel, for as long as it is good.
 * Pure. Knows nothing of the log: whether a snapshot's position is still valid is the log's to say.
 */
import type { StoredSnapshot } from '../store.js';

export class SnapshotShelf {
  readonly #ttlMs: number;
  readonly #kept = new Map<string, StoredSnapshot>();

  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs;
  }

  /** The snapshot of `channel` if it has not expired; one that has is dropped. */
  find(channel: string, now: number): StoredSnapshot | undefined {
    const snapshot = this.#kept.get(channel);
    if (!snapshot || now - snapshot.time < this.#ttlMs) return snapshot;
    this.#kept.delete(channel);
    return undefined;
  }

  keep(channel: string, { at, data, time }: StoredSnapshot): void {
    this.#kept.set(channel, { at: { epoch: at.epoch, seq: at.seq }, data, time });
  }

  /** The lowest position that a snapshot names, Infinity without snapshots. */
  get oldest(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const { at } of this.#kept.values()) if (at.seq < oldest) oldest = at.seq;
    return oldest;
  }

  /** Drops what stands above `seq`. */
  rollback(seq: number): void {
    for (const [channel, { at }] of this.#kept) if (at.seq > seq) this.#kept.delete(channel);
  }

  clear(): void {
    this.#kept.clear();
  }
}
