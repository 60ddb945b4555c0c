/** The stores that the trials run on. */
import type { Clock, Store } from '@headwater/core';
import { lmdb } from './lmdb.js';
import { memory } from './memory.js';
import { nats } from './nats.js';
import { postgres } from './postgres.js';
import { redis } from './redis.js';
import type { StoreKind, StoreSpec } from './store.js';

export const STORES: readonly StoreKind[] = [memory, lmdb, redis, postgres, nats];

/** Opens what `spec` describes, in whatever process. */
export function openStore(spec: StoreSpec, clock: Clock): Store {
  const kind = STORES.find(({ name }) => name === spec.kind);
  if (!kind) throw new TypeError(`Unknown kind of store: ${spec.kind}`);
  return kind.open(spec, clock);
}
