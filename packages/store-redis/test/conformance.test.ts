import { storeSuite } from '@headwater/conformance';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { describe, expect, test } from 'vitest';
import { type RedisStore, type RedisStoreOptions, redisStore } from '../src/index.js';
import { type Copy, copyLog, dropLog, restoreLog, useRedis } from './kit.js';

const { url, redis } = await useRedis();

/** Runs the whole contract. */
function conforms(connection: Pick<RedisStoreOptions, 'url' | 'client'>): void {
  const names = new Map<object, string>();
  const copies = new Map<string, Copy>();
  const nameOf = (store: object) => names.get(store) as string;
  storeSuite({
    test,
    skip: (name) => test(name, () => expect.fail('nothing is to be skipped')),
    supports: {
      durable: true,
      shared: true,
      prev: true,
      retentionPerChannel: true,
      snapshots: true,
      items: true,
      cursors: true,
    },
    factory: ({ name, clock, retention }) => {
      const store = redisStore({ ...connection, name, clock, retention, onWarning: () => {} });
      names.set(store, name);
      return store;
    },
    sweep: (store) => (store as RedisStore).sweep(),
    checkpoint: async (store) => copies.set(nameOf(store), await copyLog(redis, nameOf(store))),
    rollback: (store) => restoreLog(redis, nameOf(store), copies.get(nameOf(store)) as Copy),
    cleanup: ({ name }) => dropLog(redis, name),
    patienceMs: 5_000,
  });
}

describe('redisStore by a URL', () => {
  conforms({ url });
});

describe('redisStore by a client of node-redis', () => {
  conforms({ client: createClient({ url }) });
});

describe('redisStore by a client of ioredis', () => {
  conforms({ client: new Redis(url, { lazyConnect: true }) });
});
