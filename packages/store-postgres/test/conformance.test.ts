import { storeSuite } from '@headwater/conformance';
import pg from 'pg';
import { afterAll, describe, expect, test } from 'vitest';
import { type PostgresStore, type PostgresStoreOptions, postgresStore } from '../src/index.js';
import { copyLog, dropLog, restoreLog, usePostgres } from './kit.js';

const { url, admin } = await usePostgres();

/** Runs the whole contract. */
function conforms(connection: Pick<PostgresStoreOptions, 'connectionString' | 'pool'>): void {
  const names = new Map<object, string>();
  const copies = new Map<string, string>();
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
    factory: async ({ name, clock, retention }) => {
      const store = postgresStore({ ...connection, name, clock, retention, onWarning: () => {} });
      names.set(store, name);
      return store;
    },
    sweep: (store) => (store as PostgresStore).sweep(),
    checkpoint: async (store) => {
      // The schema is made with the first call.
      await (store as PostgresStore).state();
      copies.set(nameOf(store), await copyLog(admin, nameOf(store)));
    },
    rollback: (store) => restoreLog(admin, nameOf(store), copies.get(nameOf(store)) as string),
    cleanup: ({ name }) => dropLog(admin, name),
    patienceMs: 5_000,
  });
}

describe('postgresStore by a connection string', () => {
  conforms({ connectionString: url });
});

describe('postgresStore by a pool', () => {
  const pool = new pg.Pool({ connectionString: url });
  pool.on('error', () => {});
  afterAll(() => pool.end());
  conforms({ pool });
});
