/** Opens the store that a spec names. Only what is used is loaded. */
import { memoryStore, type Store } from '@headwater/core';
import type { StoreName, StoreSpec } from './spec.js';

type Open = (spec: StoreSpec) => Promise<Store>;

const OPEN: Readonly<Record<StoreName, Open>> = {
  memory: async ({ keep }) => memoryStore(keep ? { ...kept(keep), maxTotalBytes: false } : {}),
  lmdb: async ({ where, keep }) => (await import('@headwater/store-lmdb')).lmdbStore({ path: where, ...kept(keep) }),
  redis: async ({ where, keep }) => (await import('@headwater/store-redis')).redisStore({ url: where, ...kept(keep) }),
  postgres: async ({ where, keep }) =>
    (await import('@headwater/store-postgres')).postgresStore({ connectionString: where, ...kept(keep) }),
  nats: async ({ where, keep }) => (await import('@headwater/store-nats')).natsStore({ servers: where, ...kept(keep) }),
};

export function openStore(spec: StoreSpec): Promise<Store> {
  return OPEN[spec.kind](spec);
}

function kept(count: number | undefined): { retention?: { count: number; bytes: false } } {
  return count === undefined ? {} : { retention: { count, bytes: false } };
}
