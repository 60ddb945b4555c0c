/** The store of the demo: the one place that knows which one it is. */
import { memoryStore, type Store } from '@headwater/core';
import { lmdbStore } from '@headwater/store-lmdb';

export interface StoreChoice {
  /** The folder of a store that outlives its process; undefined for one in memory. */
  readonly data: string | undefined;
}

/** An hour of samples; of the log, about what the page shows of it. */
const RETENTION = { telemetry: { count: 20_000 }, log: { count: 500 } } as const;

/** Opens it. Who opens it closes it. */
export function openStore({ data }: StoreChoice): Store {
  const retentionOf = (channel: string) => RETENTION[channel as keyof typeof RETENTION];
  return data === undefined ? memoryStore({ retentionOf }) : lmdbStore({ path: data, retentionOf });
}
