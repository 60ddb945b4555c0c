/** Where a store is, as one process tells another. A new kind of store is one line here, in `open.ts` and in `place.ts`. */

export const STORE_NAMES = ['memory', 'lmdb', 'redis', 'postgres', 'nats'] as const;

export type StoreName = (typeof STORE_NAMES)[number];

export interface StoreSpec {
  readonly kind: StoreName;
  /** The folder of LMDB, the URL of a server; the memory store needs nothing. */
  readonly where: string;
  /** Entries that a channel keeps, whatever their size; the store's own defaults without it. */
  readonly keep?: number | undefined;
}
