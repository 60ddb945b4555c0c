import { copyFile, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeSuite } from '@headwater/conformance';
import type { Store } from '@headwater/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lmdbStore } from '../src/index.js';

const SUPPORTS = {
  durable: true,
  shared: true,
  prev: true,
  retentionPerChannel: true,
  snapshots: true,
  items: true,
  cursors: true,
};

describe('lmdbStore', () => {
  let path = '';
  const folders = new Map<Store, string>();
  const folderOf = (store: Store) => folders.get(store) as string;

  beforeAll(async () => {
    path = await mkdtemp(join(tmpdir(), 'headwater-lmdb-'));
  });
  afterAll(() => rm(path, { recursive: true, force: true }));

  storeSuite({
    test,
    skip: (name) => test(name, () => expect.fail('nothing is to be skipped')),
    supports: SUPPORTS,
    factory: ({ name, clock, retention }) => {
      const store = lmdbStore({ path: join(path, name), name, clock, retention });
      folders.set(store, join(path, name));
      return store;
    },
    // What an operator does who restores a backup: the copy takes the place of the file.
    checkpoint: (store) => copyFile(join(folderOf(store), 'data.mdb'), join(folderOf(store), 'copy')),
    rollback: (store) => rename(join(folderOf(store), 'copy'), join(folderOf(store), 'data.mdb')),
    cleanup: async ({ name }) => {
      await rm(join(path, name), { recursive: true, force: true });
      folders.clear();
    },
  });
});
