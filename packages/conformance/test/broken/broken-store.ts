/**
 * Stores with one defect each: what a store gets wrong that was written in a hurry. They wrap a handle of the LogService.
 * Each names the groups of the suite that have to notice, the one that the defect belongs to first.
 */
import type { Entry, LogState, MemoryStoreOptions, Position, Store } from '@headwater/core';
import type { StoreGroup, StoreSetup } from '../../src/index.js';
import type { LogService } from '../log-service.js';

export interface BrokenStore {
  readonly defect: string;
  /** Exactly these groups have a test that fails. */
  readonly fails: readonly [StoreGroup, ...StoreGroup[]];
  /** What the store does differently. */
  readonly wrap?: (inner: Store, setup: StoreSetup, service: LogService) => Partial<Store>;
  /** Trims only what it appends to: no timer, no sweep. */
  readonly neverSweeps?: true;
  /** What the log behind it does differently. */
  readonly log?: MemoryStoreOptions;
}

export const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

export const inForce = ({ epochs }: LogState, seq: number) => epochs.findLast(({ start }) => start <= seq)?.epoch ?? '';

export async function headOf(inner: Store): Promise<Position> {
  const state = await inner.state();
  return { epoch: inForce(state, state.head), seq: state.head };
}

/** Passes what reads and tails give through `change`. */
export function changing(
  inner: Store,
  change: (entries: readonly Entry[]) => readonly Entry[] | Promise<readonly Entry[]>,
): Partial<Store> {
  return {
    async read(after, channels, limit, maxBytes) {
      const page = await inner.read(after, channels, limit, maxBytes);
      return { ...page, entries: await change(page.entries) };
    },
    tail: (from, listener) =>
      inner.tail(from, {
        ...listener,
        lost: (error) => listener.lost(error),
        entries: async (entries) => listener.entries(await change(entries)),
      }),
  };
}

/** Passes what tails are told through `change`. */
export function telling(inner: Store, change: (entries: readonly Entry[]) => readonly Entry[]): Partial<Store> {
  return {
    tail: (from, listener) =>
      inner.tail(from, {
        lost: (error) => listener.lost(error),
        entries: (entries) => listener.entries(change(entries)),
      }),
  };
}
