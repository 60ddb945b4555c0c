/** Stores for tests: the memory store, which stands for all (their contract is `@headwater/conformance`'s), held back or failing. */
import {
  type MemoryStoreOptions,
  memoryStore,
  type NewEntry,
  type Position,
  SseError,
  type Store,
  type TailListener,
} from '@headwater/core';
import type { FakeClock } from '@headwater/testing';

/** Whether a call goes through; may wait. Throws to make it fail. */
type Before = (method: 'append' | 'read' | 'tail' | 'state' | 'startEpoch') => void | Promise<void>;

/** A store that asks `before` each call. */
export function guardedStore(before: Before, options: MemoryStoreOptions & { clock?: FakeClock } = {}): Store {
  const inner = memoryStore(options);
  const guarded =
    <Args extends unknown[], Result>(method: Parameters<Before>[0], call: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      await before(method);
      return call(...args);
    };
  return {
    supports: inner.supports,
    startEpoch: guarded('startEpoch', (epoch: string) => inner.startEpoch(epoch)),
    state: guarded('state', () => inner.state()),
    append: guarded('append', (entries: readonly NewEntry[], at: Position) => inner.append(entries, at)),
    read: guarded('read', (after: number, channels: readonly string[] | undefined, limit: number, maxBytes?: number) =>
      inner.read(after, channels, limit, maxBytes),
    ),
    tail: guarded('tail', (from: Position, listener: TailListener) => inner.tail(from, listener)),
    saveSnapshot: (channel, snapshot) => inner.saveSnapshot(channel, snapshot),
    loadSnapshot: (channel) => inner.loadSnapshot(channel),
    loadItems: (channel) => inner.loadItems(channel),
    saveCursor: (key, cursor) => inner.saveCursor(key, cursor),
    loadCursor: (key) => inner.loadCursor(key),
    close: () => inner.close(),
  };
}

/** A store that can be broken and mended. */
export class FragileStore {
  readonly broken = new Set<Parameters<Before>[0]>();
  readonly store: Store;

  constructor(options: MemoryStoreOptions & { clock?: FakeClock } = {}) {
    this.store = guardedStore((method) => {
      if (this.broken.has(method)) throw new SseError('ERR_SSE_STORE', `${method} is broken`);
    }, options);
  }
}
